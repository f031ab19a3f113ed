package doorward

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"
)

func TestACallThatWaitsStopsWhenItsContextEnds(t *testing.T) {
	queued := int64(1)
	lanes := newLanes(1, &queued)
	var leaves []func()
	for range cap(lanes.hash) {
		leave, err := lanes.enter(t.Context(), costHash)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, end := context.WithCancel(t.Context())
	outcome := make(chan error)
	go func() {
		_, err := lanes.enter(ctx, costHash)
		outcome <- err
	}()
	for lanes.waiting.Load() == 0 {
		runtime.Gosched()
	}
	// As many wait as may.
	if _, err := lanes.enter(t.Context(), costHash); CodeOf(err) != CodeHashQueueFull || !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	// The others do not wait for them.
	for _, cost := range []cost{costInstant, costStore, costNetwork, costLong} {
		leave, err := lanes.enter(t.Context(), cost)
		if err != nil {
			t.Error(err)
		}
		leave()
	}
	end()
	if err := <-outcome; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go func() {
		_, err := lanes.enter(t.Context(), costHash)
		outcome <- err
	}()
	leaves[0]()
	if err := <-outcome; err != nil {
		t.Error(err)
	}
}

func TestTheLanesFitTheConfiguration(t *testing.T) {
	of := func(config string) *lanes {
		password := settingsOf([]byte(config)).Password
		return newLanes(password.MaxConcurrent, password.MaxQueued)
	}
	if lanes := of(`{"password": {"max_concurrent": 3, "max_queued": 0}}`); cap(lanes.hash) != 12 || lanes.maxQueued != 0 {
		t.Error(lanes)
	}
	if lanes := of(`{"password": {"max_concurrent": null}}`); cap(lanes.hash) != 4*runtime.NumCPU() || lanes.maxQueued != defaultMaxQueued {
		t.Error(lanes)
	}
}

// What this package says before it asks the engine, it says in the engine's words.
func TestOwnFailuresAreThoseOfTheEngine(t *testing.T) {
	text, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	var description struct {
		Codes []struct{ Code, Message, Status string }
	}
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	for _, own := range []error{engineClosed(), hashQueueFull(), invalidUTF8(), invalidJSON(errors.New("x"))} {
		failure := own.(*Error)
		found := false
		for _, row := range description.Codes {
			if row.Code == string(failure.Code) {
				found = row.Message == failure.Message && row.Status == failure.Status.String()
			}
		}
		if !found {
			t.Errorf("%+v", failure)
		}
	}
}
