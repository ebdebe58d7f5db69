package plan

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// imageFor gives the tag that the model asks for by runtimeVersion or by its GPUs. An image by digest stays as it is.
func imageFor(c corev1.Container, choice runtimes.Choice, version *string) string {
	image := c.Image
	if image == "" || strings.Contains(image, "@") {
		return image
	}
	name, tag := splitImage(image)
	if version != nil {
		return name + ":" + *version
	}
	server := serverType(choice)
	withGPU := []string{"tensorflow-serving", "torchserve", "huggingfaceserver"}
	switch {
	case hasGPU(c) && slices.Contains(withGPU, server) && tag != "" && !strings.HasSuffix(tag, "-gpu"):
		return name + ":" + tag + "-gpu"
	case !hasGPU(c) && server == "vllmserver" && strings.HasSuffix(name, "vllm/vllm-openai"):
		return strings.TrimSuffix(name+"-cpu:"+tag, ":")
	}
	return image
}

// splitImage cuts an image at its tag; the port of a registry is none.
func splitImage(image string) (name, tag string) {
	colon := strings.LastIndex(image, ":")
	if colon < 0 || strings.Contains(image[colon:], "/") {
		return image, ""
	}
	return image[:colon], image[colon+1:]
}

// hasGPU looks at the limits alone, as KServe does.
func hasGPU(c corev1.Container) bool {
	for name := range c.Resources.Limits {
		if isGPU(string(name)) {
			return true
		}
	}
	return false
}

func isGPU(resource string) bool {
	switch resource {
	case "nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi":
		return true
	}
	return strings.HasPrefix(resource, "nvidia.com/mig-")
}
