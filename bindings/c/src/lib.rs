//! The C library, `libdoorward`. The functions are those of `doorward::capi`; the header is
//! include/doorward.h.

pub use doorward::capi::*;
