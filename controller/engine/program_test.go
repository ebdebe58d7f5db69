package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// programVariable makes the test binary one of the programs below, so that tests run real processes of known behaviour.
const programVariable = "ENGINE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	programs := map[string]func() int{
		"server": serveHTTP, "grpc": serveGRPC, "crash": crash, "stubborn": stubborn, "sleep": sleepForever, "daemon": daemon,
		"host": hostEngine, "titled": serveTitled,
	}
	if program, ok := programs[os.Getenv(programVariable)]; ok {
		os.Exit(program())
	}
	goleak.VerifyTestMain(m)
}

// argument is the value of --name=VALUE or --name VALUE.
func argument(name string) string {
	for i, arg := range os.Args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
		if arg == "--"+name && i+1 < len(os.Args) {
			return os.Args[i+1]
		}
	}
	return ""
}

// serveHTTP listens on --http_port or PORT, at HOST or this machine alone. It is ready while the file GATE exists (or if none is named), alive until the
// file DEAD exists, and shows files of --model_dir and its environment.
func serveHTTP() int {
	port := argument("http_port")
	if port == "" {
		port = os.Getenv("PORT")
	}
	mux := http.NewServeMux()
	exists := func(name string) bool { _, err := os.Stat(os.Getenv(name)); return err == nil }
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("GATE") != "" && !exists("GATE") {
			http.Error(w, "model is loading", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/alive", func(w http.ResponseWriter, _ *http.Request) {
		if exists("DEAD") {
			http.Error(w, "stuck", http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Join(os.Environ(), "\n")) })
	mux.HandleFunc("/model", func(w http.ResponseWriter, _ *http.Request) {
		data, err := os.ReadFile(filepath.Join(argument("model_dir"), "name"))
		fmt.Fprint(w, string(data))
		if err != nil {
			fmt.Fprint(w, err)
		}
	})
	host, given := os.LookupEnv("HOST")
	if !given {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", host+":"+port)
	if err != nil {
		fmt.Println("cannot listen:", err)
		return 1
	}
	fmt.Println("listening on", port)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go http.Serve(listener, mux) //nolint:errcheck // ends with the process
	<-ctx.Done()
	fmt.Println("told to end")
	return 0
}

// serveTitled serves after it has overwritten the memory of its environment, as setproctitle(3) does to have room for a title.
func serveTitled() int {
	environment := os.Environ()
	for i := range environment {
		environment[i] = strings.Clone(environment[i]) // Go's own strings lie in that memory
	}
	os.Clearenv()
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		_ = os.Setenv(name, value)
	}
	if err := overwriteEnvironment(); err != nil {
		fmt.Println(err)
		return 1
	}
	return serveHTTP()
}

func overwriteEnvironment() error {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return err
	}
	fields := strings.Fields(string(stat[strings.LastIndex(string(stat), ")")+1:]))
	begin, err1 := strconv.ParseInt(fields[47], 10, 64) // env_start and env_end of proc_pid_stat(5), which counts from 1
	end, err2 := strconv.ParseInt(fields[48], 10, 64)
	memory, err3 := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	_, err = memory.WriteAt(bytes.Repeat([]byte("x"), int(end-begin)), begin)
	return errors.Join(err, memory.Close())
}

func serveGRPC() int {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("GRPC_PORT"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	server, state := grpc.NewServer(), health.NewServer()
	state.SetServingStatus("model", healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(server, state)
	_ = server.Serve(listener)
	return 0
}

func crash() int {
	fmt.Println("the token is", os.Getenv("TOKEN"))
	return 3
}

// stubborn ignores SIGTERM and has a child in its group.
func stubborn() int {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("SIGTERM is ignored")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), programVariable+"=sleep")
	if err := child.Start(); err != nil {
		return 1
	}
	return sleepForever()
}

// daemon leaves a process in a session of its own behind, and serves.
func daemon() int {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), programVariable+"=sleep")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return 1
	}
	return serveHTTP()
}

// spoken says whether a pod's first container has printed something.
func spoken(p Pod) bool { return fileSize(p.Containers[0].LogFile) > 0 }

func sleepForever() int {
	signal.Ignore(syscall.SIGTERM)
	time.Sleep(time.Hour)
	return 0
}

// hostEngine runs an engine in the directory STATE until it is killed: it applies the Deployments in the file APPLY, and those
// that DELETE names it deletes once they are ready; their drain never ends. "stop" there stops it once the first pod's process
// has said something, so that it heeds or ignores signals as it means to.
func hostEngine() int {
	options := Options{Dir: os.Getenv("STATE"), Drain: func(ctx context.Context, _ Pod) error { <-ctx.Done(); return ctx.Err() }}
	if engine := filepath.Join(options.Dir, "podman"); fileSize(engine) > 0 {
		options.ContainerEngine = engine
	}
	e, err := newEngine(options, quick())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	var deployments []*appsv1.Deployment
	data, err := os.ReadFile(os.Getenv("APPLY"))
	if err == nil {
		err = json.Unmarshal(data, &deployments)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, d := range deployments {
		e.Apply(d, References{Secrets: map[string]*corev1.Secret{"secret": {Data: map[string][]byte{"token": []byte("xyzzy-token")}}}})
	}
	for _, name := range strings.Fields(os.Getenv("DELETE")) {
		if name == "stop" {
			for len(e.Pods()) == 0 || !spoken(e.Pods()[0]) {
				time.Sleep(10 * time.Millisecond)
			}
			_ = e.Stop(context.Background())
		}
		for e.Status(key(name)).ReadyReplicas == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		e.Delete(key(name))
	}
	time.Sleep(time.Hour)
	return 0
}
