package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
)

// logFormat makes Envoy's lines easy to take apart: level, component and text, separated by spaces. With
// --log-format-escaped a text of several lines stays one (and a tab in the format would come out as "\t").
const logFormat = "%l %n %v"

// maxLogLine bounds what one line of Envoy's can hold of our memory; what is longer is cut.
const maxLogLine = 64 << 10

// underWay is in Envoy's warning about an API that may still change. It comes with each resource that uses it, and what we
// use of it is pinned with Envoy's version.
const underWay = "work-in-progress"

// forwardLog turns Envoy's lines into records until r ends. While quiet says so, what is no error is detail.
func forwardLog(r io.Reader, logger *slog.Logger, quiet func() bool) {
	reader := bufio.NewReaderSize(r, maxLogLine)
	for {
		line, err := reader.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			level, component, message := parseLog(withoutDump(text))
			if level < slog.LevelError && (quiet() || strings.Contains(message, underWay)) {
				level = slog.LevelDebug
			}
			if component == "" {
				logger.Log(context.Background(), level, message)
			} else {
				logger.Log(context.Background(), level, message, "component", component)
			}
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = reader.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

// withoutDump cuts a line where Envoy begins to write a message out: a resource that it refuses has keys in it, and what is
// wrong with it the xDS server tells.
func withoutDump(line string) string {
	if at := strings.Index(line, "goo.gle/debug"); at >= 0 {
		return line[:at] + "[redacted]"
	}
	return line
}

// parseLog takes a line apart. What is not in our format (a message before logging is set up, a stack trace)
// comes whole, as a warning.
func parseLog(line string) (level slog.Level, component, message string) {
	fields := strings.SplitN(line, " ", 3)
	if len(fields) != 3 {
		return slog.LevelWarn, "", line
	}
	switch fields[0] {
	case "trace", "debug":
		level = slog.LevelDebug
	case "info":
		level = slog.LevelInfo
	case "warning", "warn":
		level = slog.LevelWarn
	case "error", "critical":
		level = slog.LevelError
	default:
		return slog.LevelWarn, "", line
	}
	return level, fields[1], fields[2]
}
