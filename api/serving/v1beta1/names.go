package v1beta1

import "github.com/sluice-serving/sluice/api/serving/v1alpha1"

// Annotations of an InferenceService that change what is made of it.
const (
	// AnnotationDeploymentMode is Standard, Knative or ModelMesh, or one of their old names.
	AnnotationDeploymentMode = "serving.kserve.io/deploymentMode"
	// AnnotationAutoscalerClass is hpa, keda, external or none.
	AnnotationAutoscalerClass = "serving.kserve.io/autoscalerClass"
	// AnnotationStop is "true" for a service that shall have no pods and no routes.
	AnnotationStop = "serving.kserve.io/stop"
	// AnnotationModelFormat is where Default notes the model's format. It never reaches a child.
	AnnotationModelFormat = "modelFormat"
	// AnnotationDisableAutoUpdate is "true" for a service that keeps its pods when its runtime changes.
	AnnotationDisableAutoUpdate = "serving.kserve.io/disable-auto-update"
	// AnnotationEnablePrometheusScraping is "true" for pods that Prometheus shall scrape.
	AnnotationEnablePrometheusScraping = "serving.kserve.io/enable-prometheus-scraping"
	// AnnotationGPUResourceTypes is a JSON list of resource names that count as GPUs beside the known ones.
	AnnotationGPUResourceTypes = v1alpha1.AnnotationGPUResourceTypes
	// AnnotationServerType stands on a runtime and names the model server, such as mlserver.
	AnnotationServerType = "serving.kserve.io/server-type"
	// AnnotationStorageReadonly is "false" for a model directory that the server may write to.
	AnnotationStorageReadonly = "storage.kserve.io/readonly"
	// AnnotationStorageSourceURI is where the storage URI is passed to the pod. It never reaches a child of a user's making.
	AnnotationStorageSourceURI = "internal.serving.kserve.io/storage-initializer-sourceuri"
	// AnnotationKnativeAutoscalingClass is Knative's own choice of autoscaler.
	AnnotationKnativeAutoscalingClass = "autoscaling.knative.dev/class"
	// AnnotationKnativeMinScale is Knative's least number of pods.
	AnnotationKnativeMinScale = "autoscaling.knative.dev/min-scale"
	// AnnotationKnativeMaxScale is Knative's greatest number of pods.
	AnnotationKnativeMaxScale = "autoscaling.knative.dev/max-scale"
)

// Labels of an InferenceService and of its children.
const (
	// LabelInferenceService stands on each child and names its InferenceService.
	LabelInferenceService = "serving.kserve.io/inferenceservice"
	// LabelComponent stands on each child: predictor, transformer or explainer.
	LabelComponent = "component"
	// LabelApp is what a component's Deployment selects its pods by.
	LabelApp = "app"
	// LabelVisibility with the value VisibilityClusterLocal keeps a service from being reached from outside.
	LabelVisibility = "networking.kserve.io/visibility"
	// VisibilityClusterLocal is the value of LabelVisibility.
	VisibilityClusterLocal = "cluster-local"
	// LabelModelClass stands on MLServer's children and names the class that loads the model.
	LabelModelClass = "modelClass"
	// LabelServiceEnvelope stands on TorchServe's children and names the protocol's envelope.
	LabelServiceEnvelope = "serviceEnvelope"
)

// Container names with a meaning.
const (
	// ContainerServing is the container that answers inference requests.
	ContainerServing = "kserve-container"
	// ContainerTransformer is a transformer that stands in the predictor's pod.
	ContainerTransformer = "transformer-container"
	// ContainerWorker is the container of a multi-node model's other pods.
	ContainerWorker = "worker-container"
)

// Environment variables with a meaning.
const (
	// EnvStorageURI in a custom container is where its model files are; it then reads DefaultModelMountPath.
	EnvStorageURI = "STORAGE_URI"
	// EnvProtocol in a custom container names the protocol that it speaks.
	EnvProtocol = "PROTOCOL"
)

// DefaultModelMountPath is where a model's files appear in the serving container.
const DefaultModelMountPath = "/mnt/models"

// DeploymentMode is how KServe would run a service. Sluice runs Standard and Knative alike.
type DeploymentMode string

// The deployment modes and their old names.
const (
	ModeStandard            DeploymentMode = "Standard"
	ModeKnative             DeploymentMode = "Knative"
	ModeModelMesh           DeploymentMode = "ModelMesh"
	ModeLegacyRawDeployment DeploymentMode = "RawDeployment"
	ModeLegacyServerless    DeploymentMode = "Serverless"
)

// AutoscalerClass is who scales a service.
type AutoscalerClass string

// The autoscaler classes.
const (
	AutoscalerHPA      AutoscalerClass = "hpa"
	AutoscalerKEDA     AutoscalerClass = "keda"
	AutoscalerExternal AutoscalerClass = "external"
	AutoscalerNone     AutoscalerClass = "none"
)
