package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

const version = "v0.0.0-test"

// TestTheReleasedModuleIsAllThatAProjectNeeds runs the quick start of README.md in an empty project, which gets the module
// from the files that would be published, and has neither the library nor a C compiler.
func TestTheReleasedModuleIsAllThatAProjectNeeds(t *testing.T) {
	library := os.Getenv("DOORWARD_LIBRARY")
	if library == "" {
		skip(t, "DOORWARD_LIBRARY does not say which library to release")
	}
	project, published := t.TempDir(), t.TempDir()
	t.Chdir("../..")
	if err := release(published, version, []string{runtime.GOOS + "_" + runtime.GOARCH + "=" + library}); err != nil {
		t.Fatal(err)
	}
	programs := blocks(t, "README.md")
	if len(programs) != 1 {
		t.Fatalf("%d programs", len(programs))
	}
	if err := os.WriteFile(filepath.Join(project, "main.go"), []byte(programs[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := strings.TrimSpace(run(t, ".", nil, "go", "env", "GOMODCACHE"))
	proxy := strings.TrimSpace(run(t, ".", nil, "go", "env", "GOPROXY"))
	environment := []string{
		"CGO_ENABLED=0", "DOORWARD_LIBRARY=", "GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir(), "GONOSUMDB=doorward.io",
		// What is not published yet comes from the files, everything else from where it came before.
		"GOPROXY=file://" + published + ",file://" + filepath.Join(cache, "cache", "download") + "," + proxy,
	}
	run(t, project, environment, "go", "mod", "init", "example.com/app")
	run(t, project, environment, "go", "get", "doorward.io/doorward@"+version)
	run(t, project, environment, "go", "build", "-o", "app")
	program := filepath.Join(project, "app")
	for _, expected := range []string{`^ada is logged in\n$`, `^ada is registered already\nada is logged in\n$`} {
		output := run(t, project, environment, program)
		if !regexp.MustCompile(expected).MatchString(output) {
			t.Errorf("expected %s, got %s", expected, output)
		}
	}
	// The other module is complete, too.
	run(t, project, environment, "go", "mod", "download", "doorward.io/doorward/doorwardgrpc@"+version)
}

// TestThePagesCompile compiles the pieces of Go on the pages, each in a function of its own.
func TestThePagesCompile(t *testing.T) {
	t.Chdir("../..")
	folder := t.TempDir()
	module(t, folder)
	var pieces []string
	for _, page := range []string{"docs/go.md", "docs/second-factors.md", "README.md"} {
		of := blocks(t, "../../"+page)
		if len(of) == 0 {
			t.Fatalf("%s: no piece", page)
		}
		pieces = append(pieces, of...)
	}
	source := imports
	for _, piece := range pieces {
		if strings.HasPrefix(piece, "func ") {
			source += piece
			continue
		}
		if lines := strings.Split(strings.TrimSpace(piece), "\n"); !strings.HasPrefix(lines[len(lines)-1], "return") {
			piece += "return nil\n"
		}
		source += "\nfunc _(ctx context.Context, engine *doorward.Engine, w http.ResponseWriter, r *http.Request, name, password, code string) error {\n" + piece + "}\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "pages_test.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, folder, []string{"CGO_ENABLED=0"}, "go", "vet", ".")
}

// What the pieces of a page need.
const imports = `package pages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardgrpc"
	"doorward.io/doorward/doorwardhttp"
	"doorward.io/doorward/doorwardtest"
	"google.golang.org/grpc"
)

var (
	_ = errors.Is
	_ = fmt.Sprint
	_ = slog.Default
	_ time.Time
	_ *testing.T
	_ = doorwardtest.New
	_ = doorwardhttp.Middleware
	_ = doorwardgrpc.Unary
	_ = grpc.NewServer
)
`

// module makes a module that has both modules of this repository.
func module(t *testing.T, folder string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	description, err := os.ReadFile("doorwardgrpc/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("doorwardgrpc/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("module doorward.io/doorward/doorwardgrpc", "module example.com/pages", "=> ../", "=> "+here).
		Replace(string(description))
	text += "\nrequire doorward.io/doorward/doorwardgrpc v0.1.0\nreplace doorward.io/doorward/doorwardgrpc => " + here + "/doorwardgrpc\n"
	if err := errors.Join(
		os.WriteFile(filepath.Join(folder, "go.mod"), []byte(text), 0o600),
		os.WriteFile(filepath.Join(folder, "go.sum"), sums, 0o600),
	); err != nil {
		t.Fatal(err)
	}
}

// skip ends the test, which in continuous integration is a failure.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// blocks returns the blocks of Go of a page.
func blocks(t *testing.T, path string) []string {
	t.Helper()
	page, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		skip(t, "the page is not here: this is not the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		found = append(found, match[1])
	}
	return found
}

func run(t *testing.T, folder string, environment []string, program string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(context.Background(), program, arguments...)
	command.Dir, command.Env = folder, append(os.Environ(), environment...)
	var failures strings.Builder
	command.Stderr = &failures
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, &failures)
	}
	return string(output)
}
