package v1alpha1

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Validate gives everything that KServe's schema refuses of a cache's spec. Each error's detail gives the rule,
// then after a semicolon what to do.
func (s *LocalModelCacheSpec) Validate() field.ErrorList {
	if len(s.NodeGroups) > 0 {
		return nil
	}
	return field.ErrorList{field.Required(field.NewPath("spec", "nodeGroups"), "a cache is kept by the nodes of a group; name a LocalModelNodeGroup")}
}

// ValidateUpdate gives what may not change between two versions of one cache.
func (s *LocalModelCacheSpec) ValidateUpdate(old *LocalModelCacheSpec) field.ErrorList {
	if s.SourceModelURI == old.SourceModelURI {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "sourceModelUri"),
		fmt.Sprintf("a cache keeps the files of one place, and it is %s; make another cache", old.SourceModelURI))}
}
