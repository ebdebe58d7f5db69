package translate

import (
	"fmt"
	"testing"
)

func TestJoinProblemsNamesTheFirstReasonAndBoundsTheMessage(t *testing.T) {
	t.Parallel()
	if got := joinProblems(nil); got != nil {
		t.Errorf("joinProblems(nil) = %+v, want nil", got)
	}
	got := joinProblems([]problem{{reason: "A", message: "x"}, {reason: "B", message: "y"}, {reason: "A", message: "x"}})
	if want := (problem{reason: "A", message: "x; y"}); *got != want {
		t.Errorf("joinProblems = %+v, want %+v", *got, want)
	}
	var many []problem
	for i := range 100_000 {
		many = append(many, problem{message: fmt.Sprintf("problem %d", i)})
	}
	if got := joinProblems(many); len(got.message) > maxMessage+len("…") {
		t.Errorf("the message has %d bytes, want at most %d", len(got.message), maxMessage)
	}
}
