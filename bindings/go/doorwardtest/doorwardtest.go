// Package doorwardtest helps to test programs that embed doorward: with the real engine, in memory, and with time
// that the test moves.
package doorwardtest

import (
	"sync"
	"testing"
	"time"

	"doorward.io/doorward"
)

// Clock is a clock that stands until a test moves it.
type Clock struct {
	mutex sync.Mutex
	now   time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Advance moves the clock. Tokens are accepted leeway_seconds (30) longer than they say.
func (c *Clock) Advance(duration time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(duration)
}

// New opens an engine for the test, and closes it when the test ends. A configuration without a store keeps everything
// in memory; one without a cost of hashes gets the least, which is for tests only. The clock begins at the present,
// in whole seconds.
func New(t testing.TB, config doorward.Config, options ...doorward.Option) (*doorward.Engine, *Clock) {
	t.Helper()
	if config.Store == "" {
		config.Store = "sqlite::memory:"
	}
	if config.Password.MemoryKib == nil && config.Password.Iterations == nil {
		config.Password.MemoryKib, config.Password.Iterations = doorward.Ptr(int64(8)), doorward.Ptr(int64(1))
	}
	clock := &Clock{now: time.Now().Truncate(time.Second)}
	engine, err := doorward.Open(config, append([]doorward.Option{doorward.WithClock(clock.Now)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine, clock
}
