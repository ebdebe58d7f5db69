package rig

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// FreePort gives a TCP port of loopback that nobody listens on now. It is below the range that the kernel takes the
// ports of outgoing connections from, and those of sluice's processes.
func FreePort() (int, error) {
	for range 1000 {
		port := 10000 + rand.IntN(10000)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return 0, err
		}
		return port, nil
	}
	return 0, errors.New("no port from 10000 to 19999 is free")
}
