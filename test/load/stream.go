package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	oip "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/test/load/backend"
)

// StreamKind is a way in which an answer may come bit by bit.
type StreamKind string

// The kinds of streams.
const (
	// SSE is server-sent events over HTTP/1.1, Chunked bare lines in chunks.
	SSE     StreamKind = "sse"
	Chunked StreamKind = "chunked"
	// SSEOverHTTP2 is server-sent events over HTTP/2.
	SSEOverHTTP2 StreamKind = "sse-http2"
	// GRPCStream is gRPC server streaming.
	GRPCStream StreamKind = "grpc-stream"
	// WebSocket is messages from the server, after an upgrade of HTTP/1.1.
	WebSocket StreamKind = "websocket"
)

// StreamKinds are all kinds.
func StreamKinds() []StreamKind {
	return []StreamKind{SSE, Chunked, SSEOverHTTP2, GRPCStream, WebSocket}
}

// Stream is a long answer that is being read.
type Stream struct {
	id    string
	begun time.Time
	// first is closed when the first piece has come, ended when the last one has.
	first, ended chan struct{}
	backend      atomic.Pointer[string]
	pieces       atomic.Int64
	err          error
}

// source reads the pieces of one answer.
type source interface {
	// next gives the text of the next piece. After the last one it gives [io.EOF], if the answer ended as it should.
	next() (string, error)
	// backend is the process that answers.
	backend() string
	close()
}

// OpenStream asks for a long answer and reads it until its natural end, which comes when the file until exists. It returns
// when the first piece is there, or nothing came.
func OpenStream(ctx context.Context, kind StreamKind, target Target, id, until string) *Stream {
	s := &Stream{id: id, begun: time.Now(), first: make(chan struct{}), ended: make(chan struct{})}
	go s.read(ctx, kind, target, until)
	select {
	case <-s.first:
	case <-s.ended:
	}
	return s
}

// Ended is closed when the stream is over.
func (s *Stream) Ended() <-chan struct{} { return s.ended }

// Pieces is how many pieces have come so far.
func (s *Stream) Pieces() int64 { return s.pieces.Load() }

// Wait waits for the end and gives the account of the stream. Its error is nil if every piece came once, in order, up to
// the last one.
func (s *Stream) Wait() Outcome {
	<-s.ended
	o := Outcome{ID: s.id, Latency: time.Since(s.begun), Err: s.err}
	if name := s.backend.Load(); name != nil {
		o.Backend, o.Status = *name, http.StatusOK
	}
	return o
}

func (s *Stream) read(ctx context.Context, kind StreamKind, target Target, until string) {
	defer close(s.ended)
	from, err := open(ctx, kind, target, s.id, until)
	if err != nil {
		s.err = fmt.Errorf("%s: %w", kind, err)
		return
	}
	defer from.close()
	name := from.backend()
	s.backend.Store(&name)
	if err := s.follow(from); err != nil {
		s.err = fmt.Errorf("%s, after %d pieces: %w", kind, s.pieces.Load(), err)
	}
}

// follow reads pieces 0, 1, 2 … and then the last one.
func (s *Stream) follow(from source) error {
	for n := 0; ; n++ {
		piece, err := from.next()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the answer ended before its last piece")
		case err != nil:
			return err
		case piece == backend.LastPiece:
			if _, err := from.next(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("after the last piece came another, or no orderly end: %w", err)
			}
			return nil
		case piece != strconv.Itoa(n):
			return fmt.Errorf("piece %q came in place of %d", piece, n)
		}
		if s.pieces.Add(1) == 1 {
			close(s.first)
		}
	}
}

func open(ctx context.Context, kind StreamKind, target Target, id, until string) (source, error) {
	switch kind {
	case WebSocket:
		return openSocket(ctx, target, id, until)
	case GRPCStream:
		return openCall(ctx, target, id, until)
	case SSE, SSEOverHTTP2:
		return openLines(ctx, target, backend.EventsPath, id, until, kind == SSEOverHTTP2)
	case Chunked:
		return openLines(ctx, target, backend.ChunksPath, id, until, false)
	}
	return nil, fmt.Errorf("unknown kind of stream %q", kind)
}

// lines reads a piece a line; those of server-sent events begin with "data: " and have an empty one between.
type lines struct {
	response  *http.Response
	scanner   *bufio.Scanner
	transport *http.Transport
}

func openLines(ctx context.Context, target Target, path, id, until string, http2 bool) (source, error) {
	transport := newTransport(target, new(atomic.Int64))
	if http2 {
		useHTTP2(transport)
	}
	request, err := newRequest(ctx, target, path, id, strings.NewReader("stream"), int64(len("stream")))
	if err != nil {
		return nil, err
	}
	request.Header.Set(backend.HeaderUntil, until)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		return nil, errors.Join(&Refusal{Status: response.StatusCode, Body: string(body)}, err)
	}
	return &lines{response, bufio.NewScanner(response.Body), transport}, nil
}

func (l *lines) next() (string, error) {
	for l.scanner.Scan() {
		if line := strings.TrimPrefix(l.scanner.Text(), "data: "); line != "" {
			return line, nil
		}
	}
	if err := l.scanner.Err(); err != nil {
		return "", err
	}
	return "", io.EOF
}

func (l *lines) backend() string { return l.response.Header.Get(backend.HeaderName) }

func (l *lines) close() {
	l.response.Body.Close()
	l.transport.CloseIdleConnections()
}

// call reads a piece a message.
type call struct {
	response  *http.Response
	transport *http.Transport
}

func openCall(ctx context.Context, target Target, id, until string) (source, error) {
	transport := newTransport(target, new(atomic.Int64))
	useHTTP2(transport)
	request, err := newCall(ctx, target, backend.StreamMethod, id)
	if err != nil {
		return nil, err
	}
	request.Header.Set(backend.HeaderUntil, until)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	return &call{response, transport}, nil
}

func (c *call) next() (string, error) {
	var message oip.ModelInferResponse
	if err := readMessage(c.response.Body, &message); err != nil {
		if errors.Is(err, io.EOF) {
			return "", errors.Join(io.EOF, callStatus(c.response))
		}
		return "", err
	}
	return message.GetId(), nil
}

func (c *call) backend() string { return c.response.Header.Get(backend.HeaderName) }

func (c *call) close() {
	c.response.Body.Close()
	c.transport.CloseIdleConnections()
}

// socket reads a piece a message.
type socket struct {
	conn *websocket.Conn
	name string
	read func() (string, error)
}

func openSocket(ctx context.Context, target Target, id, until string) (source, error) {
	transport := newTransport(target, new(atomic.Int64))
	header := http.Header{}
	header.Set(backend.HeaderID, id)
	header.Set(backend.HeaderUntil, until)
	conn, response, err := websocket.Dial(ctx, "ws://"+target.Authority+backend.SocketPath, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header,
	})
	if err != nil {
		return nil, err
	}
	return &socket{conn, response.Header.Get(backend.HeaderName), func() (string, error) {
		_, data, err := conn.Read(ctx)
		if websocket.CloseStatus(err) == websocket.StatusNormalClosure {
			return "", io.EOF
		}
		return string(data), err
	}}, nil
}

func (s *socket) next() (string, error) { return s.read() }
func (s *socket) backend() string       { return s.name }
func (s *socket) close()                { _ = s.conn.CloseNow() } // over already after a normal end
