// Backend is the smallest model server there is: every request is answered with 200, and with what its VARIANT says. A
// benchmark that asks it measures what stands before it.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/valyala/fasthttp"
)

// address is the one that sluice gives to a process, or a port of the kernel's choice.
func address() string {
	host, port := os.Getenv("SLUICE_LISTEN_ADDRESS"), os.Getenv("PORT")
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "0"
	}
	return net.JoinHostPort(host, port)
}

func run() error {
	listener, err := net.Listen("tcp", address())
	if err != nil {
		return err
	}
	// Whoever starts it without a port reads here where it is.
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	variant := os.Getenv("VARIANT")
	server := fasthttp.Server{
		Name:    "backend",
		Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(variant) },
	}
	return server.Serve(listener)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "backend:", err)
		os.Exit(1)
	}
}
