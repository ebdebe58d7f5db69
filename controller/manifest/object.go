package manifest

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
)

// Object is any object of the Kubernetes API. It is controller-runtime's client.Object, without the weight of
// that package, which brings a whole Kubernetes client.
type Object interface {
	metav1.Object
	apiruntime.Object
}
