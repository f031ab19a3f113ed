// The program compares doorward with golang-jwt and argon2id, from Go. run.py starts it and says what it prints.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"doorward.io/doorward"
	"github.com/alexedwards/argon2id"
	"github.com/golang-jwt/jwt/v5"
)

const password = "eight wise words"

var (
	background = context.Background()
	argon2     = &argon2id.Params{Memory: 19456, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
)

func main() {
	folder, numbers := os.Args[1], os.Args[2:]
	rounds, calls, logins, crowds := number(numbers[0]), number(numbers[1]), number(numbers[2]), number(numbers[3])
	engine := must(doorward.Open(doorward.Config{Store: "sqlite:" + folder + "/app.db"}))
	defer engine.Close()
	must(engine.Register(background, doorward.RegisterRequest{
		Username: "ada", Email: doorward.Ptr("ada@example.com"), Password: password,
	}))
	session := must(engine.Login(background, doorward.LoginRequest{Username: "ada", Password: password}))
	compareVerify(engine, session.AccessToken, rounds, calls)
	compareHashes(engine, rounds)
	for range crowds {
		compareStalls(engine, logins)
	}
}

// claims are those of a token of doorward, as a user of golang-jwt would write them.
type claims struct {
	jwt.RegisteredClaims
	Sid      string   `json:"sid"`
	ClientID string   `json:"client_id"`
	AuthTime int64    `json:"auth_time"`
	Amr      []string `json:"amr"`
	Roles    []string `json:"roles"`
	Scope    string   `json:"scope"`
}

func compareVerify(engine *doorward.Engine, token string, rounds, calls int) {
	ours := func(token string) (any, error) {
		return engine.Verify(background, doorward.VerifyRequest{Token: token})
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("doorward"),
		jwt.WithAudience("doorward"), jwt.WithExpirationRequired())
	key := func(*jwt.Token) (any, error) { return secret, nil }
	peer := func(token string) (any, error) {
		read := new(claims)
		_, err := parser.ParseWithClaims(token, read, key)
		return read, err
	}
	payload := members(must(ours(token)))
	sign := func(changed string, value any) string {
		changes := jwt.MapClaims{}
		for name, value := range payload {
			changes[name] = value
		}
		if changed != "" {
			changes[changed] = value
		}
		unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, changes)
		unsigned.Header["typ"], unsigned.Header["kid"] = "at+jwt", "0123456789ab"
		return must(unsigned.SignedString(secret))
	}
	theirs := sign("", nil)
	check(ours, token, payload, tampered(token))
	check(peer, theirs, payload, tampered(theirs), sign("exp", time.Now().Unix()-60), sign("iss", "other"),
		sign("aud", "other"))
	for round := -3; round < rounds; round++ {
		for _, each := range []struct {
			who    string
			verify func(string) (any, error)
			token  string
		}{{"doorward", ours, token}, {versioned("github.com/golang-jwt/jwt/v5"), peer, theirs}} {
			begin := time.Now()
			for range calls {
				must(each.verify(each.token))
			}
			report("verify", each.who, round, float64(time.Since(begin).Nanoseconds())/float64(calls)/1e3)
		}
	}
}

// check ends the program unless a contender accepts the token and refuses the others.
func check(verify func(string) (any, error), token string, payload map[string]any, hostile ...string) {
	read := members(must(verify(token)))
	for name, value := range payload {
		if !reflect.DeepEqual(read[name], value) {
			log.Fatalf("a contender reads another %s: %v, not %v", name, read[name], value)
		}
	}
	for _, each := range hostile {
		if _, err := verify(each); err == nil {
			log.Fatal("a contender accepts a token that it must refuse")
		}
	}
}

// members returns claims as JSON has them. An audience is a list: golang-jwt writes it so.
func members(claims any) (read map[string]any) {
	if err := json.Unmarshal(must(json.Marshal(claims)), &read); err != nil {
		log.Fatal(err)
	}
	if audience, ok := read["aud"].(string); ok {
		read["aud"] = []any{audience}
	}
	return read
}

// tampered returns the token with another signature.
func tampered(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	other := "A"
	if token[at] == 'A' {
		other = "B"
	}
	return token[:at] + other + token[at+1:]
}

func compareHashes(engine *doorward.Engine, rounds int) {
	ours := func() string {
		return must(engine.HashPassword(background, doorward.HashPasswordRequest{Password: password})).Hash
	}
	peer := func() string { return must(argon2id.CreateHash(password, argon2)) }
	for round := range rounds {
		for _, each := range []struct {
			who  string
			hash func() string
		}{{"doorward", ours}, {versioned("github.com/alexedwards/argon2id"), peer}} {
			begin := time.Now()
			made := each.hash()
			report("hash_password", each.who, round, milliseconds(time.Since(begin)))
			if !strings.HasPrefix(made, "$argon2id$v=19$m=19456,t=2,p=1$") {
				log.Fatal("a contender hashes otherwise")
			}
		}
	}
}

// compareStalls logs many users in at once by each contender, while a goroutine ticks.
func compareStalls(engine *doorward.Engine, logins int) {
	stored := must(argon2id.CreateHash(password, argon2))
	ours := func() {
		must(engine.Login(background, doorward.LoginRequest{Username: "ada", Password: password}))
	}
	peer := func() {
		if !must(argon2id.ComparePasswordAndHash(password, stored)) {
			log.Fatal("a password does not match its hash")
		}
	}
	for _, each := range []struct {
		who   string
		login func()
	}{{"doorward", ours}, {versioned("github.com/alexedwards/argon2id"), peer}} {
		stop, longest := make(chan struct{}), make(chan time.Duration)
		go tick(stop, longest)
		begin := time.Now()
		var crowd sync.WaitGroup
		for range logins {
			crowd.Add(1)
			go func() {
				defer crowd.Done()
				each.login()
			}()
		}
		crowd.Wait()
		report("logins", each.who, 0, milliseconds(time.Since(begin)))
		close(stop)
		report("stall", each.who, 0, milliseconds(<-longest))
	}
}

// tick wakes each millisecond until it is stopped, and sends the longest time between two ticks.
func tick(stop <-chan struct{}, result chan<- time.Duration) {
	var longest time.Duration
	last := time.Now()
	for {
		select {
		case <-stop:
			result <- longest
			return
		case <-time.After(time.Millisecond):
			now := time.Now()
			longest, last = max(longest, now.Sub(last)), now
		}
	}
}

func milliseconds(duration time.Duration) float64 {
	return float64(duration.Nanoseconds()) / 1e6
}

// versioned returns the short name of a module with its version.
func versioned(path string) string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == path {
			return strings.TrimPrefix(path, "github.com/") + " " + module.Version
		}
	}
	return path
}

// report prints a measurement, unless the round was to warm up.
func report(what, who string, round int, value float64) {
	if round >= 0 {
		fmt.Println(string(must(json.Marshal(map[string]any{"what": what, "who": who, "round": round, "value": value}))))
	}
}

func number(text string) int {
	return must(strconv.Atoi(text))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
