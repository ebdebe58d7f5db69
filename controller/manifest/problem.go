package manifest

import (
	"fmt"
	"strings"
)

// Source is a place in a file.
type Source struct {
	// File as it was given to Parse.
	File string `json:"file"`
	// Line from 1, or 0 for the file as a whole.
	Line int `json:"line,omitempty"`
}

// String gives FILE:LINE, or FILE where there is no line.
func (s Source) String() string {
	if s.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

// Document is one object that was read.
type Document struct {
	// Object is of the Go type of its kind, with its kind and version set.
	Object Object
	// Source is where the document begins.
	Source Source
	// Digest is the SHA-256, in hexadecimal, of the document's canonical JSON: it changes with what the document
	// says and not with its layout or comments.
	Digest string
	// Refused is set on what stands in for an AccessPolicy that is wrong: it closes what the policy is about. It is not in
	// force where a good version is.
	Refused bool
}

// Problem is something wrong with a file. No value of a Secret or of an environment variable is in it.
type Problem struct {
	Source
	// Object is the kind, namespace and name of the object, such as "InferenceService default/iris", or "" if
	// that much could not be read.
	Object string `json:"object,omitempty"`
	// Field is the path of the field, such as spec.predictor.model, or "" if it is not about one.
	Field string `json:"field,omitempty"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Remedy says what to do.
	Remedy string `json:"remedy,omitempty"`
	// Foreign is set for a document of an API that is none of ours, such as a Deployment, and for one that is no manifest. Nothing may be wrong with it but
	// that it stands here.
	Foreign bool `json:"-"`
}

// Error gives all of it in one line.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Source.String())
	for _, part := range []string{p.Object, p.Field, p.Message} {
		if part != "" {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	if p.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(p.Remedy)
	}
	return b.String()
}
