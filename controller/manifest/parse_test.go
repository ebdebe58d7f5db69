package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

const iris = `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
spec:
  predictor:
    model:
      modelFormat: {name: onnx}
      storageUri: file:///models/iris.onnx
`

func one(t *testing.T, data string) Document {
	t.Helper()
	documents, problems := Parse("a.yaml", []byte(data))
	if len(problems) > 0 || len(documents) != 1 {
		t.Fatalf("%d documents and these problems:\n%s", len(documents), texts(problems))
	}
	return documents[0]
}

func TestDigestFollowsContentAndNotLayout(t *testing.T) {
	t.Parallel()
	first := one(t, iris)
	same := one(t, "# a comment\n---\n"+strings.ReplaceAll(iris, "name: iris", `"name":   "iris" # again`))
	if first.Digest != same.Digest {
		t.Error("the digest changes with the layout")
	}
	inJSON := one(t, `{"kind":"InferenceService","apiVersion":"serving.kserve.io/v1beta1","metadata":{"name":"iris"},
		"spec":{"predictor":{"model":{"storageUri":"file:///models/iris.onnx","modelFormat":{"name":"onnx"}}}}}`)
	if first.Digest != inJSON.Digest {
		t.Error("the digest differs between YAML and JSON")
	}
	if other := one(t, strings.Replace(iris, "iris.onnx", "other.onnx", 1)); first.Digest == other.Digest {
		t.Error("the digest does not change with the content")
	}
	if len(first.Digest) != 64 || first.Source != (Source{File: "a.yaml", Line: 1}) {
		t.Errorf("digest %q of %v", first.Digest, first.Source)
	}
}

func TestServicesAreDefaulted(t *testing.T) {
	t.Parallel()
	s, ok := one(t, strings.Replace(iris, "model:\n      modelFormat: {name: onnx}", "onnx:", 1)).Object.(*v1beta1.InferenceService)
	if !ok || s.Namespace != DefaultNamespace || s.Spec.Predictor.Model == nil || s.Mode() != v1beta1.ModeStandard {
		t.Errorf("not defaulted: %+v", s)
	}
	if got := s.GroupVersionKind().String(); got != "serving.kserve.io/v1beta1, Kind=InferenceService" {
		t.Errorf("kind %s", got)
	}
}

// TestErrorsNameTheFieldAsWritten: the old spelling is a model only after defaulting, and the user never wrote model.
func TestErrorsNameTheFieldAsWritten(t *testing.T) {
	t.Parallel()
	_, problems := Parse("a.yaml", []byte(`apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris}
spec:
  predictor:
    sklearn:
      storageUri: gs://a/b
      name: mine
`))
	if len(problems) != 1 || problems[0].Field != "spec.predictor.sklearn.name" || problems[0].Line != 8 {
		t.Errorf("got\n%s", texts(problems))
	}
}

