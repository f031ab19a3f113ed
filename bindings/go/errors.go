package doorward

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Status is the class of an outcome. Classes do not change; treat an unknown one as a refusal.
type Status int32

// String returns the name of the class, such as STEP_UP.
func (s Status) String() string {
	if row, ok := statuses[s]; ok {
		return row.name
	}
	return fmt.Sprintf("Status(%d)", int32(s))
}

// Error makes a class a target of errors.Is.
func (s Status) Error() string {
	return "doorward: " + s.String()
}

// Code says why an operation failed. A newer library may have codes that this package does not know.
type Code string

// Error is the failure of an operation.
type Error struct {
	// The class; errors.Is(err, ErrDenied) compares it.
	Status Status
	// Why, exactly enough for a program.
	Code Code
	// What the end user may be told. It reveals no more than Code.
	Message string
	// A JSON pointer to the part of the request or configuration that is at fault, if HasField. "" is the whole.
	Field string
	// Whether Field says something.
	HasField bool
	// Why a password is too weak, if it is; they may be shown.
	Reasons []PasswordWeakness
	// How long to wait before the next try, if the failure says so.
	RetryAfter time.Duration

	detail string
	step   *StepUp
	// What stands beside the error in the body.
	beside map[string]json.RawMessage
}

// Error returns the code, the message and the field. It contains no secret and no detail.
func (e *Error) Error() string {
	text := fmt.Sprintf("doorward: %s: %s", e.Code, e.Message)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	return text
}

// Format writes the text of Error, whatever the verb: the challenge of a step up is a secret.
func (e Error) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprint(state, e.Error())
}

// LogValue returns what logs should have of a failure: the detail, but no challenge.
func (e Error) LogValue() slog.Value {
	members := []slog.Attr{slog.String("code", string(e.Code)), slog.String("message", e.Message)}
	if e.HasField {
		members = append(members, slog.String("field", e.Field))
	}
	if e.detail != "" {
		members = append(members, slog.String("detail", e.detail))
	}
	return slog.GroupValue(members...)
}

// Detail says why exactly, for the host's logs alone. It contains no secret.
func (e *Error) Detail() string {
	return e.detail
}

// HTTPStatus returns the status that a web host answers with.
func (e *Error) HTTPStatus() int {
	if row, ok := statuses[e.Status]; ok {
		return row.http
	}
	return 500
}

// Is compares the class.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap returns the [*StepUp] of a login that needs another step.
func (e *Error) Unwrap() error {
	if e.step == nil {
		return nil
	}
	return e.step
}

// MarshalJSON writes the failure as every language has it, without its detail: {"error": {…}}. The members of a
// [StepUp] stand beside "error".
func (e *Error) MarshalJSON() ([]byte, error) {
	var field *string
	if e.HasField {
		field = &e.Field
	}
	body := make(map[string]any, len(e.beside)+1)
	for name, member := range e.beside {
		body[name] = member
	}
	body["error"] = struct {
		Code       Code               `json:"code"`
		Message    string             `json:"message"`
		HTTPStatus int                `json:"http_status"`
		Field      *string            `json:"field,omitzero"`
		Reasons    []PasswordWeakness `json:"reasons,omitzero"`
		RetryAfter int64              `json:"retry_after_seconds,omitzero"`
	}{e.Code, e.Message, e.HTTPStatus(), field, e.Reasons, int64(e.RetryAfter / time.Second)}
	return json.Marshal(body)
}

// Error makes a step up findable by errors.As.
func (v *StepUp) Error() string {
	return "doorward: " + string(v.Status)
}

// CodeOf returns the code of a failure, or "" if err is not one of the engine.
func CodeOf(err error) Code {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// failure reads the body of a failure.
func failure(status Status, body []byte) error {
	var read struct {
		Error struct {
			Code       Code               `json:"code"`
			Message    string             `json:"message"`
			Field      *string            `json:"field"`
			Reasons    []PasswordWeakness `json:"reasons"`
			RetryAfter int64              `json:"retry_after_seconds"`
			Detail     string             `json:"detail"`
		} `json:"error"`
	}
	defer clear(body)
	if err := json.Unmarshal(body, &read); err != nil {
		return unreadable(err)
	}
	failed := &Error{
		Status:     status,
		Code:       read.Error.Code,
		Message:    read.Error.Message,
		Reasons:    read.Error.Reasons,
		RetryAfter: time.Duration(read.Error.RetryAfter) * time.Second,
		detail:     read.Error.Detail,
	}
	if read.Error.Field != nil {
		failed.Field, failed.HasField = *read.Error.Field, true
	}
	if status == StatusStepUp {
		failed.step = new(StepUp)
		if err := errors.Join(json.Unmarshal(body, failed.step), json.Unmarshal(body, &failed.beside)); err != nil {
			return unreadable(err)
		}
		delete(failed.beside, "error")
	}
	return failed
}

// The failures that are known before the engine is asked, in its own words.

func engineClosed() error {
	return &Error{Status: StatusMisuse, Code: CodeEngineClosed, Message: "The engine is closed."}
}

func hashQueueFull() error {
	return &Error{Status: StatusUnavailable, Code: CodeHashQueueFull, Message: "The service is not available right now."}
}

func unreadable(err error) error {
	return &Error{
		Status: StatusInternal, Code: CodeInternal, Message: "The answer cannot be read.", detail: err.Error(),
	}
}

func invalidJSON(err error) error {
	return &Error{
		Status: StatusInvalidRequest, Code: CodeInvalidJSON, Message: "The request is not valid JSON.", detail: err.Error(),
	}
}

func invalidUTF8() error {
	return &Error{Status: StatusMisuse, Code: CodeInvalidUTF8, Message: "A text is not valid UTF-8."}
}
