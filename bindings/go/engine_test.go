package doorward_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardtest"
)

const password = "eight wise words"

// registered returns an engine with Ada.
func registered(t *testing.T, options ...doorward.Option) (*doorward.Engine, *doorwardtest.Clock) {
	t.Helper()
	engine, clock := doorwardtest.New(t, doorward.Config{}, options...)
	_, err := engine.Register(t.Context(), doorward.RegisterRequest{
		Username: "ada", Email: doorward.Ptr("ada@example.com"), Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine, clock
}

func login(t *testing.T, engine *doorward.Engine) *doorward.LoginResponse {
	t.Helper()
	session, err := engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// A program that drops the error of Open has no engine.
func TestWhatWasNotOpenedIsClosed(t *testing.T) {
	none, err := doorward.Open(doorward.Config{Store: "nothing:"})
	if none != nil || doorward.CodeOf(err) != doorward.CodeInvalidConfig {
		t.Fatal(none, err)
	}
	for _, engine := range []*doorward.Engine{none, new(doorward.Engine)} {
		if _, err := engine.Verify(t.Context(), doorward.VerifyRequest{}); doorward.CodeOf(err) != doorward.CodeEngineClosed {
			t.Error(err)
		}
		if _, err := engine.Call(t.Context(), "stats", nil); doorward.CodeOf(err) != doorward.CodeEngineClosed {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestATokenIsVerifiedUntilItExpires(t *testing.T) {
	engine, clock := registered(t)
	session := login(t, engine)
	claims, err := engine.Verify(t.Context(), doorward.VerifyRequest{Token: session.AccessToken})
	if err != nil {
		t.Fatal(err)
	}
	if claims.Sub != session.User.ID || claims.Sid != session.SessionID {
		t.Errorf("claims %+v of session %+v", claims, session)
	}
	if expires := claims.Exp.Time(); !expires.Equal(clock.Now().Add(15 * time.Minute)) {
		t.Errorf("expires at %v", expires)
	}
	clock.Advance(15*time.Minute + 31*time.Second)
	_, err = engine.Verify(t.Context(), doorward.VerifyRequest{Token: session.AccessToken})
	if !errors.Is(err, doorward.ErrDenied) || doorward.CodeOf(err) != doorward.CodeInvalidToken {
		t.Error(err)
	}
}

func TestAFailureSaysItsClassItsCodeAndMore(t *testing.T) {
	engine, _ := registered(t)
	_, err := engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	if !errors.Is(err, doorward.ErrDenied) || errors.Is(err, doorward.ErrThrottled) {
		t.Errorf("%v is of the wrong class", err)
	}
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	if failure.Code != doorward.CodeInvalidCredentials || failure.HTTPStatus() != 401 {
		t.Errorf("%+v", failure)
	}
	if failure.Detail() != "wrong_password" {
		t.Errorf("detail %q", failure.Detail())
	}
	written, err := json.Marshal(failure)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{failure.Error(), string(written), fmt.Sprintf("%v %+v %s", failure, failure, failure)} {
		if strings.Contains(shown, "wrong_password") {
			t.Errorf("the detail is in %s", shown)
		}
	}
	for range 10 {
		_, err = engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	}
	if !errors.Is(err, doorward.ErrThrottled) || !errors.As(err, &failure) || failure.RetryAfter != time.Minute {
		t.Errorf("%v, %+v", err, failure)
	}
	_, err = engine.Register(t.Context(), doorward.RegisterRequest{
		Username: "grace", Email: doorward.Ptr("grace@example.com"), Password: "password",
	})
	if !errors.Is(err, doorward.ErrInvalidRequest) || !errors.As(err, &failure) || len(failure.Reasons) == 0 {
		t.Errorf("%v, %+v", err, failure)
	}
	_, err = doorward.OpenJSON([]byte(`{"acess_token_seconds": 60}`))
	if !errors.Is(err, doorward.ErrConfig) || !strings.Contains(err.Error(), "/acess_token_seconds") {
		t.Error(err)
	}
	_, err = doorward.OpenJSON([]byte("[1]"))
	if !errors.As(err, &failure) || failure.Field != "" || !failure.HasField || strings.Contains(err.Error(), "()") {
		t.Error(err)
	}
	if doorward.CodeOf(errors.New("another")) != "" || doorward.CodeOf(fmt.Errorf("more: %w", err)) != doorward.CodeInvalidConfig {
		t.Error("CodeOf")
	}
}

func TestAStepUpIsFoundByErrorsAs(t *testing.T) {
	engine, _ := registered(t)
	user := login(t, engine).User
	_, err := engine.SetPassword(t.Context(), doorward.SetPasswordRequest{UserID: user.ID, NewPassword: "a temporary one 7"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a temporary one 7"})
	var step *doorward.StepUp
	if !errors.As(err, &step) || !errors.Is(err, doorward.ErrStepUp) {
		t.Fatal(err)
	}
	if doorward.CodeOf(err) != doorward.CodePasswordChangeRequired || step.UserID != user.ID {
		t.Errorf("%v, %v", err, step)
	}
	if step.Status != doorward.NextStepPasswordChangeRequired {
		t.Errorf("%v", step.Status)
	}
	events, problem := engine.Events(t.Context(), doorward.EventsRequest{UserID: &user.ID})
	if problem != nil || events.Events[0].Kind != doorward.EventKindRegistered {
		t.Errorf("%v, %v", events, problem)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "step", step, "err", err, "wrapped", fmt.Errorf("login: %w", err))
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "step", step, "err", err, "value", *failure)
	shown := logged.String() + fmt.Sprintf("%v %+v %#v %v %+v %#v %v %#v", step, step, step, err, err, err, *failure, *failure)
	if strings.Contains(shown, step.Challenge) || strings.Contains(shown, strings.Trim(fmt.Sprint([]byte(step.Challenge)), "[]")) {
		t.Errorf("the challenge is shown in %s", shown)
	}
	session, err := engine.CompleteLogin(t.Context(), doorward.CompleteLoginRequest{
		Challenge: step.Challenge, NewPassword: doorward.Ptr(password),
	})
	if err != nil || session.User.ID != user.ID {
		t.Error(session, err)
	}
}

// Two passwords of another charset must not become one.
func TestWhatIsNotUTF8IsRefused(t *testing.T) {
	engine, _ := registered(t)
	_, err := engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "eight wise words \xff"})
	if doorward.CodeOf(err) != doorward.CodeInvalidUTF8 || !errors.Is(err, doorward.ErrMisuse) {
		t.Error(err)
	}
	_, err = engine.UpdateUser(t.Context(), doorward.UpdateUserRequest{
		ID: "x", Attributes: doorward.Object{"list": []any{map[string]string{"\xff": "y"}}},
	})
	if doorward.CodeOf(err) != doorward.CodeInvalidUTF8 {
		t.Error(err)
	}
	_, err = engine.Call(t.Context(), "login", []byte("{\"username\": \"\xff\"}"))
	if doorward.CodeOf(err) != doorward.CodeInvalidUTF8 {
		t.Error(err)
	}
}

func TestANULEndsNoRequestEarly(t *testing.T) {
	engine, _ := registered(t)
	_, err := engine.Call(t.Context(), "get_user", []byte("{\"username\": \"ada\"}\x00 and more"))
	if doorward.CodeOf(err) != doorward.CodeInvalidJSON {
		t.Error(err)
	}
	_, err = engine.Call(t.Context(), "get_user\x00", []byte(`{"username": "ada"}`))
	if doorward.CodeOf(err) != doorward.CodeUnknownOperation {
		t.Error(err)
	}
	_, err = engine.GetUser(t.Context(), doorward.GetUserRequest{Username: doorward.Ptr("ada\x00")})
	if err == nil {
		t.Error("ada with a NUL is ada")
	}
}

// A variable that is empty by mistake must not drop a condition.
func TestAnEmptyConditionIsNotNone(t *testing.T) {
	engine, _ := registered(t)
	token := login(t, engine).AccessToken
	answer, err := engine.Authorize(t.Context(), doorward.AuthorizeRequest{Token: token})
	if err != nil || !answer.Authorized {
		t.Fatal(answer, err)
	}
	for name, request := range map[string]doorward.AuthorizeRequest{
		"user":  {Token: token, UserID: doorward.Ptr("")},
		"email": {Token: token, Email: doorward.Ptr("")},
		"roles": {Token: token, Roles: []string{}},
	} {
		if answer, err := engine.Authorize(t.Context(), request); err == nil && answer.Authorized {
			t.Errorf("%s: authorized", name)
		}
	}
}

func TestWhatIsForTheHostAloneIsNotWritten(t *testing.T) {
	engine, _ := registered(t)
	answer, err := engine.Introspect(t.Context(), doorward.IntrospectRequest{Token: "no token"})
	if err != nil || answer.Reason == "" {
		t.Fatal(answer, err)
	}
	written, err := json.Marshal(answer)
	if err != nil || string(written) != `{"active":false}` {
		t.Errorf("%s, %v", written, err)
	}
}

// encoding/json takes "SUB" for "sub".
func TestMembersOfOpenObjectsHaveExactNames(t *testing.T) {
	var claims doorward.Claims
	text := `{"iss":"a","sub":"ada","aud":["x","y"],"exp":1767225600.5,"SUB":"eve","Exp":99,"n":9007199254740993}`
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub != "ada" || claims.Exp != 1767225600.5 || len(claims.Aud) != 2 || string(claims.Extra["SUB"]) != `"eve"` {
		t.Errorf("%+v", claims)
	}
	written, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	var before, after map[string]json.RawMessage
	if errors.Join(json.Unmarshal([]byte(text), &before), json.Unmarshal(written, &after)) != nil || len(before) != len(after) {
		t.Errorf("%s", written)
	}
	var answer doorward.IntrospectRemoteResponse
	if err := json.Unmarshal([]byte(`{"active": false, "Active": true}`), &answer); err != nil || answer.Active {
		t.Error(answer, err)
	}
}

func TestNumbersOfAttributesKeepTheirDigits(t *testing.T) {
	engine, _ := registered(t)
	user := login(t, engine).User
	change := doorward.UpdateUserRequest{ID: user.ID, Attributes: doorward.Object{"n": int64(9007199254740993)}}
	for range 2 {
		answer, err := engine.UpdateUser(t.Context(), change)
		if err != nil || fmt.Sprint(answer.User.Attributes["n"]) != "9007199254740993" {
			t.Fatal(answer, err)
		}
		change.Attributes = answer.User.Attributes
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const secret = "do not show this"
	engine, _ := registered(t)
	session := login(t, engine)
	session.RefreshToken = secret
	values := []any{
		doorward.LoginRequest{
			Username: "ada", Password: secret, TwoFACode: doorward.Ptr(secret), WebAuthnResponse: json.RawMessage(`"` + secret + `"`),
			Client: &doorward.Client{DeviceID: doorward.Ptr(secret)},
		},
		doorward.AuthenticateRequestRequest{Cookies: map[string]string{"token": secret}},
		doorward.Config{
			Store: "postgres://u:" + secret + "@h/d", SecretKeys: []string{secret},
			Backends: map[string]doorward.BackendConfig{"b": {Secret: doorward.Ptr(secret)}},
		},
		*session,
		session,
		doorward.TakeMailResponse{Mails: []doorward.Mail{{Text: secret, Token: secret}}},
		doorward.SetupTOTPResponse{Secret: secret},
		doorward.StepUp{Challenge: secret},
		&doorward.StepUp{Challenge: secret},
		doorward.ConfirmTOTPResponse{IsConfigured: true, RecoveryCodes: []string{secret}},
	}
	for _, value := range values {
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "value", value)
		shown := []string{logged.String(), fmt.Sprint([]any{value})}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			shown = append(shown, fmt.Sprintf(verb, value), fmt.Sprintf(verb, struct{ Value any }{value}))
		}
		for _, text := range shown {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%T is shown as %s", value, text)
			}
		}
	}
	if text := fmt.Sprint(values[0]); !strings.Contains(text, "Username:ada") || !strings.Contains(text, "[hidden]") {
		t.Error(text)
	}
}

func TestNoCallBeginsAfterItsContextEnded(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{})
	ended, end := context.WithCancel(t.Context())
	end()
	request := doorward.HashPasswordRequest{Password: password}
	if _, err := engine.HashPassword(ended, request); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := engine.Verify(ended, doorward.VerifyRequest{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTheLoggerGetsRefusals(t *testing.T) {
	var logged bytes.Buffer
	engine, _ := registered(t, doorward.WithLogger(slog.New(slog.NewJSONHandler(&logged, nil))))
	_, _ = engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	var record map[string]any
	if err := json.Unmarshal(logged.Bytes(), &record); err != nil {
		t.Fatalf("%v: %s", err, &logged)
	}
	if record["msg"] != "operation_failed" || record["level"] != "INFO" || record["detail"] != "wrong_password" ||
		record["operation"] != "login" || record["code"] != "invalid_credentials" {
		t.Error(record)
	}
}

// handler is one of a host that goes wrong.
type handler struct {
	slog.Handler
	handle func()
}

func (h handler) Handle(context.Context, slog.Record) error {
	h.handle()
	return nil
}

func TestAHookThatPanicsOrCallsTheEngineChangesNoVerdict(t *testing.T) {
	var engine *doorward.Engine
	var inside error
	base := slog.NewTextHandler(&bytes.Buffer{}, nil)
	engine, _ = registered(t, doorward.WithLogger(slog.New(handler{base, func() {
		_, inside = engine.Stats(context.Background(), doorward.StatsRequest{})
		panic("a fault of the host")
	}})))
	_, err := engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	if doorward.CodeOf(err) != doorward.CodeInvalidCredentials {
		t.Error(err)
	}
	if doorward.CodeOf(inside) != doorward.CodeReentered {
		t.Error(inside)
	}
	// Closing inside a hook waits for nothing.
	engine, _ = registered(t, doorward.WithLogger(slog.New(handler{base, func() { _ = engine.Close() }})))
	_, err = engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	if doorward.CodeOf(err) != doorward.CodeInvalidCredentials {
		t.Error(err)
	}
	_, err = engine.Stats(t.Context(), doorward.StatsRequest{})
	if doorward.CodeOf(err) != doorward.CodeEngineClosed {
		t.Error(err)
	}
}

func TestClosingDuringCallsIsSafe(t *testing.T) {
	for range 10 {
		engine, _ := registered(t)
		token := login(t, engine).AccessToken
		var calls sync.WaitGroup
		begun := make(chan struct{}, 8)
		for range 8 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				for first := true; ; first = false {
					_, err := engine.Authenticate(context.Background(), doorward.AuthenticateRequest{Token: &token})
					if first {
						begun <- struct{}{}
					}
					if err != nil {
						if doorward.CodeOf(err) != doorward.CodeEngineClosed {
							t.Error(err)
						}
						return
					}
				}
			}()
		}
		for range 8 {
			<-begun
		}
		if errors.Join(engine.Close(), engine.Close()) != nil {
			t.Error("closing fails")
		}
		calls.Wait()
	}
}

func TestAnEngineThatIsForgottenIsClosed(t *testing.T) {
	closed := make(chan struct{})
	func() {
		engine, err := doorward.Open(doorward.Config{Store: "sqlite::memory:"}, doorward.WithClock(watched(closed)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = engine.Stats(t.Context(), doorward.StatsRequest{})
	}()
	// The engine's hooks are forgotten after it is closed, and then the clock's own cleanup runs.
	for {
		runtime.GC()
		select {
		case <-closed:
			return
		case <-t.Context().Done():
			t.Fatal("not closed")
		default:
			runtime.Gosched()
		}
	}
}

// watched returns a clock that tells when nothing holds it any more.
func watched(gone chan struct{}) func() time.Time {
	now := new(time.Time)
	*now = time.Now()
	runtime.AddCleanup(now, func(gone chan struct{}) { close(gone) }, gone)
	return func() time.Time { return *now }
}

// A call in the library takes a thread. A crowd of logins takes a few, and nothing else waits for it.
func TestManyLoginsTakeFewThreads(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{Password: doorward.PasswordConfig{
		MemoryKib: doorward.Ptr(int64(1024)), Iterations: doorward.Ptr(int64(1)), MaxConcurrent: doorward.Ptr(int64(2)),
	}})
	threads := pprof.Lookup("threadcreate")
	before := threads.Count()
	var crowd sync.WaitGroup
	for range 200 {
		crowd.Add(1)
		go func() {
			defer crowd.Done()
			if _, err := engine.HashPassword(t.Context(), doorward.HashPasswordRequest{Password: password}); err != nil {
				t.Error(err)
			}
		}()
	}
	crowd.Wait()
	if taken := threads.Count() - before; taken > 30 {
		t.Errorf("%d threads", taken)
	}
}

// A program that cannot load the library says why, and ends nothing.
func TestALibraryThatCannotBeLoadedIsAFailure(t *testing.T) {
	if os.Getenv("DOORWARD_TEST_LOAD") != "" {
		_, err := doorward.Open(doorward.Config{})
		fmt.Println(err)
		return
	}
	if os.Getenv("DOORWARD_LIBRARY") == "" {
		t.Skip("the program is linked with the library")
	}
	for library, expected := range map[string]string{
		"/nowhere/libdoorward.so": "/nowhere/libdoorward.so",
		"libc.so.6":               "doorward_",
	} {
		program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		program.Env = append(os.Environ(), "DOORWARD_TEST_LOAD=1", "DOORWARD_LIBRARY="+library)
		output, err := program.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "doorward: ") || !strings.Contains(string(output), expected) {
			t.Errorf("%s: %v: %s", library, err, output)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	engine, _ := doorwardtest.New(b, doorward.Config{})
	answer, err := engine.IssueToken(b.Context(), doorward.IssueTokenRequest{Claims: doorward.Object{"sub": "ada"}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := engine.Verify(b.Context(), doorward.VerifyRequest{Token: answer.Token}); err != nil {
			b.Fatal(err)
		}
	}
}
