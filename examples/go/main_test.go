package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardtest"
)

// browser talks to the server.
type browser struct {
	t     *testing.T
	url   string
	token string
}

// ask sends a request, expects the status, and returns the body.
func (b browser) ask(status int, method, path string, body any) map[string]any {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	if b.token != "" {
		request.Header.Set("Authorization", "Bearer "+b.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		b.t.Fatal(err)
	}
	if response.StatusCode != status {
		b.t.Fatalf("%s %s: %d %v", method, path, response.StatusCode, answer)
	}
	return answer
}

func TestTheServer(t *testing.T) {
	engine, clock := doorwardtest.New(t, doorward.Config{Requests: rules})
	server := httptest.NewServer(Handler(engine))
	t.Cleanup(server.Close)
	b := browser{t: t, url: server.URL}
	ada := map[string]string{"username": "ada", "password": "eight wise words"}

	b.ask(200, "GET", "/health", nil)
	b.ask(401, "GET", "/me", nil)
	b.ask(400, "POST", "/register", map[string]string{"username": "ada", "email": "ada@example.com", "password": "password"})
	b.ask(400, "POST", "/register", map[string]any{"username": "ada", "roles": []string{"admin"}})
	registered := map[string]string{"username": "ada", "email": "ada@example.com", "password": "eight wise words"}
	user := b.ask(200, "POST", "/register", registered)["user"].(map[string]any)
	b.ask(409, "POST", "/register", registered)
	b.ask(401, "POST", "/login", map[string]string{"username": "ada", "password": "a wrong password"})

	session := b.ask(200, "POST", "/login", ada)
	b.token = session["access_token"].(string)
	if me := b.ask(200, "GET", "/me", nil); me["id"] != user["id"] {
		t.Errorf("%v is not %v", me, user)
	}
	b.ask(403, "GET", "/users", nil)
	_, err := engine.UpdateUser(t.Context(), doorward.UpdateUserRequest{ID: user["id"].(string), Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	if users := b.ask(200, "GET", "/users", nil); len(users["users"].([]any)) != 1 {
		t.Error(users)
	}
	// An API key is no session and no fresh proof.
	made, err := engine.CreateApiKey(t.Context(), doorward.CreateApiKeyRequest{
		UserID: doorward.Ptr(user["id"].(string)), Name: "a program",
	})
	if err != nil {
		t.Fatal(err)
	}
	program := browser{t: t, url: server.URL, token: made.Key}
	program.ask(200, "GET", "/me", nil)
	program.ask(403, "POST", "/logout", nil)
	program.ask(403, "POST", "/me/totp", nil)
	next := b.ask(200, "POST", "/refresh", map[string]any{"refresh_token": session["refresh_token"]})
	b.token = next["access_token"].(string)

	clock.Advance(301 * time.Second)
	b.ask(403, "POST", "/me/totp", nil)
	b.ask(403, "POST", "/me/totp/confirm", map[string]string{"code": "000000"})
	b.token = b.ask(200, "POST", "/login", ada)["access_token"].(string)
	secret := b.ask(200, "POST", "/me/totp", nil)["secret"].(string)
	b.ask(200, "POST", "/me/totp/confirm", map[string]string{"code": code(t, secret, clock.Now())})
	b.ask(401, "GET", "/me", nil)
	b.token = ""
	challenge := b.ask(401, "POST", "/login", ada)["challenge"]
	b.ask(401, "POST", "/complete-login", map[string]any{"challenge": challenge, "code": "000000"})
	clock.Advance(30 * time.Second)
	session = b.ask(200, "POST", "/complete-login", map[string]any{"challenge": challenge, "code": code(t, secret, clock.Now())})
	b.token = session["access_token"].(string)
	b.ask(200, "POST", "/logout", nil)
	b.ask(401, "GET", "/me", nil)
}

// code returns what an authenticator app shows (RFC 6238).
func code(t *testing.T, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	tag := mac.Sum(nil)
	offset := tag[len(tag)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(tag[offset:])&0x7fff_ffff%1_000_000)
}
