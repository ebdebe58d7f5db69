package server

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-serving/sluice/api/oip"
)

// readBody reads a whole body, decompressed, within the bounds of one and of all.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, hold *reservation) ([]byte, error) {
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		if r.ContentLength > s.options.MaxBody {
			return nil, tooLarge(fmt.Sprintf("the body has %d bytes", r.ContentLength), s.options.MaxBody)
		}
		body := r.Body
		if r.ContentLength < 0 { // else net/http gives no more than was announced
			body = http.MaxBytesReader(w, body, s.options.MaxBody)
		}
		return readAll(hold.reader(body), r.ContentLength)
	case "gzip":
		plain, err := gzip.NewReader(http.MaxBytesReader(w, r.Body, s.options.MaxBody))
		return s.readCompressed(plain, err, hold)
	case "deflate":
		plain, err := zlib.NewReader(http.MaxBytesReader(w, r.Body, s.options.MaxBody))
		return s.readCompressed(plain, err, hold)
	default:
		return nil, &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding %q is not supported: gzip and deflate are", encoding)}
	}
}

// readCompressed bounds what comes out, not only what went in.
func (s *Server) readCompressed(plain io.ReadCloser, err error, hold *reservation) ([]byte, error) {
	if err != nil {
		return nil, notReadable(err)
	}
	out, err := readAll(hold.reader(io.LimitReader(plain, s.options.MaxBody+1)), -1)
	if err != nil {
		return nil, err
	}
	if int64(len(out)) > s.options.MaxBody {
		return nil, tooLarge(fmt.Sprintf("the body has more than %d bytes once decompressed", s.options.MaxBody), s.options.MaxBody)
	}
	return out, nil
}

// announcedAtOnce is the most bytes that are set aside for a length which was only announced.
const announcedAtOnce = 1 << 20

// readAll reads to the end, into one allocation if the size is known and not large: a large one is believed by as much again
// as has come.
func readAll(body io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		out, err := io.ReadAll(body)
		if err != nil {
			return nil, notReadable(err)
		}
		return out, nil
	}
	out := make([]byte, 0, min(size, announcedAtOnce))
	for int64(len(out)) < size {
		have := len(out)
		more := int(min(size-int64(have), max(int64(have), announcedAtOnce)))
		out = slices.Grow(out, more)[:have+more]
		if _, err := io.ReadFull(body, out[have:]); err != nil {
			return nil, notReadable(err)
		}
	}
	return out, nil
}

// notReadable is the client's fault, unless it is one of the bounds.
func notReadable(err error) error {
	var refused *refusal
	if errors.As(err, &refused) {
		return err
	}
	var beyond *http.MaxBytesError
	if errors.As(err, &beyond) {
		return tooLarge(fmt.Sprintf("the body has more than %d bytes", beyond.Limit), beyond.Limit)
	}
	return &refusal{http.StatusBadRequest, "the body can't be read: " + err.Error()}
}

// tooLarge refuses a body and says how a larger one is taken.
func tooLarge(size string, limit int64) error {
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("%s, and at most %d are taken: send fewer rows at once, or start the server with a larger --max-body", size, limit)}
}

// headerLength reads the binary extension's header; -1 if there is none.
func headerLength(r *http.Request) (int, error) {
	value := r.Header.Get(oip.HeaderContentLength)
	if value == "" {
		return -1, nil
	}
	length, err := strconv.Atoi(value)
	if err != nil || length < 0 {
		return 0, &oip.RequestError{Where: oip.HeaderContentLength, Problem: fmt.Sprintf("expected the number of bytes of JSON, given %q", value)}
	}
	return length, nil
}
