package plan_test

import "testing"

func TestOtherFilesUnderTheSamePathAreAnotherRevision(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.digests = map[string]string{"/one": "first", "/elsewhere": "x"}
	s.apply(serve("/one"))
	s.settle()
	before := find(t, s.result, "m-predictor")
	if got := before.Spec.Template.Annotations["sluice.dev/model-digest"]; got != "first" {
		t.Errorf("the template's digest is %q", got)
	}
	s.digests = map[string]string{"/one": "first", "/elsewhere": "y"}
	s.plan()
	if len(s.result.Revisions) != 1 {
		t.Errorf("%d revisions after a change of files that it doesn't serve", len(s.result.Revisions))
	}
	s.digests = map[string]string{"/one": "second"}
	s.plan()
	s.settle()
	after := find(t, s.result, "m-predictor")
	if got := after.Spec.Template.Annotations["sluice.dev/model-digest"]; got != "second" || len(s.result.Revisions) != 2 {
		t.Errorf("the template's digest is %q, in %d revisions", got, len(s.result.Revisions))
	}
}
