# One list of recipes. `make demo` and `make test` work on a fresh machine with Python 3.11 or newer.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
BUNDLE_PYTHON ?= python3.13
READY := .venv/.ready

CLIENTS := boto3 awscli pyathena awswrangler

.PHONY: setup demo test test-long test-browser test-focus test-trino test-clients lint fmt type contracts \
	bench bench-large docs bundle generate validate samples lock ci clean

$(READY): requirements/dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or say: make PYTHON=/path/to/python"; exit 2; }
	@echo "Setting up .venv with $(PYTHON) (once; about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

setup: $(READY)  ## create .venv from the lock file

demo: $(READY)  ## ingest the real sample and show what came of it
	@$(BIN)/finops demo

test: $(READY)  ## the whole test suite, no network
	@$(BIN)/python -m pytest -q -n auto --dist loadscope

AXE := build/axe/node_modules/axe-core/axe.min.js

$(AXE):
	@npm install --prefix build/axe --no-save --no-audit --no-fund --silent --fetch-retries=1 \
		--fetch-timeout=20000 axe-core@4.14.1

test-long: $(READY)  ## the laws that take minutes each: kill matrices, sequences of deliveries, replays
	@$(BIN)/python -m pytest -q -n auto --dist loadscope -m long

test-browser: $(READY)  ## look at the report in headless Chromium; pictures in build/report
	@for p in chromium chromedriver; do command -v $$p >/dev/null || { \
		echo "No $$p on the PATH; on Debian: apt-get install chromium chromium-driver"; exit 2; }; done
	@! command -v npm >/dev/null || $(MAKE) --silent $(AXE) || \
		echo "axe-core cannot be fetched; its check is skipped"
	@$(BIN)/python -m pytest -q tests/browser

test-focus: $(READY) build/focus/bin/focus-validator  ## the FOCUS Validator on a source and on the view
	@$(BIN)/python -m pytest -q tests/focus

build/focus/bin/focus-validator: requirements/focus.lock
	@$(PYTHON) -m venv --clear build/focus
	@build/focus/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/focus.lock
	@touch $@

test-trino: $(READY)  ## ask a real Trino what we ship (fetches 800 MB with Maven, once; needs Java 24)
	@$(BIN)/python -m tests.trino

test-clients: $(READY) $(CLIENTS:%=build/clients/%/.ready)  ## boto3, aws, PyAthena, awswrangler
	@$(BIN)/python -m pytest -q tests/clients

build/clients/%/.ready: requirements/clients/%.lock
	@echo "Setting up build/clients/$* (once) ..."
	@$(PYTHON) -m venv --clear build/clients/$*
	@build/clients/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--only-binary :all: -r $<
	@touch $@

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fmt: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

type: $(READY)
	@$(BIN)/mypy

contracts: $(READY)
	@$(BIN)/lint-imports

bench: $(READY)  ## ratios against a floor measured in the same run
	@$(BIN)/python -m tests.benchmarks

bench-large: $(READY)  ## audit, compaction and queries over five million events; an hour, 20 GB of disk
	@$(BIN)/python -m tests.benchmarks auditing compacting querying 5000000

docs: $(READY)  ## rewrite the generated reference pages
	@$(BIN)/python -m infra.reference

bundle: $(READY)  ## build the functions' packages for arm64 / python3.13
	@$(BIN)/python -m infra.bundle --python $(BUNDLE_PYTHON)

generate: $(READY)  ## rewrite the tables and the alarms in the template
	@$(BIN)/python -m infra.aws.generate

validate: build/sam/bin/sam  ## AWS SAM's own check of the template, in an environment of its own
	@SAM_CLI_TELEMETRY=0 build/sam/bin/sam validate --lint --region us-east-1 \
		--template infra/aws/template.yaml

build/sam/bin/sam:
	@$(PYTHON) -m venv build/sam
	@build/sam/bin/python -m pip install --quiet aws-sam-cli==1.170.0

samples: $(READY)  ## rewrite sample-data/output
	@$(BIN)/python -m tests.make_samples

lock:  ## renew the lock file (any machine with a .venv); names no index and no URL
	@$(BIN)/uv pip compile pyproject.toml --extra local --group dev --universal --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade -o requirements/dev.lock
	@$(BIN)/uv pip compile pyproject.toml --extra local --group build --universal --generate-hashes \
		--no-emit-index-url --no-emit-find-links --constraint requirements/dev.lock \
		--no-header --no-annotate --quiet --upgrade -o requirements/local.lock
	@$(BIN)/uv pip compile pyproject.toml --python-version 3.13 --generate-hashes \
		--python-platform aarch64-manylinux2014 --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --quiet --upgrade -o requirements/lambda.lock
	@$(BIN)/uv pip compile pyproject.toml --extra parquet --python-version 3.13 --generate-hashes \
		--python-platform aarch64-manylinux2014 --no-emit-index-url --no-emit-find-links \
		--constraint requirements/lambda.lock \
		--no-header --no-annotate --quiet --upgrade -o requirements/ingest.lock
	@$(BIN)/uv pip compile requirements/focus.in --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --quiet --upgrade -o requirements/focus.lock
	@for c in $(CLIENTS); do $(BIN)/uv pip compile requirements/clients/$$c.in --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --quiet --upgrade -o requirements/clients/$$c.lock || exit 1; done

ci: lint type contracts test

clean:
	@rm -rf .venv .finops .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
