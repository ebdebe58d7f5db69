package envoy

import (
	"fmt"

	"github.com/cncf/xds/go/udpa/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

const redacted = "[redacted]"

// Shown gives a resource's body for people to read: every field that Envoy's API marks as sensitive, such as a key,
// is [redacted], at any depth.
func (r Resource) Shown() (proto.Message, error) {
	message, err := r.Body.UnmarshalNew()
	if err != nil {
		return nil, fmt.Errorf("decoding %s %s: %w", r.TypeURL, r.Name, err)
	}
	if err := redact(message.ProtoReflect()); err != nil {
		return nil, fmt.Errorf("decoding a part of %s %s: %w", r.TypeURL, r.Name, err)
	}
	return message, nil
}

func redact(m protoreflect.Message) (err error) {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		return redactPacked(packed)
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case isSensitive(field):
			redactField(m, field)
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					err = redact(v.Message())
					return err == nil
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i := 0; i < value.List().Len() && err == nil; i++ {
				err = redact(value.List().Get(i).Message())
			}
		default:
			err = redact(value.Message())
		}
		return err == nil
	})
	return err
}

// redactPacked redacts inside an Any.
func redactPacked(packed *anypb.Any) error {
	if packed.GetTypeUrl() == "" {
		return nil
	}
	inner, err := packed.UnmarshalNew()
	if err != nil {
		return err
	}
	if err := redact(inner.ProtoReflect()); err != nil {
		return err
	}
	packed.Value, err = proto.MarshalOptions{Deterministic: true}.Marshal(inner)
	return err
}

func isSensitive(field protoreflect.FieldDescriptor) bool {
	marked, ok := proto.GetExtension(field.Options(), annotations.E_Sensitive).(bool)
	return ok && marked
}

// redactField puts the mark in place of every text below a field, and takes anything else away.
func redactField(m protoreflect.Message, field protoreflect.FieldDescriptor) {
	conceal := func(inner protoreflect.Message) {
		inner.Range(func(below protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			redactField(inner, below)
			return true
		})
	}
	switch {
	case field.IsMap():
		m.Clear(field)
	case field.IsList() && field.Message() != nil:
		for i := range m.Get(field).List().Len() {
			conceal(m.Get(field).List().Get(i).Message())
		}
	case field.IsList():
		m.Clear(field)
	case field.Message() != nil:
		conceal(m.Mutable(field).Message())
	case field.Kind() == protoreflect.StringKind:
		m.Set(field, protoreflect.ValueOfString(redacted))
	default:
		m.Clear(field)
	}
}
