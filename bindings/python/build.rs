//! Exports none of the library's functions from the module, also where doorward is built with the C ABI, as it is
//! for the tests.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_linux = std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux");
    if is_linux {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    }
}
