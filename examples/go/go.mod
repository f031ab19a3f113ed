module example.com/server

go 1.24

require doorward.io/doorward v0.1.0

require github.com/ebitengine/purego v0.10.2 // indirect

replace doorward.io/doorward => ../../bindings/go
