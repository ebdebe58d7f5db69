package rig

import (
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sluice-serving/sluice/controller/admin"
)

// Sluice is one running `sluice run`.
type Sluice struct {
	*Process
	// Address is where its Envoy takes requests.
	Address string
	// Admin asks its admin port.
	Admin *admin.Client
	// State is its state directory.
	State string
}

// StartSluice runs sluice over a directory with ports and a state directory of its own. It is not ready yet.
func (r *Rig) StartSluice(dir string, cpus []int) (*Sluice, error) {
	http, err := FreePort()
	if err != nil {
		return nil, err
	}
	adminPort, err := FreePort()
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(r.Work, "state-")
	if err != nil {
		return nil, err
	}
	s := &Sluice{Address: local(http), State: state}
	if s.Admin, err = admin.NewClient(local(adminPort)); err != nil {
		return nil, err
	}
	s.Process, err = r.Start(Command{
		Name: "sluice", Path: r.Sluice, CPUs: cpus,
		Args: []string{"run", "--http-port", strconv.Itoa(http), "--admin-port", strconv.Itoa(adminPort),
			"--state-dir", state, "--envoy", r.Envoy, "--log-format", "text", dir},
	})
	return s, err
}

// Stop ends sluice and everything that it started.
func (s *Sluice) Stop() error {
	s.Admin.Close()
	return s.Process.Stop()
}

// EnvoyPID is the process id of its Envoy, once it runs.
func (s *Sluice) EnvoyPID() (int, error) { return Child(s.PID(), "envoy") }

// EnvoyAdmin is the unix socket of its Envoy's admin interface.
func (s *Sluice) EnvoyAdmin() string { return filepath.Join(s.State, "envoy", "admin.sock") }

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
