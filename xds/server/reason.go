package server

import (
	"strings"

	"github.com/sluice-serving/sluice/xds/envoy"
)

const (
	// dumpMark begins each message that Envoy writes out, whatever follows it in one build or another.
	dumpMark = "goo.gle/debug"
	// dumpEnd is between a message that is written out and what is wrong with it.
	dumpEnd = "\n}\n: "
)

// reasonOf gives what Envoy says of a resource, without the resource, which it writes out first, keys and all.
func reasonOf(said string, refused envoy.Resource) string {
	if begin := strings.Index(said, dumpMark); begin >= 0 {
		before, after := strings.TrimRight(said[:begin], ": "), ""
		if end := strings.LastIndex(said, dumpEnd); end > begin {
			after = said[end+len(dumpEnd):]
		}
		said = strings.Trim(before+": "+after, ": ")
		if said == "" {
			said = "Envoy gives the resource back and not what is wrong with it"
		}
	}
	return refused.Conceal(said)
}
