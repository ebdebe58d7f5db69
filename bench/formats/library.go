package formats

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/bench/rig"
)

// library is a Python process with one of the libraries and models trained by it, which it times on demand.
type library struct {
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Reader
	printed *os.File // what went wrong
}

// startLibrary trains a model of each size into folder and gives the process when it is done.
func startLibrary(ctx context.Context, r *rig.Rig, python rig.Python, name, folder string, trees []int) (*library, error) {
	args := []string{filepath.Join(r.Root, "bench", "formats", "peers", "library.py"), name, folder}
	for _, n := range trees {
		args = append(args, fmt.Sprint(n))
	}
	l := &library{cmd: exec.CommandContext(ctx, python.Program("python"), args...)} //nolint:gosec // the environment's own
	var err error
	if l.printed, err = os.CreateTemp(r.Work, name+"-*.log"); err != nil {
		return nil, err
	}
	l.cmd.Stderr = l.printed
	if l.ask, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.answers = bufio.NewReader(out)
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	for { // LightGBM prints to the same place
		line, err := l.answers.ReadString('\n')
		if err != nil {
			return nil, errors.Join(l.fault(err), l.stop())
		}
		if line == "ready\n" {
			return l, nil
		}
	}
}

func (l *library) fault(err error) error {
	printed, _ := os.ReadFile(l.printed.Name())
	return fmt.Errorf("%s: %w; it printed: %s", strings.Join(l.cmd.Args, " "), err, printed)
}

// time gives the median time of a call that predicts all rows by model number n.
func (l *library) time(n, threads int, during time.Duration) (time.Duration, error) {
	if _, err := fmt.Fprintf(l.ask, "%d %d %g\n", n, threads, during.Seconds()); err != nil {
		return 0, l.fault(err)
	}
	line, err := l.answers.ReadString('\n')
	if err != nil {
		return 0, l.fault(err)
	}
	took, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		return 0, l.fault(err)
	}
	return time.Duration(took), nil
}

// stop ends the process by the end of its input.
func (l *library) stop() error {
	return errors.Join(l.ask.Close(), l.cmd.Wait(), l.printed.Close())
}
