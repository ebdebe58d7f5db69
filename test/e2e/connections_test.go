package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// TestConnectionBeyondTheMostIsCounted opens more connections than are allowed and leaves them idle.
func TestConnectionBeyondTheMostIsCounted(t *testing.T) {
	t.Parallel()
	const most, beyond = 20, 15
	s := startWith(t, stateDir(t), quickstart(t), fmt.Sprintf("--max-connections=%d", most))
	s.waitService("iris", ready)
	for range most + beyond {
		connection, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
	}
	eventually(t, startTimeout, "the refused connections in the metrics", func() error {
		if n := s.metric(`sluice_connections_refused_total`); n < beyond || n > most+beyond {
			return fmt.Errorf("%d, want %d or a few more", n, beyond)
		}
		return nil
	})
	response, err := http.Get("http://" + s.address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
