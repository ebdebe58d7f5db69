package stores

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a store that runs. Stop ends it.
type Process struct {
	// URL is where it listens, without a slash at its end.
	URL string
	cmd *exec.Cmd
}

// S3 starts moto. It keeps all in memory, and takes any credentials until [RefuseStrangers].
func S3(dir string) (*Process, error) {
	program := filepath.Join(cacheDir(), "python", "stores", "bin", "moto_server")
	return start(dir, func(port int) *exec.Cmd {
		return exec.Command(program, "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	})
}

// The account that azurite has.
const (
	AzureAccount = "devstoreaccount1"
	AzureKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Azure starts azurite's blob service.
func Azure(dir string) (*Process, error) {
	program := filepath.Join(cacheDir(), "node", "stores", "node_modules", "azurite", "dist", "src", "blob", "main.js")
	return start(dir, func(port int) *exec.Cmd {
		return exec.Command("node", program, "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port),
			"--location", dir, "--silent", "--skipApiVersionCheck", "--disableTelemetry")
	})
}

// start runs a server on a free port and waits until it answers HTTP.
func start(dir string, command func(port int) *exec.Cmd) (*Process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &Process{URL: "http://" + address.String(), cmd: command(address.Port)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = log, log, dir
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w; make stores installs what the tests of storage need", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	if err := answers(ctx, p.URL); err != nil {
		p.Stop()
		text, _ := os.ReadFile(log.Name()) // only shown
		return nil, fmt.Errorf("%s does not answer: %w\n%s", p.cmd.Path, err, text)
	}
	return p, nil
}

func answers(ctx context.Context, url string) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

// Stop kills the store and waits for its end.
func (p *Process) Stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait() // killed
}

// RefuseStrangers makes moto ask for valid credentials, or not any more.
func (p *Process) RefuseStrangers(t testing.TB, refuse bool) {
	t.Helper()
	count := "inf"
	if refuse {
		count = "0"
	}
	response, err := http.Post(p.URL+"/moto-api/reset-auth", "text/plain", strings.NewReader(count))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("reset-auth answers %s", response.Status)
	}
}

// Put makes a bucket of a moto that takes anybody, and objects in it.
func (p *Process) Put(t testing.TB, bucket string, objects map[string][]byte) {
	t.Helper()
	p.put(t, "/"+bucket, nil)
	for key, data := range objects {
		p.put(t, "/"+bucket+"/"+key, data)
	}
}

func (p *Process) put(t testing.TB, path string, data []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.URL+path, strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	// Without any header of a signature moto takes it for a visit of a web page.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatalf("PUT %s answers %s", path, response.Status)
	}
}

func cacheDir() string {
	if dir := os.Getenv("SLUICE_CACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "sluice")
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "sluice")
}
