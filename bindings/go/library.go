package doorward

import (
	"fmt"
	"sync"
)

// abi is the version of the C ABI that this package calls.
const abi = 1

// loaded loads the library, once.
var loaded = sync.OnceValue(func() error {
	if err := load(); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	if found := nativeABI(); found != abi {
		return fmt.Errorf("doorward: the library has version %d of the ABI, and this package needs %d", found, abi)
	}
	return nil
})
