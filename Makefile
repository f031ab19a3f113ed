# The scripts that CI runs are the scripts people run: `make demo` and `make test` set up all they need.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
PREFIX ?= /usr/local

# The names of the built library.
RELEASE = target/release
LIBRARY = $(RELEASE)/libdoorward.so

## doorward beside its peers, as ratios in one run.
bench: library bench-python
	$(CARGO) bench --bench peers

.PHONY: demo test lint deny bench test-rust test-python wheel bench-python python-models library header clean

## The main job on embedded SQLite, each request and reply shown.
demo: library

## Every test.
test: lint test-rust test-python

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

## Licences, sources and banned crates; `cargo install cargo-deny` first.
deny:
	$(CARGO) deny check licenses bans sources

test-rust: library
	$(CARGO) test --workspace

## The shared and the static library, optimized.
library:
	$(CARGO) build --release

# The Python package with its development tools.
PYTHON ?= python3
VENV = target/venv
MATURIN = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/maturin
BINDING = bindings/python

$(VENV)/ready: $(BINDING)/requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or later is needed: make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { apt-get update && apt-get install --yes python3-venv; } \
		|| { echo "Python's venv module is needed (Debian: python3-venv)"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

## The Python package into target/venv, linted, typed and tested.
test-python: $(VENV)/ready
	$(MATURIN) develop --quiet --manifest-path $(BINDING)/Cargo.toml
	cd $(BINDING) && PATH=$(CURDIR)/$(VENV)/bin:$$PATH && paths=". ../../examples/python ../../benches" \
		&& ruff check --config pyproject.toml $$paths && ruff format --config pyproject.toml --check $$paths \
		&& mypy && pyright && pytest

## The Python wheel, into dist/.
wheel: $(VENV)/ready
	$(MATURIN) build --release --manifest-path $(BINDING)/Cargo.toml --out dist

## `verify` from Python beside its peers.
bench-python: $(VENV)/ready
	$(MATURIN) develop --quiet --release --manifest-path $(BINDING)/Cargo.toml
	$(VENV)/bin/python benches/verify.py

## Writes the Python models and methods anew, after `make header`.
python-models: $(VENV)/ready
	$(VENV)/bin/python $(BINDING)/generate.py

## Writes anew what is generated: header, description, reference.
header:
	UPDATE=1 $(CARGO) test --test generated

clean:
	$(CARGO) clean
