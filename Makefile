# Two commands do everything on a machine with Python 3.11 or newer, pip and make:
#   make demo    the main job on simulated accounts, then serves it
#   make test    lint, types, import contracts, tests
# Set-up happens by itself, once; a stamp says that it was finished, so an interrupted one is taken up again.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV_VERSION := 0.13.9

.PHONY: setup demo test coverage lint test-slow test-chaos test-browser screenshots notebooks docs reference lock audit sbom clean

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv --clear --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip install --python $(BIN)/python --quiet --require-hashes --compile-bytecode -r requirements.txt
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	$(BIN)/ladder demo $(DEMO)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile

# The same tests, and which lines they reach: build/coverage/index.html. A fifth slower.
coverage: lint
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term --cov-report=html:build/coverage

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

# The running service while its database goes silent, its workers are killed, its clients are slow: some minutes.
test-chaos: $(STAMP)
	$(BIN)/python -m pytest -m chaos tests/chaos

# The managers' page in a real Chromium, on the store of a small demonstration, which is made once. Where there is no
# Chromium, Debian's package is installed.
PAGE_DEMO := build/page-demo

$(PAGE_DEMO)/ladder.db: | $(STAMP)
	$(BIN)/ladder demo --accounts 500 --months 36 --seed 3 --folder $(PAGE_DEMO) --no-serve

CHROMIUM = command -v chromium >/dev/null || command -v google-chrome >/dev/null || { apt-get update && apt-get install --yes chromium; }

test-browser: $(STAMP) $(PAGE_DEMO)/ladder.db
	@$(CHROMIUM)
	LADDER_PAGE_STORE=$(PAGE_DEMO)/ladder.db $(BIN)/python -m pytest tests/browser -m browser

screenshots: $(STAMP) $(PAGE_DEMO)/ladder.db
	@$(CHROMIUM)
	$(BIN)/python -m tests.browser.screenshots $(PAGE_DEMO)/ladder.db docs/images

# The documents as a site that needs nothing from elsewhere: build/docs/index.html. A broken link is an error.
docs: $(STAMP)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html --conf-dir docs . build/docs

# After a change of commands, endpoints, tables, scores, features or errors: their pages in docs/.
reference: $(STAMP)
	$(BIN)/python -m docs.reference

# The notebooks with their outputs, into build/notebooks, in full size: some ten minutes.
# LADDER_NOTEBOOK_SCALE=small takes a minute; LADDER_DATA names the real source of the second.
notebooks: $(STAMP)
	$(BIN)/python -m tests.notebooks build/notebooks

# After a change of dependencies in pyproject.toml.
lock: $(STAMP)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --all-extras --no-header --quiet pyproject.toml -o requirements.txt

# Before a release: known vulnerabilities of every package in requirements.txt. Asks the advisories' server, so it needs
# the network; docs/security.md tells what to do with what it finds.
audit: $(STAMP)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.txt

# For a release: what is installed, as CycloneDX, and under which licences.
sbom: $(STAMP)
	$(BIN)/python -m docs.sbom build

clean:
	rm -rf $(VENV) demo build dist *.egg-info
