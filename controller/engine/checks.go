package engine

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	corev1 "k8s.io/api/core/v1"
)

// probeTarget is what a probe is aimed at: one container of one pod.
type probeTarget struct {
	container *corev1.Container
	address   string
	ports     portMap
	// hide takes Secrets out of what a probe repeats, before it is cut, since half of one could not be found any more.
	hide func(string) string
	// execute runs a command where the container runs.
	execute func(ctx context.Context, args []string) error
}

// checkOf gives the check that a probe's handler describes.
func (t probeTarget) checkOf(h corev1.ProbeHandler) (check, error) {
	switch {
	case h.HTTPGet != nil:
		return t.httpGet(h.HTTPGet)
	case h.TCPSocket != nil:
		port, err := t.ports.resolvePort(h.TCPSocket.Port, t.container)
		if err != nil {
			return nil, err
		}
		return tcpCheck(t.join(h.TCPSocket.Host, port)), nil
	case h.GRPC != nil:
		port := h.GRPC.Port
		if real, ok := t.ports[port]; ok {
			port = real
		}
		service := ""
		if h.GRPC.Service != nil {
			service = *h.GRPC.Service
		}
		return grpcCheck(t.join("", port), service), nil
	case h.Exec != nil:
		args := h.Exec.Command
		return func(ctx context.Context) error { return t.execute(ctx, args) }, nil
	}
	return nil, configError("container %s: a probe has no handler: give it httpGet, tcpSocket, exec or grpc", t.container.Name)
}

func (t probeTarget) join(host string, port int32) string {
	if host == "" {
		host = t.address
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

func tcpCheck(address string) check {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", address, plain(err))
		}
		return conn.Close()
	}
}

// httpGet succeeds on 200 to 399, as kubelet's does; certificates are not verified, and a redirect to another host is
// taken as a success without following it.
func (t probeTarget) httpGet(h *corev1.HTTPGetAction) (check, error) {
	port, err := t.ports.resolvePort(h.Port, t.container)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	if h.Scheme == corev1.URISchemeHTTPS {
		scheme = "https"
	}
	target, err := url.Parse(scheme + "://" + t.join(h.Host, port) + "/" + strings.TrimPrefix(h.Path, "/"))
	if err != nil {
		return nil, configError("container %s: a probe's path %q: %v", t.container.Name, h.Path, err)
	}
	header := http.Header{"User-Agent": {"kube-probe/sluice"}}
	for _, pair := range h.HTTPHeaders {
		header.Add(pair.Name, pair.Value)
	}
	return func(ctx context.Context) error { return getOnce(ctx, target, header, t.hide) }, nil
}

func getOnce(ctx context.Context, target *url.URL, header http.Header, hide func(string) string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	request.Header, request.Host = header, header.Get("Host")
	// A connection each: one kept alive would test whether an old connection lives, not whether a new client is served.
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // as kubelet
		CheckRedirect: func(next *http.Request, _ []*http.Request) error {
			if next.URL.Hostname() != target.Hostname() {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("GET %s: %w", target, plain(err))
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		body, _ := io.ReadAll(io.LimitReader(response.Body, readBytes)) // only shown
		return fmt.Errorf("GET %s: %s%s", target, response.Status, shown(body, hide))
	}
	return nil
}

func grpcCheck(address, service string) check {
	return func(ctx context.Context) error {
		conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return fmt.Errorf("gRPC health of %s: %w", address, err)
		}
		defer conn.Close()
		answer, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		if err != nil {
			return fmt.Errorf("gRPC health of %s: %w", address, err)
		}
		if answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			return fmt.Errorf("gRPC health of %s: %s", address, answer.GetStatus())
		}
		return nil
	}
}

// executeIn runs a command with a container's environment; what it prints is shown when it fails.
func executeIn(env []string, path, dir string, hide func(string) string) func(ctx context.Context, args []string) error {
	return func(ctx context.Context, args []string) error {
		if len(args) == 0 {
			return errors.New("exec: no command")
		}
		program, err := findProgram(args[0], path, dir)
		if err != nil {
			return err
		}
		output := head{most: readBytes}
		cmd := exec.CommandContext(ctx, program, args[1:]...)
		cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, dir, &output, &output
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		cmd.WaitDelay = time.Second // for output that a killed command left in a pipe
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return fmt.Errorf("exec %s: %w%s", args[0], err, shown(output.kept, hide))
		}
		return nil
	}
}

// head keeps the beginning of what is written to it.
type head struct {
	most int
	kept []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.most-len(h.kept))]...)
	return len(p), nil
}

const (
	// shownBytes is how much of an answer a message repeats.
	shownBytes = 256
	// readBytes is how much of an answer is read for that: a Secret that begins in what is shown is to be known as a whole.
	readBytes = 64 << 10
)

// shown is the beginning of an answer, as the end of a message.
func shown(answer []byte, hide func(string) string) string {
	text := hide(string(bytes.TrimSpace(answer)))
	text = strings.ToValidUTF8(text[:min(len(text), shownBytes)], "")
	if text == "" {
		return ""
	}
	return ": " + text
}

// plain drops the addresses from a network error: a probe's own port differs each time, and a message that always changes
// would be news each time.
func plain(err error) error {
	var operation *net.OpError
	if errors.As(err, &operation) {
		return operation.Err
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}
