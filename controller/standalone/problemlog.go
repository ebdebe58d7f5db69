package standalone

import (
	"log/slog"
	"slices"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// logNewProblems logs the problems that were not there at the last read. The directories are read at every change in
// them, and what is wrong stays wrong for a while.
func logNewProblems(logger *slog.Logger, before, now []manifest.Problem) {
	for _, problem := range now {
		if slices.Contains(before, problem) {
			continue
		}
		logger.Warn("manifest problem", "at", problem.Source.String(), "object", problem.Object,
			"field", problem.Field, "message", problem.Message, "remedy", problem.Remedy)
	}
}
