# Every target fetches what it needs and is safe to repeat; the second time is quick.
#
#   make demo                       real files through a real deployment, every verdict explained
#   make test                       everything: checks, build, all tests
#   make check                      linters, types, import rules, template and security lint
#   make build                      sam build
#   make local-up / local-down      the suite in the embedded AWS, left running / ended
#   make invoke FUNCTION=ScanObjectFunction EVENT=events/scan_object/….json
#   make bench                      the measured ratios; ARGS="--only a,c --json FILE"
#   make lock                       write the pinned requirements anew
#   make clean                      remove what the targets above made

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
SAM := .venv/tools/sam/bin/sam
PIP_INSTALL := -m pip install -qq --no-compile --disable-pip-version-check --require-hashes
ROOTS := .:layers/shared:layers/clamav/python:cli
SOURCES := $(wildcard functions layers/shared/tidegate layers/clamav/python/clamav_layer cli/tidegate_cli \
                      local benchmarks tests)
TEMPLATES := $(wildcard template.yaml stacks/*.yaml)

export SAM_CLI_TELEMETRY := 0
# `sam build` looks for python3.13 itself on PATH.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH :=
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test check build local-up local-down invoke bench clean lock environments \
        system-packages

help:
	@sed -n 's/^#   \(make\)/\1/p' Makefile

# --- environments ---------------------------------------------------------------------------

.venv/bin/python3.13:
	@python=$$(sh local/find_python.sh) && \
	printf 'Making .venv with %s\n' "$$python" && \
	"$$python" -m venv .venv

.venv/ready: requirements/dev.txt | .venv/bin/python3.13
	@echo 'Installing the development requirements'
	@$(PY) $(PIP_INSTALL) -r $<
	@touch $@

.venv/tools/%/ready: requirements/%.txt | .venv/bin/python3.13
	@echo 'Installing the $* requirements'
	@.venv/bin/python3.13 -m venv .venv/tools/$*
	@.venv/tools/$*/bin/python $(PIP_INSTALL) -r $<
	@touch $@

# The command, run from its source. Its build backend is among the development requirements.
.venv/bin/tidegate: cli/pyproject.toml .venv/ready
	@$(PY) -m pip install -qq --disable-pip-version-check --no-index --no-deps \
	  --no-build-isolation -e cli
	@touch $@

environments: .venv/ready .venv/bin/tidegate .venv/tools/sam/ready .venv/tools/embedded/ready \
              .venv/tools/security/ready

# What comes from the operating system: Docker and debootstrap, for `sam local invoke`.
system-packages:
	@sh local/system_packages.sh

# --- build and deploy -----------------------------------------------------------------------

BUILD_INPUTS := $(TEMPLATES) $(shell find functions layers statemachines -type f \
    -not -path '*/__pycache__/*' -not -name '*.pyc' 2>/dev/null)

.aws-sam/ready: $(BUILD_INPUTS) .venv/ready .venv/tools/sam/ready
	@mkdir -p .cache
	@find functions layers -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'sam build'
	@flock .cache/build.lock $(SAM) build > .cache/build.log 2>&1 || { cat .cache/build.log; exit 1; }
	@touch $@

build: .aws-sam/ready

local-up: build .venv/bin/tidegate .venv/tools/embedded/ready
	@$(PY) -m local up

local-down: .venv/ready
	@$(PY) -m local down

demo: build .venv/bin/tidegate .venv/tools/embedded/ready
	@$(PY) -m local demo

invoke: build .venv/tools/embedded/ready
	@test -n '$(FUNCTION)' -a -n '$(EVENT)' || \
	  { echo 'usage: make invoke FUNCTION=ScanObjectFunction EVENT=events/scan_object/….json' >&2; exit 2; }
	@sh local/system_packages.sh
	@$(PY) -m local invoke '$(FUNCTION)' '$(EVENT)'

bench: build .venv/tools/embedded/ready
	@sh local/system_packages.sh bench
	@PYTHONPATH=$(ROOTS) $(PY) -m benchmarks $(ARGS)

# --- checks and tests -----------------------------------------------------------------------

check: .venv/ready .venv/tools/sam/ready .venv/tools/security/ready
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { .venv/bin/ruff format --diff .; exit 1; }
	@.venv/bin/mypy $(SOURCES)
	@PYTHONPATH=$(ROOTS) .venv/bin/lint-imports
	@for template in $(TEMPLATES); do $(SAM) validate --lint --template "$$template"; done
	@.venv/tools/security/bin/checkov --config-file .checkov.yaml

test:
	@$(MAKE) -j4 environments
	@$(MAKE) check
	@$(MAKE) build
	@sh local/system_packages.sh
	@$(PY) -m pytest --numprocesses 2 --no-loadscope-reorder

# --- maintenance ----------------------------------------------------------------------------

LOCKED := dev sam embedded security lambda_runtime tools
# What single functions bring along.
LOCKED_FUNCTIONS := $(patsubst %/requirements.in,%,$(wildcard functions/*/requirements.in))
UV_COMPILE = .venv/tools/tools/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url \
    --no-config --python-version 3.13 --universal --custom-compile-command 'make lock'
# Lambda's runtime holds these; see layers/shared/requirements.in.
IN_LAMBDA := botocore jmespath python-dateutil six urllib3

lock: .venv/tools/tools/ready
	$(UV_COMPILE) $(addprefix --no-emit-package ,$(IN_LAMBDA)) \
	  layers/shared/requirements.in -o layers/shared/requirements.txt
	for folder in $(LOCKED_FUNCTIONS); do \
	  $(UV_COMPILE) $$folder/requirements.in -o $$folder/requirements.txt; done
	for name in $(LOCKED); do $(UV_COMPILE) requirements/$$name.in -o requirements/$$name.txt; done

clean:
	@if [ -x $(PY) ]; then $(PY) -m local down --quiet || true; fi
	rm -rf .venv .cache .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
