package doorward

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// hooks are what the engine calls. C gets a number for them, because it must not keep pointers of Go.
type hooks struct {
	logger *slog.Logger
	now    func() time.Time
}

var (
	registered sync.Map
	lastHooks  atomic.Uintptr
)

// register returns the number of the hooks, or 0 if there are none.
func (h hooks) register() uintptr {
	if h.logger == nil && h.now == nil {
		return 0
	}
	number := lastHooks.Add(1)
	registered.Store(number, h)
	return number
}

func hooksOf(number uintptr) hooks {
	found, _ := registered.Load(number)
	h, _ := found.(hooks)
	return h
}

// destroyHooks forgets the hooks: the engine calls them no more.
func destroyHooks(number uintptr) {
	registered.Delete(number)
}

// nowMS returns the time of the clock of the host. A panic must not unwind through the engine, so then it is the
// machine's.
func nowMS(number uintptr) (now int64) {
	defer func() {
		if recover() != nil {
			now = time.Now().UnixMilli()
		}
	}()
	return hooksOf(number).now().UnixMilli()
}

// levels are those of the log hook.
var levels = map[int32]slog.Level{1: slog.LevelError, 2: slog.LevelWarn, 3: slog.LevelInfo}

// logRecord passes a record to the logger. A panic is dropped: a log must not change a verdict.
func logRecord(number uintptr, level int32, record []byte) {
	defer func() { _ = recover() }()
	logger := hooksOf(number).logger
	if !logger.Enabled(context.Background(), levels[level]) {
		return
	}
	event, members := "doorward", []slog.Attr{}
	for name, value := range membersOf(record) {
		if text, ok := value.(string); ok && name == "event" {
			event = text
			continue
		}
		members = append(members, slog.Any(name, value))
	}
	logger.LogAttrs(context.Background(), levels[level], event, members...)
}

// membersOf yields the members of a flat object, in their order.
func membersOf(record []byte) func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		decoder := json.NewDecoder(bytes.NewReader(record))
		decoder.UseNumber()
		if _, err := decoder.Token(); err != nil {
			return
		}
		for decoder.More() {
			name, err := decoder.Token()
			var value any
			if err != nil || decoder.Decode(&value) != nil {
				return
			}
			if text, ok := name.(string); !ok || !yield(text, value) {
				return
			}
		}
	}
}
