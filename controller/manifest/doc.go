// Package manifest reads the files that a user writes: YAML or JSON in, typed objects out, and for everything
// that is wrong its file, line, field and remedy. It reads strictly, as the API server does with strict field
// validation, and it is pure: bytes in, values out.
//
// A file becomes a tree of nodes that know their line (yaml.go, json.go); the tree is checked against the Go
// type of the document's kind (check.go), which finds unknown fields, wrong types and missing values all at
// once; then it is decoded, defaulted and validated (document.go).
package manifest
