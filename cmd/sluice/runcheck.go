package main

import (
	"net"
	"os"

	"github.com/sluice-serving/sluice/controller/standalone"
)

// check refuses what could not work, before anything is started or ended. leftEnvoy is the pid of an Envoy that a killed
// run left, whose ports are ours.
func (o *runOptions) check(leftEnvoy int) error {
	for _, path := range o.paths {
		if _, err := os.Stat(path); err != nil {
			return usagef("%w; give a directory of manifests, a manifest or a model file", err)
		}
	}
	if net.ParseIP(o.listen) == nil {
		return usagef("--listen %q is no IP address; 127.0.0.1 is this machine alone, 0.0.0.0 every address of it", o.listen)
	}
	if o.httpPort == 0 || o.adminPort == 0 || o.httpPort == o.adminPort {
		return usagef("--http-port %d and --admin-port %d must be two different ports from 1 to 65535", o.httpPort, o.adminPort)
	}
	if err := o.access.check(o.listen, []uint16{o.httpPort, o.adminPort}, leftEnvoy); err != nil {
		return err
	}
	if err := standalone.CheckPort(o.listen, o.httpPort, "--http-port", leftEnvoy); err != nil {
		return err
	}
	if o.drainTimeout < 0 {
		return usagef("--drain-timeout %s is no time to wait; 0 waits as long as the requests take", o.drainTimeout)
	}
	var err error
	if o.accessLog, err = checkAccessLog(o.accessLog); err != nil {
		return err
	}
	return standalone.CheckPort("127.0.0.1", o.adminPort, "--admin-port", 0)
}
