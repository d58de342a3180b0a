# Tierdesk. `make help` lists the targets; each installs what it needs first.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8000
DATA ?= var/demo
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL ?= var/model
DEVICE ?= cpu
NPM ?= npm
NODE ?= node
# Which tests `make test` runs; `.ci/run` runs the slow ones too.
MARK ?= not slow

.PHONY: help demo test lint bench model check-python check-node browser clean screenshots messages

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "Tierdesk needs Python 3.11 or newer; no '$(PYTHON)' was found. Install it, or name one: make demo PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tierdesk needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -c 'import platform; print(platform.python_version())'). Name a newer one: make demo PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 2; }

check-node:
	@command -v $(NODE) >/dev/null && command -v $(NPM) >/dev/null || { echo "Tierdesk needs Node.js 20 or newer with npm to fetch its front-end libraries; '$(NODE)' or '$(NPM)' was not found." >&2; exit 2; }
	@$(NODE) -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Tierdesk needs Node.js 20 or newer; '$(NODE)' is $$($(NODE) --version)." >&2; exit 2; }

$(VENV)/bin/python: | check-python
	@$(PYTHON) -m venv $(VENV)

# PyTorch first and pinned: any looser range fetches gigabytes of CUDA.
$(VENV)/.installed: pyproject.toml constraints.txt | check-node $(VENV)/bin/python
	@echo "Installing Python packages (a few minutes the first time) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing test dependencies …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

portal/static/vendor/.done: package.json package-lock.json scripts/vendor.mjs | check-node
	@echo "Fetching front-end libraries …"
	@$(NPM) ci --silent --no-audit --no-fund
	@$(NODE) scripts/vendor.mjs
	@touch $@

portal/translations/.done: $(wildcard portal/translations/*/LC_MESSAGES/*.po) $(VENV)/.installed
	@mkdir -p portal/translations
	@$(BIN)/pybabel -q compile -d portal/translations
	@touch $@

setup: $(VENV)/.installed portal/static/vendor/.done portal/translations/.done ## install everything the desk needs
	@true

demo: setup ## sample desk on http://127.0.0.1:8000 (PORT= and DATA= override)
	@exec $(BIN)/tierdesk demo --port $(PORT) --data $(DATA)

browser: ## a Chromium for the browser tests, where apt is there and no browser is
	@if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk) >/dev/null 2>&1 \
	  || echo "Chromium could not be installed; browser tests will say so and skip."; \
	else echo "No Chromium found and no right to install one; browser tests will say so and skip."; fi

lint: setup $(VENV)/.installed-test ## ruff, format, types, import contracts, template lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint templates --lint --quiet

test: setup $(VENV)/.installed-test browser lint ## everything that must hold: lint, types, contracts, tests (MARK= chooses)
	@$(BIN)/pytest -n auto --maxprocesses=4 --dist loadscope -m "$(MARK)" $(PYTEST_ARGS)

$(VENV)/.installed-bench: $(VENV)/.installed
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[bench,large]"
	@touch $@

bench: setup $(VENV)/.installed-bench ## search speed against others, some 10 minutes (FULL=1: 100,000 documents too, about an hour)
	@BENCH_TELLS=1 $(BIN)/python benchmarks/search_speed.py --documents 2000 --documents 20000 $(if $(FULL),--documents 100000)

# CORPUS: the folder with parallel.tsv.gz; JUDGE: one with judged sets, for the card's table. The public
# questions (bilingual_it_faq.jsonl.gz) are looked for in both.
model: setup ## train the encoder from CORPUS=folder into MODEL= (DEVICE=cuda, JUDGE=folder, RESUME=1)
	@test -n "$(CORPUS)" || { echo "Name the folder with parallel.tsv.gz: make model CORPUS=/path/to/corpus" >&2; exit 2; }
	@OMP_WAIT_POLICY=passive $(BIN)/python -m indexer.training --data $(CORPUS) --out $(MODEL) --device $(DEVICE) $(if $(JUDGE),--judge $(JUDGE)) $(if $(RESUME),--resume)

messages: $(VENV)/.installed-test ## extract the messages and update the catalogues
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k N_ -k ngettext:1,2 -k _n:1,2 --sort-by-file --no-location --omit-header -o portal/translations/messages.pot .
	@$(BIN)/pybabel -q update -i portal/translations/messages.pot -d portal/translations -l en --no-fuzzy-matching --ignore-obsolete --no-wrap
	@rm portal/translations/messages.pot
	@# Without the header's charset and plurals the catalogue can't be read; its names and dates are noise.
	@sed -i -E -e '1{/^$$/d}' -e '$${/^$$/d}' -e '/^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): /d' portal/translations/*/LC_MESSAGES/messages.po

screenshots: setup $(VENV)/.installed-test browser ## the pictures of the README, taken from the demo
	@$(BIN)/python scripts/screenshots.py

clean: ## remove what was installed and built, keep the data
	@rm -rf $(VENV) node_modules portal/static/vendor portal/translations/.done
