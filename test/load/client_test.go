package load

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sluice-serving/sluice/test/load/backend"
)

// TestARequestIsSentOnceOverADeadConnection has a server that answers the first request of each connection and ends the
// connection at the second: net/http's client repeats such a request by itself if it may, and this one must not.
func TestARequestIsSentOnceOverADeadConnection(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(Target) connected{
		"HTTP/1.1": func(target Target) connected { return NewHTTP1(target, 1) },
		"HTTP/2":   func(target Target) connected { return NewHTTP2(target) },
		"gRPC":     func(target Target) connected { return NewGRPC(target) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) == 1 {
					_, _ = w.Write([]byte(reply(r)))
					return
				}
				panic(http.ErrAbortHandler) // resets the stream, or ends the connection of HTTP/1.1
			}))
			server.Config.Protocols = new(http.Protocols)
			server.Config.Protocols.SetHTTP1(true)
			server.Config.Protocols.SetUnencryptedHTTP2(true)
			server.Start()
			defer server.Close()
			client := connect(targetOf(server))
			defer client.Close()
			_, _ = client.Send(t.Context(), "first")
			if _, err := client.Send(t.Context(), "second"); err == nil {
				t.Error("a request whose connection ended was answered")
			}
			if requests.Load() != 2 || client.Connections() != 1 {
				t.Errorf("%d requests over %d connections came, want 2 over 1", requests.Load(), client.Connections())
			}
		})
	}
}

// connected is a client of any protocol.
type connected interface {
	Sender
	Connections() int64
	Close()
}

// reply is what a backend answers.
func reply(r *http.Request) string {
	return backend.Reply(r.Header.Get(backend.HeaderID), int(r.ContentLength))
}

func targetOf(server *httptest.Server) Target {
	return Target{Dial: server.Listener.Addr().String(), Authority: "m.localhost"}
}

// TestAClosedConnectionIsReplacedBeforeARequest closes what is idle: the next request goes over a new connection, and is no
// repetition.
func TestAClosedConnectionIsReplacedBeforeARequest(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = w.Write([]byte(reply(r)))
	}))
	defer server.Close()
	client := NewHTTP1(targetOf(server), 1)
	defer client.Close()
	for i := range 3 {
		if _, err := client.Send(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			server.CloseClientConnections()
		}
	}
	if requests.Load() != 3 || client.Connections() != 2 {
		t.Errorf("%d requests over %d connections, want 3 over 2", requests.Load(), client.Connections())
	}
}

// TestAnotherRequestsAnswerIsAFailure answers for another id.
func TestAnotherRequestsAnswerIsAFailure(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(backend.Reply("other", int(r.ContentLength))))
	}))
	defer server.Close()
	client := NewHTTP1(targetOf(server), 1)
	defer client.Close()
	if answer, err := client.Send(t.Context(), "mine"); err == nil {
		t.Errorf("got %+v and no error", answer)
	}
}

// TestNobodyListens gives an error and no answer.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	client := NewHTTP2(Target{Dial: address, Authority: "m.localhost"})
	defer client.Close()
	if answer, err := client.Send(t.Context(), "a"); err == nil || answer.Status != 0 {
		t.Errorf("got %+v and error %v", answer, err)
	}
}
