//! C++: the methods of the class in doorward.hpp.

use std::path::Path;

use crate::model::Operation;
use crate::{File, Library};

const BEGIN: &str = "  // The operations, written by `make header`.\n";
const END: &str = "\n  // For what this class does not cover.";

/// Returns doorward.hpp with its methods.
pub fn files(library: &Library, root: &Path) -> Vec<File> {
    let path = "include/doorward.hpp";
    let header = std::fs::read_to_string(root.join(path)).expect("doorward.hpp");
    let (before, rest) = header.split_once(BEGIN).expect("the place where the methods begin");
    let after = &rest[rest.find(END).expect("the place where the methods end")..];
    vec![File::new(path, [before, BEGIN, &methods(library), after].concat())]
}

fn methods(library: &Library) -> String {
    let method = |operation: &Operation| {
        let name = &operation.name;
        // A keyword gets an underscore at its end.
        let method = if name == "register" { "register_" } else { name };
        let default = if library.shape(&operation.request).may_be_empty() { " = {}" } else { "" };
        format!(
            "  response {method}(const object &request{default}) const {{ return run(doorward_{name}, request); }}\n"
        )
    };
    library.operations.iter().map(method).collect()
}
