# `make run` tries Pullquote, `make test` checks it. Both first install what they need into .venv, once.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
PIP := $(PYTHON) -m pip --disable-pip-version-check --no-input
# The first of these that is Python 3.11 or newer makes .venv; `make run PYTHONS=python3.12` names another.
PYTHONS := python3 python3.13 python3.12 python3.11 python
IS_NEW := import sys; sys.version_info >= (3, 11) and print(sys.argv[1])
FOUND = $(firstword $(foreach python,$(PYTHONS),$(shell $(python) -c '$(IS_NEW)' $(python) 2>/dev/null)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run sync test bench install venv constraints readme clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 20

run: $(INSTALLED) ## a conversation on this machine; with Slack's tokens set, the bot in Slack
	@$(PYTHON) -m bot

sync: $(INSTALLED) ## read the column; only what changed is embedded
	@$(PYTHON) -m index sync

test: $(INSTALLED) ## format, lint, types and the whole suite
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest --numprocesses auto

bench: $(INSTALLED) ## what it costs, beside the reference encoder and by the size of the column
	@$(PYTHON) -m benchmark

install: $(INSTALLED) ## install into .venv, and no more

# The stamp comes last, so that an installation that was cut short is taken up again.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PIP) --version >/dev/null 2>&1 || $(MAKE) --no-print-directory venv
	@echo "Installing into $(VENV), once. It may take some minutes: the model's library is large."
	@test -t 1 || quiet=--quiet; $(PIP) install $$quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

venv:
	@test -n "$(FOUND)" || { echo "Pullquote needs Python 3.11 or newer: install it, then run make again." >&2; exit 1; }
	@$(FOUND) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(FOUND) lacks its venv module: install the \
	package $(FOUND)-venv (Debian, Ubuntu: apt install $(FOUND)-venv), then run make again." >&2; exit 1; }
	@$(FOUND) -m venv --clear $(VENV)

constraints: $(INSTALLED) ## renew constraints.txt: the newest of all that pyproject.toml leaves open
	@rm -rf build/pins
	@$(PYTHON) -m venv --without-pip build/pins
	@$(PIP) --python build/pins/bin/python install --quiet '.[dev]'
	@$(PIP) --python build/pins/bin/python freeze --all --exclude pullquote > build/pins/all.txt
	@{ echo "# What pyproject.toml brings along, pinned. Written by: make constraints"; \
	sed 's/+[a-z0-9.]*$$//' build/pins/all.txt; } > constraints.txt
	@rm -rf build

readme: $(INSTALLED) ## renew the transcript in README.md
	@PYTHONPATH=. $(PYTHON) tests/test_readme.py

clean: ## remove .venv and what the tools left behind; the data folder stays
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
