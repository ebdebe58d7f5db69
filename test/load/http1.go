package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// http1 is an HTTP/1.1 client over a fixed number of kept connections. It is not [net/http.Transport]: that one repeats some
// requests, and gives a good connection up when the machine holds one of its goroutines back, so that its count of
// connections says little about the server.
type http1 struct {
	dial    func(context.Context) (net.Conn, error)
	dialled *atomic.Int64
	// free holds the connections that no request uses; nil stands for one that is to be made.
	free chan *kept
}

// kept is one connection.
type kept struct {
	net.Conn

	reader *bufio.Reader
}

func newHTTP1(target Target, connections int, dialled *atomic.Int64) *http1 {
	var dialer net.Dialer
	c := &http1{
		dial:    func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", target.Dial) },
		dialled: dialled, free: make(chan *kept, connections),
	}
	for range connections {
		c.free <- nil
	}
	return c
}

// RoundTrip writes a request once and reads its answer whole. It waits while all connections are in use.
func (c *http1) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	var conn *kept
	select {
	case conn = <-c.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, response, err := c.exchange(ctx, conn, request)
	c.free <- conn
	return response, err
}

// exchange gives the connection back if it can be used again, else nil.
func (c *http1) exchange(ctx context.Context, conn *kept, request *http.Request) (*kept, *http.Response, error) {
	// Nothing was sent yet, so that a new connection in place of one that the server has closed repeats nothing.
	if conn != nil && conn.over() {
		conn.Close()
		conn = nil
	}
	if conn == nil {
		made, err := c.dial(ctx)
		if err != nil {
			return nil, nil, err
		}
		c.dialled.Add(1)
		conn = &kept{made, bufio.NewReader(made)}
	}
	response, err := conn.ask(ctx, request)
	if err != nil || response.Close {
		conn.Close()
		return nil, response, err
	}
	return conn, response, nil
}

// over says that the server has closed the connection.
func (k *kept) over() bool {
	raw, err := k.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return true
	}
	over := false
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		over = n == 0 && err == nil || err != nil && !errors.Is(err, unix.EAGAIN)
		return true
	})
	return err != nil || over
}

func (k *kept) ask(ctx context.Context, request *http.Request) (*http.Response, error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := k.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	if err := request.Write(k); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(k.reader, request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
}

// CloseIdleConnections closes all connections; no request may be under way.
func (c *http1) CloseIdleConnections() {
	for range cap(c.free) {
		if conn := <-c.free; conn != nil {
			conn.Close()
		}
		c.free <- nil
	}
}
