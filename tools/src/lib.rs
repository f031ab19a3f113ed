//! Generates files from the description of the library (`doorward::describe`): here is one file for each
//! language, and one for the reference. Each emitter is a function from the parsed description ([`model`]) to
//! files, and is listed in [`EMITTERS`], so that a new language is one file here and one line below. Nothing
//! here knows the name of an operation, a shape or a member: everything that a language must know about one
//! is a mark in the description.
//!
//! The marks, beside those of JSON Schema:
//!
//! | mark | of | meaning |
//! |---|---|---|
//! | `x-secret` | a member, a shape | no log, `repr` or `toString` shows it |
//! | `x-host-only` | a member | serializations for a client leave it out |
//! | `x-passed-on` | a shape | another specification defines it; host and browser pass it on unchanged |
//! | `x-strict` | a member | only `true` counts as true, no other truthy value |
//! | `x-absent` | a list of a response | that it is absent means something else than that it is empty |
//! | `x-body` | a request | the members that a client may give in the body of a request to the host |
//! | `x-least` | a shape | the members that an object of another system must have to be accepted |
//! | `x-values` | a text of a response | the enumeration of its known values; a newer library may have more |
//!
//! An emitter writes a file in the format of the language's formatter, because the formatter may not be
//! installed where the file is generated. The tests of each language run its formatter.

use std::path::Path;

pub use model::Library;

pub mod model;

/// Every mark.
pub const MARKS: [&str; 8] =
    ["x-secret", "x-host-only", "x-passed-on", "x-strict", "x-absent", "x-body", "x-least", "x-values"];

/// A generated file, by its path in the repository.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    fn new(path: impl Into<String>, text: String) -> File {
        File { path: path.into(), text }
    }
}

/// Writes the files of one language; the path is that of the repository.
pub type Emitter = fn(&Library, &Path) -> Vec<File>;

macro_rules! emitters {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every language, under its name.
        pub const EMITTERS: &[(&str, Emitter)] = &[$((stringify!($name), $name::files),)*];
    };
}

emitters! {
    c
    cpp
    go
    java
    python
    reference
    typescript
}

/// Writes `list_users` as `ListUsers`.
pub fn camel(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(word).collect()
}

/// Wraps a text into lines of at most `width` characters.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
