# Everything a developer or a newcomer runs. `make` alone lists it.

PORT ?= 8080
DATA ?= var
# The Python that .venv is made with; empty: the first on the PATH that is new enough.
PYTHON ?=
# Further arguments of pytest: make test TESTS="tests/domain -x"
TESTS ?=
# What the bench is given: make bench BENCH="--quick throughput"
BENCH ?=

BIN := .venv/bin
TYPED = $(wildcard security_service tests benchmarks wsgi.py)
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check install

.DEFAULT_GOAL := help
.PHONY: help run test check format bench docs clean counterparts env env-dev

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: .venv/.installed ## start the whole service (PORT=8080 DATA=var); Ctrl-C stops it
	@exec $(BIN)/security-service run --port $(PORT) --data "$(DATA)"

test: .venv/.installed-dev counterparts ## run every test (TESTS="path -k word" for some)
	@$(BIN)/pytest -n auto --dist loadfile $(TESTS)

check: .venv/.installed-dev counterparts ## format, lint, types, imports, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadfile

format: .venv/.installed-dev ## put every file into its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.installed ## measure the service and print tables of ratios (BENCH="--quick throughput")
	@if ! command -v wrk >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null 2>&1 || true; \
	fi
	@$(BIN)/python -m benchmarks $(BENCH)

docs: .venv/.installed ## write the generated pages of docs/ anew
	@$(BIN)/security-service docs

clean: ## remove the environment and what tools left behind (never the data)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: .venv/.installed ## create .venv with what production needs

env-dev: .venv/.installed-dev ## create .venv with what tests need too

# Made anew only when a pin, the metadata or the interpreter's choice changed.
.venv/.installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what is pinned in requirements.txt into .venv ..."
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --editable .
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing what is pinned in requirements-dev.txt into .venv ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

.venv/bin/python:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14); do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	            echo "$$python cannot make environments: install its venv module (Debian: apt-get install python3-venv)."; \
	            exit 1; \
	        fi; \
	        exec $$python -m venv .venv; \
	    fi; \
	done; \
	echo "Python 3.11 or newer is needed and none was found; install one or name it: make run PYTHON=/path/to/python3"; \
	exit 1

# Real programs of others that some tests speak with. Only root on Debian gets them installed; without them
# those tests are skipped and say so.
COUNTERPARTS := chromium mono-mcs mono-runtime libmono-system-runtime-serialization4.0-cil libmono-system-net-http4.0-cil redis-server osmo-hlr \
    postgresql kannel rsyslog rsyslog-openssl

counterparts: ## install the real programs that some tests speak with (root on Debian)
	@missing() { for program in chromium mcs mono redis-server osmo-hlr bearerbox rsyslogd; do \
	        command -v $$program >/dev/null 2>&1 || printf ' %s' $$program; done; \
	    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || printf ' postgresql'; }; \
	if [ -n "$$(missing)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "Installing the real counterparts of some tests:$$(missing) ..."; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    install="apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $(COUNTERPARTS)"; \
	    $$install >/dev/null 2>&1 || { apt-get update -qq >/dev/null 2>&1 && $$install >/dev/null 2>&1; } || true; \
	fi; \
	if [ -n "$$(missing)" ]; then \
	    echo "Skipped are the tests that speak with:$$(missing); for them, on Debian: apt-get install $(COUNTERPARTS)"; \
	fi
	@for folder in $(patsubst %/package.json,%,$(wildcard tests/counterparts/*/package.json)); do \
	    if ! command -v npm >/dev/null 2>&1; then \
	        echo "Skipped are the tests that speak with $$folder; for them install nodejs and npm."; \
	    elif [ ! $$folder/node_modules/.package-lock.json -nt $$folder/package-lock.json ]; then \
	        echo "Installing what is pinned in $$folder ..."; \
	        npm ci --prefix $$folder --ignore-scripts --no-audit --no-fund --silent && \
	            touch $$folder/node_modules/.package-lock.json || \
	            echo "Skipped are the tests that speak with $$folder: npm ci failed."; \
	    fi; \
	done
