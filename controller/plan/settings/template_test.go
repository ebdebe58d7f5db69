package settings

import (
	"strings"
	"testing"
)

func TestHostTemplate(t *testing.T) {
	t.Parallel()
	values := HostValues{Name: "m-predictor", Namespace: "ns", IngressDomain: "example.com", Labels: map[string]string{"team": "blue"}}
	cases := map[string]struct{ template, want, refusal string }{
		"KServe's default": {template: "{{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}", want: "m-predictor-ns.example.com"},
		"labels":           {template: "{{ .Name }}.{{ .Labels.team }}.{{ .IngressDomain }}", want: "m-predictor.blue.example.com"},
		"missing label":    {template: "{{ .Labels.none }}{{ .Name }}.{{ .IngressDomain }}", want: "m-predictor.example.com"},
		"not qualified":    {template: "{{ .Name }}", refusal: "not fully qualified"},
		"no DNS name":      {template: "http://{{ .Name }}.x", refusal: "no DNS name"},
		"no template":      {template: "{{ .Name", refusal: "not a Go template"},
		"unknown field":    {template: "{{ .Nme }}.x", refusal: "fails for ns/m-predictor"},
		"long label":       {template: strings.Repeat("a", 64) + ".x", refusal: "64 characters"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, err := ParseHostTemplate(c.template)
			var got string
			if err == nil {
				got, err = parsed.Host(values)
			}
			if c.refusal != "" {
				if err == nil || !strings.Contains(err.Error(), c.refusal) {
					t.Fatalf("got %q, %v; want %q", got, err, c.refusal)
				}
				return
			}
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestZeroHostTemplateIsKServes(t *testing.T) {
	t.Parallel()
	got, err := HostTemplate{}.Host(HostValues{Name: "m", Namespace: "ns", IngressDomain: "localhost"})
	if err != nil || got != "m-ns.localhost" {
		t.Fatalf("got %q, %v", got, err)
	}
}
