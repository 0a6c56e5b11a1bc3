# Each target installs what it needs on a machine that has only Python 3.11 or newer, pip and make.

PYTHON ?= python3
WORKERS ?= 2
PYTEST_FLAGS ?=
ARGS ?=

PACKAGES := base forms directory surveys analytics web
BIN := .venv/bin
CATALOGUES := $(wildcard $(PACKAGES:%=%/locale/*/LC_MESSAGES/*.po))
CHROMIUM := { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
BUILDERS := pyproject.toml hatch_build.py package-lock.json $(addprefix scripts/,assets.py faces.py npm.py stylesheet.py)

.DEFAULT_GOAL := install
.PHONY: install assets demo test browser check format bench messages docs lock upgrade clean

install: .venv/installed assets

# The dependencies as they were locked: every file is compared with its hash.
.venv/dependencies: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Navette needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name another with make PYTHON=…" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@

# Navette itself, editable; the build hook compiles the message catalogues, brings the npm packages and builds the pages' files.
.venv/installed: .venv/dependencies $(BUILDERS) $(CATALOGUES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# What pages load, after a change in web/static.
assets: .venv/installed
	@$(BIN)/python scripts/assets.py

# A service full of invented answers, to click through: make demo ARGS="--port 8080".
demo: install
	$(BIN)/navette demo $(ARGS)

# The tests of tests/browser drive a Chromium; where this may install Debian's, it does.
browser:
	@$(CHROMIUM) || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null; } \
	  || { echo "The tests need Chromium: install it (Debian: apt-get install chromium)." >&2; exit 1; }
	@$(CHROMIUM) \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

# The tests of tests/architecture are part of `check`; the last lines are pytest's own summary.
test: check browser
	$(BIN)/pytest --numprocesses=$(WORKERS) --ignore=tests/architecture $(PYTEST_FLAGS)

check: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml $(PACKAGES) migrations scripts
	$(BIN)/pytest --quiet tests/architecture

format: install
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

bench: install
	@set -e; for file in bench/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

# Brings the French catalogues up to what the code says, and lists what has no translation yet.
messages: install
	$(BIN)/python scripts/messages.py

# Rewrites the pages of docs/ that are made from the code.
docs: install
	$(BIN)/python scripts/document_problems.py

# Brings the lock files up to pyproject.toml; `upgrade` moves everything to the newest versions that it allows.
lock:
	$(PYTHON) scripts/lock.py

upgrade:
	$(PYTHON) scripts/lock.py --upgrade

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache dist
	find $(PACKAGES) migrations tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(CATALOGUES:.po=.mo)
	rm -rf web/static_built node_modules
