package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writePair writes a certificate that its own key signs, valid until a time, and gives its files.
func writePair(t *testing.T, dir string, serial int64, until time.Time) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		DNSNames: []string{"gpu1.example.com", "*.localhost"},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	return certificate, key
}

// getTLS asks at the HTTPS port and gives the answer with the certificate's number.
func getTLS(t *testing.T, client *http.Client, port int, host, path string, header http.Header) (answer, int64) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d%s", port, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host, request.Header = host, header
	response, err := client.Do(request)
	if err != nil {
		return answer{body: err.Error()}, 0
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, string(body), response.Header}, response.TLS.PeerCertificates[0].SerialNumber.Int64()
}

func newTLSClient(t *testing.T) *http.Client {
	t.Helper()
	//nolint:gosec // The test looks at the certificates itself.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// TestHTTPSAtEveryAddress serves at 0.0.0.0 by HTTPS: the plain port stays this machine's own, a renewed certificate is
// taken in without cutting a connection, a broken one is reported and not taken, names that are not ours are refused.
func TestHTTPSAtEveryAddress(t *testing.T) {
	t.Parallel()
	dir, pairs := guardedQuickstart(t), t.TempDir()
	certificate, key := writePair(t, pairs, 1, time.Now().Add(time.Hour))
	port := freePort(t)
	s := start(t, dir,
		"--listen", "0.0.0.0", "--tls-cert", certificate, "--tls-key", key, "--https-port", strconv.Itoa(port), "--host", "models.example.com")
	s.waitReady()
	kept := newTLSClient(t)
	ask := func(client *http.Client, host string) (answer, int64) {
		return getTLS(t, client, port, host, "/v2/models/iris", keyHeader(aliceKey))
	}
	for host, want := range map[string]int{
		"iris-default.localhost": 200, "IRIS-default.localhost": 200, "127.0.0.1": 200, "localhost": 200, "gpu1.example.com": 200, "models.example.com": 200,
		"evil.example.com": 404,
	} {
		if got, _ := ask(kept, host); got.status != want {
			t.Errorf("host %s by HTTPS: %d %s, want %d", host, got.status, got.body, want)
		}
	}
	if got, _ := getTLS(t, kept, port, "127.0.0.1", "/v2/models/iris", nil); got.status != http.StatusUnauthorized {
		t.Errorf("by HTTPS without a key: %d %s", got.status, got.body)
	}
	if other := otherAddress(t); other != "" {
		if connection, err := net.DialTimeout("tcp", net.JoinHostPort(other, strconv.Itoa(s.port)), time.Second); err == nil {
			connection.Close()
			t.Errorf("the plain port is open at %s", other)
		}
	}
	if text := s.output.String(); !strings.Contains(text, "default/sentiment") || strings.Contains(text, "services\":\"default/iris") {
		t.Errorf("what is open is not said: %s", text)
	}

	writePair(t, pairs, 2, time.Now().Add(time.Hour))
	eventually(t, startTimeout, "the renewed certificate", func() error {
		if got, serial := ask(newTLSClient(t), "localhost"); got.status != 200 || serial != 2 {
			return fmt.Errorf("%d with certificate %d", got.status, serial)
		}
		return nil
	})
	write(t, key, "no key")
	s.waitProblem("tls.crt", "no certificate with its own key")
	if got, serial := ask(newTLSClient(t), "localhost"); got.status != 200 || serial != 2 {
		t.Errorf("with a broken pair: %d with certificate %d, want the last good one", got.status, serial)
	}
	if got, serial := ask(kept, "localhost"); got.status != 200 || serial != 1 {
		t.Errorf("the kept connection: %d with certificate %d, want 200 with that it began with", got.status, serial)
	}
}

// otherAddress is an address of this machine that is not loopback, if it has one.
func otherAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && !network.IP.IsLoopback() && network.IP.To4() != nil {
			return network.IP.String()
		}
	}
	return ""
}

// TestKeyPairIsCheckedAtStart gives flags that can't work: each is a usage error that names the file.
func TestKeyPairIsCheckedAtStart(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key := writePair(t, dir, 1, time.Now().Add(time.Hour))
	old, oldKey := writePair(t, t.TempDir(), 2, time.Now().Add(-24*time.Hour))
	for name, c := range map[string]struct {
		flags []string
		want  string
	}{
		"no key":          {[]string{"--tls-cert", certificate}, "--tls-key"},
		"no certificate":  {[]string{"--tls-key", key}, "--tls-cert"},
		"a missing file":  {[]string{"--tls-cert", filepath.Join(dir, "none.crt"), "--tls-key", key}, "none.crt"},
		"another's key":   {[]string{"--tls-cert", certificate, "--tls-key", oldKey}, oldKey},
		"an expired pair": {[]string{"--tls-cert", old, "--tls-key", oldKey}, "expired"},
		"a taken port":    {[]string{"--tls-cert", certificate, "--tls-key", key, "--https-port", "8080"}, "--https-port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, err := os.MkdirTemp("", "sluice")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(state) })
			ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
			defer cancel()
			out, err := exec.CommandContext(ctx, path, append([]string{"run", dir, "--state-dir", state}, c.flags...)...).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), c.want) {
				t.Errorf("%v: %v\n%s", c.flags, err, out)
			}
		})
	}
}
