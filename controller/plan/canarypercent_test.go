package plan_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
)

// rolledOut is a service whose first model serves.
func rolledOut(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	s.apply(serve("/one"))
	s.expectTraffic()
	s.expectDeployments("m-predictor /one")
	s.expectCondition(v1beta1.ConditionPredictorReady, corev1.ConditionUnknown, plan.ReasonStarting)
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 100")
	return s
}

func TestCanaryWaitsForReadiness(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.expectDeployments("m-predictor /one", "m-predictor-00002 /two")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 90", "m-predictor-00002>m-predictor-00002 10")
}

func TestCanaryThatNeverGetsReadyTakesNoTrafficAndSaysSo(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.broken["/two"] = true
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 100")
	s.expectCondition(v1beta1.ConditionPredictorReady, corev1.ConditionTrue, "")
	s.expectCondition(v1beta1.ConditionLatestDeploymentReady, corev1.ConditionUnknown, plan.ReasonStarting)
}

func TestPromotionByPercentRestartsNoPod(t *testing.T) {
	t.Parallel()
	for name, promote := range map[string]int64{"raised to 100": 100, "removed": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rolledOut(t)
			s.apply(both(serve("/two"), percent(10)))
			s.settle()
			template := s.templates["m-predictor-00002"]
			s.apply(percent(promote))
			s.untouched("m-predictor-00002", template)
			s.expectDeployments("m-predictor-00002 /two")
			s.expectTraffic("m-predictor>m-predictor-00002 100")
			s.settle()
			s.untouched("m-predictor-00002", template)
			s.expectTraffic("m-predictor>m-predictor-00002 100")
		})
	}
}

func TestPromotionOfACanaryThatIsNotReadyWaits(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.apply(percent(100))
	s.expectTraffic("m-predictor>m-predictor 100")
	s.expectDeployments("m-predictor /one", "m-predictor-00002 /two")
	s.settle()
	s.expectTraffic("m-predictor>m-predictor-00002 100")
	s.expectDeployments("m-predictor-00002 /two")
}

func TestRollbackOfACanary(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	stable := s.templates["m-predictor"]
	s.apply(percent(0))
	s.untouched("m-predictor", stable)
	s.expectTraffic("m-predictor>m-predictor 100", "m-predictor-00002>m-predictor-00002 0")
	s.apply(both(serve("/one"), percent(-1)))
	s.untouched("m-predictor", stable)
	s.expectTraffic("m-predictor>m-predictor 100")
	s.expectDeployments("m-predictor /one")
}

func TestRollbackAfterPromotionBringsThePreviousRevisionBackBeforeItMovesTraffic(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(serve("/two"))
	s.expectDeployments("m-predictor /two")
	s.settle()
	template := s.templates["m-predictor"]
	s.apply(percent(0))
	s.expectDeployments("m-predictor /two", "m-predictor-00001 /one")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	s.untouched("m-predictor", template)
	s.expectTraffic("m-predictor>m-predictor-00001 100", "m-predictor-00002>m-predictor 0")
}

func TestAChangeWithoutSplitIsARollingUpdate(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(serve("/two"))
	s.expectDeployments("m-predictor /two")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	if got := s.result.Status.Components["predictor"].LatestRolledoutRevision; got != "m-predictor-00002" {
		t.Fatalf("last rolled out is %q", got)
	}
}

func TestACanaryIsComparedWithTheLastThatWasRolledOut(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.broken["/two"] = true
	s.apply(serve("/two"))
	s.settle()
	s.apply(both(serve("/three"), percent(20)))
	s.expectDeployments("m-predictor /one", "m-predictor-00003 /three")
	s.expectTraffic("m-predictor>m-predictor 100")
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 80", "m-predictor-00003>m-predictor-00003 20")
}

func TestFirstApplyWithAPercentHasNothingToSplit(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.apply(both(serve("/one"), percent(10)))
	s.settle()
	s.expectDeployments("m-predictor /one")
	s.expectTraffic("m-predictor>m-predictor 100")
}

func TestASecondCanaryReplacesTheFirst(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	stable := s.templates["m-predictor"]
	s.apply(serve("/three"))
	s.untouched("m-predictor", stable)
	s.expectDeployments("m-predictor /one", "m-predictor-00003 /three")
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 90", "m-predictor-00003>m-predictor-00003 10")
}

func TestAfterPromotionTheNextCanaryStandsBesideThePromotedOne(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	s.apply(percent(-1))
	s.settle()
	template := s.templates["m-predictor-00002"]
	s.apply(both(serve("/three"), percent(30)))
	s.settle()
	s.untouched("m-predictor-00002", template)
	s.expectTraffic("m-predictor>m-predictor-00002 70", "m-predictor-00003>m-predictor-00003 30")
	s.apply(both(serve("/four"), percent(-1)))
	s.expectDeployments("m-predictor-00002 /four")
}

func TestTheStableShareStandsWhileItsReplicasAreDown(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	s.down("m-predictor")
	s.plan()
	s.expectTraffic("m-predictor>m-predictor 90", "m-predictor-00002>m-predictor-00002 10")
}

func TestASpecThatCannotBePlannedLeavesWhatServes(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	before := s.result
	s.apply(func(spec *v1beta1.InferenceServiceSpec) {
		name := "no-such-runtime"
		spec.Predictor.Model.Runtime = &name
	})
	s.expectCondition(v1beta1.ConditionPredictorReady, corev1.ConditionFalse, string(v1beta1.FailureRuntimeNotRecognized))
	s.expectTraffic("m-predictor>m-predictor 90", "m-predictor-00002>m-predictor-00002 10")
	s.untouched("m-predictor", encode(t, before.Deployments[0].Spec.Template))
	s.apply(func(spec *v1beta1.InferenceServiceSpec) { spec.Predictor.Model.Runtime = nil })
	s.expectTraffic("m-predictor>m-predictor 90", "m-predictor-00002>m-predictor-00002 10")
}

func TestStopAndStartAgainKeepsNames(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	s.apply(both(serve("/two"), percent(10)))
	s.settle()
	s.apply(percent(-1))
	s.service.Annotations = map[string]string{v1beta1.AnnotationStop: "true"}
	s.plan()
	s.expectDeployments()
	s.expectCondition(v1beta1.ConditionReady, corev1.ConditionFalse, v1beta1.ReasonStopped)
	s.service.Annotations = nil
	s.plan()
	s.expectDeployments("m-predictor-00002 /two")
	s.expectTraffic()
}

func TestAModelThatIsGoneLeavesWhatServes(t *testing.T) {
	t.Parallel()
	s := rolledOut(t)
	template := s.templates["m-predictor"]
	s.missing["/two"] = true
	s.apply(serve("/two"))
	s.settle()
	s.expectTraffic("m-predictor>m-predictor 100")
	s.untouched("m-predictor", template)
	s.expectCondition(v1beta1.ConditionPredictorReady, corev1.ConditionFalse, plan.ReasonStorageNotFound)
	if c := s.condition(v1beta1.ConditionPredictorReady); !strings.Contains(c.Message, "spec.predictor.model.storageUri: /two ") {
		t.Errorf("the message names neither field nor path: %s", c.Message)
	}
	s.missing["/two"] = false
	s.plan()
	s.settle()
	s.expectDeployments("m-predictor /two")
	s.expectCondition(v1beta1.ConditionPredictorReady, corev1.ConditionTrue, "")
}
