// Package doorwardgrpc is the adapter for gRPC: interceptors that let the engine decide which calls pass. It is a
// module of its own, so that the binding does not need gRPC.
package doorwardgrpc

import (
	"context"
	"errors"
	"strings"

	"doorward.io/doorward"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Options are what interceptors may have of their own.
type Options struct {
	// Rules that replace those under "requests" of the configuration completely. The path of a call is its full method:
	// "/grpc.health.v1.Health/*" under Exclude lets the health checks pass.
	Rules *doorward.RequestsConfig
	// The backend that must have issued the token.
	Backend *string
}

// Unary lets a call pass if the engine does, and puts its user into the context. It panics if the engine refuses
// Options.Rules.
func Unary(engine *doorward.Engine, options Options) grpc.UnaryServerInterceptor {
	check(engine, options.Rules)
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		ctx, err := authenticate(ctx, engine, options, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return next(ctx, request)
	}
}

// Stream does the same for streams, when they begin. A stream outlives a session that ends later.
func Stream(engine *doorward.Engine, options Options) grpc.StreamServerInterceptor {
	check(engine, options.Rules)
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		ctx, err := authenticate(stream.Context(), engine, options, info.FullMethod)
		if err != nil {
			return err
		}
		return next(server, &authenticated{stream, ctx})
	}
}

// check has the engine read the rules, by a call that passes anyway.
func check(engine *doorward.Engine, rules *doorward.RequestsConfig) {
	_, err := engine.AuthenticateRequest(context.Background(), doorward.AuthenticateRequestRequest{
		Method: "POST", Path: "/", Excluded: doorward.Ptr(true), Rules: rules,
	})
	if errors.Is(err, doorward.ErrInvalidRequest) {
		panic(err)
	}
}

// authenticated is a stream with the user in its context.
type authenticated struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context with the user.
func (s *authenticated) Context() context.Context {
	return s.ctx
}

type key struct{}

// authenticate asks the engine about a call. gRPC calls are POSTs of their full method.
func authenticate(ctx context.Context, engine *doorward.Engine, options Options, method string) (context.Context, error) {
	rules := engine.Requests()
	if options.Rules != nil {
		rules = *options.Rules
	}
	header := rules.Header
	if header == "" {
		header = "authorization"
	}
	request := doorward.AuthenticateRequestRequest{
		Method: "POST", Path: method, Backend: options.Backend, Rules: options.Rules,
	}
	if values := metadata.ValueFromIncomingContext(ctx, header); len(values) > 0 {
		// The engine reports bytes that are not UTF-8 as a mistake of the host. No token contains the replacement.
		request.Authorization = doorward.Ptr(strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD"))
	}
	answer, err := engine.AuthenticateRequest(ctx, request)
	if err != nil {
		return nil, Error(err)
	}
	return context.WithValue(ctx, key{}, answer), nil
}

// User returns the user that an interceptor found, or false if the rules skipped the call.
func User(ctx context.Context) (*doorward.User, bool) {
	answer, ok := ctx.Value(key{}).(*doorward.AuthenticateRequestResponse)
	if !ok || answer.User == nil {
		return nil, false
	}
	return answer.User, true
}

// Claims returns the claims of the token that an interceptor checked.
func Claims(ctx context.Context) (*doorward.Claims, bool) {
	answer, ok := ctx.Value(key{}).(*doorward.AuthenticateRequestResponse)
	if !ok || answer.Claims == nil {
		return nil, false
	}
	return answer.Claims, true
}

// statuses are the codes of gRPC for the classes of failures. What is missing is internal.
var statuses = map[doorward.Status]codes.Code{
	doorward.StatusDenied:         codes.Unauthenticated,
	doorward.StatusStepUp:         codes.Unauthenticated,
	doorward.StatusForbidden:      codes.PermissionDenied,
	doorward.StatusInvalidRequest: codes.InvalidArgument,
	doorward.StatusNotFound:       codes.NotFound,
	doorward.StatusConflict:       codes.AlreadyExists,
	doorward.StatusThrottled:      codes.ResourceExhausted,
	doorward.StatusUnavailable:    codes.Unavailable,
}

// Error returns a failure as gRPC tells it: the code of the engine is the reason in an ErrorInfo of the domain
// "doorward", and a RetryInfo says how long to wait. The text of an error of another kind is not told.
func Error(err error) error {
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return status.FromContextError(err).Err()
		}
		return status.Error(codes.Internal, "Something went wrong.")
	}
	code, ok := statuses[failure.Status]
	if !ok {
		code = codes.Internal
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(failure.Code), Domain: "doorward"}}
	if failure.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(failure.RetryAfter)})
	}
	told, err := status.New(code, failure.Message).WithDetails(details...)
	if err != nil {
		return status.Error(code, failure.Message)
	}
	return told.Err()
}
