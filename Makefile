# leanwide. `make demo` and `make test` are all a newcomer needs: both do the set-up themselves.

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready
SEED ?= 0
VIA ?= stdio
PYTHONS ?= $(PYTHON)
SUITE ?= trixie
ROW ?= Linux
PURE := context modes postprocess prompt syntax
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
N ?= 100000
TEMPLATES ?= build/templates
.PHONY: help setup demo test coverage lock fuzz test-real test-templates test-remote test-gpu test-install test-package test-docker test-editors vsix check-vscode lint fix docs bench compare train-smoke package site licences clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

ifdef LEANWIDE_BACKEND
.PHONY: $(SETUP) # the set-up sees whether llama.cpp is built for it
endif

setup: $(SETUP) ## prepare .venv with everything that leanwide and its tests need

$(SETUP): pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup
	@touch $@

demo: $(SETUP) ## complete in a real file, and show what it cost
	@$(BIN)/leanwide demo

test: lint ## run all checks and tests
	$(BIN)/pytest -q $(PARALLEL)

coverage: $(SETUP) ## what tests of the pure packages cover of them, with a floor
	$(BIN)/pytest -q $(PARALLEL) --cov --cov-report=term:skip-covered $(PURE:%=tests/%) tests/features

lock: $(SETUP) ## write constraints.txt, the versions that CI installs, from this environment
	$(BIN)/pip freeze --exclude-editable --exclude pip > constraints.txt

test-real: $(SETUP) ## try a model that others made, make test-real MODEL=FILE.gguf
	$(BIN)/pytest -q -rs tests/real --real-model $(MODEL)

test-templates: $(SETUP) $(TEMPLATES) ## lay out conversations by llama.cpp's chat templates, or TEMPLATES=FOLDER
	$(BIN)/pytest -q tests/templates --templates $(TEMPLATES)

build/templates: # the collection is in the source package of llama-cpp-python, 75 MB
	$(BIN)/pip download -q --no-deps --no-binary :all: --dest build/sdist \
	  llama-cpp-python==$$($(BIN)/pip show llama-cpp-python | sed -n 's/^Version: //p')
	mkdir -p $@
	tar -xzf build/sdist/llama_cpp_python-*.tar.gz -C $@ --strip-components 5 --wildcards '*/models/templates/*.jinja'

test-remote: $(SETUP) ## lanes at real servers: llama.cpp's, of two wheels, and vLLM where it is installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" # knows groups
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group remote-server
	$(BIN)/pytest -q -rs tests/llama_server tests/openai_servers

test-gpu: .venv-gpu/.ready ## run the engine and a session on a GPU in software; builds llama.cpp for Vulkan first
	.venv-gpu/bin/python -m tests.gpu.run

.venv-gpu/.ready: pyproject.toml $(SETUP)
	$(PYTHON) -m venv --clear .venv-gpu
	.venv-gpu/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" # knows groups
	wheel=$$($(BIN)/python -m tests.gpu.vulkan) && \
	  .venv-gpu/bin/python -m pip install --quiet --disable-pip-version-check "$$wheel" --editable . --group dev
	@touch $@

test-editors: $(SETUP) ## run the clients in real editors, which are fetched into a cache folder
	$(BIN)/pytest -q -W default tests/editors
	tests/editors/vscode

test-install: .venv/.clean ## follow the README in a clean Debian, with a stopwatch (root), make test-install ROW="with a C++ compiler"
	$(BIN)/python -m tests.clean.first_minutes $(SUITE) "$(ROW)"

test-package: .venv/.clean ## try dist/ with Debian's Python, make test-package SUITE=sid (root)
	$(BIN)/python -m tests.clean.try_package $(SUITE)

test-docker: .venv/.clean ## check the Dockerfile, build it in a clean Debian and run it there (root)
	$(BIN)/python -m tests.clean.container $(SUITE)

.venv/.clean: pyproject.toml $(SETUP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" # knows groups
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group clean
	@touch $@

fuzz: $(SETUP) ## send N generated messages to the server, make fuzz N=1000000 VIA=stdio or tcp
	$(BIN)/python -m tests.fuzz.drive $(N) $(SEED) $(VIA)

vsix: editors/vscode/node_modules/.ready ## package the VS Code client as editors/vscode/dist/leanwide.vsix
	cd editors/vscode && npm run --silent package

check-vscode: editors/vscode/node_modules/.ready ## types and lint of the VS Code client
	cd editors/vscode && npm run --silent check

editors/vscode/node_modules/.ready: editors/vscode/package.json editors/vscode/package-lock.json
	cd editors/vscode && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

lint: $(SETUP) ## ruff, mypy and the layering
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy scripts
	$(BIN)/lint-imports

fix: $(SETUP) ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(SETUP) ## write what documentation takes from the code
	$(BIN)/python -m leanwide_bench.router_table
	$(BIN)/python -m leanwide_bench.settings_table

licences: $(SETUP) ## write docs/licences.md from the metadata of the installed packages
	$(BIN)/python scripts/licences.py

bench: $(SETUP) ## run the benchmarks (nothing else should run meanwhile)
	$(BIN)/pytest -q tests/benchmarks --benchmark-enable --benchmark-only

compare: $(SETUP) ## compare leanwide's settings with "more is better" on its own code, 5 minutes
	$(BIN)/leanwide compare server/leanwide --to build/compare

package: .venv-package/.ready ## build wheel and sdist, and try each elsewhere, make package PYTHONS="python3.11 python3.13"
	rm -rf dist
	.venv-package/bin/python -m build --outdir dist .
	.venv-package/bin/twine check --strict dist/*
	.venv-package/bin/check-wheel-contents dist/*.whl
	$(PYTHON) scripts/try_package.py $(PYTHONS)

.venv-package/.ready: packaging/requirements.txt
	$(PYTHON) -m venv .venv-package
	.venv-package/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

site: .venv-site/.ready ## build the documentation as a site in site/, with its links checked
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --strict

.venv-site/.ready: packaging/site.txt
	$(PYTHON) -m venv .venv-site
	.venv-site/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

train-smoke: .venv-training/.ready ## check the types of training/, and train a tiny embedded model from data to a completion
	.venv-training/bin/mypy -p training
	.venv-training/bin/python -m training.smoke

.venv-training/.ready: training/requirements.txt
	$(PYTHON) -m venv .venv-training
	.venv-training/bin/python -m pip install --disable-pip-version-check -r $< --editable . # holes are found with its grammars
	@touch $@

clean: ## remove everything that set-up and checks made
	rm -rf .venv .venv-training .venv-gpu .venv-package .venv-site dist site editors/vscode/node_modules editors/vscode/dist editors/vscode/test/out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
