package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	oip "github.com/sluice-serving/sluice/api/oip/grpc"
	"github.com/sluice-serving/sluice/test/load/backend"
)

// GRPCClient makes unary gRPC calls over one HTTP/2 connection. It never makes a call twice.
type GRPCClient struct {
	target    Target
	transport *http.Transport
	dialled   atomic.Int64
	// Delay makes the backend take so long for its answer.
	Delay time.Duration
}

// NewGRPC gives a client of a backend's gRPC service.
func NewGRPC(target Target) *GRPCClient {
	c := &GRPCClient{target: target}
	c.transport = newTransport(target, &c.dialled)
	useHTTP2(c.transport)
	return c
}

// Connections is how many connections have been made so far.
func (c *GRPCClient) Connections() int64 { return c.dialled.Load() }

// Close closes the connections.
func (c *GRPCClient) Close() { c.transport.CloseIdleConnections() }

// Send calls ModelInfer once. A call that does not end with status 0 and this very id is an error.
func (c *GRPCClient) Send(ctx context.Context, id string) (Answer, error) {
	request, err := newCall(ctx, c.target, oip.GRPCInferenceService_ModelInfer_FullMethodName, id)
	if err != nil {
		return Answer{}, err
	}
	if c.Delay > 0 {
		request.Header.Set(backend.HeaderDelay, c.Delay.String())
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return Answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode, Backend: response.Header.Get(backend.HeaderName)}
	var reply oip.ModelInferResponse
	readErr := readMessage(response.Body, &reply)
	// The trailers are there when the body has been read to its end.
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return answer, fmt.Errorf("the call ended early: %w", err)
	}
	if err := cmp.Or(callStatus(response), readErr); err != nil {
		return answer, err
	}
	if reply.GetId() != id {
		return answer, fmt.Errorf("answered for the id %q", reply.GetId())
	}
	return answer, nil
}

// newCall gives a call with one request message.
func newCall(ctx context.Context, target Target, method, id string) (*http.Request, error) {
	message, err := proto.Marshal(&oip.ModelInferRequest{Id: id, ModelName: "load"})
	if err != nil {
		return nil, err
	}
	// A frame is a byte that says "not compressed", the length in four bytes, and the message (gRPC over HTTP/2).
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	frame = append(frame, message...)
	request, err := newRequest(ctx, target, method, id, bytes.NewReader(frame), int64(len(frame)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	return request, nil
}

// readMessage reads one framed message. The error is [io.EOF] where no further one comes.
func readMessage(from io.Reader, into proto.Message) error {
	var head [5]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return err
	}
	if head[0] != 0 {
		return errors.New("a compressed message, which nobody asked for")
	}
	data := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(from, data); err != nil {
		return fmt.Errorf("a message ended early: %w", err)
	}
	return proto.Unmarshal(data, into)
}

// callStatus gives the status of a call whose body has been read: in the trailers, or in the headers of one that failed at once.
func callStatus(response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return &Refusal{Status: response.StatusCode}
	}
	code, message := response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
	if code == "" {
		code, message = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
	}
	switch code {
	case "0":
		return nil
	case "":
		return errors.New("the call ended without a status")
	}
	return &Refusal{Status: response.StatusCode, GRPC: code, Body: message}
}
