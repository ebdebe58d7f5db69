package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// consoleEvery is how often it is looked whether anything has changed. A look at a thousand services takes some milliseconds,
// and nobody reads faster.
const consoleEvery = 200 * time.Millisecond

// patience is how long the first table waits for services that are still starting.
const patience = 60 * time.Second

// console shows what a `sluice run` serves: a table with the commands to try once every service is ready or
// has failed for good, and the table again when that changes.
type console struct {
	driver  *standalone.Driver
	out     io.Writer
	options *runOptions
}

func (c console) run(ctx context.Context) {
	began := time.Now()
	tick := time.NewTicker(consoleEvery)
	defer tick.Stop()
	shown := ""
	tried := map[string]bool{}
	changed := c.driver.Changed()
	for news := true; ; {
		settled := time.Since(began) > patience || c.driver.Serving()
		if news && settled {
			services, problems := c.driver.Services(), c.driver.Problems()
			settled = time.Since(began) > patience || !slices.ContainsFunc(services, onItsWay)
			if gist := gist(services, problems); settled && gist != shown {
				c.show(services, problems, tried)
				shown = gist
			}
			// What is on its way is looked at again, since patience ends without a change.
			news = !settled
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case <-changed:
			news, changed = true, c.driver.Changed()
		default:
		}
	}
}

// gist is what a new table is worth printing for: services, readiness, traffic and problems. A reason that comes and
// goes while a process fails and is started again isn't.
func gist(services []admin.Service, problems []admin.Problem) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d services\n", len(services))
	for _, problem := range problems {
		fmt.Fprintln(&text, problemLine(problem))
	}
	for _, service := range services {
		fmt.Fprintf(&text, "%s/%s %t %s\n", service.Namespace, service.Name, service.Ready, traffic(service))
	}
	return text.String()
}

// onItsWay says whether a service changes by itself soon: a replica is wanted or in its first start, or a
// revision that is ready has yet to get its share.
func onItsWay(service admin.Service) bool {
	if !service.Ready && len(service.Pods) == 0 && len(service.Revisions) > 0 {
		return true
	}
	for _, pod := range service.Pods {
		if !pod.Ready && !pod.Terminating && !slices.ContainsFunc(pod.Containers, failed) {
			return true
		}
	}
	return slices.ContainsFunc(service.Revisions, func(r admin.Revision) bool {
		return r.Ready && r.TrafficPercent != r.WantedPercent
	})
}

// failed says whether a container has ended when it should not have.
func failed(c admin.Container) bool {
	return c.Restarts > 0 || c.State == "Terminated" && c.Reason != "Completed"
}

// show prints the table, what is wrong, and the commands of the services that it has not shown them of yet.
func (c console) show(services []admin.Service, problems []admin.Problem, tried map[string]bool) {
	palette := print.PaletteFor(c.out, os.Getenv)
	var text strings.Builder
	text.WriteString("\n")
	if len(services) == 0 {
		fmt.Fprintf(&text, "Nothing is served: there is no InferenceService and no model file of a known format in %s.\nAdd one, and it is served at once.\n", strings.Join(c.options.paths, ", "))
	} else {
		_ = serviceListing(services).table().Write(&text, palette) // a strings.Builder takes everything
	}
	for _, problem := range problems {
		fmt.Fprintf(&text, "problem: %s\n", problemLine(problem))
	}
	first := len(tried) == 0
	var commands []string
	for _, service := range services {
		name := service.Namespace + "/" + service.Name
		if !tried[name] && service.Ready {
			tried[name] = true
			commands = append(commands, tryCommands(service)...)
		}
	}
	if len(commands) > 0 {
		fmt.Fprintf(&text, "\nTry it:\n  %s\n", strings.Join(commands, "\n  "))
	}
	if first && len(services) > 0 {
		text.WriteString(c.hint(services))
	}
	_, _ = io.WriteString(c.out, text.String()) // nobody reads any more: serving goes on
}

// hint says how gRPC finds a service, and names the commands to go on with.
func (c console) hint(services []admin.Service) string {
	var text strings.Builder
	if url, spoken := firstGRPC(services); spoken {
		fmt.Fprintf(&text, "\ngRPC comes in at the same port, %s, with the service's host as its authority: %s\n", url.Dial, strings.TrimPrefix(url.URL, "grpc://"))
	}
	if url := httpsURL(services); url != "" {
		fmt.Fprintf(&text, "\nBy HTTPS, HTTP and gRPC alike: %s", url)
		if c.options.access.exposed(c.options.listen) {
			text.WriteString(" (from other machines by this alone)")
		}
		text.WriteString("\n")
	}
	flag := ""
	if address := c.options.adminAddress(); address != defaultAdmin {
		flag = " --admin " + address
	}
	fmt.Fprintf(&text, "\nSee more:  %[2]s get services%[1]s   %[2]s explain NAME%[1]s   %[2]s logs NAME%[1]s\nCtrl-C ends everything.\n", flag, os.Args[0])
	return text.String()
}

// firstGRPC is how the first service that speaks gRPC is reached by it.
func firstGRPC(services []admin.Service) (admin.URL, bool) {
	for _, service := range services {
		for _, url := range service.URLs {
			if url.Kind == admin.GRPCURL {
				return url, true
			}
		}
	}
	return admin.URL{}, false
}
