# SynchroDB. Every target installs what it needs (Debian 12) and builds what it runs.
# `make help` lists them; CMake does the building (CMakePresets.json).
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
SIM := build/release/bin/synchrodb-sim
SIM_DEFECTS := build/defects/bin/synchrodb-sim
SIM_DEV := build/dev/bin/synchrodb-sim

# Options of the targets below, for the command line: make campaign SEEDS=0..100000
SEEDS ?= 0..10000
SECONDS ?= 600
MINUTES ?= 30
NODES ?= 3
PORT ?= 7001
DEMO_SEEDS ?= 0..300
DEMO_DEFECT ?= duplicate-command-applied

define configured
	@cmake --preset $(1) --log-level=WARNING >build/$(1).configure.log 2>&1 \
	  || { cat build/$(1).configure.log; exit 1; }
endef

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: setup
setup: ## Install the Debian packages that are missing
	@.ci/setup build test

.PHONY: setup-build
setup-build:
	@.ci/setup build
	@mkdir -p build

.PHONY: build
build: setup-build ## Build the binaries: build/release/bin/
	$(call configured,release)
	@cmake --build --preset release -j $(JOBS) --target binaries

.PHONY: defects-build
defects-build: setup-build ## The same with the deliberate defects in: build/defects/bin/
	$(call configured,defects)
	@cmake --build --preset defects -j $(JOBS) --target synchrodb-sim

.PHONY: demo
demo: build defects-build ## The main job: a cluster under faults; then a planted bug, found
	@.ci/demo $(SIM) $(SIM_DEFECTS) $(DEMO_SEEDS) $(DEMO_DEFECT) $(JOBS)

.PHONY: cluster
cluster: build ## Three nodes on this machine, until Ctrl-C: make cluster [NODES=5] [PORT=7001] [CLEAN=1]
	@.ci/cluster build/release/bin --nodes $(NODES) --port $(PORT) $(if $(CLEAN),--clean)

.PHONY: test
test: ## Build everything, run the whole test suite
	@.ci/test $(JOBS)

.PHONY: setup-notebooks
setup-notebooks:
	@.ci/setup build notebooks
	@mkdir -p build

.PHONY: notebooks
notebooks: setup-notebooks build ## Execute every notebook: copies and figures in build/notebooks/
	@tests/notebooks/execute.py $(NOTEBOOKS)

.PHONY: notebook
notebook: setup-notebooks build ## Open Jupyter, where the package is importable: make notebook [ARGS=--no-browser]
	@tests/notebooks/kernel.py build/release /usr/bin/python3 -m notebook \
	  --notebook-dir=notebooks $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

.PHONY: bench
bench: setup ## Run the benchmarks: make bench [FILTER=regex]
	$(call configured,release)
	@cmake --build --preset release -j $(JOBS)
	@shopt -s nullglob; for bench in build/release/bin/*_bench; do \
	  echo "== $$(basename $$bench)"; "$$bench" --benchmark_filter='$(or $(FILTER),.)' || exit; done

.PHONY: bench-peers
bench-peers: ## Against redis and etcd, one run: make bench-peers [ARGS="--quick"; ARGS=--help]
	@.ci/setup build test peers && mkdir -p build
	$(call configured,release)
	@cmake --build --preset release -j $(JOBS) --target binaries synchrodb-load
	@tests/bench/peers/peers.py $(ARGS)

.PHONY: soak
soak: ## Faults on real processes, judged: make soak [MINUTES=30] [ARGS="--kills 500"; ARGS=--help]
	@.ci/setup build test && mkdir -p build
	$(call configured,release)
	@cmake --build --preset release -j $(JOBS) --target binaries
	@tests/cluster/soak.py --minutes $(MINUTES) $(ARGS)

.PHONY: campaign
campaign: build ## Many seeds: make campaign SEEDS=0..100000
	@$(SIM) campaign --seeds $(SEEDS) --jobs $(JOBS)

.PHONY: defects
defects: build defects-build ## Table: each deliberate defect, and the seed that finds it
	@tests/defects/defects.py table --clean $(SIM) --defects $(SIM_DEFECTS) --jobs $(JOBS)

.PHONY: experiments
experiments: build defects-build ## Questions and answers, minutes: make experiments [ARGS=--quick] (results in build/experiments/)
	@for file in $(filter-out experiments/common.py experiments/figure16.py,$(wildcard experiments/*.py)); do \
	  echo "== $$file"; PYTHONPATH=build/release/python /usr/bin/python3 -B $$file --jobs $(JOBS) \
	    --out build/experiments $(ARGS) || exit; done

.PHONY: determinism
determinism: build ## 1,000 seeds, each in two processes of two build types, agree in digest
	$(call configured,dev)
	@cmake --build --preset dev -j $(JOBS) --target synchrodb-sim
	@tests/determinism/determinism.py $(SIM) $(SIM_DEV) --count 1000 --jobs $(JOBS)

.PHONY: asan
asan: setup ## The test suite under AddressSanitizer and UndefinedBehaviorSanitizer
	@mkdir -p build
	$(call configured,asan)
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -L unit

.PHONY: fuzz
fuzz: setup ## Fuzz all that reads foreign bytes: make fuzz [SECONDS=600] [TARGET=commands]
	@mkdir -p build
	$(call configured,fuzz)
	@cmake --build --preset fuzz -j $(JOBS)
	@tests/fuzz/run.py build/fuzz/bin $(TARGET) --seconds $(SECONDS) --jobs $(JOBS)

.PHONY: format
format: setup ## Format all C++ sources in place
	@git ls-files -z '*.cc' '*.h' | xargs -0 clang-format-14 -i

.PHONY: lint
lint: ## clang-tidy over all C++ sources
	@.ci/setup build test lint && mkdir -p build
	$(call configured,dev)
	@cmake --build --preset dev -j $(JOBS) --target generated
	@git ls-files -z consensus engine sim net cmd bindings | grep -z '\.cc$$' \
	  | xargs -0 -n 1 -P $(JOBS) clang-tidy-14 --quiet -p build/dev

.PHONY: bare-clone
bare-clone: ## Continuous integration in a fresh clone of the last commit
	@.ci/bare-clone-check

.PHONY: clean
clean: ## Remove everything built
	@rm -rf build
