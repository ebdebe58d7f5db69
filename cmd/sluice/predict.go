package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-serving/sluice/controller/admin"
)

const (
	// maxInput and maxPrediction bound what is held in memory of a request's and an answer's body.
	maxInput      = 1 << 30
	maxPrediction = 1 << 30
)

// predictOptions are the flags of `sluice predict`.
type predictOptions struct {
	connection
	file     string
	protocol string
	timeout  time.Duration
	headers  credentialOptions
}

func newPredictCommand(getenv func(string) string) *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use:   "predict NAME -f FILE",
		Short: "Send a request to a service and print the answer",
		Long: `Send a request to a service, through Envoy as any client would, and print the answer. The body's shape tells KServe's V1
protocol ("instances") from V2, the Open Inference Protocol (a list of named "inputs"). No DNS is needed: the service's
address comes from sluice.`,
		Example: `  sluice predict iris -f input.json
  echo '{"instances": [[5.1, 3.5, 1.4, 0.2]]}' | sluice predict iris -f -
  sluice predict iris -f input.json --token-file key.txt`,
		Args:              args(cobra.ExactArgs(1)),
		ValidArgsFunction: o.completeServices,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	o.addAdminFlag(cmd, getenv)
	o.addServiceNamespaceFlag(cmd)
	cmd.Flags().StringVarP(&o.file, "filename", "f", "", "file with the request's JSON body; - is standard input")
	cmd.Flags().StringVar(&o.protocol, "protocol", "", "v1 or v2 (default: by the body's shape)")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait for the answer")
	o.headers.addFlags(cmd.Flags())
	// The only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("protocol", cobra.FixedCompletions([]string{protocolV1, protocolV2}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *predictOptions) run(cmd *cobra.Command, name string) error {
	body, err := o.body(cmd)
	if err != nil {
		return err
	}
	protocol, err := protocolOf(body, o.protocol)
	if err != nil {
		return err
	}
	headers, err := o.headers.read()
	if err != nil {
		return err
	}
	client, err := o.open()
	if err != nil {
		return err
	}
	defer client.Close()
	service, err := o.find(cmd.Context(), client, name)
	if err != nil {
		return err
	}
	address, err := hostURL(service)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	status, answer, err := post(ctx, address, predictPath(protocol, service.Name), headers, body)
	if err != nil {
		return o.explainFailure(address, err)
	}
	if status/100 != 2 {
		return refusal(service, status, answer)
	}
	_, err = cmd.OutOrStdout().Write(append(bytes.TrimRight(answer, "\n"), '\n'))
	return err
}

func (o *predictOptions) body(cmd *cobra.Command) ([]byte, error) {
	if o.file == "" {
		return nil, usagef("no input given; name a file with the request's body by -f, or -f - for standard input")
	}
	in := cmd.InOrStdin()
	if o.file != "-" {
		file, err := os.Open(o.file)
		if err != nil {
			return nil, &usageError{err}
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading the request's body from %s: %w", o.file, err)
	}
	if len(body) > maxInput {
		return nil, usagef("the request's body in %s is longer than %d bytes", o.file, maxInput)
	}
	return body, nil
}

// hostURL gives the way to reach a service by HTTP at its own host.
func hostURL(service admin.Service) (admin.URL, error) {
	for _, candidate := range service.URLs {
		if candidate.Kind == admin.HostURL {
			return candidate, nil
		}
	}
	return admin.URL{}, fmt.Errorf("InferenceService %s/%s has no URL yet (%s); for the cause: sluice explain %s -n %s",
		service.Namespace, service.Name, status(service), service.Name, service.Namespace)
}

// post sends body to path at a service. It connects to the address that sluice gave, so that the host needs no DNS.
func post(ctx context.Context, to admin.URL, path string, headers http.Header, body []byte) (int, []byte, error) {
	base, err := url.Parse(to.URL)
	if err != nil {
		return 0, nil, fmt.Errorf("sluice gave the URL %q: %w", to.URL, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("sluice gave the URL %q: %w", to.URL, err)
	}
	request.Header = headers.Clone()
	if headers.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", to.Dial)
		},
	}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxPrediction))
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, answer, nil
}

// refusal says what a service answered instead of a prediction. What is wrong with the request itself its text says: an
// explanation of the service would lead away from it.
func refusal(service admin.Service, status int, answer []byte) error {
	err := fmt.Errorf("%s/%s answered %d %s: %s", service.Namespace, service.Name, status, http.StatusText(status), refusalText(answer))
	if status >= http.StatusInternalServerError || status == http.StatusNotFound {
		return fmt.Errorf("%w; for the cause: sluice explain %s -n %s", err, service.Name, service.Namespace)
	}
	if status == http.StatusUnauthorized {
		return fmt.Errorf("%w; give its key or token by --token-file FILE, or by --header 'x-api-key: KEY'", err)
	}
	return err
}

// explainFailure says why no answer came.
func (o *predictOptions) explainFailure(to admin.URL, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer from %s within %s; wait longer with --timeout", to.URL, o.timeout)
	}
	return &unreachableError{fmt.Errorf("can't reach the Gateway at %s: %w; http://%s/readyz says whether Envoy runs", to.Dial, err, o.admin)}
}

// refusalText gives what an error body says: its "error" or "message" field, or the body itself, shortened.
func refusalText(body []byte) string {
	var fields struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &fields) == nil {
		if fields.Error != "" {
			return fields.Error
		}
		if fields.Message != "" {
			return fields.Message
		}
	}
	const enough = 500
	text := string(bytes.TrimSpace(body))
	if len(text) > enough {
		text = text[:enough] + "…"
	}
	return text
}
