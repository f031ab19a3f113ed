package doorward_test

import (
	"testing"
	"time"

	"doorward.io/doorward"
)

// The engine's own thread, which sends mail, calls the hooks, too.
func TestHooksAreCalledOnThreadsOfTheEngine(t *testing.T) {
	const links = "https://app.example/x#{token}"
	engine, err := doorward.Open(doorward.Config{
		Store: "sqlite::memory:",
		Mail: doorward.MailConfig{
			From: doorward.Ptr("app@example.com"), Delivery: doorward.MailDeliveryBackground,
			Links: doorward.MailLinks{
				VerifyEmail: doorward.Ptr(links), ResetPassword: doorward.Ptr(links), ChangeEmail: doorward.Ptr(links),
			},
			SMTP: &doorward.SMTPConfig{Host: "127.0.0.1", Port: doorward.Ptr(int64(1)), TLS: doorward.SMTPTLSNone, AllowPlaintext: true},
		},
	}, doorward.WithClock(time.Now))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	_, err = engine.Register(t.Context(), doorward.RegisterRequest{
		Username: "ada", Email: doorward.Ptr("ada@example.com"), Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	for status := (*doorward.AccountStatus)(nil); status == nil || len(status.Mails) == 0 || status.Mails[0].LastError == ""; {
		answer, err := engine.GetUser(t.Context(), doorward.GetUserRequest{
			Username: doorward.Ptr("ada"), Status: doorward.Ptr(true),
		})
		if err != nil {
			t.Fatal(err)
		}
		status = answer.Status
	}
}
