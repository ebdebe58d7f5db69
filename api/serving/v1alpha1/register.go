package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of the kinds in this package.
var GroupVersion = schema.GroupVersion{Group: "serving.kserve.io", Version: "v1alpha1"}

// AddToScheme makes the kinds of this package known to a scheme. It never fails: the error is there for the
// signature that schemes expect.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&ServingRuntime{}, &ServingRuntimeList{},
		&ClusterServingRuntime{}, &ClusterServingRuntimeList{},
		&InferenceGraph{}, &InferenceGraphList{},
		&TrainedModel{}, &TrainedModelList{},
		&ClusterStorageContainer{}, &ClusterStorageContainerList{},
		&LocalModelCache{}, &LocalModelCacheList{},
		&LocalModelNamespaceCache{}, &LocalModelNamespaceCacheList{},
		&LocalModelNodeGroup{}, &LocalModelNodeGroupList{},
		&LocalModelNode{}, &LocalModelNodeList{},
		&LLMInferenceService{}, &LLMInferenceServiceList{},
		&LLMInferenceServiceConfig{}, &LLMInferenceServiceConfigList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
