//! Prepares the module for Node.

fn main() {
    napi_build::setup();
}
