// Package load asks HTTP/1.1 servers over connections that stay open. [Closed] is a closed loop, which finds the
// throughput: each connection sends its next request when the last one is answered. It never retries.
package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// Target is what is asked: by GET, or by POST if there is a body.
type Target struct {
	// Address is where to connect, as host:port.
	Address string
	// Host is the Host header.
	Host string
	// Path has its query with it.
	Path string
	// Body is JSON.
	Body []byte
}

// Connection is one connection that is kept open. One goroutine uses it at a time.
type Connection struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
	answer  fasthttp.Response
}

// Dial connects to a target.
func Dial(ctx context.Context, target Target) (*Connection, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", target.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target.Address, err)
	}
	c := &Connection{conn: conn, reader: bufio.NewReader(conn)}
	c.Retarget(target)
	return c, nil
}

// Retarget has the connection ask another host and path; the address stays that of the server it is connected to.
func (c *Connection) Retarget(target Target) {
	if target.Body == nil {
		c.request = fmt.Appendf(c.request[:0], "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target.Path, target.Host)
		return
	}
	c.request = fmt.Appendf(c.request[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		target.Path, target.Host, len(target.Body), target.Body)
}

// SetDeadline bounds everything that follows, as [net.Conn] has it.
func (c *Connection) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// Close closes the connection.
func (c *Connection) Close() error { return c.conn.Close() }

// Ask sends the request and waits for its answer, which holds until the next call. After an error, or an answer that
// closes the connection, the connection is of no more use.
func (c *Connection) Ask() (*fasthttp.Response, error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, err
	}
	c.answer.Reset()
	if err := c.answer.Read(c.reader); err != nil {
		return nil, err
	}
	return &c.answer, nil
}
