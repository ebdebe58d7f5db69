package main

import (
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sluice-serving/sluice/controller/standalone"
)

// accessOptions are the flags of `sluice run` that say by what requests come in, and from where.
type accessOptions struct {
	certificate string
	key         string
	httpsPort   uint16
	hosts       []string
	// certified are the names of the certificate, once it is checked.
	certified []string
}

func (o *accessOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.certificate, "tls-cert", "", "file of the certificate, in PEM, that HTTPS is served with; a renewed one is taken in at once")
	flags.StringVar(&o.key, "tls-key", "", "file of the certificate's private key")
	flags.Uint16Var(&o.httpsPort, "https-port", 8443, "port that requests come in at by HTTPS; with --listen at other machines' reach, --http-port is then this machine's alone")
	flags.StringSliceVar(&o.hosts, "host", nil, "further name of this machine under which models answer by their name in the path (default: localhost, any IP address, and with --listen this machine's name and the certificate's)")
}

// serving is the certificate's files, or none.
func (o *accessOptions) serving() standalone.KeyPair {
	return standalone.KeyPair{Certificate: o.certificate, Key: o.key}
}

// check refuses what could not work.
func (o *accessOptions) check(listen string, taken []uint16, leftEnvoy int) error {
	for _, host := range o.hosts {
		if host == "" || strings.ContainsAny(host, ":/*[] ") {
			return usagef("--host %q is no host name; write one without a port, for example gpu1.example.com", host)
		}
	}
	switch {
	case o.certificate == "" && o.key == "":
		return nil
	case o.certificate == "":
		return usagef("--tls-key without --tls-cert; give both, or neither for HTTP alone")
	case o.key == "":
		return usagef("--tls-cert without --tls-key; give both, or neither for HTTP alone")
	case o.httpsPort == 0 || slices.Contains(taken, o.httpsPort):
		return usagef("--https-port %d must be a port from 1 to 65535 that no other flag has", o.httpsPort)
	}
	names, err := standalone.CheckKeyPair(o.serving(), time.Now())
	if err != nil {
		return usagef("--tls-cert and --tls-key: %w", err)
	}
	o.certified = names
	return standalone.CheckPort(listen, o.httpsPort, "--https-port", leftEnvoy)
}

// names are those under which models answer by their name in the path. A machine that only itself reaches has no name
// but localhost: a web page could point one of its own at it (DNS rebinding).
func (o *accessOptions) names(listen string) []string {
	names := slices.Clone(o.hosts)
	if standalone.Exposed(listen) {
		if own, err := os.Hostname(); err == nil {
			names = append(names, own)
		}
		for _, name := range o.certified {
			if !strings.Contains(name, "*") {
				names = append(names, name)
			}
		}
	}
	for i := range names {
		names[i] = strings.ToLower(strings.TrimSuffix(names[i], "."))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// certifiedName is the certificate's first name that can be asked for as it is, "" if it has none.
func (o *accessOptions) certifiedName() string {
	for _, name := range o.certified {
		if !strings.Contains(name, "*") {
			return name
		}
	}
	return ""
}

// warn says plainly what can be read on the way.
func (o *accessOptions) warn(listen string, logger *slog.Logger) {
	if standalone.Exposed(listen) && o.certificate == "" {
		logger.Warn("requests, answers and keys cross the network unencrypted; give --tls-cert and --tls-key", "listen", listen)
	}
}

// exposed says whether other machines reach the HTTPS port.
func (o *accessOptions) exposed(listen string) bool {
	return o.certificate != "" && standalone.Exposed(listen)
}

// trustedCA finds the machine's certificate authorities, where the systems that sluice runs on keep them.
func trustedCA(getenv func(string) string) string {
	for _, file := range []string{
		getenv("SSL_CERT_FILE"),
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Arch
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/ssl/cert.pem",                                 // Alpine
	} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}
