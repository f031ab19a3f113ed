//! C: the constants of the statuses and the functions of the operations, as Rust that the library compiles;
//! and the header, which cbindgen writes from them and from the handwritten files of src/capi.

use std::path::Path;

use crate::model::{Failure, Operation};
use crate::{File, Library, wrapped};

const MARK: &str = "Written by `make header` from the description: do not edit.";

/// Returns the files of the functions, the constants and the header.
pub fn files(library: &Library, root: &Path) -> Vec<File> {
    let own = vec![
        File::new("src/capi/statuses.rs", statuses(library)),
        File::new("src/capi/named.rs", functions(library)),
    ];
    let header = header(library, root, &own);
    own.into_iter().chain([header]).collect()
}

fn statuses(library: &Library) -> String {
    let mut file = format!("//! The classes of outcomes. {MARK}\n\nuse super::types::doorward_status;\n\n");
    for status in &library.statuses {
        let about = format!("{} HTTP {}.", status.about, status.http);
        for line in wrapped(&about, 106) {
            file += &format!("/// {line}\n");
        }
        file += &format!("pub const DOORWARD_{}: doorward_status = {};\n", status.name, status.value);
    }
    file
}

fn functions(library: &Library) -> String {
    let mut file = format!(
        "//! A function for each operation: `doorward_call` with the operation fixed.\n//! {MARK}\n\n\
         use std::ffi::c_char;\n\n\
         use super::boundary::run;\n\
         use super::types::{{doorward_engine, doorward_status}};\n\
         use crate::operations::rows;\n"
    );
    for operation in &library.operations {
        let name = &operation.name;
        file.push('\n');
        for line in comment(operation) {
            file += &format!("/// {line}\n");
        }
        file += &format!(
            "#[unsafe(no_mangle)]\n\
             pub unsafe extern \"C\" fn doorward_{name}(\n    \
                 engine: *const doorward_engine,\n    \
                 request: *const c_char,\n    \
                 response: *mut *mut c_char,\n\
             ) -> doorward_status {{\n    \
                 // SAFETY: the header's rules.\n    \
                 unsafe {{ run(&rows::{name}, engine, request, response) }}\n\
             }}\n"
        );
    }
    file
}

/// Returns the operation's summary and all its own failures.
fn comment(operation: &Operation) -> Vec<String> {
    let mut lines = wrapped(&operation.summary, 106);
    lines.extend(wrapped(&statuses_and_codes(&operation.failures), 106));
    lines
}

fn statuses_and_codes(failures: &[Failure]) -> String {
    let one = |(status, codes): (&str, Vec<&str>)| format!("{status}: {}.", codes.join(", "));
    Failure::by_status(failures).into_iter().map(one).collect::<Vec<_>>().join(" ")
}

fn header(library: &Library, root: &Path, generated: &[File]) -> File {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let mut builder = cbindgen::Builder::new().with_config(config);
    // cbindgen reads files, and the existing ones may be stale.
    let folder = std::env::temp_dir().join(format!("doorward-tools-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for what cbindgen reads");
    for name in ["types", "statuses", "lifecycle", "named", "values"] {
        let path = format!("src/capi/{name}.rs");
        let source = match generated.iter().find(|file| file.path == path) {
            Some(file) => {
                let copy = folder.join(format!("{name}.rs"));
                std::fs::write(&copy, &file.text).expect("a copy for cbindgen");
                copy
            }
            None => root.join(path),
        };
        builder = builder.with_src(source);
    }
    let mut header = Vec::new();
    builder.generate().expect("src/capi is what cbindgen reads").write(&mut header);
    std::fs::remove_dir_all(&folder).expect("the folder is this process's own");
    let header = String::from_utf8(header).expect("cbindgen writes UTF-8");
    File::new("include/doorward.h", completed(library, &header))
}

/// Adds to the header the version, the failures of all operations, and the attribute of results that must not
/// be ignored.
fn completed(library: &Library, header: &str) -> String {
    let version = library.version.as_str();
    let mut numbers = version.split(['.', '-']);
    let mut header = header.replace("@VERSION@", version);
    for name in ["@MAJOR@", "@MINOR@", "@PATCH@"] {
        header = header.replace(name, numbers.next().unwrap_or("0"));
    }
    for (place, failures) in [
        ("@FAILURES_OF_ALL@", &library.failures_of_all),
        ("@FAILURES_OF_THE_STORE@", &library.failures_of_the_store),
    ] {
        let listed = statuses_and_codes(failures);
        header = header.replace(place, &wrapped(&listed, 104).join("\n *   "));
    }
    let result = regex::Regex::new(r"(?m)^(\w+ \*?doorward_\w+\()").expect("a good expression");
    let lines = header.lines().map(|line| match result.is_match(line) && !line.starts_with("void ") {
        true => format!("DOORWARD_NODISCARD\n{line}\n"),
        false => format!("{line}\n"),
    });
    lines.collect()
}
