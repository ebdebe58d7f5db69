package admin_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// serve starts a server over source on a loopback port. The stop it returns waits for the server's end; it is called
// once more when the test ends.
func serve(t *testing.T, source admin.Source) (*admin.Client, func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- newServer(source, address).Serve(ctx, listener) }()
	client, err := admin.NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	}
	t.Cleanup(func() {
		stop()
		client.Close()
	})
	return client, stop
}

func wantStatus(t *testing.T, err error, code int) {
	t.Helper()
	var refusal *admin.StatusError
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Errorf("error %v, want status %d", err, code)
	}
}

func wantUnreachable(t *testing.T, err error) {
	t.Helper()
	var unreachable *admin.UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("error %v, want unreachable", err)
	}
}
