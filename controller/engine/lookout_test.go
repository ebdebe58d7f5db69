package engine

import (
	"context"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"testing/synctest"
)

// Whoever asks before a look is answered by it, for the group that it asked for; a group without processes has no port.
func TestLookIsShared(t *testing.T) {
	t.Parallel()
	child := listeningChild(t)
	l := newLookout()
	first, second, nobody := l.ask(child.group), l.ask(child.group), l.ask(1<<30)
	l.answer()
	for _, answer := range []<-chan map[int32]listener{first, second} {
		if open := <-answer; len(open) != 1 || open[child.port].port != child.port || open[child.port].everywhere {
			t.Errorf("found %v, want port %d", open, child.port)
		}
	}
	if open := <-nobody; len(open) != 0 {
		t.Errorf("a group without processes listens at %v", open)
	}
}

func TestLookoutAnswersUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		defer end()
		l := newLookout()
		go l.run(ctx)
		for range 3 {
			<-l.ask(1 << 30)
		}
	})
}

type listening struct {
	group int
	port  int32
}

// listeningChild is a process that holds a listening socket, in a group of its own.
func listeningChild(t *testing.T) listening {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	file, err := socket.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	child := exec.Command("sleep", "600")
	child.ExtraFiles = []*os.File{file}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill() // it may have ended
		_ = child.Wait()         // by that signal
	})
	return listening{group: child.Process.Pid, port: int32(socket.Addr().(*net.TCPAddr).Port)}
}
