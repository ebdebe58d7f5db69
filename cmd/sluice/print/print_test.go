package print

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func services() Table {
	return Table{
		Header: []string{"NAME", "READY", "URL", "MESSAGE"},
		Rows: [][]Cell{
			{Text("iris"), Toned(Good, "True"), Text("http://iris-default.localhost:8080"), Text("")},
			{Text("größe-ünïcode"), Toned(Bad, "False"), Text(""), Text("exit 1:\n\x1b[2Jtrace")},
			{Text("short"), Toned(Waiting, "Unknown")},
		},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	type document struct {
		Name  string `json:"name"`
		Count int    `json:"count,omitempty"`
		HTML  string `json:"html,omitempty"`
	}
	documents := []document{{Name: "iris", Count: 2}, {Name: "digits", HTML: "<a&b>"}}
	cases := map[string]func(*bytes.Buffer) error{
		"table":          func(b *bytes.Buffer) error { return services().Write(b, Palette{}) },
		"table-colours":  func(b *bytes.Buffer) error { return services().Write(b, Palette{colours: true}) },
		"table-headless": func(b *bytes.Buffer) error { return Table{Rows: services().Rows[2:]}.Write(b, Palette{}) },
		"json":           func(b *bytes.Buffer) error { return JSON(b, documents) },
		"yaml":           func(b *bytes.Buffer) error { return YAML(b, documents) },
		"documents":      func(b *bytes.Buffer) error { return Documents(b, documents) },
	}
	for name, print := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := print(&got); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".out.txt")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func TestColoursNeedATerminalThatWantsThem(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if PaletteFor(file, none).colours || PaletteFor(&bytes.Buffer{}, none).colours {
		t.Error("a file or a buffer got colours")
	}
	for _, test := range []struct {
		environment map[string]string
		want        bool
	}{
		{map[string]string{"TERM": "xterm"}, true},
		{map[string]string{"TERM": "dumb"}, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true},
	} {
		if got := wantsColour(func(name string) string { return test.environment[name] }); got != test.want {
			t.Errorf("environment %v: colours %v, want %v", test.environment, got, test.want)
		}
	}
}

func TestFormatIsAFlagThatTakesTheFormatsOfItsCommand(t *testing.T) {
	t.Parallel()
	format := YAMLFormat
	flag := NewFormatFlag(&format, YAMLFormat, JSONFormat)
	if err := flag.Set("json"); err != nil || format != JSONFormat || flag.String() != "json" || flag.Type() != "yaml|json" {
		t.Errorf("format %q of type %q, error %v", format, flag.Type(), err)
	}
	for _, other := range []string{"xml", "table"} {
		if err := flag.Set(other); err == nil || format != JSONFormat {
			t.Errorf("%s gave format %q, error %v; want the format before and an error", other, format, err)
		}
	}
}