func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	const secret = "5uper53cret"
	for _, manifest := range []string{
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: " + secret + "!}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: [" + secret + "]}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: " + secret + "\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nimmutable: " + secret + "\n",
		strings.Replace(iris, "storageUri:", "env: [{name: PYTHONPATH, value: "+secret+"}]\n      storageUri:", 1),
		strings.Replace(iris, "storageUri: file:", "storage: {key: a}\n      storageUri: https://u:"+secret+"@host", 1),
		strings.Replace(iris, "storageUri:", "env: [{name: A, valueFrom: "+secret+"}]\n      storageUri:", 1),
	} {
		documents, problems := Parse("a.yaml", []byte(manifest))
		if len(problems) == 0 {
			t.Errorf("accepted: %v\n%s", documents, manifest)
		}
		for _, p := range problems {
			if strings.Contains(p.Error(), secret) && p.Field != "spec.predictor.model.env[0].valueFrom" {
				t.Errorf("shows a secret: %s", p.Error())
			}
		}
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, c := range map[string]struct{ data, message string }{
		"oversized":      {strings.Repeat("# filler\n", MaxFileBytes/8), "at most"},
		"alias bomb":     {bomb.String(), "once its aliases are written out"},
		"long aliases":   {"a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a, ", 100) + "]\n", "of text"},
		"deep nesting":   {"a: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "nested more than"},
		"deeper nesting": {strings.Repeat("[", 100_000), "not YAML"},
		"deep JSON":      {`{"a":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "}", "nests them"},
		"binary":         {"\x00\x01\x02\xff\xfe", "not YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			documents, problems := Parse("a.yaml", []byte(c.data))
			if len(documents) != 0 || len(problems) != 1 || !strings.Contains(problems[0].Message, c.message) || problems[0].Remedy == "" {
				t.Errorf("%d documents, and\n%s", len(documents), texts(problems))
			}
		})
	}
}

func TestEmptyFilesHoldNothing(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "\n", "---\n", "# only a comment\n---\n---\n# another\n", "null\n", "%YAML 1.2\n---\n", "\ufeff"} {
		if documents, problems := Parse("a.yaml", []byte(data)); len(documents)+len(problems) > 0 {
			t.Errorf("%q: %d documents, and\n%s", data, len(documents), texts(problems))
		}
	}
}

func TestAFaultLeavesTheOtherDocuments(t *testing.T) {
	t.Parallel()
	documents, problems := Parse("a.yaml", []byte("a: [\n---\n"+iris+"---\n"+strings.Replace(iris, "name: iris", "name: two", 1)))
	if len(documents) != 2 || len(problems) != 1 || problems[0].Line != 1 {
		t.Errorf("%d documents, and\n%s", len(documents), texts(problems))
	}
	if documents[0].Source.Line != 3 || documents[1].Source.Line != 13 {
		t.Errorf("lines %d and %d", documents[0].Source.Line, documents[1].Source.Line)
	}
}

func TestADocumentBeyondTheBoundsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x]\n")
	for i := 1; i < 8; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	documents, problems := Parse("a.yaml", []byte(bomb.String()+"---\n"+iris))
	if len(documents) != 1 || len(problems) != 1 {
		t.Errorf("%d documents, and\n%s", len(documents), texts(problems))
	}
	// Each costs as much as a whole file may: a file of nothing else is not read for ever.
	documents, problems = Parse("a.yaml", []byte(strings.Repeat(bomb.String()+"---\n", 40)+iris))
	if len(documents) != 0 || len(problems) != 41 {
		t.Errorf("%d documents and %d problems", len(documents), len(problems))
	}
}

func TestARefusedDocumentHoldsNoName(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(iris, "predictor:\n", "predictor:\n    scaleMetric: qps\n", 1)
	documents, problems := Parse("a.yaml", []byte(bad+"---\n"+iris+"---\n"+iris))
	if len(documents) != 1 || len(problems) != 2 || !strings.Contains(problems[0].Field, "scaleMetric") || !strings.Contains(problems[1].Message, "the same object stands on line") {
		t.Errorf("%d documents, and\n%s", len(documents), texts(problems))
	}
}

func TestFieldsWithBracketsAreUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"predictor]", "predictor[", "]", "[]", "predictor[0]", "a]b", ".", ""} {
		_, problems := Parse("a.yaml", []byte(strings.Replace(iris, "predictor:", fmt.Sprintf("%q:", name), 1)))
		if len(problems) == 0 || !strings.Contains(problems[0].Message, "unknown field") {
			t.Errorf("%q: %s", name, texts(problems))
		}
	}
}

func TestWindowsLineEndingsAreRead(t *testing.T) {
	t.Parallel()
	documents, problems := Parse("a.yaml", []byte(strings.ReplaceAll("# x\n---\n"+iris+"---\n"+iris, "\n", "\r\n")))
	if len(documents) != 1 || len(problems) != 1 || problems[0].Line != 13 {
		t.Errorf("%d documents, and\n%s", len(documents), texts(problems))
	}
}
