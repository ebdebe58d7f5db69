package standalone

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/ir"
)

// reasonRejected is the reason of a route's condition Programmed when Envoy refused what was made of it.
const reasonRejected = "RejectedByEnvoy"

// problemPlace is what problems are of: a file, an object that is held twice, or an object in force. One field is set.
type problemPlace struct {
	file          string
	twice, object objectKey
	// serving is set for the files of the serving certificate.
	serving bool
}

// inManifests says whether the problems are of what is written, and not of what became of it.
func (p problemPlace) inManifests() bool { return p.object == objectKey{} }

func (p problemPlace) anywhere() bool { return true }

// noteProblems adds what is wrong at a place to a view, and logs what is new in the manifests.
func (l *loop) noteProblems(place problemPlace, next *view) {
	before := l.problems[place]
	now := l.problemsAt(place)
	if slices.Equal(before, now) {
		return
	}
	if _, pending := manifest.Pending(place.object.kind); pending || place.inManifests() {
		logNewProblems(l.logger, before, now)
	}
	next.problems[place] = now
	if l.problems[place] = now; len(now) == 0 {
		delete(l.problems, place)
	}
}

func (l *loop) problemsAt(place problemPlace) []manifest.Problem {
	switch {
	case place.serving:
		return l.certificate.problems()
	case place.file != "":
		return slices.Concat(l.inventory.fileProblems(place.file), l.good.problems(place.file))
	case place.twice != objectKey{}:
		return l.inventory.twiceProblems(place.twice)
	}
	return l.objectProblems(place.object)
}

// objectProblems are what is wrong with an object in force. There is no API server here to write a status to, so an
// object's False conditions are shown beside its manifest.
func (l *loop) objectProblems(key objectKey) []manifest.Problem {
	object, set := l.routing.layers[given][key]
	document, inForce := l.inventory.get(key)
	if _, pending := manifest.Pending(key.kind); pending && inForce {
		return pendingProblems(key, document)
	}
	if !set || !inForce {
		return l.builtInProblems(key)
	}
	var all []manifest.Problem
	add := func(field, message, remedy string) {
		all = append(all, manifest.Problem{Source: document.Source, Object: key.String(), Field: field, Message: message, Remedy: remedy})
	}
	if _, shadowed := l.routing.layers[planned][key]; shadowed {
		add("metadata.name", "an InferenceService has a child of this kind and name, which is the one in force", "give it another name")
		return all
	}
	if s, served := l.services[types.NamespacedName{Namespace: key.namespace, Name: key.name}]; served && key == serviceKey(s) && s.unstored != nil {
		all = append(all, l.unstoredProblem(s))
	}
	if document.Refused {
		add("", "nobody is let in to what the policy is about, until it is mended", "mend what is wrong with it, or remove it")
		return all
	}
	for _, c := range l.falseConditions(object) {
		add("", fmt.Sprintf("%s is False: %s: %s", c.Type, c.Reason, c.Message), "")
	}
	for _, closed := range l.closedBy(key) {
		add("", closed, "mend the policy or what it refers to; see sluice get policies")
	}
	if reason, refused := l.rejected[ir.Ref{Kind: key.kind, Namespace: key.namespace, Name: key.name}]; refused {
		add("", "Envoy refused what was made of it: "+reason, "mend what Envoy names; until then its last accepted version is in force, and what that would let in unasked is closed")
	}
	return all
}

// sortProblems sorts by file and line.
func sortProblems(problems []manifest.Problem) {
	slices.SortFunc(problems, func(a, b manifest.Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Object, b.Object), cmp.Compare(a.Field, b.Field),
		)
	})
}

