package standalone

import (
	"fmt"
	"strings"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/explain"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// reasonNotServedYet is the reason of the condition Ready of an object that is valid and that nothing serves yet.
const reasonNotServedYet = "NotServedYet"

// pendingProblems are those of an object in force whose kind nothing serves yet: there is no status to read it in.
func pendingProblems(key objectKey, document manifest.Document) []manifest.Problem {
	instead, pending := manifest.Pending(key.kind)
	if !pending {
		return nil
	}
	return []manifest.Problem{{Source: document.Source, Object: key.String(),
		Message: fmt.Sprintf("Ready is False: %s: it is valid, and kind %s is not served yet", reasonNotServedYet, key.kind), Remedy: instead}}
}

// explainPending reports the objects of a service's name that nothing serves yet: whoever asks by a name alone may mean one of them.
func explainPending(problems []admin.Problem, target explain.Target) []explain.Finding {
	var findings []explain.Finding
	for _, problem := range problems {
		kind, name, _ := strings.Cut(problem.Object, " ")
		if _, pending := manifest.Pending(kind); !pending || name != target.Namespace+"/"+target.Name && name != target.Name {
			continue
		}
		findings = append(findings, explain.Finding{
			Summary: fmt.Sprintf("%s: %s: %s", manifest.Source{File: problem.File, Line: problem.Line}, problem.Object, problem.Message),
			Remedy:  problem.Remedy,
		})
	}
	return findings
}
