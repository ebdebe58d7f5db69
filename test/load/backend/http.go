package backend

import (
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// The paths that a backend answers at.
const (
	// AnswerPath answers once.
	AnswerPath = "/answer"
	// EventsPath streams server-sent events, ChunksPath lines, SocketPath messages of a WebSocket.
	EventsPath = "/events"
	ChunksPath = "/chunks"
	SocketPath = "/socket"
	// ReadyPath is for the readiness probe.
	ReadyPath = "/ready"
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(ReadyPath, func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.Load() {
			http.Error(w, "not warm yet", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc(AnswerPath, s.counted(s.answer))
	mux.HandleFunc(EventsPath, s.counted(func(w http.ResponseWriter, r *http.Request, done func()) {
		w.Header().Set("Content-Type", "text/event-stream")
		stream(w, r, "data: ", "\n\n", done)
	}))
	mux.HandleFunc(ChunksPath, s.counted(func(w http.ResponseWriter, r *http.Request, done func()) {
		stream(w, r, "", "\n", done)
	}))
	mux.HandleFunc(SocketPath, s.counted(socket))
	return mux
}

// counted notes each request that came, and refuses one that came too early or without an id.
func (s *Server) counted(handle func(w http.ResponseWriter, r *http.Request, done func())) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(HeaderID)
		if id == "" {
			http.Error(w, "a request needs the header "+HeaderID, http.StatusBadRequest)
			return
		}
		w.Header().Set(HeaderName, s.name)
		done := s.arrive(id)
		if !s.ready.Load() {
			done()
			http.Error(w, s.name+" was asked before it was ready", http.StatusServiceUnavailable)
			return
		}
		var noted bool
		handle(w, r, func() { noted = true; done() })
		if !noted {
			// Not answered, and not running any more.
			s.running.Add(-1)
		}
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, done func()) {
	length, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // the client has gone
	}
	waited, err := wait(r.Context(), r.Header.Get(HeaderDelay), r.Header.Get(HeaderUntil))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !waited {
		return
	}
	done()
	_, _ = io.WriteString(w, Reply(r.Header.Get(HeaderID), int(length))) // a client that has gone gets nothing
}

func stream(w http.ResponseWriter, r *http.Request, before, after string, done func()) {
	flush := http.NewResponseController(w)
	// How it ended, the client sees.
	_ = pieces(r.Context(), r.Header.Get(HeaderUntil), done, func(piece string) error {
		if _, err := io.WriteString(w, before+piece+after); err != nil {
			return err
		}
		return flush.Flush()
	})
}

func socket(w http.ResponseWriter, r *http.Request, done func()) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }() // over already after a normal end
	ctx := conn.CloseRead(r.Context())
	err = pieces(ctx, r.Header.Get(HeaderUntil), done, func(piece string) error {
		return conn.Write(ctx, websocket.MessageText, []byte(piece))
	})
	if err == nil {
		_ = conn.Close(websocket.StatusNormalClosure, "") // the client sees how it ended
	}
}
