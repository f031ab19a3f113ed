//go:build doorward_cgo

package doorward

/*
#cgo pkg-config: doorward
#include <doorward.h>

extern void doorwardGoLog(uintptr_t number, int32_t level, char *record);
extern int64_t doorwardGoNowMS(uintptr_t number);
extern void doorwardGoDestroy(uintptr_t number);

static void doorward_go_log(void *context, int32_t level, const char *record) {
  doorwardGoLog((uintptr_t)context, level, (char *)record);
}
static int64_t doorward_go_now_ms(void *context) { return doorwardGoNowMS((uintptr_t)context); }
static void doorward_go_destroy(void *context) { doorwardGoDestroy((uintptr_t)context); }

static doorward_status doorward_go_open(const char *config, uintptr_t number, int has_log, int has_now,
                                        doorward_engine **engine, char **response) {
  doorward_hooks hooks = {sizeof(doorward_hooks), (void *)number, has_log ? doorward_go_log : NULL,
                          has_now ? doorward_go_now_ms : NULL, doorward_go_destroy};
  return doorward_open(config, number ? &hooks : NULL, engine, response);
}
*/
import "C"

import "unsafe"

// load has nothing to do: the program is linked with the library.
func load() error {
	return nil
}

func nativeABI() uint32 {
	return uint32(C.doorward_abi())
}

func nativeVersion() string {
	return C.GoString(C.doorward_version())
}

func nativeDescribe() (Status, []byte) {
	var response *C.char
	status := C.doorward_describe(&response)
	return statusOf(status), taken(response)
}

func nativeOpen(config []byte, own hooks) (unsafe.Pointer, Status, []byte) {
	var engine *C.doorward_engine
	var response *C.char
	status := C.doorward_go_open(textOf(&config[0]), C.uintptr_t(own.register()), has(own.logger != nil),
		has(own.now != nil), &engine, &response)
	return unsafe.Pointer(engine), statusOf(status), taken(response)
}

func nativeCall(engine unsafe.Pointer, operation string, request []byte) (Status, []byte) {
	var response *C.char
	status := C.doorward_call((*C.doorward_engine)(engine), textOf(unsafe.StringData(operation)), textOf(&request[0]),
		&response)
	return statusOf(status), taken(response)
}

func nativeClose(engine unsafe.Pointer) {
	C.doorward_close((*C.doorward_engine)(engine))
}

func nativeRelease(engine unsafe.Pointer) {
	C.doorward_release((*C.doorward_engine)(engine))
}

func statusOf(status C.doorward_status) Status {
	return Status(status & 0xff)
}

func textOf(text *byte) *C.char {
	return (*C.char)(unsafe.Pointer(text))
}

func has(hook bool) C.int {
	if hook {
		return 1
	}
	return 0
}

// taken copies a response, and frees it.
func taken(response *C.char) []byte {
	defer C.doorward_free(response)
	return bytesOf(response)
}

func bytesOf(text *C.char) []byte {
	return []byte(C.GoString(text))
}
