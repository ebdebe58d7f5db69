package v1beta1

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestConditionsAreSortedAndKeepTheirTransition(t *testing.T) {
	t.Parallel()
	first := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	later := metav1.NewTime(first.Add(time.Hour))
	var s InferenceServiceStatus
	s.SetCondition(Condition{Type: ConditionReady, Status: corev1.ConditionFalse, Reason: "Loading"}, first)
	s.SetCondition(Condition{Type: ConditionIngressReady, Status: corev1.ConditionTrue}, first)
	s.SetCondition(Condition{Type: ConditionReady, Status: corev1.ConditionFalse, Reason: "Failed"}, later)

	if len(s.Conditions) != 2 || s.Conditions[0].Type != ConditionIngressReady {
		t.Fatalf("not sorted: %+v", s.Conditions)
	}
	ready := s.Condition(ConditionReady)
	if ready.Reason != "Failed" || !ready.LastTransitionTime.Equal(&first) {
		t.Errorf("the same status at another time: %+v", ready)
	}
	s.SetCondition(Condition{Type: ConditionReady, Status: corev1.ConditionTrue}, later)
	if ready = s.Condition(ConditionReady); !ready.LastTransitionTime.Equal(&later) || !s.IsReady() {
		t.Errorf("another status: %+v", ready)
	}
	if s.Condition(ConditionStopped) != nil {
		t.Error("a condition that nobody set")
	}
}
