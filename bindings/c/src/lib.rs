//! The C library, `libdoorward`: the functions are those of `doorward::capi`, the header is include/doorward.h.

pub use doorward::capi::*;
