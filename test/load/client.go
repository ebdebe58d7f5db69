package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sluice-serving/sluice/test/load/backend"
)

// Target is where requests go.
type Target struct {
	// Dial is the TCP address "ip:port" that is connected to, and Authority the host that is asked for there.
	Dial, Authority string
}

// maxBody is how much of an unexpected answer is kept.
const maxBody = 4 << 10

// Client asks a backend by HTTP, over connections that it keeps. It never sends a request twice.
type Client struct {
	target    Target
	transport roundTripper
	dialled   atomic.Int64
	// Path is what is asked for, [backend.AnswerPath] if nothing else is set.
	Path string
	// Body is sent with each request; it is never empty.
	Body string
	// ContentType is the body's, if set.
	ContentType string
	// Delay makes the backend take so long for its answer.
	Delay time.Duration
	// AnySuccess takes every 200 for an answer, of servers that keep no account.
	AnySuccess bool
}

// Refusal is an answer that came whole and is not the one wanted.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// GRPC is the status of a gRPC call, a number as text; empty for other requests.
	GRPC string
	// Body is the answer's, or the call's message.
	Body string
}

func (r *Refusal) Error() string {
	if r.GRPC != "" {
		return fmt.Sprintf("gRPC status %s: %s", r.GRPC, r.Body)
	}
	return fmt.Sprintf("answered %d %q", r.Status, r.Body)
}

// NewHTTP1 gives a client of HTTP/1.1 that keeps up to so many connections. Requests beyond that wait for a free one, and
// their latency counts the wait.
func NewHTTP1(target Target, connections int) *Client {
	c := newClient(target)
	c.transport = newHTTP1(target, connections, &c.dialled)
	return c
}

// NewHTTP2 gives a client of HTTP/2 with prior knowledge, in clear text, whose requests share a connection.
func NewHTTP2(target Target) *Client {
	c := newClient(target)
	transport := newTransport(target, &c.dialled)
	useHTTP2(transport)
	c.transport = transport
	return c
}

func useHTTP2(transport *http.Transport) {
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
}

func newClient(target Target) *Client {
	return &Client{target: target, Path: backend.AnswerPath, Body: "some body"}
}

// roundTripper sends one request over connections that it keeps.
type roundTripper interface {
	http.RoundTripper
	CloseIdleConnections()
}

// newTransport connects to the target whatever host is asked for, and counts the connections made.
func newTransport(target Target, dialled *atomic.Int64) *http.Transport {
	var dialer net.Dialer
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, target.Dial)
			if err == nil {
				dialled.Add(1)
			}
			return conn, err
		},
		// None is ever closed for being idle, so that a new one means that the server closed one.
		MaxIdleConns: 0, IdleConnTimeout: 0,
		DisableCompression: true,
	}
}

// Connections is how many connections have been made so far.
func (c *Client) Connections() int64 { return c.dialled.Load() }

// Close closes the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Send asks once. An answer other than the backend's 200 for this very id is an error.
func (c *Client) Send(ctx context.Context, id string) (Answer, error) {
	request, err := newRequest(ctx, c.target, c.Path, id, strings.NewReader(c.Body), int64(len(c.Body)))
	if err != nil {
		return Answer{}, err
	}
	if c.ContentType != "" {
		request.Header.Set("Content-Type", c.ContentType)
	}
	if c.Delay > 0 {
		request.Header.Set(backend.HeaderDelay, c.Delay.String())
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return Answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	answer := Answer{Status: response.StatusCode, Backend: response.Header.Get(backend.HeaderName)}
	switch {
	case err != nil:
		return answer, fmt.Errorf("the answer ended early: %w", err)
	case response.StatusCode == http.StatusOK && (c.AnySuccess || string(body) == backend.Reply(id, len(c.Body))):
		return answer, nil
	}
	return answer, &Refusal{Status: answer.Status, Body: string(body[:min(len(body), maxBody)])}
}

// newRequest gives a request that the transport can't repeat.
func newRequest(ctx context.Context, target Target, path, id string, body io.Reader, length int64) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+target.Authority+path, io.NopCloser(body))
	if err != nil {
		return nil, err
	}
	request.ContentLength = length
	if request.GetBody != nil {
		return nil, errors.New("the request's body can be had twice, so that the transport might send it twice")
	}
	request.Header.Set(backend.HeaderID, id)
	return request, nil
}
