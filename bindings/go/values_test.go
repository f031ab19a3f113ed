package doorward

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Claims are read fast or by encoding/json, and the same comes out.
func TestClaimsAreReadAlikeByBothReaders(t *testing.T) {
	known := membersByName(reflect.TypeFor[Claims]())
	for text, isFlat := range map[string]bool{
		`{"iss":"a","sub":"b","aud":"c","exp":1700000000}`:                                  true,
		`{"exp":0,"aud":["c","d"],"amr":[],"roles":["x"],"account_epoch":7,"auth_time":12}`: true,
		`{"aud":[],"sub":"","sid":"b c"}`:                                                   true,
		`{"sub":"a","sub":"b"}`:                                                             true,
		`{"sub": "b"}`:                                                                      false,
		`{"sub":"\u0062"}`:                                                                  false,
		`{"sub":"ä"}`:                                                                       false,
		`{"sub":null}`:                                                                      false,
		`{"sub":7}`:                                                                         false,
		`{"exp":1.5}`:                                                                       false,
		`{"exp":-1}`:                                                                        false,
		`{"exp":1e3}`:                                                                       false,
		`{"exp":1234567890123456}`:                                                          false,
		`{"exp":01}`:                                                                        false,
		`{"exp":"1"}`:                                                                       false,
		`{"amr":"pwd"}`:                                                                     false,
		`{"amr":["a",]}`:                                                                    false,
		`{"amr":["a"`:                                                                       false,
		`{"Sub":"b"}`:                                                                       false,
		`{"own":"b"}`:                                                                       false,
		`{"sub":"b",}`:                                                                      false,
		`{"sub":"b"}}`:                                                                      false,
		`{"sub":"b"`:                                                                        false,
		`{"sub":"b`:                                                                         false,
		`{"sub"`:                                                                            false,
		`{}`:                                                                                false,
		``:                                                                                  false,
	} {
		var fast Claims
		if got := decodeFlat(text, reflect.ValueOf(&fast).Elem(), known); got != isFlat {
			t.Errorf("%s: read fast is %v", text, got)
		}
		type plain Claims
		var slow plain
		if err := json.Unmarshal([]byte(text), &slow); isFlat && (err != nil || !reflect.DeepEqual(fast, Claims(slow))) {
			t.Errorf("%s: %+v, not %+v (%v)", text, fast, slow, err)
		}
	}
}
