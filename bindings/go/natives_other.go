//go:build !doorward_cgo && !((linux || darwin) && (amd64 || arm64))

package doorward

import "embed"

// The module has no library for this platform.
var natives embed.FS
