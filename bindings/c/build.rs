//! Names the shared library by its ABI version and keeps it loaded: a host that unloaded it would remove the
//! code of threads that still return through it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_linux = std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux");
    if is_linux {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libdoorward.so.1");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
