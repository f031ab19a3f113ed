package doorward_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doorward.io/doorward"
)

// TestConformance runs the scenarios of tests/conformance at the root of the repository; README.md there is the
// format.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../../tests/conformance/*.json")
	if err != nil || len(files) == 0 {
		notRun(t, "the scenarios are not here: this is not the repository")
		return
	}
	description := described(t)
	t.Cleanup(func() {
		if throughTypes.Load() < 2000 {
			t.Errorf("only %d requests and configurations went through their types", throughTypes.Load())
		}
	})
	for _, file := range files {
		for _, scenario := range read[[]map[string]any](t, file) {
			name := strings.TrimSuffix(filepath.Base(file), ".json") + ": " + scenario["name"].(string)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				(&run{t: t, scenario: scenario, description: description}).all()
			})
		}
	}
}

// run is one scenario.
type run struct {
	t           *testing.T
	scenario    map[string]any
	description map[string]any

	variables map[string]any
	now       time.Time
	engine    *doorward.Engine
}

func (r *run) all() {
	folder := r.t.TempDir()
	r.variables = map[string]any{"folder": folder, "store": "sqlite:" + filepath.Join(folder, "store.db")}
	maps.Copy(r.variables, object(r.scenario["variables"]))
	r.now = time.Unix(int64(number(r.scenario["now"], 1_767_225_600)), 0)
	defer r.close()
	for index, step := range r.scenario["steps"].([]any) {
		step := object(step)
		for range int(number(step["times"], 1)) {
			// A Duration holds three centuries only.
			r.now = time.Unix(r.now.Unix()+int64(number(step["advance"], 0)), 0)
			for name, secret := range object(step["totp"]) {
				r.variables[name] = totp(r.t, r.filled(secret).(string), r.now)
			}
			status, body := r.step(step)
			if difference := r.check(step, status, body); difference != "" {
				r.t.Fatalf("step %d: %s\nanswered %s %v\n%s", index+1, text(step), status, body, difference)
			}
			for name, pointer := range object(step["capture"]) {
				r.variables[name] = at(body, pointer.(string))
			}
		}
	}
}

// step runs one step, and returns the status and the body.
func (r *run) step(step map[string]any) (string, any) {
	if patch, ok := step["open"]; ok {
		r.close()
		if err := r.open(patch); err != nil {
			return answer(r.t, err)
		}
		return "OK", map[string]any{}
	}
	if r.engine == nil {
		if err := r.open(map[string]any{}); err != nil {
			return answer(r.t, err)
		}
	}
	name, request := step["call"].(string), r.filled(orEmpty(step["request"]))
	given := text(request)
	if _, isText := request.(string); !isText {
		if method, ok := methodOf(name); ok {
			given = r.throughType(method.Type.In(2), given)
		}
	}
	response, err := r.engine.Call(r.t.Context(), name, []byte(given))
	if err != nil {
		return answer(r.t, err)
	}
	r.typed(name, response)
	return "OK", parsed(r.t, response)
}

func (r *run) open(patch any) error {
	usual := map[string]any{
		"store":    "sqlite::memory:",
		"password": map[string]any{"memory_kib": 8, "iterations": 1},
	}
	config := patch
	if _, ok := patch.(string); !ok {
		config = merged(merged(usual, r.scenario["config"]), patch)
	}
	config = r.filled(config)
	given := text(config)
	if _, isText := config.(string); !isText {
		given = r.throughType(reflect.TypeFor[doorward.Config](), given)
	}
	engine, err := doorward.OpenJSON([]byte(given), doorward.WithClock(func() time.Time { return r.now }))
	if err == nil {
		r.engine = engine
	}
	return err
}

func (r *run) close() {
	if r.engine != nil {
		_ = r.engine.Close()
	}
	r.engine = nil
}

