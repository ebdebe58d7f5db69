package manifest

import "testing"

// TestOnlyAKeyNamesAPolicyOfABrokenFile breaks files that name the kind in several places.
func TestOnlyAKeyNamesAPolicyOfABrokenFile(t *testing.T) {
	t.Parallel()
	for text, closes := range map[string]bool{
		"kind: AccessPolicy\nx: [\n":                                       true,
		"  - kind: 'AccessPolicy'\nx: [\n":                                 true,
		"{apiVersion: v1, kind: AccessPolicy, x: [\n":                      true,
		"{a: \"b #1\", kind: AccessPolicy, x: [\n":                         true,
		"{\n  \"kind\": \"AccessPolicy\",\n  \"x\": [\n":                   true,
		`{"a": "b #1", "kind":"AccessPolicy", "x": [`:                      true,
		"# kind: AccessPolicy\nkind: Service\nx: [\n":                      false,
		"  # as before, kind: AccessPolicy\nkind: Service\nx: [\n":         false,
		"a: 1 # or {kind: AccessPolicy}\nkind: Service\nx: [\n":            false,
		"note: of kind: AccessPolicy\nkind: Service\nx: [\n":               false,
		"kind: AccessPolicy\n---\n# kind: AccessPolicy\nx: [\n":            false,
		"[{kind: AccessPolicy}, {kind: AccessPolicy}, {kind: AccessPolicy": true,
	} {
		documents, problems := Parse("f.yaml", []byte(text))
		got := false
		for _, document := range documents {
			got = got || document.Object.GetName() == "unreadable-f.yaml"
		}
		if got != closes || len(problems) == 0 {
			t.Errorf("%q closes everything: %v, want %v; problems %v", text, got, closes, problems)
		}
	}
}
