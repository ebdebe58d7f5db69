package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"
)

// serveLogs streams what a service's processes print, each line behind its replica's name.
func (s *Server) serveLogs(w http.ResponseWriter, r *http.Request) {
	options, err := parseLogOptions(r.URL.Query())
	if err != nil {
		writeError(w, http.StatusBadRequest, "%s", err)
		return
	}
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	service, ok := s.source.Service(namespace, name)
	if !ok {
		writeUnknownService(w, namespace, name)
		return
	}
	selected, err := selectLogs(service, options)
	if err != nil {
		writeError(w, http.StatusNotFound, "%s", err)
		return
	}
	if len(selected) == 0 && !options.Follow {
		writeError(w, http.StatusNotFound, "InferenceService %s/%s has no process yet; sluice explain %s -n %s says why",
			namespace, name, name, namespace)
		return
	}
	if options.Previous && !slices.ContainsFunc(selected, func(source logSource) bool { return source.path != "" }) {
		writeError(w, http.StatusNotFound, "no process of InferenceService %s/%s ran before the present one; "+
			"leave previous out to read that one's log", namespace, name)
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		writeError(w, http.StatusTooManyRequests, "%d logs are being read already; end one of them and try again", maxLogStreams)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	stream := &logStream{source: s.source, namespace: namespace, name: name, options: options, out: newDeadlineWriter(w)}
	if err := stream.run(r.Context(), selected, s.pollEvery); err != nil && r.Context().Err() == nil {
		s.logger.Warn("log stream ended early", "inferenceService", namespace+"/"+name, "error", err)
	}
}

// logStream is one log request in progress. It belongs to the request's goroutine.
type logStream struct {
	source          Source
	namespace, name string
	options         LogOptions
	out             *deadlineWriter
	// open holds the log being read of each container, by [logSource.key].
	open map[string]*logFile
	// begun is set after the first round: a log that appears later is read from its beginning.
	begun bool
}

// run copies the logs selected and, if asked to, follows them until ctx or the service ends.
func (s *logStream) run(ctx context.Context, selected []logSource, pollEvery time.Duration) error {
	s.open = map[string]*logFile{}
	defer func() {
		for _, file := range s.open {
			_ = file.close()
		}
	}()
	if !s.options.Follow {
		return s.copyAll(selected)
	}
	// Polling rather than inotify: it costs a few reads a second, needs no watch per file, and works on every filesystem.
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if err := s.round(selected); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		service, ok := s.source.Service(s.namespace, s.name)
		if !ok {
			return s.finish(nil)
		}
		// A replica or container that is gone for good is no error here: its lines have been sent.
		selected, _ = selectLogs(service, s.options)
	}
}

// copyAll sends one log after the other.
func (s *logStream) copyAll(selected []logSource) error {
	several := severalContainers(selected)
	for _, source := range selected {
		if source.path == "" {
			continue
		}
		file, err := openLog(source.path, source.label(several), s.options.Tail, true)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = copyToEnd(file, s.out)
		if err = errors.Join(err, file.close()); err != nil {
			return err
		}
	}
	return s.out.flush()
}

func copyToEnd(file *logFile, w io.Writer) error {
	for {
		atEnd, err := file.copyLines(w)
		if err != nil {
			return err
		}
		if atEnd {
			return file.finish(w)
		}
	}
}

// round sends what each followed log has got since the last round.
func (s *logStream) round(selected []logSource) error {
	current := map[string]bool{}
	several := severalContainers(selected)
	for _, source := range selected {
		current[source.key()] = true
		if err := s.follow(source, several); err != nil {
			return err
		}
	}
	s.begun = true
	return s.finish(current)
}

// follow sends one log's new lines. A log that was replaced is read to its end before the new one is opened.
func (s *logStream) follow(source logSource, several bool) error {
	key := source.key()
	file := s.open[key]
	if file == nil {
		opened, err := s.openFollowed(source, several)
		if opened == nil || err != nil {
			return err
		}
		file = opened
		s.open[key] = file
	}
	// Asked before reading: what was written before the replacement is then seen by this read.
	replaced := file.path != source.path || file.replaced()
	atEnd, err := file.copyLines(s.out)
	if err != nil {
		return err
	}
	if atEnd && replaced {
		return s.drop(key)
	}
	return nil
}

func (s *logStream) openFollowed(source logSource, several bool) (*logFile, error) {
	if source.path == "" {
		return nil, nil
	}
	tail := s.options.Tail
	if s.begun {
		tail = AllLines
	}
	file, err := openLog(source.path, source.label(several), tail, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("following %s: %w", source.key(), err)
	}
	return file, nil
}

// finish reads the logs whose containers are not in current to their end and closes them.
func (s *logStream) finish(current map[string]bool) error {
	for key, file := range s.open {
		if current[key] {
			continue
		}
		if err := copyToEnd(file, s.out); err != nil {
			return err
		}
		if err := s.drop(key); err != nil {
			return err
		}
	}
	return s.out.flush()
}

func (s *logStream) drop(key string) error {
	file := s.open[key]
	delete(s.open, key)
	return errors.Join(file.finish(s.out), file.close())
}

// deadlineWriter gives each write a deadline of its own, so that a stream may last but a client that stops reading is
// cut off.
type deadlineWriter struct {
	w          io.Writer
	controller *http.ResponseController
}

func newDeadlineWriter(w http.ResponseWriter) *deadlineWriter {
	return &deadlineWriter{w: w, controller: http.NewResponseController(w)}
}

func (d *deadlineWriter) Write(p []byte) (int, error) {
	if err := d.extend(); err != nil {
		return 0, err
	}
	return d.w.Write(p)
}

func (d *deadlineWriter) flush() error {
	if err := d.extend(); err != nil {
		return err
	}
	return d.controller.Flush()
}

func (d *deadlineWriter) extend() error {
	err := d.controller.SetWriteDeadline(time.Now().Add(writeTimeout))
	if errors.Is(err, http.ErrNotSupported) {
		// An httptest recorder has no connection to time.
		return nil
	}
	return err
}
