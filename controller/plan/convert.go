package plan

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// instead says how the bundled runtime could serve a model whose own server can't run here, or nothing.
func (s *scene) instead(d *draft, c corev1.Container) string {
	local := s.settings.Local
	switch {
	case d.format == "" || d.bundled || c.Name != v1beta1.ContainerServing || len(local.BundledFormats) == 0:
		return ""
	case local.Bundles(d.format):
		return "leave the model's image and command out, so that the bundled runtime serves it"
	}
	served := strings.Join(local.BundledFormats, ", ")
	if how := conversion(d.format); how != "" {
		return fmt.Sprintf("%s, since the bundled runtime serves %s today", how, served)
	}
	return fmt.Sprintf("give the model in a format that the bundled runtime serves, which is %s today", served)
}

// conversion is how a model of a format becomes one that the bundled runtime serves, as for a bare file of that format;
// empty where there is no way.
func conversion(format string) string {
	for _, e := range modelExtensions() {
		how, _, _ := strings.Cut(e.remedy, ", or ")
		if rest, converts := strings.CutPrefix(how, "convert it"); converts && e.format == format {
			return "convert the model" + rest
		}
	}
	return ""
}
