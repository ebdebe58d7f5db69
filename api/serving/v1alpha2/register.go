package v1alpha2

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of the kinds in this package.
var GroupVersion = schema.GroupVersion{Group: "serving.kserve.io", Version: "v1alpha2"}

// AddToScheme makes the kinds of this package known to a scheme. It never fails: the error is there for the
// signature that schemes expect.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&LLMInferenceService{}, &LLMInferenceServiceList{},
		&LLMInferenceServiceConfig{}, &LLMInferenceServiceConfigList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
