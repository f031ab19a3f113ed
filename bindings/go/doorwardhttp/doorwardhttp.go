// Package doorwardhttp is the adapter for net/http: a middleware that lets the engine decide which requests pass,
// and what handlers need to answer in its words. It fits every router that takes func(http.Handler) http.Handler.
package doorwardhttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"doorward.io/doorward"
)

// Options are what a middleware may have of its own.
type Options struct {
	// Rules that replace those under "requests" of the configuration completely.
	Rules *doorward.RequestsConfig
	// The backend that must have issued the token.
	Backend *string
}

// Middleware lets a request pass if the engine does: because the rules skip it, or because its token identifies a live
// user, which [User] then returns. Otherwise it answers with the failure. It panics if the engine refuses Options.Rules.
func Middleware(engine *doorward.Engine, options Options) func(http.Handler) http.Handler {
	rules := engine.Requests()
	if options.Rules != nil {
		rules = *options.Rules
		check(engine, options.Rules)
	}
	header := rules.Header
	if header == "" {
		header = "Authorization"
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer, err := engine.AuthenticateRequest(r.Context(), doorward.AuthenticateRequestRequest{
				Method: text(r.Method), Path: r.URL.EscapedPath(),
				Connection:    doorward.Ptr(connection(r)),
				Authorization: field(r, header),
				ApiKey:        field(r, "X-API-Key"),
				Cookies:       cookie(r, rules.Cookie),
				Host:          doorward.Ptr(text(r.Host)),
				Origin:        field(r, "Origin"),
				Backend:       options.Backend,
				Client:        Client(r),
				Rules:         options.Rules,
			})
			if err != nil {
				WriteError(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, answer)))
		})
	}
}

// check has the engine read the rules, by a request that passes anyway.
func check(engine *doorward.Engine, rules *doorward.RequestsConfig) {
	_, err := engine.AuthenticateRequest(context.Background(), doorward.AuthenticateRequestRequest{
		Method: "GET", Path: "/", Excluded: doorward.Ptr(true), Rules: rules,
	})
	if errors.Is(err, doorward.ErrInvalidRequest) {
		panic(err)
	}
}

// RequireRole lets a user pass who has at least one of the roles. Put it behind [Middleware]. The roles are those that
// the user has now or, with an API key, those of the key. Without a user it answers 401, without the role 403. It
// panics if no role is given.
func RequireRole(roles ...string) func(http.Handler) http.Handler {
	if len(roles) == 0 {
		panic("doorwardhttp: RequireRole needs a role")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, ok := User(r.Context())
			has := func(role string) bool { return slices.Contains(user.Roles, role) }
			switch {
			case !ok:
				WriteError(w, &doorward.Error{
					Status: doorward.StatusDenied, Code: doorward.CodeNotAuthenticated,
					Message: "Authentication is required.",
				})
			case !slices.ContainsFunc(roles, has):
				WriteError(w, &doorward.Error{
					Status: doorward.StatusForbidden, Code: doorward.CodePermissionDenied, Message: "Permission denied.",
				})
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

type key struct{}

// User returns the user that the middleware found, or false if the rules skipped the request.
func User(ctx context.Context) (*doorward.User, bool) {
	answer, ok := ctx.Value(key{}).(*doorward.AuthenticateRequestResponse)
	if !ok || answer.User == nil {
		return nil, false
	}
	return answer.User, true
}

// Claims returns the claims of the token that the middleware checked.
func Claims(ctx context.Context) (*doorward.Claims, bool) {
	answer, ok := ctx.Value(key{}).(*doorward.AuthenticateRequestResponse)
	if !ok || answer.Claims == nil {
		return nil, false
	}
	return answer.Claims, true
}

// Client returns what a login should know of the connection: the address of the peer and the User-Agent. Behind a
// proxy, put the address that the proxy tells into RemoteAddr first, or into the result.
func Client(r *http.Request) *doorward.Client {
	client := &doorward.Client{UserAgent: field(r, "User-Agent")}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		client.IP = doorward.Ptr(peer.Addr().Unmap().WithZone("").String())
	}
	return client
}

// WriteError answers with a failure: the engine's body without its detail, its status, and the headers that belong to
// it (RFC 6750, RFC 9110). An error of another kind becomes 503 if a context ended, else 500, and its text is not shown.
func WriteError(w http.ResponseWriter, err error) {
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		failure = &doorward.Error{
			Status: doorward.StatusInternal, Code: doorward.CodeInternal, Message: "Something went wrong.",
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			failure.Status, failure.Code = doorward.StatusUnavailable, doorward.CodeStoreUnavailable
			failure.Message = "The service is not available right now."
		}
	}
	status := failure.HTTPStatus()
	if status == http.StatusUnauthorized {
		challenge := "Bearer"
		if failure.Code == doorward.CodeInvalidToken {
			challenge = `Bearer error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if failure.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64(failure.RetryAfter/time.Second), 10))
	}
	WriteJSON(w, status, failure)
}

// WriteJSON answers with a value. No cache keeps it, because it may have tokens.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// connection names the kind of connection, as "connections" of the rules does.
func connection(r *http.Request) string {
	for _, value := range strings.Split(strings.Join(r.Header.Values("Upgrade"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(value), "websocket") {
			return "websocket"
		}
	}
	return "http"
}

// field returns the values of a header as one list (RFC 9110 section 5.3), which for a token is none.
func field(r *http.Request, name string) *string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		return nil
	}
	return doorward.Ptr(text(strings.Join(values, ", ")))
}

// text replaces the bytes of a client that are not UTF-8: the engine reports such bytes as a mistake of the host. No
// token, host or origin contains the replacement.
func text(sent string) string {
	return strings.ToValidUTF8(sent, "\uFFFD")
}

// cookie returns the cookie that has the token.
func cookie(r *http.Request, name *string) map[string]string {
	var cookies map[string]string
	for _, cookie := range r.Cookies() {
		if name != nil && cookie.Name == *name {
			cookies = map[string]string{cookie.Name: cookie.Value}
		}
	}
	return cookies
}
