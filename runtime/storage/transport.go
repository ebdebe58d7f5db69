package storage

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sluice-serving/sluice/runtime/storage/origin"
)

// dialTimeout bounds the making of a connection, and its TLS handshake.
const dialTimeout = 10 * time.Second

// newTransport makes the connections of one fetch. They trust the system's certificate authorities and those of bundle, a
// file or a folder with cabundle.crt as KServe mounts it.
func newTransport(u origin.URI, e environment, bundle string, connections int) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if !e.flag(true, "S3_VERIFY_SSL") && u.Scheme == origin.S3 {
		config.InsecureSkipVerify = true //nolint:gosec // the Secret's annotation s3-verifyssl asks for it
	}
	texts, err := bundleTexts(u, e, bundle)
	if err != nil {
		return nil, err
	}
	if len(texts) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool() // there are no others to trust
		}
		for _, text := range texts {
			if !pool.AppendCertsFromPEM(text) {
				return nil, u.Fail(origin.ReasonTLS, "the CA bundle holds no PEM certificate", "give one by --ca or AWS_CA_BUNDLE")
			}
		}
		config.RootCAs = pool
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   dialTimeout,
		ForceAttemptHTTP2:     false, // one connection would carry all ranges
		MaxIdleConns:          connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       30 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A body that the transport unpacks has neither the size nor the ranges that were listed.
		DisableCompression: true,
	}, nil
}

func bundleTexts(u origin.URI, e environment, bundle string) ([][]byte, error) {
	var texts [][]byte
	if text := e.given[caText]; text != "" {
		texts = append(texts, []byte(text))
	}
	if bundle == "" {
		bundle = e.first("AWS_CA_BUNDLE", "CA_BUNDLE_VOLUME_MOUNT_POINT")
	}
	if bundle == "" {
		return texts, nil
	}
	if info, err := os.Stat(bundle); err == nil && info.IsDir() {
		bundle = filepath.Join(bundle, "cabundle.crt")
	}
	text, err := os.ReadFile(bundle)
	if err != nil {
		return nil, u.Fail(origin.ReasonTLS, "the CA bundle can't be read: %v", "correct --ca or AWS_CA_BUNDLE", err)
	}
	return append(texts, text), nil
}
