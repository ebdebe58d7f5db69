package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/onnx"
	"github.com/sluice-serving/sluice/runtime/repository"
	"github.com/sluice-serving/sluice/runtime/server"
)

// serveOptions are the flags of `sluice serve`.
type serveOptions struct {
	modelName      string
	modelDir       string
	storageURI     string
	storage        storageOptions
	address        string
	httpPort       uint16
	grpcPort       uint16
	library        string
	threads        int
	allVersions    bool
	maxConcurrency int
	maxQueue       int
	batchSize      int
	batchLatency   time.Duration
	maxBody        int64
	maxBodyMemory  int64
	drainTimeout   time.Duration
	repositoryAPI  bool
	answers        answersFlag
	answersFault   error // of the environment
	probabilities  bool
	logFormat      logFormat
	verbose        bool
}

func newServeCommand() *cobra.Command {
	o := serveOptions{logFormat: logAuto}
	cmd := &cobra.Command{
		Use:   "serve [MODEL]",
		Short: "Serve one model by the Open Inference Protocol",
		Long: `Serve answers the Open Inference Protocol (V2) and KServe's V1 over HTTP, and OIP over gRPC, for one model. It is what
sluice runs for each predictor of the bundled runtime, and works alone.

MODEL (or --model-dir) is a model file, a folder with one, or a folder of versions (1/model.onnx), of which the highest
is served; MLServer's model-settings.json beside it is read. Formats: ` + servedFormats() + `. ONNX is run by onnxruntime,
the others without a library; no code in a pickle is run.

V1's "predictions" is the model's first output. Name others in the request: {"instances": […], "outputs": ["probabilities"]}.
scikit-learn's outputs are named by its methods: predict, predict_proba, transform.`,
		Example: `  sluice serve model.onnx
  sluice serve model.joblib
  sluice serve --model-name iris --model-dir /mnt/models --http-port 8080 --grpc-port 9000
  curl localhost:8080/v2/models/iris/infer -d '{"inputs":[{"name":"X","datatype":"FP32","shape":[1,4],"data":[5.1,3.5,1.4,0.2]}]}'`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := o.complete(given); err != nil {
				return err
			}
			return fetchAndServe(cmd.Context(), o, cmd.ErrOrStderr())
		},
	}
	o.addFlags(cmd.Flags(), os.Getenv)
	return cmd
}

func (o *serveOptions) addFlags(flags *pflag.FlagSet, getenv func(string) string) {
	// KServe's runtimes spell flags with underscores: --model_name.
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	flags.StringVar(&o.modelName, "model-name", "", "name in the URL (default: of the file or folder)")
	flags.StringVar(&o.modelDir, "model-dir", "", "model file, or folder with it")
	flags.StringVar(&o.storageURI, "storage-uri", "", "where the model is fetched from, as s3://bucket/path (see sluice storage); into --model-dir, or a folder of its own")
	o.storage.addFlags(flags)
	flags.StringVar(&o.address, "address", fallback(getenv("SLUICE_LISTEN_ADDRESS"), "0.0.0.0"), "address to listen at; the environment's SLUICE_LISTEN_ADDRESS sets the default")
	flags.Uint16Var(&o.httpPort, "http-port", portOf(8080, getenv("HTTP_PORT"), getenv("PORT")), "port of HTTP, 0 for any; the environment's HTTP_PORT or PORT set the default")
	flags.Uint16Var(&o.grpcPort, "grpc-port", portOf(9000, getenv("GRPC_PORT")), "port of gRPC, 0 for any; the environment's GRPC_PORT sets the default")
	if err := o.answers.Set(fallback(getenv("SLUICE_ANSWERS"), "kserve")); err != nil {
		o.answersFault = fmt.Errorf("the environment's SLUICE_ANSWERS: %w", err)
	}
	flags.Var(&o.answers, "answers", "whose server's answers to give for sklearn, xgboost and lightgbm: kserve has one output called output-0, mlserver names outputs by method; the environment's SLUICE_ANSWERS sets the default")
	flags.BoolVar(&o.probabilities, "predict-proba", strings.EqualFold(getenv("PREDICT_PROBA"), "true"), "answer predict_proba where a request names no output; the environment's PREDICT_PROBA sets the default, as KServe's servers have it")
	flags.StringVar(&o.library, "onnxruntime", "", "path of libonnxruntime.so (default: $"+onnx.EnvLibrary+", sluice's cache, the system)")
	flags.IntVar(&o.threads, "threads", 0, "threads of the model (default: the CPUs there are)")
	flags.BoolVar(&o.allVersions, "all-versions", false, "serve every version, not only the highest")
	flags.IntVar(&o.maxConcurrency, "max-concurrency", 2*runtime.GOMAXPROCS(0), "predictions that run at once, 0 for any number")
	flags.IntVar(&o.maxQueue, "max-queue", 1024, "requests that wait for their turn; more are refused with 429")
	flags.IntVar(&o.batchSize, "batch-size", batchByFormat, "most rows that waiting requests are joined to, 0 to join none (default: 1024 for sklearn, xgboost and lightgbm, 0 for onnx, whose rows need not be independent)")
	flags.Lookup("batch-size").DefValue = "0" // the help above says what the default is; its number means nothing
	flags.DurationVar(&o.batchLatency, "batch-latency", 0, "how long an idle model waits for a batch to fill; with 0 requests are joined only while others run")
	flags.Int64Var(&o.maxBody, "max-body", server.DefaultMaxBody, "most bytes of a request")
	flags.Int64Var(&o.maxBodyMemory, "max-body-memory", 0, "most bytes of the bodies of all HTTP requests in flight; more are refused with 429 (default: four times --max-body)")
	flags.DurationVar(&o.drainTimeout, "drain-timeout", 0, "longest wait for requests in flight when stopping, 0 for as long as they take")
	flags.BoolVar(&o.repositoryAPI, "repository-api", false, "let clients load and unload the model")
	flags.Var(&o.logFormat, "log-format", "auto, text or json")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log every detail")
}

