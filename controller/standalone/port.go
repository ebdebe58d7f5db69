package standalone

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// CheckPort says whether a TCP port can be bound on address. The error names the process that has it,
// where /proc lets us see it, and the flag that chooses another. A port that the process own has may be bound, since that
// one gives it up or goes on with it; 0 is no process.
//
// Envoy binds with SO_REUSEPORT, so that it would share a taken port with another Envoy without a word:
// the check comes first.
func CheckPort(address string, port uint16, flag string, own int) error {
	target := net.JoinHostPort(address, strconv.Itoa(int(port)))
	listener, err := net.Listen("tcp", target)
	if err == nil {
		return listener.Close()
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return fmt.Errorf("--listen %s is no address of this machine; `ip address` lists those that are, 0.0.0.0 is every one of them", address)
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s %d: %w", flag, port, err)
	}
	pid, holder := portHolder(port)
	if own != 0 && pid == own {
		return nil
	}
	if stateDir := stateDirOf(pid); stateDir != "" {
		return fmt.Errorf("%s %d: %s is taken by %s, which another sluice started; end that one by `sluice stop --state-dir %s`, or choose another port with %s", flag, port, target, holder, stateDir, flag)
	}
	return fmt.Errorf("%s %d: %s is taken by %s; end it or choose another port with %s", flag, port, target, holder, flag)
}

// stateDirOf gives the state directory of the sluice that started a process as its Envoy, "" if none did.
func stateDirOf(pid int) string {
	if pid == 0 {
		return ""
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	for argument := range strings.SplitSeq(string(line), "\x00") {
		dir, found := strings.CutSuffix(argument, "/envoy/bootstrap.json")
		if !found {
			continue
		}
		// Others may have a file of that name; none has sluice's record of the process beside it.
		if _, err := os.Stat(filepath.Join(dir, "envoy", "envoy.json")); err == nil {
			return dir
		}
	}
	return ""
}

// portHolder names the process that listens on port; its pid is 0 if it can't be seen.
func portHolder(port uint16) (pid int, name string) {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for _, inode := range listeningInodes(table, port) {
			inodes["socket:["+inode+"]"] = true
		}
	}
	if len(inodes) == 0 {
		return 0, "another process"
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is well-formed: no error
	for _, fd := range fds {
		target, err := os.Readlink(fd)
		if err != nil || !inodes[target] {
			continue
		}
		if pid, err = strconv.Atoi(strings.Split(fd, "/")[2]); err != nil {
			continue
		}
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err != nil {
			return pid, fmt.Sprintf("the process with pid %d", pid)
		}
		return pid, fmt.Sprintf("%s (pid %d)", strings.TrimSpace(string(command)), pid)
	}
	return 0, "a process of another user"
}

// listeningInodes are the socket inodes that listen on port in a table of the form of /proc/net/tcp.
func listeningInodes(table string, port uint16) []string {
	file, err := os.Open(table)
	if err != nil {
		return nil
	}
	defer file.Close()
	const stateListen = "0A"
	var inodes []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[3] != stateListen {
			continue
		}
		_, hexPort, _ := strings.Cut(fields[1], ":")
		if have, err := strconv.ParseUint(hexPort, 16, 16); err == nil && uint16(have) == port {
			inodes = append(inodes, fields[9])
		}
	}
	return inodes
}
