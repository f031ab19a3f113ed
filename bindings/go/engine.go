package doorward

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// Engine is an open engine. Any number of goroutines may use it at once.
type Engine struct {
	handle   *handle
	lanes    *lanes
	requests RequestsConfig
}

// An Option of [Open].
type Option func(*hooks)

// WithLogger passes the records of the engine to the logger: refusals as Info, what an operator should act on as
// Warn, contained bugs as Error. They contain no secrets. The logger must not call the engine.
func WithLogger(logger *slog.Logger) Option {
	return func(h *hooks) { h.logger = logger }
}

// WithClock gives the engine another clock, for tests that move time. The function must not call the engine.
func WithClock(now func() time.Time) Option {
	return func(h *hooks) { h.now = now }
}

// Open opens an engine. Close it after its last use.
func Open(config Config, options ...Option) (*Engine, error) {
	text, err := encode(config)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return OpenJSON(text[:len(text)-1], options...)
}

// OpenJSON opens an engine with a configuration in JSON, as a file has it.
func OpenJSON(config []byte, options ...Option) (*Engine, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	var hooks hooks
	for _, option := range options {
		option(&hooks)
	}
	text := terminated(config)
	defer clear(text)
	pointer, status, body := nativeOpen(text, hooks)
	if status != StatusOK {
		return nil, failure(status, body)
	}
	settings := settingsOf(config)
	lanes := newLanes(settings.Password.MaxConcurrent, settings.Password.MaxQueued)
	engine := &Engine{newHandle(pointer), lanes, settings.Requests}
	runtime.AddCleanup(engine, (*handle).close, engine.handle)
	return engine, nil
}

// settings are the part of the configuration that this package itself goes by.
type settings struct {
	Password struct {
		MaxConcurrent int64  `json:"max_concurrent"`
		MaxQueued     *int64 `json:"max_queued"`
	} `json:"password"`
	Requests RequestsConfig `json:"requests"`
}

// settingsOf reads a configuration that the engine has accepted.
func settingsOf(config []byte) (read settings) {
	_ = json.Unmarshal(config, &read)
	return read
}

// Requests returns the rules for requests as the configuration has them, for adapters: they say which header and which
// cookie has the token. What the configuration leaves out is empty here, and its default applies.
func (e *Engine) Requests() RequestsConfig {
	return e.requests
}

// Close closes the engine: it waits for calls in progress and closes the store. Later calls fail as
// [CodeEngineClosed]. It may be called at any time and more than once, and always returns nil.
func (e *Engine) Close() error {
	if e.isOpen() {
		e.handle.close()
	}
	return nil
}

// isOpen tells an engine from what [Open] returns beside an error.
func (e *Engine) isOpen() bool {
	return e != nil && e.handle != nil
}

// Call runs the operation of this name with a request in JSON, and returns the response as JSON. The methods are
// more convenient.
func (e *Engine) Call(ctx context.Context, name string, request []byte) (json.RawMessage, error) {
	row, ok := operations[name]
	if !ok {
		// A newer library may know it.
		row = operation{strings.ReplaceAll(name, "\x00", " ") + "\x00", costLong}
	}
	text := terminated(request)
	defer clear(text)
	return e.run(ctx, row, text)
}

// Describe describes the library: operations with the JSON Schemas of their requests and responses, statuses,
// codes, the schema of the configuration.
func Describe() (json.RawMessage, error) {
	if err := loaded(); err != nil {
		return nil, err
	}
	status, body := nativeDescribe()
	if status != StatusOK {
		return nil, failure(status, body)
	}
	return body, nil
}

// Version returns the version of the loaded library.
func Version() (string, error) {
	if err := loaded(); err != nil {
		return "", err
	}
	return nativeVersion(), nil
}

// call runs an operation with typed values.
func call[Response any](ctx context.Context, e *Engine, row operation, request any) (*Response, error) {
	text, err := encode(request)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	body, err := e.run(ctx, row, text)
	if err != nil {
		return nil, err
	}
	response := new(Response)
	if reader, ok := any(response).(ownReader); ok {
		// It keeps parts of the text, which has no secrets, and encoding/json would scan it twice.
		err = reader.readMembers(unsafe.String(unsafe.SliceData(body), len(body)))
	} else {
		err = json.Unmarshal(body, response)
		clear(body)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	return response, nil
}

// run waits for a place, and runs the operation. The request ends in a NUL.
func (e *Engine) run(ctx context.Context, row operation, request []byte) ([]byte, error) {
	if !e.isOpen() {
		return nil, engineClosed()
	}
	leave, err := e.lanes.enter(ctx, row.cost)
	if err != nil {
		return nil, err
	}
	defer leave()
	pointer, ok := e.handle.acquire()
	if !ok {
		return nil, engineClosed()
	}
	defer e.handle.release()
	status, body := nativeCall(pointer, row.name, request)
	if status != StatusOK {
		return nil, failure(status, body)
	}
	return body, nil
}

// terminated returns a copy of the text as C reads it. A NUL inside would end it early, so it becomes another byte that
// is not JSON.
func terminated(text []byte) []byte {
	copied := make([]byte, len(text)+1)
	copy(copied, text)
	for index := bytes.IndexByte(copied, 0); index < len(text); index += bytes.IndexByte(copied[index:], 0) {
		copied[index] = 1
	}
	return copied
}

// handle is an engine of the library, which lives until its last user lets it go.
type handle struct {
	pointer unsafe.Pointer
	// The calls in progress, and one until the engine is closed.
	users    atomic.Int64
	isClosed atomic.Bool
}

func newHandle(pointer unsafe.Pointer) *handle {
	h := &handle{pointer: pointer}
	h.users.Store(1)
	return h
}

func (h *handle) acquire() (unsafe.Pointer, bool) {
	for {
		users := h.users.Load()
		if users == 0 || h.isClosed.Load() {
			return nil, false
		}
		if h.users.CompareAndSwap(users, users+1) {
			return h.pointer, true
		}
	}
}

func (h *handle) release() {
	if h.users.Add(-1) == 0 {
		nativeRelease(h.pointer)
	}
}

func (h *handle) close() {
	if !h.isClosed.CompareAndSwap(false, true) {
		return
	}
	nativeClose(h.pointer)
	h.release()
}
