package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

// row is one line of a listing.
type row struct {
	// key identifies the line across two listings.
	key   string
	cells []print.Cell
	// item is the thing that the line shows, whole or in part.
	item any
}

// listing is a table together with the things it shows.
type listing struct {
	header []string
	rows   []row
	// items are the things in the order of their first line.
	items []any
}

func (l listing) table() print.Table {
	table := print.Table{Header: l.header}
	for _, row := range l.rows {
		table.Rows = append(table.Rows, row.cells)
	}
	return table
}

// serviceListing shows services with URL, format, revisions, traffic and readiness.
func serviceListing(services []admin.Service) listing {
	list := listing{header: []string{"NAMESPACE", "NAME", "READY", "FORMAT", "REVISIONS", "REPLICAS", "URL", "STATUS"}}
	for _, service := range services {
		ready, wanted := replicas(service)
		list.items = append(list.items, service)
		list.rows = append(list.rows, row{
			key:  service.Namespace + "/" + service.Name,
			item: service,
			cells: []print.Cell{
				print.Text(service.Namespace),
				print.Text(service.Name),
				readiness(service.Ready, service.Reason),
				print.Text(cmp.Or(service.Spec.ModelFormat, service.Spec.Runtime)),
				print.Text(traffic(service)),
				print.Text(fmt.Sprintf("%d/%d", ready, wanted)),
				print.Text(firstURL(service)),
				print.Text(status(service)),
			},
		})
	}
	return list
}

func readiness(ready bool, reason string) print.Cell {
	switch {
	case ready:
		return print.Toned(print.Good, "True")
	case reason == "":
		return print.Toned(print.Waiting, "Unknown")
	default:
		return print.Toned(print.Bad, "False")
	}
}

func status(service admin.Service) string {
	// A service is ready while its newest revision never gets there: that is what a person wants to see then.
	stuck := slices.IndexFunc(service.Revisions, func(r admin.Revision) bool {
		return r.Reason != "" && r.TrafficPercent != r.WantedPercent
	})
	switch {
	case service.Reason != "":
		return service.Reason
	case service.Ready && stuck >= 0:
		return service.Revisions[stuck].Reason
	case service.Ready:
		return "Ready"
	default:
		return "Pending"
	}
}

// traffic lists the revisions with their shares. A revision's name loses what it shares with the service's. In brackets
// stand a share that isn't yet what the manifest asks for, and which revision is the newest where requests are or will be
// shared out: after a rollback the one with most of them need not be the oldest.
func traffic(service admin.Service) string {
	newest := newestOfShared(service.Revisions)
	var parts []string
	for _, revision := range service.Revisions {
		name := strings.TrimPrefix(strings.TrimPrefix(revision.Name, service.Name+"-"), revision.Component+"-")
		part := fmt.Sprintf("%s %d%%", name, revision.TrafficPercent)
		var notes []string
		if revision.WantedPercent != revision.TrafficPercent {
			notes = append(notes, fmt.Sprintf("of %d%%", revision.WantedPercent))
		}
		if newest[revision.Component] == revision.Name {
			notes = append(notes, "new")
		}
		if len(notes) > 0 {
			part += " (" + strings.Join(notes, ", ") + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// newestOfShared gives the newest revision of each component of which more than one takes requests or is to. Revisions come
// oldest first.
func newestOfShared(revisions []admin.Revision) map[string]string {
	newest, shares := map[string]string{}, map[string]int{}
	for _, revision := range revisions {
		newest[revision.Component] = revision.Name
		if revision.TrafficPercent > 0 || revision.WantedPercent > 0 {
			shares[revision.Component]++
		}
	}
	maps.DeleteFunc(newest, func(component, _ string) bool { return shares[component] < 2 })
	return newest
}

func replicas(service admin.Service) (ready, wanted int32) {
	for _, revision := range service.Revisions {
		ready += revision.ReadyReplicas
		wanted += revision.Replicas
	}
	return ready, wanted
}

func firstURL(service admin.Service) string {
	if len(service.URLs) == 0 {
		return ""
	}
	return service.URLs[0].URL
}

// podListing shows the containers of the services' pods, one a line; wide, with the paths of their logs.
func podListing(services []admin.Service, now time.Time, wide bool) listing {
	list := listing{header: []string{"NAMESPACE", "POD", "CONTAINER", "READY", "STATE", "PID", "PORTS", "RESTARTS", "AGE"}}
	if wide {
		list.header = append(list.header, "LOG")
	}
	for _, service := range services {
		for _, pod := range service.Pods {
			list.items = append(list.items, pod)
			for _, container := range pod.Containers {
				row := containerRow(pod, container, now)
				if wide {
					row.cells = append(row.cells, print.Toned(print.Faint, container.LogFile))
				}
				list.rows = append(list.rows, row)
			}
		}
	}
	return list
}

func containerRow(pod admin.Pod, container admin.Container, now time.Time) row {
	return row{
		key:  pod.Namespace + "/" + pod.Name + "/" + container.Name,
		item: pod,
		cells: []print.Cell{
			print.Text(pod.Namespace),
			print.Text(pod.Name),
			print.Text(container.Name),
			readiness(pod.Ready, "NotReady"),
			containerState(pod, container),
			print.Text(positive(container.PID)),
			print.Text(ports(pod)),
			print.Text(strconv.Itoa(container.Restarts)),
			print.Text(age(container.StartedAt, now)),
		},
	}
}

func containerState(pod admin.Pod, container admin.Container) print.Cell {
	state := cmp.Or(container.Reason, container.State)
	switch {
	case pod.Terminating:
		return print.Toned(print.Waiting, "Terminating")
	case container.State == "Running":
		return print.Toned(print.Good, state)
	case container.State == "Waiting" && container.Restarts == 0:
		return print.Toned(print.Waiting, state)
	default:
		return print.Toned(print.Bad, state)
	}
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// ports lists "8080→41234": the declared port and the real one.
func ports(pod admin.Pod) string {
	var parts []string
	for _, port := range slices.SortedFunc(slices.Values(pod.Ports), func(a, b admin.Port) int { return cmp.Compare(a.ContainerPort, b.ContainerPort) }) {
		parts = append(parts, fmt.Sprintf("%d→%d", port.ContainerPort, port.Port))
	}
	return strings.Join(parts, ",")
}

// age gives the time since then in its two largest units at most, or nothing for no time.
func age(then, now time.Time) string {
	if then.IsZero() {
		return ""
	}
	d := max(0, now.Sub(then))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
	}
}

// problemListing shows what is wrong in manifests in the lines of `sluice validate`: messages are too long for columns.
func problemListing(problems []admin.Problem) listing {
	list := listing{}
	for _, problem := range problems {
		list.items = append(list.items, problem)
		list.rows = append(list.rows, row{
			key:   problemLine(problem),
			item:  problem,
			cells: []print.Cell{print.Text(problemLine(problem))},
		})
	}
	return list
}

// position gives "file:line", or the file alone.
func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// problemLine gives "file:line: object: field: message; remedy" with what is known of it.
func problemLine(problem admin.Problem) string {
	var parts []string
	for _, part := range []string{position(problem.File, problem.Line), problem.Object, problem.Field, problem.Message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	line := strings.Join(parts, ": ")
	if problem.Remedy != "" {
		line += "; " + problem.Remedy
	}
	return print.Clean(line)
}
