package sklearn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryEstimatorOfTheLibraryIsServedOrHasAReason goes through what all_estimators of scikit-learn 1.0, 1.5 and 1.9 list, with the experimental
// ones: testdata/estimators.txt.
func TestEveryEstimatorOfTheLibraryIsServedOrHasAReason(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(filepath.Join("testdata", "estimators.txt"))
	if err != nil {
		t.Fatal(err)
	}
	served := 0
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		class, state, _ := strings.Cut(line, " ")
		switch {
		case makerOf(class) != nil && unserved(class).reason != "":
			t.Errorf("%s is served and has a reason why it isn't", class)
		case makerOf(class) == nil && unserved(class).reason == "":
			t.Errorf("%s is neither served nor has it a reason", class)
		}
		if unserved(class).reason == "" {
			served++
		}
		want := "served"
		if reason := unserved(class).reason; reason != "" {
			want = "refused: " + reason
		}
		if state != want {
			t.Errorf("%s stands in the table as %q, and is %s", class, state, want)
		}
	}
	if served < 160 {
		t.Errorf("%d are served", served)
	}
}
