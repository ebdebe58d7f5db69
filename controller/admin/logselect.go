package admin

import (
	"fmt"
	"slices"
	"strings"
)

// logSource is one container's log, chosen by [selectLogs].
type logSource struct {
	pod, container string
	path           string
}

// key identifies the container across restarts, which may change the path.
func (s logSource) key() string { return s.pod + "/" + s.container }

// selectLogs picks the logs of a service that options ask for, in the order of its pods. It is an error if the service
// has pods and the replica or container named isn't among them; without pods the result is empty.
func selectLogs(service Service, options LogOptions) ([]logSource, error) {
	var selected []logSource
	var replicas, containers []string
	for _, pod := range service.Pods {
		replicas = append(replicas, pod.Name)
		if options.Replica != "" && pod.Name != options.Replica {
			continue
		}
		for _, container := range pod.Containers {
			containers = append(containers, container.Name)
			if options.Container != "" && container.Name != options.Container {
				continue
			}
			selected = append(selected, logSource{pod: pod.Name, container: container.Name, path: logPath(container, options.Previous)})
		}
	}
	if len(selected) > 0 || len(replicas) == 0 {
		return selected, nil
	}
	if options.Replica != "" && !slices.Contains(replicas, options.Replica) {
		return nil, fmt.Errorf("replica %q isn't one of InferenceService %s/%s; it has %s",
			options.Replica, service.Namespace, service.Name, strings.Join(replicas, ", "))
	}
	if options.Container != "" {
		slices.Sort(containers)
		return nil, fmt.Errorf("container %q isn't one of InferenceService %s/%s; it has %s",
			options.Container, service.Namespace, service.Name, strings.Join(slices.Compact(containers), ", "))
	}
	return nil, nil
}

func logPath(container Container, previous bool) string {
	if previous {
		return container.PreviousLogFile
	}
	return container.LogFile
}

// label is what stands before each line: the replica, and its container where several are shown.
func (s logSource) label(severalContainers bool) string {
	if severalContainers {
		return "[" + s.pod + " " + s.container + "] "
	}
	return "[" + s.pod + "] "
}

// severalContainers says whether some pod contributes more than one log.
func severalContainers(sources []logSource) bool {
	seen := map[string]bool{}
	for _, source := range sources {
		if seen[source.pod] {
			return true
		}
		seen[source.pod] = true
	}
	return false
}
