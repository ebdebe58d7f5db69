package translate

import (
	"fmt"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// maxHeaders bounds each list of a filter. The API server takes 16; Envoy refuses a route with more than 1,000 in all.
const maxHeaders = 100

// readHeaderChange gives a header filter's edits, with names in lower case. Of two entries of one list with
// the same name the first holds; a name in two lists is refused, as the Gateway API says.
func readHeaderChange(in *gatewayv1.HTTPHeaderFilter) (*ir.HeaderChange, []problem) {
	if in == nil {
		return nil, []problem{unsupported("the filter's own field is missing")}
	}
	if most := max(len(in.Set), len(in.Add), len(in.Remove)); most > maxHeaders {
		return nil, []problem{unsupported("a list has %d headers, at most %d are served", most, maxHeaders)}
	}
	out := &ir.HeaderChange{}
	taken := map[string]string{}
	var problems, wrong []problem
	out.Set, wrong = readHeaders("set", in.Set, taken)
	problems = append(problems, wrong...)
	out.Add, wrong = readHeaders("add", in.Add, taken)
	problems = append(problems, wrong...)
	for i, name := range in.Remove {
		fresh, wrong := takeHeader(fmt.Sprintf("remove[%d]", i), "remove", name, taken)
		if wrong != nil {
			problems = append(problems, *wrong)
		}
		if fresh {
			out.Remove = append(out.Remove, strings.ToLower(name))
		}
	}
	if len(out.Set)+len(out.Add)+len(out.Remove) == 0 {
		return nil, problems
	}
	return out, problems
}

func readHeaders(list string, in []gatewayv1.HTTPHeader, taken map[string]string) (out []ir.Header, problems []problem) {
	for i, h := range in {
		at := fmt.Sprintf("%s[%d]", list, i)
		fresh, wrong := takeHeader(at, list, string(h.Name), taken)
		if wrong == nil && (len(h.Value) > maxValue || hasControl(h.Value)) {
			wrong = problemf("%s: the value of %q is longer than %d bytes or has a control character", at, h.Name, maxValue)
		}
		if wrong != nil {
			problems = append(problems, *wrong)
			continue
		}
		if fresh {
			out = append(out, ir.Header{Name: strings.ToLower(string(h.Name)), Value: h.Value})
		}
	}
	return out, problems
}

// takeHeader gives one list the header; fresh is false where the list has it already.
func takeHeader(at, list, written string, taken map[string]string) (fresh bool, wrong *problem) {
	name := strings.ToLower(written)
	if !headerNameForm.MatchString(name) {
		return false, problemf("%s: %q is not a header's name", at, written)
	}
	if name == "host" {
		// Envoy refuses to have it edited as a header.
		return false, problemf("%s: Host can't be changed as a header: use a URLRewrite filter with hostname", at)
	}
	before, found := taken[name]
	taken[name] = list
	switch {
	case !found:
		return true, nil
	case before != list:
		return false, problemf("%s: header %q is also in %s", at, written, before)
	}
	return false, nil
}
