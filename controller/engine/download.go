package engine

import (
	"bytes"
	"time"
)

// storageCommand is sluice's own command that fetches a model.
const storageCommand = "storage"

// progressEvery is how often the log of a container that fetches a model is looked at.
const progressEvery = time.Second

// downloads says whether the container fetches a model by sluice's own command.
func (c *container) downloads() bool {
	command := append(append([]string(nil), c.spec.Command...), c.spec.Args...)
	return len(command) > 1 && command[0] == OwnCommand && command[1] == storageCommand
}

// progressTicks are when to look at how far a download is; none for another container.
func (c *container) progressTicks() (ticks <-chan time.Time, stop func()) {
	if !c.downloads() {
		return nil, func() {}
	}
	ticker := time.NewTicker(progressEvery)
	return ticker.C, ticker.Stop
}

// takeProgress shows the last line of a download's log, which says how far it is.
func (w *watch) takeProgress() {
	log := bytes.TrimSpace(logEnd(w.launch.command.logFile, 0))
	line := log[bytes.LastIndexByte(log, '\n')+1:]
	text := keepEnd(w.container.hide(w.launch.names.show(string(bytes.ToValidUTF8(line, nil)))))
	if text != w.progress {
		w.progress = text
		w.show()
	}
}

// downloadFailed words the ending of a download for its user: the command's last line names what to mend.
func downloadFailed(e ending, line string) ending {
	if e.reason != ReasonError || line == "" {
		return e
	}
	e.reason, e.message = ReasonModelDownloadFailed, line
	return e
}
