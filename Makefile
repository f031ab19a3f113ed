# The scripts that CI runs are the scripts people run: `make demo` and `make test` set up all they need.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
PREFIX ?= /usr/local

# The names of the built library.
RELEASE = target/release
LIBRARY = $(RELEASE)/libdoorward.so

## doorward beside its peers, as ratios in one run.
bench: library
	$(CARGO) bench --bench peers

.PHONY: demo test lint deny bench test-rust library header clean

## The main job on embedded SQLite, each request and reply shown.
demo: library

## Every test.
test: lint test-rust

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

## Writes anew what is generated: header, description, reference.
header:
	UPDATE=1 $(CARGO) test --test generated

clean:
	$(CARGO) clean
