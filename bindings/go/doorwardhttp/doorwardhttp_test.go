package doorwardhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardhttp"
	"doorward.io/doorward/doorwardtest"
)

const password = "eight wise words"

// site serves a page that names its user, and returns the token of Ada.
func site(t *testing.T, config doorward.Config, options doorwardhttp.Options) (*httptest.Server, *doorward.Engine, string) {
	t.Helper()
	engine, _ := doorwardtest.New(t, config)
	_, err := engine.Register(t.Context(), doorward.RegisterRequest{
		Username: "ada", Email: doorward.Ptr("ada@example.com"), Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, ok := doorwardhttp.User(r.Context())
		claims, has := doorwardhttp.Claims(r.Context())
		if ok != has {
			t.Error("a user without claims")
		}
		if !ok {
			_, _ = fmt.Fprint(w, "nobody")
			return
		}
		_, _ = fmt.Fprint(w, user.Username, " ", claims.Sub == user.ID, " ", *doorwardhttp.Client(r).IP)
	})
	server := httptest.NewServer(doorwardhttp.Middleware(engine, options)(page))
	t.Cleanup(server.Close)
	return server, engine, session.AccessToken
}

// ask returns the answer to a request with these headers.
func ask(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for index := 0; index < len(headers); index += 2 {
		request.Header.Add(headers[index], headers[index+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestAnAPIKeyIdentifiesItsAccount(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{})
	service, err := engine.CreateServiceAccount(t.Context(), doorward.CreateServiceAccountRequest{
		Name: "nightly", Roles: []string{"reader", "writer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.CreateApiKey(t.Context(), doorward.CreateApiKeyRequest{
		ServiceAccountID: &service.User.ID, Name: "report", Roles: []string{"reader"},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := doorwardhttp.User(r.Context())
		_, hasClaims := doorwardhttp.Claims(r.Context())
		_, _ = fmt.Fprint(w, user.Username, user.Roles, hasClaims)
	})
	server := httptest.NewServer(doorwardhttp.Middleware(engine, doorwardhttp.Options{})(page))
	t.Cleanup(server.Close)
	for _, headers := range [][]string{{"X-API-Key", made.Key}, {"Authorization", "Bearer " + made.Key}} {
		response, body := ask(t, "POST", server.URL, append(headers, "Origin", "https://evil.example")...)
		if response.StatusCode != 200 || body != "nightly[reader] false" {
			t.Error(headers[0], response.StatusCode, body)
		}
	}
	if _, err := engine.RevokeApiKey(t.Context(), doorward.RevokeApiKeyRequest{ApiKeyID: made.ApiKey.ID}); err != nil {
		t.Fatal(err)
	}
	if response, _ := ask(t, "GET", server.URL, "X-API-Key", made.Key); response.StatusCode != 401 {
		t.Error("a revoked key", response.StatusCode)
	}
	if response, _ := ask(t, "GET", server.URL, "X-API-Key", "of a gateway"); response.StatusCode != 401 {
		t.Error("another's key", response.StatusCode)
	}
}

func TestARoleIsRequired(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{})
	service, err := engine.CreateServiceAccount(t.Context(), doorward.CreateServiceAccountRequest{
		Name: "nightly", Roles: []string{"reader", "writer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.CreateApiKey(t.Context(), doorward.CreateApiKeyRequest{
		ServiceAccountID: &service.User.ID, Name: "report", Roles: []string{"reader"},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	pages := http.NewServeMux()
	pages.Handle("/read", doorwardhttp.RequireRole("admin", "reader")(page))
	pages.Handle("/write", doorwardhttp.RequireRole("writer")(page))
	pages.Handle("/skipped", doorwardhttp.RequireRole("reader")(page))
	rules := &doorward.RequestsConfig{Exclude: []any{"/skipped"}}
	server := httptest.NewServer(doorwardhttp.Middleware(engine, doorwardhttp.Options{Rules: rules})(pages))
	t.Cleanup(server.Close)
	for _, row := range []struct {
		path   string
		status int
		body   string
	}{
		{"/read", 200, ""},
		// The account has the role, and the key does not.
		{"/write", 403, "permission_denied"},
		{"/skipped", 401, "not_authenticated"},
	} {
		response, body := ask(t, "GET", server.URL+row.path, "X-API-Key", made.Key)
		if response.StatusCode != row.status || !strings.Contains(body, row.body) {
			t.Error(row.path, response.StatusCode, body)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no role is required")
		}
	}()
	doorwardhttp.RequireRole()
}

func TestOnlyRequestsThatTheEngineLetsPassReachTheHandler(t *testing.T) {
	rules := doorward.RequestsConfig{Exclude: []any{"/health"}, Cookie: doorward.Ptr("token")}
	server, _, token := site(t, doorward.Config{Requests: rules}, doorwardhttp.Options{})
	bearer := []string{"Authorization", "Bearer " + token}
	cookie := []string{"Cookie", "other=1; token=" + token}
	for _, row := range []struct {
		method, path string
		headers      []string
		status       int
		body         string
	}{
		{"GET", "/health", nil, 200, "nobody"},
		{"GET", "/orders", bearer, 200, "ada true 127.0.0.1"},
		{"GET", "/orders", cookie, 200, "ada true 127.0.0.1"},
		{"GET", "/orders", nil, 401, "not_authenticated"},
		{"GET", "/orders", []string{"Authorization", "Bearer nonsense"}, 401, "invalid_token"},
		{"GET", "/orders", []string{"Authorization", "Basic YTpi"}, 401, "invalid_authorization_header"},
		// Bytes that are not UTF-8 are an invalid token or a foreign origin, and not a mistake of the host.
		{"GET", "/orders", []string{"Authorization", "Bearer \xff"}, 401, "invalid_token"},
		{"GET", "/orders", append(bearer, "Origin", "\xff"), 200, "ada true 127.0.0.1"},
		{"POST", "/orders", append(cookie, "Origin", "\xff"), 403, "permission_denied"},
		// Two fields are a list, and no token.
		{"GET", "/orders", append(bearer, bearer...), 401, "invalid_authorization_header"},
		{"POST", "/orders", append(cookie, "Origin", "https://elsewhere.example"), 403, "permission_denied"},
		{"POST", "/orders", append(cookie, "Origin", server.URL), 200, "ada true 127.0.0.1"},
		// What two readers could read differently is never skipped.
		{"GET", "/orders/..%2fhealth", nil, 401, "not_authenticated"},
		{"GET", "/%68ealth", nil, 401, "not_authenticated"},
		{"GET", "//health", nil, 401, "not_authenticated"},
	} {
		response, body := ask(t, row.method, server.URL+row.path, row.headers...)
		if response.StatusCode != row.status || !strings.Contains(body, row.body) || strings.Contains(body, "detail") {
			t.Errorf("%s %s %q: %d %s", row.method, row.path, row.headers, response.StatusCode, body)
		}
		challenge := response.Header.Get("WWW-Authenticate")
		if (row.status == 401) != strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: challenge %q", row.path, challenge)
		}
		if row.status != 200 && response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s is cached", row.path)
		}
	}
}

func TestAMiddlewareHasRulesOfItsOwn(t *testing.T) {
	rules := &doorward.RequestsConfig{Header: "X-Token", Connections: []string{"http"}}
	server, _, token := site(t, doorward.Config{}, doorwardhttp.Options{Rules: rules})
	if response, body := ask(t, "GET", server.URL, "X-Token", "Bearer "+token); response.StatusCode != 200 {
		t.Error(body)
	}
	if response, _ := ask(t, "GET", server.URL, "Authorization", "Bearer "+token); response.StatusCode != 401 {
		t.Error("another header counts")
	}
	response, _ := ask(t, "GET", server.URL, "X-Token", "Bearer "+token, "Upgrade", "h2c, WebSocket")
	if response.StatusCode != 401 {
		t.Error("a connection that is not listed passes")
	}
	defer func() {
		if recover() == nil {
			t.Error("wrong rules are accepted")
		}
	}()
	engine, _ := doorwardtest.New(t, doorward.Config{})
	doorwardhttp.Middleware(engine, doorwardhttp.Options{Rules: &doorward.RequestsConfig{Exclude: []any{"/**"}}})
}

func TestAnEngineThatIsClosedIsNoVerdict(t *testing.T) {
	server, engine, token := site(t, doorward.Config{}, doorwardhttp.Options{})
	_ = engine.Close()
	if response, body := ask(t, "GET", server.URL, "Authorization", "Bearer "+token); response.StatusCode != 500 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestAFailureBecomesAnAnswer(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{})
	request := doorward.LoginRequest{Username: "ada", Password: "a wrong password"}
	var throttled error
	for range 11 {
		_, throttled = engine.Login(t.Context(), request)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_, away := engine.Login(ended, request)
	for _, row := range []struct {
		err        error
		status     int
		code       string
		retryAfter string
	}{
		{throttled, 429, "too_many_attempts", "60"},
		{away, 503, "store_unavailable", ""},
		{errors.New("a secret of the host"), 500, "internal", ""},
	} {
		recorder := httptest.NewRecorder()
		doorwardhttp.WriteError(recorder, row.err)
		var body struct {
			Error struct {
				Code       string
				HTTPStatus int `json:"http_status"`
			}
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if recorder.Code != row.status || body.Error.Code != row.code || body.Error.HTTPStatus != row.status ||
			recorder.Header().Get("Retry-After") != row.retryAfter || strings.Contains(recorder.Body.String(), "secret") {
			t.Errorf("%v: %d %s", row.err, recorder.Code, recorder.Body)
		}
	}
}
