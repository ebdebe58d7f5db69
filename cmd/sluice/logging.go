package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// logFormat is the value of --log-format.
type logFormat string

// The log formats.
const (
	logAuto logFormat = "auto"
	logText logFormat = "text"
	logJSON logFormat = "json"
)

// String gives the format's name.
func (f *logFormat) String() string { return string(*f) }

// Type names the flag's kind of value in the help.
func (f *logFormat) Type() string { return "format" }

// Set takes a format by its name.
func (f *logFormat) Set(text string) error {
	switch given := logFormat(text); given {
	case logAuto, logText, logJSON:
		*f = given
		return nil
	}
	return fmt.Errorf("%q is none of auto, text, json", text)
}

// newLogger writes to w: as text on a terminal, as JSON elsewhere, unless format says which.
func newLogger(w io.Writer, format logFormat, verbose bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		options.Level = slog.LevelDebug
	}
	if format == logText || format == logAuto && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	options.ReplaceAttr = durationAsText
	return slog.New(slog.NewJSONHandler(w, options))
}

// durationAsText writes a duration as the text format does, 250ms: JSON's own are bare nanoseconds.
func durationAsText(_ []string, attribute slog.Attr) slog.Attr {
	if attribute.Value.Kind() == slog.KindDuration {
		attribute.Value = slog.StringValue(attribute.Value.Duration().String())
	}
	return attribute
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
