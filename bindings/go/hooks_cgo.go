//go:build doorward_cgo

package doorward

// #include <stdint.h>
import "C"

//export doorwardGoLog
func doorwardGoLog(number C.uintptr_t, level C.int32_t, record *C.char) {
	logRecord(uintptr(number), int32(level), []byte(C.GoString(record)))
}

//export doorwardGoNowMS
func doorwardGoNowMS(number C.uintptr_t) C.int64_t {
	return C.int64_t(nowMS(uintptr(number)))
}

//export doorwardGoDestroy
func doorwardGoDestroy(number C.uintptr_t) {
	destroyHooks(uintptr(number))
}
