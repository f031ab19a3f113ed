package doorward

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Ptr returns a pointer to the value, for members of requests that may be absent.
func Ptr[T any](value T) *T {
	return &value
}

// HostOnly is a text of a response that is for the host alone. It is left out of JSON.
type HostOnly string

// IsZero returns true, so that encoding/json leaves out every member of this type.
func (HostOnly) IsZero() bool {
	return true
}

// OneOrMore is a text or a list of texts, such as the audience of a token.
type OneOrMore []string

// UnmarshalJSON reads a text or a list.
func (v *OneOrMore) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*v = make(OneOrMore, 1)
		return json.Unmarshal(data, &(*v)[0])
	}
	return json.Unmarshal(data, (*[]string)(v))
}

// MarshalJSON writes one text as a text.
func (v OneOrMore) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// NumericDate is a time in Unix seconds, which may have a fraction (RFC 7519 section 2).
type NumericDate float64

// Time returns the time.
func (v NumericDate) Time() time.Time {
	seconds, fraction := math.Modf(float64(v))
	return time.Unix(int64(seconds), int64(fraction*1e9))
}

// Object is a JSON object with any members. Numbers that it was read with are json.Number, so that none loses digits.
type Object map[string]any

// UnmarshalJSON keeps the digits of numbers.
func (v *Object) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(v))
}

// encode writes a request. encoding/json replaces what is not UTF-8, which would make one password of two, so
// that is refused.
func encode(request any) ([]byte, error) {
	text, err := json.Marshal(request)
	if err != nil {
		return nil, invalidJSON(err)
	}
	if !isUTF8(reflect.ValueOf(request)) {
		clear(text)
		return nil, invalidUTF8()
	}
	return text, nil
}

// isUTF8 says whether all texts of a value are UTF-8. What is JSON already is left to the engine.
func isUTF8(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String:
		return utf8.ValidString(value.String())
	case reflect.Pointer, reflect.Interface:
		return value.IsNil() || isUTF8(value.Elem())
	case reflect.Struct:
		for index := range value.NumField() {
			if !isUTF8(value.Field(index)) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for index := range value.Len() {
			if value.Type().Elem().Kind() != reflect.Uint8 && !isUTF8(value.Index(index)) {
				return false
			}
		}
	case reflect.Map:
		for each := value.MapRange(); each.Next(); {
			if !isUTF8(each.Key()) || !isUTF8(each.Value()) {
				return false
			}
		}
	}
	return true
}

// decodeOpen reads an object that may have any members. encoding/json would take "Sub" for "sub", so that
// a member which others may add to a token or an answer could overwrite one that decides. Members are therefore read
// one by one, by their exact names.
func decodeOpen(data []byte, target any, extra *map[string]json.RawMessage) error {
	*extra = nil
	fields := reflect.ValueOf(target).Elem()
	known := membersByName(fields.Type())
	if hasOnly(data, known) {
		return json.Unmarshal(data, target)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for name, index := range known {
		if text, ok := all[name]; ok {
			if err := json.Unmarshal(text, fields.Field(index).Addr().Interface()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			delete(all, name)
		}
	}
	*extra = all
	return nil
}

// knownMembers are the members of the types of open objects.
var knownMembers sync.Map

// membersByName returns the indices of the fields of a type, by the names of the members.
func membersByName(structure reflect.Type) map[string]int {
	if known, ok := knownMembers.Load(structure); ok {
		return known.(map[string]int)
	}
	known := make(map[string]int, structure.NumField())
	for index := range structure.NumField() {
		if name := memberName(structure.Field(index)); name != "-" {
			known[name] = index
		}
	}
	knownMembers.Store(structure, known)
	return known
}

// hasOnly says whether an object has only members with these names, to the letter.
func hasOnly(data []byte, known map[string]int) bool {
	depth := 0
	for index := 0; index < len(data); index++ {
		switch data[index] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			begin := index + 1
			for index = begin; index < len(data) && data[index] != '"'; index++ {
				if data[index] == '\\' {
					index++
				}
			}
			if depth != 1 || index >= len(data) {
				continue
			}
			isName := bytes.HasPrefix(bytes.TrimLeft(data[index+1:], " \t\r\n"), []byte(":"))
			if _, ok := known[string(data[begin:index])]; isName && !ok {
				return false
			}
		}
	}
	return true
}

// encodeOpen writes an object with its further members.
func encodeOpen(value any, extra map[string]json.RawMessage) ([]byte, error) {
	all := make(map[string]any, len(extra))
	for name, text := range extra {
		all[name] = text
	}
	fields := reflect.ValueOf(value)
	for index := range fields.NumField() {
		field := fields.Type().Field(index)
		isOmitted := strings.HasSuffix(field.Tag.Get("json"), ",omitzero") && fields.Field(index).IsZero()
		if name := memberName(field); name != "-" && !isOmitted {
			all[name] = fields.Field(index).Interface()
		}
	}
	return json.Marshal(all)
}

func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

const hidden = "[hidden]"

// shown calls a function with the members of a value that are not absent, and what may be shown of them.
func shown(value any, show func(name string, value any)) {
	fields := reflect.ValueOf(value)
	for index := range fields.NumField() {
		field, member := fields.Type().Field(index), fields.Field(index)
		switch {
		case member.IsZero():
		case field.Tag.Get("doorward") == "secret":
			show(field.Name, hidden)
		case member.Kind() == reflect.Pointer:
			show(field.Name, member.Elem().Interface())
		case member.Type() == reflect.TypeFor[json.RawMessage]():
			show(field.Name, string(member.Bytes()))
		default:
			show(field.Name, member.Interface())
		}
	}
}

// render returns a value as text, without its secrets.
func render(value any) string {
	var members []string
	shown(value, func(name string, member any) {
		members = append(members, fmt.Sprintf("%s:%v", name, member))
	})
	return reflect.TypeOf(value).Name() + "{" + strings.Join(members, " ") + "}"
}

// format writes a value without its secrets, whatever the verb.
func format(state fmt.State, _ rune, value any) {
	_, _ = fmt.Fprint(state, render(value))
}

// logValue returns a value for log/slog, without its secrets.
func logValue(value any) slog.Value {
	var members []slog.Attr
	shown(value, func(name string, member any) {
		switch reflect.TypeOf(member).Kind() {
		case reflect.Struct, reflect.Map, reflect.Slice:
			// A handler would write it as JSON, with the secrets inside.
			member = fmt.Sprint(member)
		}
		members = append(members, slog.Any(name, member))
	})
	return slog.GroupValue(members...)
}
