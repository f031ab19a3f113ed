//go:build !doorward_cgo

package doorward

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The functions of the library.
var abiFunction, versionFunction, describeFunction, openFunction, callFunction, closeFunction, releaseFunction,
	freeFunction uintptr

// load finds the library: by DOORWARD_LIBRARY, in the module, on the system.
func load() error {
	library, err := find()
	if err != nil {
		return err
	}
	for name, function := range map[string]*uintptr{
		"doorward_abi":      &abiFunction,
		"doorward_version":  &versionFunction,
		"doorward_describe": &describeFunction,
		"doorward_open":     &openFunction,
		"doorward_call":     &callFunction,
		"doorward_close":    &closeFunction,
		"doorward_release":  &releaseFunction,
		"doorward_free":     &freeFunction,
	} {
		if *function, err = purego.Dlsym(library, name); err != nil {
			return err
		}
	}
	return nil
}

func find() (uintptr, error) {
	if path := os.Getenv("DOORWARD_LIBRARY"); path != "" {
		return open(path)
	}
	name := "libdoorward.so.1"
	if runtime.GOOS == "darwin" {
		name = "libdoorward.1.dylib"
	}
	packed, err := natives.ReadFile("natives/" + runtime.GOOS + "_" + runtime.GOARCH + "/libdoorward.gz")
	if err != nil {
		library, err := open(name)
		if err != nil {
			return 0, fmt.Errorf("%w; this build of the module has no library for %s/%s: install it, or name it in "+
				"DOORWARD_LIBRARY", err, runtime.GOOS, runtime.GOARCH)
		}
		return library, nil
	}
	return unpack(packed, name)
}

func open(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

// unpack loads the library of the module: from a file in memory where the system has them, because temporary folders may
// forbid programs; else from a temporary folder.
func unpack(packed []byte, name string) (uintptr, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return 0, err
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		return 0, err
	}
	if file, err := memoryFile(name); err == nil {
		defer file.Close()
		if _, err := file.Write(content); err == nil {
			if library, err := open(fmt.Sprintf("/proc/self/fd/%d", file.Fd())); err == nil {
				return library, nil
			}
		}
	}
	folder, err := os.MkdirTemp("", "doorward-")
	if err != nil {
		return 0, err
	}
	// A library that is loaded needs its file no more.
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return 0, err
	}
	return open(path)
}

// memoryFile makes a file without a folder (memfd_create(2)).
func memoryFile(name string) (*os.File, error) {
	create, err := purego.Dlsym(purego.RTLD_DEFAULT, "memfd_create")
	if err != nil {
		return nil, err
	}
	const closeOnExec = 1
	text := append([]byte(name), 0)
	descriptor, _, _ := purego.SyscallN(create, uintptr(unsafe.Pointer(&text[0])), closeOnExec)
	if int32(descriptor) < 0 {
		return nil, errors.ErrUnsupported
	}
	return os.NewFile(descriptor, name), nil
}

func nativeABI() uint32 {
	version, _, _ := purego.SyscallN(abiFunction)
	return uint32(version)
}

func nativeVersion() string {
	text, _, _ := purego.SyscallN(versionFunction)
	return string(bytesOf(*(**byte)(unsafe.Pointer(&text))))
}

func nativeDescribe() (Status, []byte) {
	var response *byte
	status, _, _ := purego.SyscallN(describeFunction, uintptr(unsafe.Pointer(&response)))
	return statusOf(status), taken(response)
}

// nativeHooks is doorward_hooks.
type nativeHooks struct {
	size, context, log, nowMS, destroy uintptr
}

// callbacks are made once: each takes a place that is never freed.
var callbacks = sync.OnceValue(func() nativeHooks {
	return nativeHooks{
		size: unsafe.Sizeof(nativeHooks{}),
		log: purego.NewCallback(func(number uintptr, level int32, record *byte) {
			logRecord(number, level, bytesOf(record))
		}),
		nowMS:   purego.NewCallback(nowMS),
		destroy: purego.NewCallback(destroyHooks),
	}
})

func nativeOpen(config []byte, own hooks) (unsafe.Pointer, Status, []byte) {
	var given *nativeHooks
	if number := own.register(); number != 0 {
		table := callbacks()
		table.context = number
		if own.logger == nil {
			table.log = 0
		}
		if own.now == nil {
			table.nowMS = 0
		}
		given = &table
	}
	var engine unsafe.Pointer
	var response *byte
	status, _, _ := purego.SyscallN(openFunction, uintptr(unsafe.Pointer(&config[0])), uintptr(unsafe.Pointer(given)),
		uintptr(unsafe.Pointer(&engine)), uintptr(unsafe.Pointer(&response)))
	return engine, statusOf(status), taken(response)
}

func nativeCall(engine unsafe.Pointer, operation string, request []byte) (Status, []byte) {
	var response *byte
	status, _, _ := purego.SyscallN(callFunction, uintptr(engine), uintptr(unsafe.Pointer(unsafe.StringData(operation))),
		uintptr(unsafe.Pointer(&request[0])), uintptr(unsafe.Pointer(&response)))
	return statusOf(status), taken(response)
}

func nativeClose(engine unsafe.Pointer) {
	purego.SyscallN(closeFunction, uintptr(engine))
}

func nativeRelease(engine unsafe.Pointer) {
	purego.SyscallN(releaseFunction, uintptr(engine))
}

func statusOf(result uintptr) Status {
	return Status(result & 0xff)
}

// taken copies a response, and frees it.
func taken(response *byte) []byte {
	text := bytes.Clone(bytesOf(response))
	purego.SyscallN(freeFunction, uintptr(unsafe.Pointer(response)))
	return text
}

// bytesOf returns the bytes of a text of C, without reading beyond the page that its NUL is in.
func bytesOf(text *byte) []byte {
	if text == nil {
		return nil
	}
	const page = 4096
	length := 0
	for {
		rest := unsafe.Pointer(uintptr(unsafe.Pointer(text)) + uintptr(length))
		chunk := unsafe.Slice((*byte)(rest), page-int(uintptr(rest)%page))
		if end := bytes.IndexByte(chunk, 0); end >= 0 {
			return unsafe.Slice(text, length+end)
		}
		length += len(chunk)
	}
}
