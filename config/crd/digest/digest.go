// Package digest tells whether the generated files are those of the present types, without the tools that generate them.
package digest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Of gives the digest of each file that goes into the generated files or comes out of generating, by its path in the repository at root. Of a Go
// file only the types and their comments count: functions go into nothing.
func Of(root string) (map[string]string, error) {
	sums := map[string]string{}
	for _, dir := range []string{"api/serving", "config/crd", "docs/reference", "config/deps"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			inside, err := filepath.Rel(root, path)
			if err != nil || !counts(filepath.ToSlash(inside)) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.HasPrefix(inside, "api") && !strings.HasPrefix(entry.Name(), "zz_generated") {
				if data, err = types(path, data); err != nil || len(data) == 0 {
					return err
				}
			}
			sum := sha256.Sum256(data)
			sums[filepath.ToSlash(inside)] = hex.EncodeToString(sum[:])
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func counts(path string) bool {
	switch path {
	case "config/crd/relax/main.go", "config/deps/generate.sh", "config/deps/crd-ref-docs.yaml", "config/deps/tools/go.mod":
		return true
	}
	switch dir, name := filepath.Split(path); {
	case strings.HasPrefix(dir, "api/serving/"):
		return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
	case dir == "config/crd/":
		return strings.HasSuffix(name, ".yaml")
	}
	return strings.HasPrefix(path, "docs/reference/")
}

// types gives the type declarations of a Go file with their comments, and what is said of its package; nothing for a file without.
func types(path string, source []byte) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if file.Doc != nil {
		out.WriteString(file.Doc.Text())
	}
	for _, declaration := range file.Decls {
		if types, is := declaration.(*ast.GenDecl); is && types.Tok == token.TYPE {
			if err := printer.Fprint(&out, files, &printer.CommentedNode{Node: types, Comments: file.Comments}); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), nil
}

// Text writes digests as `sha256sum` does, sorted by path.
func Text(sums map[string]string) string {
	var out strings.Builder
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&out, "%s  %s\n", sums[path], path)
	}
	return out.String()
}