// falseConditions are the conditions that translation set to False on an object of the Gateway API.
func (l *loop) falseConditions(object manifest.Object) []metav1.Condition {
	name := types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
	var conditions []metav1.Condition
	switch object := object.(type) {
	case *gatewayv1.HTTPRoute:
		conditions = parentConditions(l.routing.routes[name].Parents)
	case *gatewayv1.GRPCRoute:
		conditions = parentConditions(l.routing.grpcRoutes[name].Parents)
	case *gatewayv1.Gateway:
		status, ours := l.routing.gateways[name]
		if !ours {
			return []metav1.Condition{{
				Type: string(gatewayv1.GatewayConditionAccepted), Reason: "NotOurs",
				Message: fmt.Sprintf("spec.gatewayClassName is %q; sluice serves the class %q", object.Spec.GatewayClassName, gatewayClass),
			}}
		}
		conditions = slices.Clone(status.Conditions)
		for _, listener := range status.Listeners {
			for _, c := range listener.Conditions {
				c.Message = fmt.Sprintf("listener %s: %s", listener.Name, c.Message)
				conditions = append(conditions, c)
			}
		}
	default:
		status := l.routing.policies[ir.Ref{Kind: kindOf(object), Namespace: name.Namespace, Name: name.Name}]
		for _, ancestor := range status.Ancestors {
			conditions = append(conditions, ancestor.Conditions...)
		}
	}
	return slices.DeleteFunc(conditions, func(c metav1.Condition) bool { return !isFault(c) })
}

// isFault says whether a condition tells of something wrong. Conflicted is the one that is well when False.
func isFault(c metav1.Condition) bool {
	if c.Type == string(gatewayv1.ListenerConditionConflicted) {
		return c.Status == metav1.ConditionTrue
	}
	return c.Status != metav1.ConditionTrue
}

func parentConditions(parents []gatewayv1.RouteParentStatus) []metav1.Condition {
	if len(parents) == 0 {
		return []metav1.Condition{{
			Type: string(gatewayv1.RouteConditionAccepted), Reason: string(gatewayv1.RouteReasonNoMatchingParent),
			Message: "no parentRef names a Gateway that sluice serves; the one that is always there is kserve/kserve-ingress-gateway",
		}}
	}
	var conditions []metav1.Condition
	for _, parent := range parents {
		conditions = append(conditions, parent.Conditions...)
	}
	return conditions
}

// observeRejections notes what Envoy refuses now, and gives the HTTPRoutes for which that is news.
func (l *loop) observeRejections() []types.NamespacedName {
	now := map[ir.Ref]string{}
	for _, rejection := range l.envoys.Rejections() {
		objects := rejection.Objects
		if len(objects) == 0 {
			objects = []ir.Ref{l.driver.builtInGateway()}
		}
		for _, object := range objects {
			now[object] = rejection.Reason
		}
		for _, policy := range rejection.Policies {
			now[policy] = fmt.Sprintf("the policy is not enforced at %s, and nobody is let in there: %s", rejection.Name, rejection.Reason)
		}
	}
	var news []types.NamespacedName
	for _, refs := range []map[ir.Ref]string{now, l.rejected} {
		for ref := range refs {
			if now[ref] == l.rejected[ref] {
				continue
			}
			l.routing.news[objectKey{ref.Kind, ref.Namespace, ref.Name}] = true
			if ref.Kind == "HTTPRoute" {
				news = append(news, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name})
			}
		}
	}
	l.rejected = now
	return news
}

// routeStatus is an HTTPRoute's status as its InferenceService's plan sees it: the translation's, and
// whether Envoy took it.
func (l *loop) routeStatus(name types.NamespacedName) gatewayv1.HTTPRouteStatus {
	status := l.routing.routes[name]
	reason, refused := l.rejected[ir.Ref{Kind: "HTTPRoute", Namespace: name.Namespace, Name: name.Name}]
	if !refused {
		return status
	}
	status = *status.DeepCopy()
	for i := range status.Parents {
		status.Parents[i].Conditions = append(status.Parents[i].Conditions, metav1.Condition{
			Type: string(gatewayv1.GatewayConditionProgrammed), Status: metav1.ConditionFalse, Reason: reasonRejected, Message: reason,
		})
	}
	return status
}
