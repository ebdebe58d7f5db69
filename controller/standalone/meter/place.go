package meter

import (
	"net"
	"strconv"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
)

// Services are the services with their pods; a standalone.Driver has them.
type Services interface {
	Services() []admin.Service
}

// revision is what load is told by. Its name is empty for a pod of which nobody knows the revision.
type revision struct{ namespace, service, name string }

// forgetAfter is how long what has gone is remembered: the last report of a pod's requests comes after the pod went.
const forgetAfter = time.Minute

// locate gives the revision behind each "ip:port" that the services' pods have now.
func locate(services []admin.Service) map[string]revision {
	found := map[string]revision{}
	for i := range services {
		for _, pod := range services[i].Pods {
			for _, port := range pod.Ports {
				address := net.JoinHostPort(pod.Address, strconv.Itoa(int(port.Port)))
				found[address] = revision{services[i].Namespace, services[i].Name, pod.Revision}
			}
		}
	}
	return found
}

// places remembers the revision behind each address for a while after its pod has gone.
type places map[string]struct {
	revision revision
	seen     time.Time
}

func (p places) update(now time.Time, found map[string]revision) {
	for address, revision := range found {
		entry := p[address]
		entry.revision, entry.seen = revision, now
		p[address] = entry
	}
	for address, entry := range p {
		if now.Sub(entry.seen) > forgetAfter {
			delete(p, address)
		}
	}
}