// throughType returns a request or a configuration as its type writes it, if the type can hold it.
func (r *run) throughType(kind reflect.Type, given string) string {
	value := reflect.New(kind)
	decoder := json.NewDecoder(strings.NewReader(given))
	decoder.DisallowUnknownFields()
	if decoder.Decode(value.Interface()) != nil {
		return given
	}
	written, err := json.Marshal(value.Elem().Interface())
	if err != nil {
		r.t.Fatal(err)
	}
	// A type writes what must be there, also where the scenario leaves it out.
	if !reflect.DeepEqual(withoutNulls(parsed(r.t, []byte(given))), parsed(r.t, written)) {
		return given
	}
	throughTypes.Add(1)
	return string(written)
}

// How many requests and configurations went through their types.
var throughTypes atomic.Int64

// typed compares a response with what its type reads and writes.
func (r *run) typed(name string, response []byte) {
	method, ok := methodOf(name)
	if !ok {
		r.t.Fatalf("no method for %s", name)
	}
	value := reflect.New(method.Type.Out(0).Elem())
	if err := json.Unmarshal(response, value.Interface()); err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	written, err := json.Marshal(value.Interface())
	if err != nil {
		r.t.Fatal(err)
	}
	if lost := lost(parsed(r.t, response), parsed(r.t, written)); lost != "" {
		r.t.Fatalf("%s: %s", name, lost)
	}
}

// lost says what a type does not write as it read it, but for what it may leave out: what is for the host alone, and
// what is as if it were absent.
func lost(read, written any) string {
	switch read := read.(type) {
	case map[string]any:
		written, ok := written.(map[string]any)
		if !ok {
			return fmt.Sprintf("an object is %v", written)
		}
		for name, member := range read {
			again, ok := written[name]
			if !ok && (name == "reason" || member == "" || member == false) {
				continue
			}
			if why := lost(member, again); !ok || why != "" {
				return fmt.Sprintf("%s is lost, %s", name, why)
			}
		}
		return ""
	case []any:
		written, ok := written.([]any)
		if !ok || len(read) != len(written) {
			return fmt.Sprintf("a list is %v", written)
		}
		for index, item := range read {
			if why := lost(item, written[index]); why != "" {
				return why
			}
		}
		return ""
	}
	_, isNumber := read.(json.Number)
	if reflect.DeepEqual(read, written) || isNumber && number(read, 0) == number(written, 1) {
		return ""
	}
	return fmt.Sprintf("%v is %v", read, written)
}

// methodOf returns the method of an operation.
func methodOf(name string) (reflect.Method, bool) {
	engine := reflect.TypeFor[*doorward.Engine]()
	for index := range engine.NumMethod() {
		method := engine.Method(index)
		if strings.EqualFold(method.Name, strings.ReplaceAll(name, "_", "")) && method.Type.NumIn() == 3 {
			return method, true
		}
	}
	return reflect.Method{}, false
}

func (r *run) check(step map[string]any, status string, body any) string {
	expected := "OK"
	if given, ok := step["status"].(string); ok {
		expected = given
	}
	if status != expected {
		return "expected status " + expected
	}
	pattern := map[string]any{"error": map[string]any{"$absent": true}}
	if expected != "OK" {
		pattern = map[string]any{"error": r.failure(step["code"], expected)}
	}
	if why := difference(pattern, body, true); why != "" {
		return why
	}
	return difference(r.filled(orEmpty(step["body"])), body, true)
}

func (r *run) failure(code any, status string) any {
	row := func(list, member string, value any) map[string]any {
		for _, row := range r.description[list].([]any) {
			row := object(row)
			if row[member] == value && (list == "statuses" || row["status"] == status) {
				return row
			}
		}
		r.t.Fatalf("%v is not in %s", value, list)
		return nil
	}
	return map[string]any{
		"code":        code,
		"message":     row("codes", "code", code)["message"],
		"http_status": row("statuses", "name", status)["http_status"],
	}
}

// filled replaces variables.
func (r *run) filled(value any) any {
	switch value := value.(type) {
	case string:
		for name, content := range r.variables {
			if value == "${"+name+"}" {
				return content
			}
			value = strings.ReplaceAll(value, "${"+name+"}", text(content))
		}
		return value
	case []any:
		filled := make([]any, len(value))
		for index, item := range value {
			filled[index] = r.filled(item)
		}
		return filled
	case map[string]any:
		filled := make(map[string]any, len(value))
		for name, member := range value {
			filled[name] = r.filled(member)
		}
		return filled
	}
	return value
}

