//! The generated files are committed and current: those that `tools` writes for every language from the
//! description of the library, the description itself, and PostgreSQL's schema. `UPDATE=1 cargo test --test
//! generated` writes them anew.

use std::path::Path;
use std::sync::LazyLock;

use doorward::generate_description;
use doorward_tools::{EMITTERS, File, Library, MARKS};
use serde_json::Value;

/// The generated files of each emitter.
static FILES: LazyLock<Vec<Vec<File>>> = LazyLock::new(|| {
    let library = Library::of(&generate_description());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    EMITTERS.iter().map(|(_, emit)| emit(&library, root)).collect()
});

#[test]
fn languages() {
    for files in &*FILES {
        for file in files {
            assert_current(&file.path, &file.text);
        }
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        if let Some(path) = paths.iter().find(|path| path.contains("/generated/")) {
            assert_alone(path, &paths);
        }
    }
}

/// A folder of generated files holds no other: that of a type which is gone would still be compiled.
fn assert_alone(path: &str, paths: &[&str]) {
    let folder = Path::new(path).parent().unwrap();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let file = folder.join(file.unwrap().file_name());
        assert!(paths.iter().any(|path| Path::new(path) == file), "{} is generated no more", file.display());
    }
}

/// The most lines that people write for a language, without comments, tests and test kits: the rest is generated. What
/// grows beyond this may belong into the engine or into a generator.
const BY_HAND: [(&str, usize); 5] = [
    ("include", 870),
    ("bindings/go", 1_360),
    ("bindings/java", 1_850),
    ("bindings/node", 1_000),
    ("bindings/python", 2_785),
];

#[test]
fn a_binding_is_thin() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let generated: Vec<&String> = FILES.iter().flatten().map(|file| &file.path).collect();
    let is_by_hand = |path: &String| {
        let apart = ["_test.go", ".test.ts", "_types.hpp", "doorward.h", "build.rs"];
        let below = ["/test/", "/tests/", "testing", "doorwardtest", "/internal/", "/examples/"];
        !generated.contains(&path)
            && !apart.iter().any(|end| path.ends_with(end))
            && !below.iter().any(|folder| path.contains(folder))
            && ["go", "java", "hpp", "py", "rs", "ts"].iter().any(|end| path.ends_with(&format!(".{end}")))
    };
    let listed = std::process::Command::new("git").args(["ls-files"]).current_dir(root).output().unwrap();
    let files: Vec<String> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    let comments = regex::Regex::new(r#"(?s)/\*.*?\*/|"{3}.*?"{3}"#).unwrap();
    for (folder, most) in BY_HAND {
        let own = files.iter().filter(|path| path.starts_with(&format!("{folder}/")) && is_by_hand(path));
        let lines = |path: &String| {
            let text = std::fs::read_to_string(root.join(path)).unwrap();
            let is_code =
                |line: &&str| !line.is_empty() && !["//", "# "].iter().any(|mark| line.starts_with(mark));
            comments.replace_all(&text, "").lines().map(str::trim).filter(is_code).count()
        };
        let lines: usize = own.map(lines).sum();
        assert!((most / 2..=most).contains(&lines), "{folder}: {lines} lines by hand, at most {most}");
    }
}

/// A mark that no generator knows is a mistake, and so is one that names a missing member.
#[test]
fn marks() {
    let description = generate_description();
    for (name, shape) in description["$defs"].as_object().unwrap() {
        for mark in marks_of(shape) {
            assert!(MARKS.contains(&mark.as_str()), "{name}: {mark}");
        }
        for listed in ["x-body", "x-least"].iter().flat_map(|mark| shape[mark].as_array()).flatten() {
            let member = listed.as_str().unwrap();
            assert!(shape["properties"][member].is_object(), "{name}: {member}");
        }
    }
}

fn marks_of(schema: &Value) -> Vec<String> {
    let inner: Vec<&Value> = match schema {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let own = schema.as_object().into_iter().flat_map(|members| members.keys());
    let own = own.filter(|name| name.starts_with("x-")).cloned();
    own.chain(inner.into_iter().flat_map(marks_of)).collect()
}

#[test]
fn description() {
    assert_current("tests/describe.json", &format!("{}\n", in_lines(&generate_description(), 0)));
}

/// Writes a line for each type and each operation, without other white space: the library contains this text.
fn in_lines(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(members) if depth < 2 => {
            let lines = members.iter().map(|(name, member)| {
                format!("{}:{}", Value::from(name.as_str()), in_lines(member, depth + 1))
            });
            format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
        }
        Value::Array(items) if depth < 2 => {
            let lines = items.iter().map(|item| in_lines(item, depth + 1));
            format!("[\n{}\n]", lines.collect::<Vec<_>>().join(",\n"))
        }
        value => value.to_string(),
    }
}

/// SQLite's schema in PostgreSQL's dialect. Texts are compared as bytes there, too, and not by a language,
/// because a library of the operating system may change the language's order under an index.
#[test]
fn schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations/sqlite");
    for step in std::fs::read_dir(folder).unwrap().map(|step| step.unwrap().path()) {
        let words = [
            (r"\) WITHOUT ROWID;", ");"),
            (r"\bBLOB\b *", "BYTEA "),
            (r"\bINTEGER\b *", "BIGINT "),
            (r"\bTEXT\b *", "TEXT COLLATE \"C\" "),
            (" (,?)\n", "$1\n"),
            (r#"("C"|BYTEA|BIGINT) ,"#, "$1,"),
        ];
        let translate = |text: String, (from, to): &(&str, &str)| {
            let is_comment = |line: &str| line.trim_start().starts_with("--");
            let translated = regex::Regex::new(from).unwrap().replace_all(&text, *to).into_owned();
            let lines = text.lines().zip(translated.lines());
            lines.map(|(old, new)| format!("{}\n", if is_comment(old) { old } else { new })).collect()
        };
        let text = words.iter().fold(std::fs::read_to_string(&step).unwrap(), translate);
        let name = step.file_name().unwrap().to_str().unwrap();
        assert_current(&format!("src/store/migrations/postgres/{name}"), &text);
    }
}

fn assert_current(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{path} is stale: run `UPDATE=1 cargo test --test generated` and commit it");
}
