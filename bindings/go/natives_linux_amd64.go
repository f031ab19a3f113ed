//go:build !doorward_cgo

package doorward

import "embed"

//go:embed natives/linux_amd64
var natives embed.FS
