package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpguts"
)

// credentialOptions are the flags of what a request shows beside its body.
type credentialOptions struct {
	headers   []string
	tokenFile string
}

func (o *credentialOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.headers, "header", nil, "header to send, as 'Name: value'; may be given several times (other users of this machine can read arguments: see --token-file)")
	flags.StringVar(&o.tokenFile, "token-file", "", "file with the key or token to send as Authorization: Bearer")
}

// read gives the headers that the flags ask for. No error holds a value.
func (o *credentialOptions) read() (http.Header, error) {
	headers := http.Header{}
	for _, line := range o.headers {
		name, value, found := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !found || !httpguts.ValidHeaderFieldName(name):
			return nil, usagef("--header is not of the form 'Name: value'")
		case !httpguts.ValidHeaderFieldValue(value):
			return nil, usagef("--header %s has a value with a character that no header can carry", name)
		case strings.EqualFold(name, "Host"):
			return nil, usagef("--header Host can't be given: the service's host is sent")
		}
		headers.Add(name, value)
	}
	if o.tokenFile == "" {
		return headers, nil
	}
	if headers.Get("Authorization") != "" {
		return nil, usagef("--token-file and --header Authorization exclude each other")
	}
	data, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return nil, usagef("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsAny(token, " \t\r\n") || !httpguts.ValidHeaderFieldValue(token) {
		return nil, usagef("--token-file %s doesn't hold a single key or token", o.tokenFile)
	}
	headers.Set("Authorization", "Bearer "+token)
	return headers, nil
}
