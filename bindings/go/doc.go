// Package doorward is an authentication engine in one library: accounts, passwords, sessions, tokens, second
// factors. This package opens the engine and has one typed method for each of its operations.
//
//	engine, err := doorward.Open(doorward.Config{Store: "sqlite:app.db"}, doorward.WithLogger(slog.Default()))
//	if err != nil {
//		return err
//	}
//	defer engine.Close()
//	session, err := engine.Login(ctx, doorward.LoginRequest{Username: name, Password: password})
//	var step *doorward.StepUp
//	if errors.As(err, &step) {
//		session, err = engine.CompleteLogin(ctx, doorward.CompleteLoginRequest{
//			Challenge: step.Challenge, TwoFACode: doorward.Ptr(code),
//		})
//	}
//
// # Failures
//
// Every failure of an operation is an [*Error]. errors.Is finds its class ([ErrDenied], [ErrThrottled], …), and
// [CodeOf] returns the reason. A login that needs another step fails as [ErrStepUp], and errors.As finds the
// [*StepUp]. Treat an unknown class as a refusal. If the context ends before a call begins, the call
// fails with the error of the context.
//
// # Absent and empty
//
// A member of a request that may be absent is a pointer ([Ptr] makes one), a slice or a map. An empty text is
// not an absent one: Authorize with UserID: Ptr("") is refused, and does not drop the condition.
//
// # Waiting
//
// Every method may be called from any number of goroutines. Calls that wait take a thread while the engine works,
// so each kind of call has a limit of its own: calls that hash a password, calls that ask the store, calls that ask
// another service. A call beyond the limit waits without a thread, and stops waiting when its context ends. A call
// that has begun runs to its end and returns its answer, even if the context has ended: otherwise a login could open
// a session of which the program never learns. Verify does not wait.
//
// # Secrets
//
// The formats of package fmt and the handlers of log/slog do not show passwords, tokens and codes of requests
// and responses. encoding/json does, because clients need their tokens, but leaves out what is for the host
// alone ([HostOnly]).
//
// # The library
//
// The engine is a shared library. The released module contains it for the common platforms. [Open] loads, in this
// order, the file that the environment variable DOORWARD_LIBRARY names, the library in the module, and
// libdoorward of the system. No C compiler is needed. With the build tag doorward_cgo the program is linked with the
// system's library instead, which pkg-config must find.
//
// An engine belongs to the process that opened it. Go programs do not fork without exec; a program that starts others
// opens the engine in each of them.
package doorward
