# The ways to set up, run and check Autograd Lab. `make` alone lists them.
#
# Everything is installed in .venv, once: a stamp file per requirements file remembers it, so a second `make run` installs
# nothing. LAB_TORCH_INDEX names the index that PyTorch's wheel comes from; without it pip's usual index is taken.
# The program editor is built once too; where that cannot be done (it needs npm's packages), the app has a plain text area
# in its place and the next `make setup` or `make run` tries again. `make check` needs such packages too, in node_modules;
# where they cannot be had, it says that the browser's scripts were not checked.

PYTHON ?= python3
PORT ?= 8501
TEST_JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
RUN_STAMP := $(VENV)/.requirements-installed
DEV_STAMP := $(VENV)/.requirements-dev-installed
NODE := components/widgets/nodejs.py
EDITOR := components/widgets/editor
# Files stay whole, since tests of one share what they have made, and keep their order: see tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder
# Where ARGS choose some tests, there may be none of a kind.
OR_NONE = $(if $(ARGS),|| test $$? -eq 5)
EDITOR_STAMP := $(EDITOR)/built/stamp

.PHONY: help setup setup-dev browser graphviz run test test-fast test-hostile test-operators check bench gpu load pictures format clean
.DEFAULT_GOAL := help

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-14s %s\n", $$1, $$2 }'

setup: $(RUN_STAMP) $(EDITOR_STAMP) ## install what the app needs

setup-dev: $(DEV_STAMP) $(EDITOR_STAMP) ## install what the checks and tests need too

run: $(RUN_STAMP) $(EDITOR_STAMP) ## start the app (PORT=8501)
	@exec $(BIN)/python -m app --server.port $(PORT)

test: $(DEV_STAMP) $(EDITOR_STAMP) browser ## all checks and all tests, browser included (ARGS="-k name" for pytest)
	@$(MAKE) --no-print-directory check
	@$(PYTEST) -m "not browser" $(ARGS) $(OR_NONE)
	@$(PYTEST) -m browser $(ARGS) $(OR_NONE)

test-fast: $(DEV_STAMP) ## most tests: without the browser, the large sets of programs and the checks
	@$(PYTEST) -m "not browser and not sets" $(ARGS)

test-hostile: $(DEV_STAMP) ## every hostile program behind the walls; `make test` runs a sample of them (ARGS as above)
	@HOSTILE=all $(BIN)/python -m pytest tests/hostile $(ARGS)

test-operators: $(DEV_STAMP) ## each of PyTorch's operators under the observers (minutes)
	@OPERATORS=all $(BIN)/python -m pytest -s tests/capture/test_operators.py $(ARGS)

check: $(DEV_STAMP) ## lint, format and types, Python's and JavaScript's, without the tests of Python
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy
	@$(BIN)/python $(NODE) check requirements-editor.txt

bench: $(DEV_STAMP) browser graphviz ## print the benchmarks' ratios (ARGS="-o FILE" also writes them)
	@$(BIN)/python -m bench $(ARGS)

gpu: $(DEV_STAMP) ## on a machine with a GPU: its tests, and the recorded step that is shown where there is none
	@$(BIN)/python -W ignore -m bench.gpu

load: $(DEV_STAMP) ## how the server bears a class, on this machine alone, some minutes (ARGS="-h" lists the scenarios)
	@$(BIN)/python -W ignore -m bench.load $(ARGS)

pictures: $(DEV_STAMP) $(EDITOR_STAMP) browser ## make the pictures of the documents anew, from the running app
	@$(BIN)/python -m tests.pictures

format: $(DEV_STAMP) ## format the code and mend what can be mended
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

clean: ## remove caches and what was built; .venv stays
	@rm -rf build autograd_lab.egg-info node_modules $(EDITOR)/built .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# The tests in the browser drive Chromium. Where it is missing and cannot be installed, they are skipped and say so.
browser:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium for the tests in the browser ..."; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
			|| echo "NOT TESTED: Chromium could not be installed, so the tests in the browser are skipped."; \
	else echo "NOT TESTED: there is no Chromium here, so the tests in the browser are skipped."; fi

# The benchmarks compare with Debian's dot. Where it is missing and cannot be installed, the table says so.
graphviz:
	@if ! command -v dot >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Graphviz for the benchmarks ..."; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends graphviz; } \
			>/dev/null 2>&1 || true; \
	fi

$(BIN)/python:
	@found=; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "Autograd Lab needs Python 3.11 or later: none was found (make PYTHON=... names one)."; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version) ..."; \
	$$found -m venv $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made (on Debian: apt install python3-venv)."; exit 1; }

$(RUN_STAMP): requirements.txt | $(BIN)/python
	@echo "Installing what the app needs (PyTorch is large: this can take minutes, once) ..."
	@$(PIP) install $(if $(LAB_TORCH_INDEX),--index-url $(LAB_TORCH_INDEX)) $$(grep '^torch==' requirements.txt)
	@$(PIP) install -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(RUN_STAMP)
	@echo "Installing what the tests need ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(EDITOR_STAMP): $(NODE) package.json package-lock.json .npmrc $(EDITOR)/bundle.mjs $(wildcard $(EDITOR)/src/*.js) \
		requirements-editor.txt | $(BIN)/python
	@echo "Building the program editor ..."
	@$(BIN)/python $(NODE) build requirements-editor.txt
