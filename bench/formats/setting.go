package formats

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sluice-serving/sluice/bench/rig"
)

// The servers.
const (
	ours     = "sluice"
	mlserver = "mlserver"
	kserve   = "kserve"
)

// setting is a server with what it is told.
type setting struct {
	// server is one of the constants; title adds how it is set.
	server, title string
	// command starts it over a model; port is HTTP's.
	command func(m model, port int) (rig.Command, error)
}

// settings are ours, which is the first, and the peers': as they come, which is a worker for the one processor that all have, and without
// a worker beside the server where that can be had.
func settings(r *rig.Rig, mlserverPython, kservePython rig.Python) []setting {
	return []setting{
		{ours, "sluice serve", sluiceCommand(r)},
		{mlserver, "MLServer, default (1 worker)", mlserverCommand(mlserverPython)},
		{mlserver, "MLServer, no workers", mlserverCommand(mlserverPython, "MLSERVER_PARALLEL_WORKERS=0")},
		{kserve, "KServe, default (1 worker)", kserveCommand(r, kservePython)},
	}
}

func sluiceCommand(r *rig.Rig) func(model, int) (rig.Command, error) {
	return func(m model, port int) (rig.Command, error) {
		grpc, err := rig.FreePort()
		return rig.Command{Name: ours, Path: r.Sluice, Args: []string{
			"serve", "--model-name", modelName, "--address", "127.0.0.1", "--http-port", fmt.Sprint(port), "--grpc-port", fmt.Sprint(grpc), m.path(),
		}}, err
	}
}

// mlserverCommand has environment say what is not to be as it comes.
func mlserverCommand(python rig.Python, environment ...string) func(model, int) (rig.Command, error) {
	return func(m model, port int) (rig.Command, error) {
		described, err := json.Marshal(map[string]any{"name": modelName, "implementation": m.class, "parameters": map[string]string{"uri": m.path()}})
		if err != nil {
			return rig.Command{}, err
		}
		if err := os.WriteFile(filepath.Join(m.folder, "model-settings.json"), described, 0o600); err != nil {
			return rig.Command{}, err
		}
		env := append([]string{"MLSERVER_HOST=127.0.0.1", fmt.Sprintf("MLSERVER_HTTP_PORT=%d", port)}, environment...)
		for _, name := range []string{"MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT"} {
			port, err := rig.FreePort()
			if err != nil {
				return rig.Command{}, err
			}
			env = append(env, fmt.Sprintf("%s=%d", name, port))
		}
		return rig.Command{Name: mlserver, Path: python.Program("mlserver"), Args: []string{"start", m.folder}, Env: env}, nil
	}
}

func kserveCommand(r *rig.Rig, python rig.Python) func(model, int) (rig.Command, error) {
	return func(m model, port int) (rig.Command, error) {
		grpc, err := rig.FreePort()
		if err != nil {
			return rig.Command{}, err
		}
		script := filepath.Join(r.Root, "bench", "formats", "peers", "kserve_server.py")
		args := []string{script, m.name, m.path(), "--model_name", modelName, "--http_port", fmt.Sprint(port), "--grpc_port", fmt.Sprint(grpc)}
		return rig.Command{Name: kserve, Path: python.Program("python"), Args: args}, nil
	}
}
