package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/controller/explain"
)

// maxAnswer bounds an answer that the client holds in memory; a full xDS dump of 10,000 services is about 60 MB.
const maxAnswer = 256 << 20

// Client asks a running sluice. Its methods are safe for concurrent use. They return an [UnreachableError] if nothing
// that is a sluice answers, and a [StatusError] if it refuses.
type Client struct {
	address string
	http    *http.Client
}

// UnreachableError says that no sluice answers at an address.
type UnreachableError struct {
	Address string
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("can't reach sluice at %s: %s; start it with \"sluice run DIR\", or name its admin address by --admin", e.Address, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// StatusError is a refusal.
type StatusError struct {
	// Code is the HTTP status.
	Code    int
	Message string
}

func (e *StatusError) Error() string { return e.Message }

// NewClient makes a client for the admin port at address: "host:port", or the same with http:// before it.
func NewClient(address string) (*Client, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/")
	if _, port, err := net.SplitHostPort(host); err != nil || port == "" || strings.ContainsAny(host, "/?#@ ") {
		return nil, fmt.Errorf("admin address %q is not host:port; write it as 127.0.0.1:9080", address)
	}
	transport := &http.Transport{
		// No proxy: the address is this machine's, whatever the environment says of others.
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		ResponseHeaderTimeout: 30 * time.Second,
		MaxIdleConnsPerHost:   1,
		IdleConnTimeout:       5 * time.Second,
	}
	return &Client{address: host, http: &http.Client{Transport: transport}}, nil
}

// Close gives the client's idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Services gives the InferenceServices of a namespace, or all of them for "".
func (c *Client) Services(ctx context.Context, namespace string) ([]Service, error) {
	query := url.Values{}
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	items, err := get[Items[Service]](ctx, c, "/api/v1/services", query)
	return items.Items, err
}

// Service gives one InferenceService.
func (c *Client) Service(ctx context.Context, namespace, name string) (Service, error) {
	return get[Service](ctx, c, servicePath(namespace, name), nil)
}

// Explain gives the walk over the layers for one InferenceService.
func (c *Client) Explain(ctx context.Context, namespace, name string) (explain.Report, error) {
	return get[explain.Report](ctx, c, servicePath(namespace, name)+"/explain", nil)
}

// Problems gives what is wrong in the manifests.
func (c *Client) Problems(ctx context.Context) ([]Problem, error) {
	items, err := get[Items[Problem]](ctx, c, "/api/v1/problems", nil)
	return items.Items, err
}

// Load gives the load of the revisions of a namespace, or of all for "".
func (c *Client) Load(ctx context.Context, namespace string) (Load, error) {
	query := url.Values{}
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	return get[Load](ctx, c, "/api/v1/load", query)
}

// Policies gives the access policies.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	items, err := get[Items[Policy]](ctx, c, "/api/v1/policies", nil)
	return items.Items, err
}

// XDS gives the xDS dump, with bodies if full.
func (c *Client) XDS(ctx context.Context, full bool) (XDS, error) {
	query := url.Values{}
	if full {
		query.Set("full", "1")
	}
	return get[XDS](ctx, c, "/api/v1/xds", query)
}

// Logs opens a stream of log lines, which the caller closes. It ends when the logs do or, if followed, when ctx does.
func (c *Client) Logs(ctx context.Context, namespace, name string, options LogOptions) (io.ReadCloser, error) {
	response, err := c.do(ctx, servicePath(namespace, name)+"/logs", options.values())
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func servicePath(namespace, name string) string {
	return "/api/v1/services/" + url.PathEscape(namespace) + "/" + url.PathEscape(name)
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var value T
	response, err := c.do(ctx, path, query)
	if err != nil {
		return value, err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&value); err != nil {
		return value, &UnreachableError{Address: c.address, Err: fmt.Errorf("its answer to %s is not what a sluice of this version gives: %w", path, err)}
	}
	return value, nil
}

// do asks and turns every answer but 200 into an error.
func (c *Client) do(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	target := "http://" + c.address + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", c.address, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &UnreachableError{Address: c.address, Err: err}
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	var refusal Error
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&refusal); err != nil || refusal.Message == "" {
		return nil, &UnreachableError{Address: c.address, Err: fmt.Errorf("what answers there is not sluice (HTTP status %s)", response.Status)}
	}
	return nil, &StatusError{Code: response.StatusCode, Message: refusal.Message}
}
