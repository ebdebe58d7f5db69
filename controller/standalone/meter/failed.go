package meter

import (
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// failedByRevision adds up the failures of each revision's endpoints that load reports don't have.
func failedByRevision(services []admin.Service, window map[string]*stats.Answers) map[revision]uint64 {
	found := locate(services)
	failed := map[revision]uint64{}
	for endpoint, answers := range window {
		if r, known := found[endpoint]; known {
			failed[r] += answers.Failed
		}
	}
	return failed
}
