module doorward.io/doorward/bench

go 1.26.0

require (
	doorward.io/doorward v0.0.0
	github.com/alexedwards/argon2id v1.0.0
	github.com/golang-jwt/jwt/v5 v5.3.1
)

require (
	github.com/ebitengine/purego v0.10.2 // indirect
	golang.org/x/crypto v0.59.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace doorward.io/doorward => ../../../bindings/go
