package explain

import (
	"fmt"
	"strings"
)

// Report is what all layers know about one object.
type Report struct {
	Target Target `json:"target"`
	// OK is true if no finding is a fault.
	OK bool `json:"ok"`
	// Headline is one line: the object, then the first fault's layer, summary and remedy, or that nothing is wrong.
	Headline string `json:"headline"`
	// Findings are in the order of [Layers], and within a layer as the layer gave them.
	Findings []Finding `json:"findings"`
}

// NewReport draws the conclusion from findings, which are in the order of [Layers].
func NewReport(target Target, findings []Finding) Report {
	report := Report{Target: target, Findings: findings}
	fault, found := report.FirstFault()
	report.OK = !found && len(findings) > 0
	report.Headline = headline(target, findings, fault, found)
	return report
}

// FirstFault gives the first finding that is not OK, which is the one to mend first.
func (r Report) FirstFault() (Finding, bool) {
	for _, finding := range r.Findings {
		if !finding.OK {
			return finding, true
		}
	}
	return Finding{}, false
}

func headline(target Target, findings []Finding, fault Finding, found bool) string {
	switch {
	case len(findings) == 0:
		return fmt.Sprintf("%s: nothing is known of it; look for its name with: sluice get services", target)
	case !found:
		return fmt.Sprintf("%s: nothing is wrong, from %s to %s", target, findings[0].Layer, findings[len(findings)-1].Layer)
	case fault.Remedy == "":
		return fmt.Sprintf("%s: %s: %s", target, fault.Layer, fault.Summary)
	case strings.HasSuffix(fault.Remedy, "?"):
		return fmt.Sprintf("%s: %s: %s; %s", target, fault.Layer, fault.Summary, fault.Remedy)
	default:
		return fmt.Sprintf("%s: %s: %s; remedy: %s", target, fault.Layer, fault.Summary, fault.Remedy)
	}
}
