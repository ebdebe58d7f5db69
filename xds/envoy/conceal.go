package envoy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// leastConcealed is the length from which on a value is concealed in the middle of a text, and not between quotes only: a
// client named "a" would leave no word of it.
const leastConcealed = 4

// Conceal puts a mark in place of each value of r's sensitive fields in a text, such as Envoy's words about r. Of a body
// that can't be read it gives the mark alone.
func (r Resource) Conceal(text string) string {
	secrets := map[string]bool{}
	if !collect(r.Body.ProtoReflect(), false, secrets) {
		return redacted
	}
	var forms []string
	for secret := range secrets {
		// Envoy writes a message with C's escapes.
		quoted := strconv.Quote(secret)
		if len(secret) < leastConcealed {
			forms = append(forms, quoted)
			continue
		}
		forms = append(forms, secret, quoted[1:len(quoted)-1])
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	return text
}

// collect gathers the texts below m that are sensitive, or all of them where m is, and says whether all could be read.
func collect(m protoreflect.Message, sensitive bool, into map[string]bool) (readable bool) {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		if packed.GetTypeUrl() == "" {
			return true
		}
		inner, err := packed.UnmarshalNew()
		return err == nil && collect(inner.ProtoReflect(), sensitive, into)
	}
	readable = true
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		concealed := sensitive || isSensitive(field)
		take := func(kind protoreflect.FieldDescriptor, v protoreflect.Value) {
			switch {
			case kind.Message() != nil:
				readable = collect(v.Message(), concealed, into) && readable
			case !concealed:
			case kind.Kind() == protoreflect.StringKind && v.String() != "":
				into[v.String()] = true
			case kind.Kind() == protoreflect.BytesKind && len(v.Bytes()) > 0:
				into[string(v.Bytes())] = true
			}
		}
		switch {
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				take(field.MapValue(), v)
				return true
			})
		case field.IsList():
			for i := range value.List().Len() {
				take(field, value.List().Get(i))
			}
		default:
			take(field, value)
		}
		return true
	})
	return readable
}
