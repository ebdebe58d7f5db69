package v1alpha1

// AnnotationByModel stands on the HTTPRoutes that Sluice plans for requests which say their model in the path
// (/v1/models/NAME…, /v2/models/NAME…) and not by their host. Its value is the model's name: the route has only the
// requests that name it, in a table of their own, however many models share the host. Or it is [AnyModel]. It counts in the
// namespace of planned routes only.
const AnnotationByModel = "sluice.dev/by-model"

// AnyModel marks the route whose rules answer where a request names no model that is there.
const AnyModel = "*"
