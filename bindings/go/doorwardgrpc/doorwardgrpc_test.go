package doorwardgrpc_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"doorward.io/doorward"
	"doorward.io/doorward/doorwardgrpc"
	"doorward.io/doorward/doorwardtest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const password = "eight wise words"

// service tells who calls it.
type service struct {
	grpc_health_v1.UnimplementedHealthServer
	t *testing.T
}

func (s service) who(ctx context.Context) grpc_health_v1.HealthCheckResponse_ServingStatus {
	user, ok := doorwardgrpc.User(ctx)
	claims, has := doorwardgrpc.Claims(ctx)
	if ok != has || ok && (user.Username != "ada" || claims.Sub != user.ID) {
		s.t.Errorf("user %v, claims %v", user, claims)
	}
	if ok {
		return grpc_health_v1.HealthCheckResponse_SERVING
	}
	return grpc_health_v1.HealthCheckResponse_UNKNOWN
}

func (s service) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: s.who(ctx)}, nil
}

func (s service) Watch(_ *grpc_health_v1.HealthCheckRequest, stream grpc.ServerStreamingServer[grpc_health_v1.HealthCheckResponse]) error {
	return stream.Send(&grpc_health_v1.HealthCheckResponse{Status: s.who(stream.Context())})
}

// served returns a client of a server with these options, and a token of Ada.
func served(t *testing.T, options doorwardgrpc.Options) (grpc_health_v1.HealthClient, string) {
	t.Helper()
	engine, _ := doorwardtest.New(t, doorward.Config{})
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
	server := grpc.NewServer(
		grpc.UnaryInterceptor(doorwardgrpc.Unary(engine, options)), grpc.StreamInterceptor(doorwardgrpc.Stream(engine, options)),
	)
	grpc_health_v1.RegisterHealthServer(server, service{t: t})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return grpc_health_v1.NewHealthClient(connection), session.AccessToken
}

// ask makes a call and opens a stream, which must agree.
func ask(t *testing.T, client grpc_health_v1.HealthClient, pairs ...string) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(t.Context(), pairs...)
	answer, failed := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	stream, err := client.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if status.Code(err) != status.Code(failed) || first.GetStatus() != answer.GetStatus() {
		t.Errorf("a call: %v, %v; a stream: %v, %v", answer, failed, first, err)
	}
	return answer.GetStatus(), failed
}

func TestOnlyCallsThatTheEngineLetsPassReachTheService(t *testing.T) {
	client, token := served(t, doorwardgrpc.Options{})
	if who, err := ask(t, client, "authorization", "Bearer "+token); err != nil || who != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Error(who, err)
	}
	for reason, pairs := range map[string][]string{
		"not_authenticated":            nil,
		"invalid_token":                {"authorization", "Bearer nonsense"},
		"invalid_authorization_header": {"authorization", "Bearer " + token, "authorization", "Bearer " + token},
	} {
		_, err := ask(t, client, pairs...)
		if status.Code(err) != codes.Unauthenticated || reasonOf(err) != reason {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestRulesLetCallsPass(t *testing.T) {
	rules := &doorward.RequestsConfig{Exclude: []any{"/grpc.health.v1.Health/*"}}
	client, _ := served(t, doorwardgrpc.Options{Rules: rules})
	if who, err := ask(t, client); err != nil || who != grpc_health_v1.HealthCheckResponse_UNKNOWN {
		t.Error(who, err)
	}
}

func TestWrongRulesAreRefusedAtOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("wrong rules are accepted")
		}
	}()
	engine, _ := doorwardtest.New(t, doorward.Config{})
	doorwardgrpc.Unary(engine, doorwardgrpc.Options{Rules: &doorward.RequestsConfig{Exclude: []any{"/**"}}})
}

func TestAFailureBecomesAStatus(t *testing.T) {
	engine, _ := doorwardtest.New(t, doorward.Config{})
	var throttled error
	for range 11 {
		_, throttled = engine.Login(t.Context(), doorward.LoginRequest{Username: "ada", Password: "a wrong password"})
	}
	_ = engine.Close()
	_, closed := engine.Stats(t.Context(), doorward.StatsRequest{})
	for _, row := range []struct {
		err    error
		code   codes.Code
		reason string
	}{
		{throttled, codes.ResourceExhausted, "too_many_attempts"},
		{closed, codes.Internal, "engine_closed"},
		{context.DeadlineExceeded, codes.DeadlineExceeded, ""},
		{errors.New("a secret of the host"), codes.Internal, ""},
	} {
		err := doorwardgrpc.Error(row.err)
		if status.Code(err) != row.code || reasonOf(err) != row.reason || status.Convert(err).Message() == "a secret of the host" {
			t.Errorf("%v: %v", row.err, err)
		}
	}
	for _, detail := range status.Convert(doorwardgrpc.Error(throttled)).Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok && retry.GetRetryDelay().AsDuration().Seconds() == 60 {
			return
		}
	}
	t.Error("it does not say how long to wait")
}

func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "doorward" {
			return info.GetReason()
		}
	}
	return ""
}
