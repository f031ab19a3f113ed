package doorward

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
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
	r := objectReader{text: string(data)}
	r.oneOrMore(v)
	return r.err
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

// encode writes a request, and a NUL. encoding/json replaces what is not UTF-8, which would make one password of two, so
// that is refused.
func encode(request any) ([]byte, error) {
	if verify, ok := request.(VerifyRequest); ok && verify.Backend == nil && isPlainText(verify.Token) {
		text := make([]byte, 0, len(`{"token":""}`)+len(verify.Token)+1)
		text = append(text, `{"token":"`...)
		text = append(text, verify.Token...)
		return append(text, '"', '}', 0), nil
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, invalidJSON(err)
	}
	defer clear(text)
	if bytes.Contains(text, []byte(`\ufffd`)) && !isUTF8(reflect.ValueOf(request)) {
		return nil, invalidUTF8()
	}
	return terminated(text), nil
}

// isPlainText says whether all bytes of a text stand for themselves in JSON, as those of a token do.
func isPlainText(text string) bool {
	for index := range len(text) {
		if !isPlain[text[index]] {
			return false
		}
	}
	return true
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

// objectReader reads the members of an object in JSON one by one, by their exact names. encoding/json would take "Sub" for
// "sub", so that a member which others may add to a token or an answer could overwrite one that decides. It reads what
// claims usually have: texts in ASCII, whole numbers, lists of texts. The rest is left to encoding/json.
type objectReader struct {
	text, name string
	at         int
	hasBegun   bool
	err        error
}

// ownReader is what reads its members itself. It keeps parts of the text.
type ownReader interface {
	readMembers(text string) error
}

// begin goes into the object.
func (r *objectReader) begin() {
	if !r.take('{') {
		// Null is no object, either, and changes nothing.
		r.value(&struct{}{})
		r.text, r.at = "}", 0
	}
}

// next goes to the next member, after the value of the one before. It says whether there is one.
func (r *objectReader) next() bool {
	if r.take('}') {
		r.expect(0)
		return false
	}
	if r.hasBegun {
		r.expect(',')
	}
	r.hasBegun = true
	r.name = r.string()
	r.expect(':')
	return r.err == nil
}

func (r *objectReader) string() string {
	if r.peek() == '"' {
		rest := r.text[r.at+1:]
		index := 0
		for index < len(rest) && isPlain[rest[index]] {
			index++
		}
		if index < len(rest) && rest[index] == '"' {
			r.at += index + 2
			return rest[:index]
		}
	}
	return r.anyString()
}

// anyString is apart, because its result escapes to the heap.
func (r *objectReader) anyString() (text string) {
	r.value(&text)
	return text
}

// isPlain has the bytes that stand for themselves in a text of JSON, and are characters of their own.
var isPlain = func() (plain [256]bool) {
	for letter := ' '; letter < utf8.RuneSelf; letter++ {
		plain[letter] = letter != '"' && letter != '\\'
	}
	return plain
}()

func (r *objectReader) strings(list *[]string) {
	if !r.take('[') {
		r.value(list)
		return
	}
	for *list = []string{}; r.err == nil && !r.take(']'); *list = append(*list, r.string()) {
		if len(*list) > 0 {
			r.expect(',')
		}
	}
}

func (r *objectReader) oneOrMore(list *OneOrMore) {
	if r.peek() == '"' {
		*list = OneOrMore{r.string()}
		return
	}
	r.strings((*[]string)(list))
}

// number reads a number or null. A whole number with up to 15 digits is exact in each type.
func number[T int64 | NumericDate](r *objectReader, target **T) {
	first, end, whole := r.peek(), r.at, int64(0)
	for ; end < len(r.text) && '0' <= r.text[end] && r.text[end] <= '9'; end++ {
		whole = 10*whole + int64(r.text[end]-'0')
	}
	length := end - r.at
	isPlain := 0 < length && length <= 15 && (first != '0' || length == 1)
	if !isPlain || end == len(r.text) || strings.IndexByte(",} \t\r\n", r.text[end]) < 0 {
		r.value(target)
		return
	}
	if *target == nil {
		*target = new(T)
	}
	r.at, **target = end, T(whole)
}

// value reads any value.
func (r *objectReader) value(target any) {
	begin, depth := r.at, 0
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			for r.at++; r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
				if r.text[r.at] == '\\' {
					r.at++
				}
			}
		}
		if r.at++; depth <= 0 && (r.at >= len(r.text) || strings.IndexByte(",:]}", r.text[r.at]) >= 0) {
			break
		}
	}
	r.at = min(r.at, len(r.text))
	r.fail(json.Unmarshal([]byte(r.text[begin:r.at]), target))
}

func (r *objectReader) extra(all *map[string]json.RawMessage) {
	var text json.RawMessage
	r.value(&text)
	if *all == nil {
		*all = map[string]json.RawMessage{}
	}
	(*all)[r.name] = text
}

// peek returns the next byte that is no space, which is 0 at the end.
func (r *objectReader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		if letter := r.text[r.at]; letter > ' ' || strings.IndexByte(" \t\r\n", letter) < 0 {
			return letter
		}
	}
	return 0
}

func (r *objectReader) take(letter byte) bool {
	if r.peek() != letter {
		return false
	}
	r.at++
	return true
}

func (r *objectReader) expect(letter byte) {
	if !r.take(letter) {
		r.fail(fmt.Errorf("not an object in JSON"))
	}
}

// fail keeps the first error.
func (r *objectReader) fail(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("%s: %w", r.name, err)
	}
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
