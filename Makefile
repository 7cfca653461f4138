# Two commands do everything: `make run` and `make test`. See README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

RUN_PACKAGES := espeak-ng:espeak-ng /usr/lib/*/libopus.so.0:libopus0
TEST_PACKAGES := $(RUN_PACKAGES) sipp:sip-tester baresip:baresip-core sox:sox ffmpeg:ffmpeg tcpdump:tcpdump /usr/sbin/kamailio:kamailio chromium:chromium /usr/lib/postgresql/*/bin/initdb:postgresql

# The default models, and the small ones that prove the other engines.
TEST_MODELS := whisper-base rhvoice-pl piper-en-joe vosk-ko silero-vad emotion-encoder

# What needs a line to itself (phones, browsers, models) runs one after the other, all else side by
# side. 5: PYTEST_ARGS chose nothing of that half.
PYTEST := $(BIN)/python -m pytest

.PHONY: help run test check install install-dev lock lock-check clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: install ## Set up, take the demo models and start with synthetic sample debtors
	$(BIN)/voicebot models pull --default
	$(BIN)/voicebot serve --demo

test: install-dev ## Set up and run all tests
	$(BIN)/voicebot models pull $(TEST_MODELS)
	$(PYTEST) -n auto tests/unit tests/calls tests/fuzz $(PYTEST_ARGS) || [ $$? -eq 5 ]
	$(PYTEST) tests/integration $(PYTEST_ARGS) || [ $$? -eq 5 ]

check: install-dev lock-check ## Format, lint, types, import contract, lock files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.installed-run ## Set up .venv with what a running server needs
	@scripts/system-packages $(RUN_PACKAGES)

install-dev: $(VENV)/.installed-dev ## The same with everything that tests need
	@scripts/system-packages $(TEST_PACKAGES)

$(VENV)/bin/python:
	@scripts/system-packages $(PYTHON):python3 /usr/lib/python3*/ensurepip:python3-venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Voicebot needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-run: $(VENV)/bin/python requirements/run.lock pyproject.toml
	$(BIN)/python -m pip install -q --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python requirements/dev.lock pyproject.toml
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.installed-run

COMPILE := uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml
lock: install-dev ## Write the lock files anew from pyproject.toml
	$(BIN)/$(COMPILE) --extra build -o requirements/run.lock
	$(BIN)/$(COMPILE) --all-extras -c requirements/run.lock -o requirements/dev.lock

lock-check: install-dev ## Fail when pyproject.toml and the lock files disagree
	@BIN=$(BIN) scripts/lock-check

clean: ## Remove the virtual environment and caches (never data/ or models/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
