// Command server shows doorward behind net/http: accounts, logins with a second factor, sessions, roles.
//
//	go run . -store sqlite:app.db -listen 127.0.0.1:8000
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"log/slog"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardhttp"
)

func main() {
	store := flag.String("store", "sqlite:app.db", "where accounts are kept")
	listen := flag.String("listen", "127.0.0.1:8000", "the address to listen on")
	flag.Parse()
	engine, err := doorward.Open(doorward.Config{Store: *store, Requests: rules}, doorward.WithLogger(slog.Default()))
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	server := &http.Server{Addr: *listen, Handler: Handler(engine), ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Print(err)
	}
}

// rules say what needs no login.
var rules = doorward.RequestsConfig{Exclude: []any{"/health", "/register", "/login", "/complete-login", "/refresh"}}

// Handler returns the server's routes.
func Handler(engine *doorward.Engine) http.Handler {
	s := server{engine}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", s.health)
	routes.HandleFunc("POST /register", s.register)
	routes.HandleFunc("POST /login", s.login)
	routes.HandleFunc("POST /complete-login", s.completeLogin)
	routes.HandleFunc("POST /refresh", s.refresh)
	routes.HandleFunc("POST /logout", s.logout)
	routes.HandleFunc("GET /me", s.me)
	routes.HandleFunc("POST /me/totp", s.fresh(s.setupTOTP))
	routes.HandleFunc("POST /me/totp/confirm", s.fresh(s.confirmTOTP))
	routes.Handle("GET /users", doorwardhttp.RequireRole("admin")(http.HandlerFunc(s.users)))
	return doorwardhttp.Middleware(engine, doorwardhttp.Options{})(routes)
}

type server struct {
	engine *doorward.Engine
}

// health says whether the store answers.
func (s server) health(w http.ResponseWriter, r *http.Request) {
	_, err := s.engine.ListUsers(r.Context(), doorward.ListUsersRequest{Limit: doorward.Ptr(int64(1))})
	answer(w, map[string]bool{"healthy": true}, err)
}

func (s server) register(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Email, Password string }
	if !read(w, r, &body) {
		return
	}
	made, err := s.engine.Register(r.Context(), doorward.RegisterRequest{
		Username: body.Username, Email: &body.Email, Password: body.Password, Client: doorwardhttp.Client(r),
	})
	answer(w, made, err)
}

// login answers with tokens, or with 401 and the challenge of the next step.
func (s server) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Password string }
	if !read(w, r, &body) {
		return
	}
	session, err := s.engine.Login(r.Context(), doorward.LoginRequest{
		Username: body.Username, Password: body.Password, Client: doorwardhttp.Client(r),
	})
	answer(w, session, err)
}

func (s server) completeLogin(w http.ResponseWriter, r *http.Request) {
	var body struct{ Challenge, Code string }
	if !read(w, r, &body) {
		return
	}
	session, err := s.engine.CompleteLogin(r.Context(), doorward.CompleteLoginRequest{
		Challenge: body.Challenge, TwoFACode: &body.Code,
	})
	answer(w, session, err)
}

func (s server) refresh(w http.ResponseWriter, r *http.Request) {
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if !read(w, r, &body) {
		return
	}
	tokens, err := s.engine.Refresh(r.Context(), doorward.RefreshRequest{RefreshToken: body.RefreshToken})
	answer(w, tokens, err)
}

// logout ends the session that the middleware found. An API key has none.
func (s server) logout(w http.ResponseWriter, r *http.Request) {
	claims, ok := doorwardhttp.Claims(r.Context())
	if !ok {
		refuse(w, "Permission denied.")
		return
	}
	ended, err := s.engine.RevokeSession(r.Context(), doorward.RevokeSessionRequest{SessionID: claims.Sid})
	answer(w, ended, err)
}

func (s server) me(w http.ResponseWriter, r *http.Request) {
	user, _ := doorwardhttp.User(r.Context())
	answer(w, user, nil)
}

func (s server) setupTOTP(w http.ResponseWriter, r *http.Request) {
	user, _ := doorwardhttp.User(r.Context())
	made, err := s.engine.SetupTOTP(r.Context(), doorward.SetupTOTPRequest{UserID: doorward.Ptr(user.ID)})
	answer(w, made, err)
}

func (s server) confirmTOTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Code string }
	if !read(w, r, &body) {
		return
	}
	user, _ := doorwardhttp.User(r.Context())
	confirmed, err := s.engine.ConfirmTOTP(r.Context(), doorward.ConfirmTOTPRequest{
		UserID: user.ID, Code: body.Code, Client: doorwardhttp.Client(r),
	})
	answer(w, confirmed, err)
}

func (s server) users(w http.ResponseWriter, r *http.Request) {
	users, err := s.engine.ListUsers(r.Context(), doorward.ListUsersRequest{})
	answer(w, users, err)
}

// fresh lets users pass who logged in at most five minutes ago. A stolen token must not be able to add a factor, which
// would lock the owner out.
func (s server) fresh(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		verdict, err := s.engine.Authorize(r.Context(), doorward.AuthorizeRequest{
			Token: token, MaxAgeSeconds: doorward.Ptr(int64(300)), BySecondFactor: doorward.Ptr(true),
		})
		switch {
		case err != nil:
			doorwardhttp.WriteError(w, err)
		case !verdict.Authorized:
			refuse(w, "Log in again first.")
		default:
			next(w, r)
		}
	}
}

// refuse answers that the user may not do this.
func refuse(w http.ResponseWriter, message string) {
	doorwardhttp.WriteError(w, &doorward.Error{
		Status: doorward.StatusForbidden, Code: doorward.CodePermissionDenied, Message: message,
	})
}

// read reads the body of a request, or answers that it cannot be read.
func read(w http.ResponseWriter, r *http.Request, body any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64*1024))
	decoder.DisallowUnknownFields()
	if decoder.Decode(body) == nil {
		return true
	}
	doorwardhttp.WriteError(w, &doorward.Error{
		Status: doorward.StatusInvalidRequest, Code: doorward.CodeInvalidJSON, Message: "The request is not valid JSON.",
	})
	return false
}

func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		doorwardhttp.WriteError(w, err)
		return
	}
	doorwardhttp.WriteJSON(w, http.StatusOK, value)
}
