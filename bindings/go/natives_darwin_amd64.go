//go:build !doorward_cgo

package doorward

import "embed"

//go:embed natives/darwin_amd64
var natives embed.FS
