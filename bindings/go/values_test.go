package doorward

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Claims are read member by member, and come out as encoding/json reads them; it refuses the same texts.
func TestClaimsAreReadAsJSON(t *testing.T) {
	type plain Claims
	texts := []string{
		` { "iss" : "a" , "aud" : [ "c" , "d" ] , "exp" : 1700000000 , "auth_time" : 1.5 , "roles" : [ ] } `,
		`{"sub":"\u0062\"\\","scope":"ä]}","aud":"c","exp":0,"nbf":-1,"iat":1e3,"account_epoch":123456789012345678}`,
		`{"provider":{"name":"x","acr":"[{,:\\\""},"amr":["a\n","b"],"exp":12,"iat":null,"jti":null,"aud":null}`,
		`null`, ``, `[]`, `"a"`, `7`, `{,}`, `{"sub":"b",}`, `{"sub":"b"}}`, `{"sub":"b"},`, `{"sub" "b"}`, `{"sub"::"b"}`,
		`{"sub":"b" "c"}`, `{"sub":7}`, `{sub:"b"}`, `{"exp":01}`, `{"exp":"1"}`, `{"exp":1 2}`, `{"exp":-}`, `{"exp":1}x`,
		`{"account_epoch":1.5}`, `{"amr":"pwd"}`, `{"amr":["a",]}`, `{"amr":[,"a"]}`, `{"amr":["a" "b"]}`, `{"amr":[7]}`,
		`{"provider":[}`, `{"provider":}`, `{"aud":{}}`, "{\"sub\":\"\x01\"}", "{\"sub\":\"\\", `{"sub":"\x"}`,
	}
	for _, text := range texts {
		for length := range len(text) + 1 {
			part := []byte(text[:length])
			var own Claims
			var expected plain
			failed, expectedFailure := own.UnmarshalJSON(part), json.Unmarshal(part, &expected)
			if (failed == nil) != (expectedFailure == nil) {
				t.Fatalf("%s: %v, not %v", part, failed, expectedFailure)
			}
			if failed == nil && !reflect.DeepEqual(own, Claims(expected)) {
				t.Fatalf("%s: %#v, not %#v", part, own, expected)
			}
		}
	}
	var own Claims
	if err := own.UnmarshalJSON([]byte(`{"Sub":"eve","\u0073ub":"ada","o\"wn":[1, {}]}`)); err != nil {
		t.Fatal(err)
	}
	if own.Sub != "ada" || string(own.Extra["Sub"]) != `"eve"` || string(own.Extra[`o"wn`]) != `[1, {}]` || len(own.Extra) != 2 {
		t.Fatalf("%#v", own)
	}
}
