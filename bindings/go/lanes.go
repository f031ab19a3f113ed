package doorward

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
)

// operation is a row of the table: the name as C reads it, and what a call waits for.
type operation struct {
	name string
	cost cost
}

type cost int

const (
	costInstant cost = iota
	costStore
	costHash
	costNetwork
	costLong
)

// lanes hold the calls that run at once, each kind for itself. A call in the library keeps a thread, so without them a
// crowd of logins would take a thread each, and everything else would wait for the same processors.
type lanes struct {
	store, hash, network, long chan struct{}
	// The calls that wait for a hash, and how many may.
	waiting   atomic.Int64
	maxQueued int64
}

// The defaults of the engine.
const defaultMaxQueued = 256

// newLanes makes lanes for an engine with so many places to hash.
func newLanes(places int64, maxQueued *int64) *lanes {
	if places <= 0 {
		places = int64(runtime.NumCPU())
	}
	queued := int64(defaultMaxQueued)
	if maxQueued != nil {
		queued = *maxQueued
	}
	return &lanes{
		store: make(chan struct{}, 64),
		// More than places, so that none is idle while another call writes.
		hash:      make(chan struct{}, 4*places),
		network:   make(chan struct{}, 32),
		long:      make(chan struct{}, 8),
		maxQueued: queued,
	}
}

// enter waits for a place, and returns the function that leaves it.
func (l *lanes) enter(ctx context.Context, cost cost) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, notBegun(err)
	}
	var lane chan struct{}
	switch cost {
	case costInstant:
		return func() {}, nil
	case costHash:
		lane = l.hash
	case costStore:
		lane = l.store
	case costNetwork:
		lane = l.network
	case costLong:
		lane = l.long
	}
	leave := func() { <-lane }
	select {
	case lane <- struct{}{}:
		return leave, nil
	default:
	}
	if cost == costHash {
		defer l.waiting.Add(-1)
		if l.waiting.Add(1) > l.maxQueued {
			return nil, hashQueueFull()
		}
	}
	select {
	case lane <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, notBegun(ctx.Err())
	}
}

func notBegun(err error) error {
	return fmt.Errorf("doorward: the call has not begun: %w", err)
}
