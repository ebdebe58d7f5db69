package manifest

import "testing"

func TestLocateFindsAFieldByItsDocument(t *testing.T) {
	t.Parallel()
	const file = "kind: A\n---\nkind: B\nspec:\n  list:\n  - name: x\n  - name: y\n"
	for _, c := range []struct {
		document int
		fields   []string
		line     int
		field    string
	}{
		{3, []string{"spec.list[1].name"}, 7, "spec.list[1].name"},
		{3, []string{"spec.other", "spec.list"}, 5, "spec.list"},
		{3, []string{"spec.list[4].name"}, 5, "spec.list[4].name"},
		{1, []string{"spec.list"}, 1, "spec.list"},
		{9, []string{"spec"}, 9, "spec"},
	} {
		if line, field := Locate([]byte(file), c.document, c.fields...); line != c.line || field != c.field {
			t.Errorf("document on line %d, %v: found %s on line %d, want %s on %d", c.document, c.fields, field, line, c.field, c.line)
		}
	}
	const list = `apiVersion: v1
kind: List
items:
- kind: A
- kind: B
  spec: 1
`
	if line, _ := Locate([]byte(list), 5, "spec"); line != 6 {
		t.Errorf("found on line %d of a list", line)
	}
}
