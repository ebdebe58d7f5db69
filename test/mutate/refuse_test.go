package mutate

import (
	"fmt"
	"math"
	"regexp/syntax"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// resources gives what a change sends to Envoy.
func resources(change translate.Change) []envoy.Resource {
	var all []envoy.Resource
	for _, backend := range change.Backends {
		all = append(all, envoy.Backend(backend, envoy.Limits{})...)
	}
	for _, listener := range change.Listeners {
		all = append(all, envoy.Listener(listener, envoy.Options{}))
	}
	wildcards := map[string][]string{}
	for _, host := range change.Hosts {
		all = append(all, envoy.Host(host))
		wildcards[host.Listener] = append(wildcards[host.Listener], host.Name)
	}
	for _, listener := range change.Listeners {
		for _, scope := range listener.Scopes() {
			all = append(all, envoy.Wildcards(scope, listener.Object, wildcards[scope]))
		}
	}
	for _, certificate := range change.Certificates {
		all = append(all, envoy.Certificate(certificate))
	}
	return append(all, envoy.Tokens(change.Tokens, envoy.Options{TrustedCA: "ca.pem"})...)
}

// refusals says why Envoy would refuse a resource.
func refusals(r envoy.Resource) []string {
	v := &judge{resource: r.TypeURL[strings.LastIndexByte(r.TypeURL, '.')+1:] + " " + r.Name}
	v.packed(r.Body)
	return v.found
}

// judge walks a message and all that is packed in it.
type judge struct {
	resource string
	found    []string
}

func (j *judge) add(format string, args ...any) {
	j.found = append(j.found, j.resource+": "+fmt.Sprintf(format, args...))
}

func (j *judge) packed(any *anypb.Any) {
	message, err := any.UnmarshalNew()
	if err != nil {
		j.add("%v", err)
		return
	}
	if valid, can := message.(interface{ ValidateAll() error }); can {
		if err := valid.ValidateAll(); err != nil {
			j.add("%v", err)
		}
	}
	j.walk(message.ProtoReflect())
}

func (j *judge) walk(m protoreflect.Message) {
	j.visit(m.Interface())
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					j.walk(v.Message())
					return true
				})
			}
		case field.IsList():
			for i := range value.List().Len() {
				j.walk(value.List().Get(i).Message())
			}
		default:
			j.walk(value.Message())
		}
		return true
	})
}

func (j *judge) visit(message proto.Message) {
	switch m := message.(type) {
	case *anypb.Any:
		j.packed(m)
	case *matcher.RegexMatcher:
		j.expression(m.GetRegex())
	case *core.HeaderValueOption:
		j.header(m.GetHeader().GetKey(), m.GetHeader().GetValue())
	case *routev3.HeaderMatcher:
		if m.GetName() == "" {
			j.add("a header's match without a name")
		}
	case *routev3.VirtualHost:
		j.virtualHost(m)
	case *routev3.WeightedCluster:
		total := uint64(0)
		for _, share := range m.GetClusters() {
			total += uint64(share.GetWeight().GetValue())
		}
		if total == 0 || total > math.MaxUint32 {
			j.add("weights sum to %d", total)
		}
	}
}

// expression holds an expression to Envoy's limit, by Go's compiler: its programs count characters where RE2's count bytes,
// so that one which is too large here is too large there.
func (j *judge) expression(text string) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		j.add("expression %.80q: %v", text, err)
		return
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		j.add("expression %.80q: %v", text, err)
		return
	}
	size := 0
	for _, instruction := range program.Inst {
		size += max(1, len(instruction.Rune)/2)
	}
	if size > ir.MaxRegexProgram {
		j.add("expression %.80q has a program of %d steps", text, size)
	}
}

func (j *judge) header(name, value string) {
	if name == "" || name == "host" || strings.HasPrefix(name, ":") || strings.ContainsAny(name, " \t\r\n\x00") || name != strings.ToLower(name) {
		j.add("header %q can't be changed", name)
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		j.add("header %s has the value %q", name, value)
	}
	// What is left once literal signs are gone is an operator of ours: the host, at the end of a scope's key.
	rest := strings.ReplaceAll(value, "%%", "")
	if name == "x-sluice-scope" {
		rest = strings.TrimSuffix(rest, "%REQ(:AUTHORITY)%")
	}
	if strings.Contains(rest, "%") {
		j.add("header %s has the operator %q", name, value)
	}
}

func (j *judge) virtualHost(host *routev3.VirtualHost) {
	names := map[string]bool{}
	for _, route := range host.GetRoutes() {
		if names[route.GetName()] {
			j.add("route %s stands twice", route.GetName())
		}
		names[route.GetName()] = true
		headers := append(route.GetRequestHeadersToRemove(), route.GetResponseHeadersToRemove()...)
		for _, name := range headers {
			j.header(name, "")
		}
	}
}
