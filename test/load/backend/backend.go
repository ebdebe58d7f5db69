package backend

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// The headers of a request (for gRPC its metadata) and of an answer.
const (
	// HeaderID is the request's id, without which it isn't taken.
	HeaderID = "X-Load-Id"
	// HeaderDelay is how long the answer shall take, as a Go duration.
	HeaderDelay = "X-Load-Delay"
	// HeaderUntil names a file: a stream goes on until it exists, an answer waits for it.
	HeaderUntil = "X-Load-Until"
	// HeaderName, in an answer, is the name of the process that gives it.
	HeaderName = "X-Load-Backend"
)

// The variables of the environment that make a backend. PORT or HTTP_PORT, GRPC_PORT and SLUICE_LISTEN_ADDRESS, which sluice
// gives each replica, say where it listens.
const (
	// VariableLedger is the directory of the accounts.
	VariableLedger = "LOAD_LEDGER"
	// VariableMark begins the backend's name, before its pid.
	VariableMark = "LOAD_MARK"
	// VariableWarmup is how long the backend refuses everything after it listens, as a Go duration.
	VariableWarmup = "LOAD_WARMUP"
)

// Server is one backend.
type Server struct {
	name    string
	book    *book
	running atomic.Int64
	ready   atomic.Bool
}

// Main runs a backend as the environment says until SIGTERM, which ends it at once. A program whose tests need backends
// calls it before anything else when it was started as one.
func Main() error {
	warmup, err := duration(os.Getenv(VariableWarmup))
	if err != nil {
		return fmt.Errorf("%s: %w", VariableWarmup, err)
	}
	s := &Server{name: os.Getenv(VariableMark) + "-" + strconv.Itoa(os.Getpid())}
	if s.book, err = openBook(os.Getenv(VariableLedger), s.name); err != nil {
		return err
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)

	failed := make(chan error, 2)
	if port := os.Getenv("GRPC_PORT"); port != "" {
		listener, err := listen(port)
		if err != nil {
			return err
		}
		calls := grpc.NewServer()
		calls.RegisterService(s.service(), s)
		go func() { failed <- calls.Serve(listener) }()
	}
	listener, err := listen(os.Getenv("PORT"))
	if err != nil {
		return err
	}
	web := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	go func() { failed <- web.Serve(listener) }()
	time.AfterFunc(warmup, func() { s.ready.Store(true) })

	select {
	case err := <-failed:
		return err
	case <-terminated:
		s.book.note(markTerminated, strconv.FormatInt(s.running.Load(), 10))
		return nil
	}
}

func listen(port string) (net.Listener, error) {
	if port == "" {
		return nil, errors.New("no PORT to listen on")
	}
	var config net.ListenConfig
	return config.Listen(context.Background(), "tcp", net.JoinHostPort(os.Getenv("SLUICE_LISTEN_ADDRESS"), port))
}

// arrive notes a request that came and gives what notes its answer, which is called before the last byte goes out: an
// answer that a client has was noted, whatever happens to the process then.
func (s *Server) arrive(id string) (done func()) {
	s.running.Add(1)
	s.book.note(markArrived, id)
	return func() {
		s.book.note(markDone, id)
		s.running.Add(-1)
	}
}

// Reply is the body of the answer to a request with an id and a body of so many bytes.
func Reply(id string, length int) string { return fmt.Sprintf("%s had %d bytes\n", id, length) }

// pieceEvery is the time between two pieces of a stream, and lookEvery between two looks for the file that ends a wait.
const (
	pieceEvery = 50 * time.Millisecond
	lookEvery  = 10 * time.Millisecond
)

// LastPiece ends a stream.
const LastPiece = "last"

// wait takes as long as a request asks for: a time, or until a file is there. It gives false when the client has gone.
func wait(ctx context.Context, delay, until string) (bool, error) {
	length, err := duration(delay)
	if err != nil {
		return false, err
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return false, nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for until != "" && !exists(until) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, nil
		}
	}
	return true, nil
}

// pieces sends 0, 1, 2 … until the file is there, calls done and sends the last piece.
func pieces(ctx context.Context, until string, done func(), send func(string) error) error {
	tick := time.NewTicker(pieceEvery)
	defer tick.Stop()
	for n := 0; !exists(until); n++ {
		if err := send(strconv.Itoa(n)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done()
	return send(LastPiece)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}