// complete resolves what may be left out.
func (o *serveOptions) complete(given []string) error {
	if len(given) == 1 {
		if o.modelDir != "" {
			return usagef("the model is given twice: as %s and by --model-dir %s", given[0], o.modelDir)
		}
		o.modelDir = given[0]
	}
	if o.answersFault != nil {
		return usagef("%w", o.answersFault)
	}
	if o.modelName == "" && o.storageURI != "" {
		o.modelName = nameOf(nameFromURI(o.storageURI))
	}
	if o.modelDir == "" && o.storageURI == "" {
		return usagef("which model? Write sluice serve model.onnx, --model-dir DIR or --storage-uri URI")
	}
	if err := checkModelName(o.modelName); o.modelName != "" && err != nil {
		return err
	}
	if o.batchSize < batchByFormat {
		return usagef("--batch-size can't be negative")
	}
	for flag, value := range map[string]int64{"threads": int64(o.threads), "max-concurrency": int64(o.maxConcurrency), "max-queue": int64(o.maxQueue), "max-body": o.maxBody, "max-body-memory": o.maxBodyMemory, "batch-latency": int64(o.batchLatency), "drain-timeout": int64(o.drainTimeout)} {
		if value < 0 {
			return usagef("--%s can't be negative", flag)
		}
	}
	return nil
}

func checkModelName(name string) error {
	if name == "" || strings.ContainsAny(name, "/:") {
		return usagef("a model's name stands in URLs and may hold no / and no : (%q); set it by --model-name", name)
	}
	return nil
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// nameOf is the name of the model at path: the file's without its extension.
func nameOf(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	name := filepath.Base(absolute)
	extension := strings.ToLower(filepath.Ext(name))
	for _, format := range formats() {
		if slices.Contains(format.Extensions, extension) {
			name = name[:len(name)-len(extension)]
			break
		}
	}
	return strings.Trim(notInName.ReplaceAllString(name, "-"), "-.")
}

func portOf(otherwise uint16, given ...string) uint16 {
	for _, text := range given {
		if port, err := strconv.ParseUint(text, 10, 16); err == nil {
			return uint16(port)
		}
	}
	return otherwise
}

func fallback(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// batchByFormat is --batch-size where none is set.
const batchByFormat = -1

// batchFor is how many rows are joined for a format.
func (o serveOptions) batchFor(format string) int {
	const rows = 1024
	switch {
	case o.batchSize != batchByFormat:
		return o.batchSize
	case format == "onnx":
		return 0
	default:
		return rows
	}
}

func serve(ctx context.Context, o serveOptions, logger *slog.Logger) (err error) {
	files, err := repository.Find(o.modelDir, formats())
	if err != nil {
		return err
	}
	if !o.allVersions {
		files = files[:1]
	}
	if o.modelName == "" {
		o.modelName = fallback(files[0].Name, nameOf(o.modelDir))
	}
	if err := checkModelName(o.modelName); err != nil {
		return err
	}
	var engine *onnx.Runtime
	startEngine := func() (started *onnx.Runtime, err error) {
		if engine == nil {
			engine, err = onnx.Start(onnx.Options{Library: o.library, Threads: o.threads})
		}
		return engine, err
	}
	defer func() {
		if engine != nil {
			err = errors.Join(err, engine.Close())
		}
	}()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := server.NewMetrics(registry)
	var models []*model.Model
	for _, file := range files {
		how, err := o.openerOf(file, startEngine)
		if err != nil {
			return err
		}
		models = append(models, model.New(o.modelName, file.Version, how.platform, how.open, model.Options{
			MaxConcurrency: o.maxConcurrency, MaxQueue: o.maxQueue, Observer: metrics,
			Batch: model.BatchOptions{MaxSize: o.batchFor(file.Format), MaxLatency: o.batchLatency},
		}))
	}
	attributes := []any{"model", o.modelName, "file", files[0].Path, "format", files[0].Format}
	if engine != nil {
		attributes = append(attributes, "onnxruntime", engine.Version(), "library", engine.Path())
	}
	logger.InfoContext(ctx, "loading", attributes...)
	s, err := server.New(server.Options{
		Address: o.address, HTTPPort: int(o.httpPort), GRPCPort: int(o.grpcPort), MaxBody: o.maxBody, MaxBodyMemory: o.maxBodyMemory, DrainTimeout: o.drainTimeout,
		RepositoryAPI: o.repositoryAPI, Version: version, Logger: logger, Registry: registry,
	}, repository.New(models...), metrics)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
