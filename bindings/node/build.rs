//! Prepares the module for Node.

fn main() {
    napi_build::setup();
    let is_linux = std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux");
    // Cargo strips no package that has settings of its own in the profile `dist`.
    if is_linux && std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--strip-all");
    }
}
