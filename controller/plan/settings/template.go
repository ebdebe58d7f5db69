package settings

import (
	"fmt"
	"strings"
	"text/template"

	"k8s.io/apimachinery/pkg/util/validation"
)

// HostTemplate makes a service's host. Its zero value is KServe's default template.
type HostTemplate struct {
	parsed *template.Template
}

// HostValues are what a host template can refer to.
type HostValues struct {
	// Name is the service's name, with "-predictor" and the like for the host of one component.
	Name          string
	Namespace     string
	IngressDomain string
	Annotations   map[string]string
	Labels        map[string]string
}

// DefaultHostTemplate is {{ .Name }}-{{ .Namespace }}.{{ .IngressDomain }}.
func DefaultHostTemplate() HostTemplate { return HostTemplate{} }

// ParseHostTemplate reads a Go template over [HostValues].
func ParseHostTemplate(text string) (HostTemplate, error) {
	t, err := template.New("domainTemplate").Option("missingkey=zero").Parse(text)
	if err != nil {
		return HostTemplate{}, fmt.Errorf("domainTemplate %q is not a Go template: %w", text, err)
	}
	return HostTemplate{parsed: t}, nil
}

// Host executes the template. A result that is no fully qualified DNS name is an error that says so.
func (t HostTemplate) Host(v HostValues) (string, error) {
	if t.parsed == nil {
		return check(v.Name + "-" + v.Namespace + "." + v.IngressDomain)
	}
	var b strings.Builder
	if err := t.parsed.Execute(&b, v); err != nil {
		return "", fmt.Errorf("domainTemplate fails for %s/%s: %w", v.Namespace, v.Name, err)
	}
	return check(b.String())
}

func check(host string) (string, error) {
	if problems := validation.IsDNS1123Subdomain(host); len(problems) > 0 {
		return "", fmt.Errorf("host %q is no DNS name: %s", host, strings.Join(problems, "; "))
	}
	if !strings.Contains(host, ".") {
		return "", fmt.Errorf("host %q is not fully qualified: domainTemplate must end in the domain", host)
	}
	for _, label := range strings.Split(host, ".") {
		if len(label) > validation.DNS1123LabelMaxLength {
			return "", fmt.Errorf("host %q has a label of %d characters, DNS allows %d: choose a shorter name or a domainTemplate with more dots",
				host, len(label), validation.DNS1123LabelMaxLength)
		}
	}
	return host, nil
}
