package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/xds/ir"
)

// newCertificate makes a certificate that its own key signs.
func newCertificate(t *testing.T, name string, serial int64, hosts ...string) ir.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: hosts}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return ir.Certificate{
		Name: name, Object: ir.Ref{Kind: "Secret", Namespace: "default", Name: name},
		Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})),
		Key:   ir.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
}

// tlsClient connects with a server name of its choice, whatever host its requests name.
func (d *dataPlane) tlsClient(serverName string, versions ...uint16) *http.Client {
	//nolint:gosec // The test looks at the certificates itself.
	config := &tls.Config{ServerName: serverName, InsecureSkipVerify: true}
	if len(versions) > 0 {
		config.MinVersion, config.MaxVersion = versions[0], versions[0]
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	d.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (d *dataPlane) getTLS(client *http.Client, host, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d%s", d.port, path), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Host = host
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

// TestTLSKeepsServerNamesApart asks behind each server name for the hosts of each: an answer comes only from the hosts
// that belong to the name that the connection was opened for.
func TestTLSKeepsServerNamesApart(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	one, wide := echo(t, "one"), echo(t, "wide")
	listener := d.listener()
	listener.TLS = []ir.Chain{
		{Scope: "https/one", ServerName: "one.example.com", Certificates: []string{"one"}},
		{Scope: "https/wide", ServerName: "*.example.com", Certificates: []string{"wide"}},
	}
	hostOn := func(scope, name string, to ir.Backend) ir.Host {
		h := host(name, all(to))
		h.Listener = scope
		return h
	}
	d.publishConfig(ir.Config{
		Listeners: []ir.Listener{listener}, Backends: []ir.Backend{one, wide},
		Certificates: []ir.Certificate{newCertificate(t, "one", 1, "one.example.com"), newCertificate(t, "wide", 2, "*.example.com")},
		Hosts: []ir.Host{
			hostOn("https/one", "one.example.com", one), hostOn("https/wide", "*.example.com", wide),
			{Listener: "https/wide", Name: "one.example.com"},
		},
	})
	for _, c := range []struct {
		serverName, host, backend string
		serial                    int64
	}{
		{"one.example.com", "one.example.com", "one", 1},
		{"ONE.example.com", "One.Example.com", "one", 1},
		{"two.example.com", "two.example.com", "wide", 2},
		{"one.example.com", "two.example.com", "", 1},
		{"two.example.com", "one.example.com", "", 2},
		{"two.example.com", "ONE.example.com:443", "", 2},
	} {
		response, err := d.getTLS(d.tlsClient(c.serverName), c.host, "/")
		if err != nil {
			t.Fatal(err)
		}
		if serial := response.TLS.PeerCertificates[0].SerialNumber.Int64(); response.Header.Get("X-Backend") != c.backend || serial != c.serial || response.ProtoMajor != 2 {
			t.Errorf("%s behind %s: %d by %q, certificate %d, %s", c.host, c.serverName, response.StatusCode, response.Header.Get("X-Backend"), serial, response.Proto)
		}
	}
	if _, err := d.getTLS(d.tlsClient("example.org"), "one.example.com", "/"); err == nil {
		t.Error("a name that no listener has was served")
	}
	if _, err := d.getTLS(d.tlsClient("one.example.com", tls.VersionTLS11), "one.example.com", "/"); err == nil {
		t.Error("TLS 1.1 was served")
	}
}

// TestRenewedCertificateCutsNothing changes the certificate while one connection is kept: it goes on, and the next
// connection sees the new certificate. One that is no pair leaves the one before.
func TestRenewedCertificateCutsNothing(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend := echo(t, "backend")
	listener := d.listener()
	listener.TLS = []ir.Chain{{Scope: listenerName, Certificates: []string{"pair"}}}
	config := ir.Config{
		Listeners: []ir.Listener{listener}, Backends: []ir.Backend{backend}, Hosts: []ir.Host{host("*", all(backend))},
		Certificates: []ir.Certificate{newCertificate(t, "pair", 1, "any.example.com")},
	}
	d.publishConfig(config)
	kept := d.tlsClient("")
	serialOf := func(client *http.Client) int64 {
		t.Helper()
		response, err := d.getTLS(client, "any.example.com", "/")
		if err != nil {
			t.Fatal(err)
		}
		return response.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if serial := serialOf(kept); serial != 1 {
		t.Fatalf("certificate %d", serial)
	}
	config.Certificates = []ir.Certificate{newCertificate(t, "pair", 2, "any.example.com")}
	d.publishConfig(config)
	if old, fresh := serialOf(kept), serialOf(d.tlsClient("")); old != 1 || fresh != 2 {
		t.Errorf("the kept connection has certificate %d and a new one %d, want 1 and 2", old, fresh)
	}
	broken := config.Certificates[0]
	broken.Key = ir.Secret(strings.Replace(string(newCertificate(t, "other", 3, "any.example.com").Key), "x", "y", 1))
	config.Certificates = []ir.Certificate{broken}
	d.publishConfig(config)
	if old, fresh := serialOf(kept), serialOf(d.tlsClient("")); old != 1 || fresh != 2 {
		t.Errorf("after one that is no pair the kept connection has certificate %d and a new one %d, want 1 and 2", old, fresh)
	}
	rejections := d.server.Rejections()
	if len(rejections) != 1 || rejections[0].Objects[0].Kind != "Secret" || strings.Contains(rejections[0].Reason, "BEGIN") {
		t.Errorf("the refusal of a wrong pair is told as %+v", rejections)
	}
}
