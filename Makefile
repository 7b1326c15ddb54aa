# Two commands: `make run` opens a local city, `make test` says whether a change may land.
CITY ?= mulhouse
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install -qq --progress-bar off -c constraints.txt

# `make ops` makes the operators' command line, .venv/bin/entraide; `make ops-demo` shows it at work.
.PHONY: run ops ops-demo test lint types contracts soak bench messages docs package clean

run: $(VENV)/local
	@exec $(PY) -m infra.local --city $(CITY) --port $(PORT)

ops: $(VENV)/bin/entraide
	@$< --help

ops-demo: $(VENV)/bin/entraide $(VENV)/local
	@$(PY) -m infra.ops.demo

test: lint types contracts
	$(PY) -m pytest

lint: $(VENV)/dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(VENV)/dev
	$(VENV)/bin/mypy

contracts: $(VENV)/dev
	$(VENV)/bin/lint-imports

soak: $(VENV)/dev
	$(PY) -m pytest -m soak --soak

bench: $(VENV)/dev
	$(PY) -m bench

messages: $(VENV)/dev
	$(PY) -m infra.messages

docs: $(VENV)/dev
	$(PY) -m infra.docs

package: $(VENV)/dev
	@$(PY) -m infra.requirements
	@$(PY) -m infra.stack

clean:
	rm -rf $(VENV) .local vendor/built build

$(VENV)/bin/python:
	@echo "Creating the virtual environment in $(VENV) ..."
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version)'
	@python3 -m venv $(VENV)

$(VENV)/local: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what a local city needs (a minute or two the first time) ..."
	@$(PIP) $$($(PY) infra/extras.py local)
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the tests need (a minute or two the first time) ..."
	@$(PIP) $$($(PY) infra/extras.py local ops dev bench)
	@touch $@ $(VENV)/local

# It works from any directory, always on this checkout.
$(VENV)/bin/entraide: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the command line needs ..."
	@$(PIP) $$($(PY) infra/extras.py ops)
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -P -m infra.ops "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(PY)" > $@
	@chmod +x $@
