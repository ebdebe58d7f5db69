# `make` or `make help` lists the targets. Anything longer than a line or two stands in a script under config/deps.

SHELL := bash
.DEFAULT_GOAL := help
QUICKSTART := config/samples/quickstart
# Where Envoy, libonnxruntime, Python environments and golangci-lint are kept between runs and clones.
CACHE := $(or $(SLUICE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sluice)
# More flags for `sluice run`, as in: make run ARGS="--http-port 8081"; or for `make bench`.
ARGS ?=
# How often `make fuzz` runs each target, and the words of which a target's name has to have one; none: all.
RUNS ?= 10000000
ONLY ?=

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: check deps build ## Serve config/samples/quickstart behind a real Envoy; Ctrl-C ends it.
	@bin/sluice run $(QUICKSTART) $(ARGS)

.PHONY: dev
dev: check deps ## The same, rebuilt and restarted whenever a source file is saved.
	@config/deps/dev.sh $(QUICKSTART) $(ARGS)

.PHONY: check
check: ## Say what is missing to build and run, and the command that installs it.
	@config/deps/check.sh go cc pip

.PHONY: deps
deps: ## Fetch Envoy and libonnxruntime into the cache folder, if they are not there.
	@config/deps/fetch.sh

.PHONY: build
build: ## Build bin/sluice.
	@config/deps/build.sh

.PHONY: test
test: check-test deps clients stores ## Run every test: unit, golden, fuzz seeds, end to end with the real Envoy; with the race detector.
	CGO_ENABLED=1 go test -race -timeout 20m ./...

.PHONY: check-test
check-test:
	@config/deps/check.sh go cc pip venv curl node

.PHONY: clients
clients: ## Install the Python clients that the end-to-end tests use, if they are not there.
	@config/deps/venv.sh clients test/clients/requirements.txt
	@config/deps/venv.sh sklearn runtime/sklearn/testdata/requirements.txt
	@config/deps/venv.sh convert runtime/convert/testdata/requirements.txt

.PHONY: stores
stores: ## Install the object stores that the tests of storage use, if they are not there.
	@config/deps/venv.sh stores test/stores/requirements.txt
	@config/deps/npm.sh stores test/stores

.PHONY: lint
lint: ## Run golangci-lint, with the package arrows of DESIGN section 3 as depguard rules.
	@config/deps/lint.sh

.PHONY: bench
bench: check deps build ## Run every benchmark into bench/results, on a quiet machine; ARGS="--list", ARGS="--quick standalone".
	@CGO_ENABLED=1 go run ./bench $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz all readers of bytes from outside, RUNS inputs each; RUNS=5m by time, ONLY="xgboost pickle" some of them.
	@config/deps/fuzz.sh $(RUNS) $(ONLY)

.PHONY: generate
generate: ## Generate deep copies, config/crd and docs/reference from the types of KServe's kinds.
	@config/deps/generate.sh

.PHONY: golden
golden: ## Write the golden files anew; read the diff before you commit it.
	go test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -n 1 dirname | sort -u) -update

.PHONY: models
models: ## Train the models of the quickstart and of KServe's first examples anew.
	@config/deps/venv.sh samples config/samples/models/requirements.txt
	@PYTHONDONTWRITEBYTECODE=1 $(CACHE)/python/samples/bin/python config/samples/models/train.py --out $(QUICKSTART)/models
	@config/deps/venv.sh first-examples config/samples/first-examples/models/requirements.txt
	@$(CACHE)/python/first-examples/bin/python config/samples/first-examples/models/train.py

.PHONY: record
record: ## Ask MLServer's and KServe's servers anew for what the test of runtime/tabular replays.
	@config/deps/venv.sh bench-kserve bench/formats/peers/kserve.txt
	@config/deps/venv.sh bench-mlserver bench/formats/peers/mlserver.txt
	@$(CACHE)/python/bench-kserve/bin/python runtime/tabular/testdata/servers/record.py train
	@$(CACHE)/python/bench-kserve/bin/python runtime/tabular/testdata/servers/record.py kserve
	@$(CACHE)/python/bench-mlserver/bin/python runtime/tabular/testdata/servers/record.py mlserver

.PHONY: clean
clean: ## Remove what was built here; the cache folder stays.
	rm -rf bin