// answer returns the status and the body of a failure, with its detail.
func answer(t *testing.T, err error) (string, any) {
	t.Helper()
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		t.Fatalf("not a failure of the engine: %v", err)
	}
	written, err := json.Marshal(failure)
	if err != nil {
		t.Fatal(err)
	}
	body := object(parsed(t, written))
	if detail := failure.Detail(); detail != "" {
		object(body["error"])["detail"] = detail
	}
	return failure.Status.String(), body
}

// difference says what keeps a value from matching a pattern.
func difference(pattern, value any, isPresent bool) string {
	expected := fmt.Sprintf("expected %s, got %v", text(pattern), value)
	verdict := func(matches bool) string {
		if matches {
			return ""
		}
		return expected
	}
	switch pattern := pattern.(type) {
	case map[string]any:
		for matcher, inner := range pattern {
			if len(pattern) != 1 {
				break
			}
			switch matcher {
			case "$absent":
				return verdict(!isPresent)
			case "$not":
				return verdict(isPresent && difference(inner, value, true) != "")
			case "$type":
				return verdict(isPresent && kind(value) == inner)
			case "$regex":
				found, isText := value.(string)
				return verdict(isText && regexp.MustCompile(inner.(string)).MatchString(found))
			case "$only":
				for name := range object(value) {
					if _, ok := object(inner)[name]; !ok {
						return expected
					}
				}
				return difference(inner, value, isPresent)
			}
		}
		members, ok := value.(map[string]any)
		if !ok {
			return expected
		}
		for name, part := range pattern {
			member, isPresent := members[name]
			if why := difference(part, member, isPresent); why != "" {
				return name + ": " + why
			}
		}
		return ""
	case []any:
		items, ok := value.([]any)
		if !ok || len(items) != len(pattern) {
			return expected
		}
		for index, part := range pattern {
			if why := difference(part, items[index], true); why != "" {
				return why
			}
		}
		return ""
	case json.Number:
		found, ok := value.(json.Number)
		return verdict(ok && number(pattern, 0) == number(found, 0))
	}
	return verdict(isPresent && reflect.DeepEqual(pattern, value))
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// merged applies a JSON Merge Patch (RFC 7396).
func merged(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		if patch == nil {
			return target
		}
		return patch
	}
	members := maps.Clone(object(target))
	if members == nil {
		members = map[string]any{}
	}
	for name, change := range changes {
		before := members[name]
		delete(members, name)
		if change != nil {
			members[name] = merged(before, change)
		}
	}
	return members
}

// totp returns what an authenticator app shows (RFC 6238).
func totp(t *testing.T, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(secret, "="))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	tag := mac.Sum(nil)
	offset := tag[len(tag)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(tag[offset:])&0x7fff_ffff%1_000_000)
}

// at follows a JSON pointer (RFC 6901).
func at(value any, pointer string) any {
	for _, part := range strings.Split(pointer, "/")[1:] {
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if items, ok := value.([]any); ok {
			index, _ := strconv.Atoi(name)
			value = items[index]
			continue
		}
		value = object(value)[name]
	}
	return value
}

func text(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(written.String(), "\n")
}

func object(value any) map[string]any {
	members, _ := value.(map[string]any)
	return members
}

func orEmpty(value any) any {
	if value == nil {
		return map[string]any{}
	}
	return value
}

func number(value any, otherwise float64) float64 {
	digits, ok := value.(json.Number)
	if !ok {
		return otherwise
	}
	number, _ := digits.Float64()
	return number
}

func withoutNulls(value any) any {
	members, ok := value.(map[string]any)
	if !ok {
		return value
	}
	kept := map[string]any{}
	for name, member := range members {
		if member != nil {
			kept[name] = withoutNulls(member)
		}
	}
	return kept
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func read[T any](t *testing.T, path string) T {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var value T
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}

func described(t *testing.T) map[string]any {
	t.Helper()
	description, err := doorward.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return object(parsed(t, description))
}

// notRun says that something is not tested here, which in continuous integration is a failure.
func notRun(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Log(why)
}
