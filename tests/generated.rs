//! What is generated is committed and never stale: the C header, the methods of the C++ header, the description of
//! the library, the reference, PostgreSQL's schema. `UPDATE=1 cargo test --test generated` writes them anew.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

#[test]
fn header() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut builder = cbindgen::Builder::new()
        .with_config(cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap());
    for room in ["types", "lifecycle", "named", "values"] {
        builder = builder.with_src(root.join(format!("src/capi/{room}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    assert_current("include/doorward.h", &completed(&String::from_utf8(header).unwrap()));
}

/// The header with the version, and the mark of results that must be looked at.
fn completed(header: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut numbers = version.split(['.', '-']);
    let mut header = header.replace("@VERSION@", version);
    for name in ["@MAJOR@", "@MINOR@", "@PATCH@"] {
        header = header.replace(name, numbers.next().unwrap());
    }
    let result = regex::Regex::new(r"(?m)^(\w+ \*?doorward_\w+\()").unwrap();
    let lines = header.lines().map(|line| match result.is_match(line) && !line.starts_with("void ") {
        true => format!("DOORWARD_NODISCARD\n{line}\n"),
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// The methods of doorward.hpp. A keyword has an underscore after it.
#[test]
fn class() {
    let header =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/doorward.hpp")).unwrap();
    let (begin, end) =
        ("  // The operations, written by `make header`.\n", "\n  // For what this class does not cover.");
    let (before, rest) = header.split_once(begin).unwrap();
    let after = &rest[rest.find(end).unwrap()..];
    let description = doorward::describe();
    let methods: String = array(&description["operations"])
        .iter()
        .map(|operation| {
            let name = text(&operation["name"]);
            let method = if name == "register" { "register_" } else { name };
            let default = if array(&operation["request"]["required"]).is_empty() { " = {}" } else { "" };
            format!("  response {method}(const object &request{default}) const {{ return run(doorward_{name}, request); }}\n")
        })
        .collect();
    assert_current("include/doorward.hpp", &[before, begin, &methods, after].concat());
}

#[test]
fn description() {
    let text = serde_json::to_string_pretty(&doorward::describe()).unwrap();
    assert_current("tests/describe.json", &format!("{text}\n"));
}

#[test]
fn reference() {
    assert_current("docs/operations.md", &reference_of(&doorward::describe()));
}

/// SQLite's schema in PostgreSQL's words. Texts are compared as bytes there, too, and not by a language, whose
/// order a library of the operating system may change under an index.
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
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{path} is stale: run `UPDATE=1 cargo test --test generated` and commit it");
}

/// docs/operations.md: what the table, the schemas and the codes say, for people.
fn reference_of(description: &Value) -> String {
    let mut page = String::from(
        "# Operations\n\n\
         Generated from the table of operations (`src/operations/mod.rs`): do not edit.\n\n\
         An operation is called by name (`doorward_call`), by its own C function (`doorward_<name>`), or by\n\
         the method of its name in a binding. Requests and responses are JSON objects. In requests unknown\n\
         fields, duplicate keys and wrong types are refused and `null` means absent; readers of responses\n\
         ignore fields that they do not know. An integer beyond 64 bits is refused, wherever it stands: write it as\n\
         a text. An empty list stands for an empty object and the reverse, as some languages (PHP, Lua) write\n\
         them, in a configuration, too; but the request itself is an object. Times are Unix seconds. Beside the failures that are listed, every\n\
         operation can answer `invalid_json`, `invalid_request`, `internal` and the codes of MISUSE; and one that\n\
         can answer `store_unavailable` also `store_constraint`, where a rule that the host made in the store forbids\n\
         the change, and `invalid_config`, where the store is set up so that it cannot be used.\n",
    );
    for operation in array(&description["operations"]) {
        let name = text(&operation["name"]);
        write!(page, "\n## {name}\n\n{} Since {}.\n", text(&operation["summary"]), text(&operation["since"]))
            .unwrap();
        for (title, schema) in [("Request", &operation["request"]), ("Response", &operation["response"])] {
            write!(page, "\n**{title}.** {}\n\n", prose(&schema["description"])).unwrap();
            fields(&mut page, schema, 0);
        }
        let mut codes: Vec<String> =
            array(&operation["codes"]).iter().map(|code| format!("`{}`", text(code))).collect();
        // One code may stand there with two statuses.
        codes.dedup();
        if !codes.is_empty() {
            write!(page, "\n**Failures.** {}\n", codes.join(", ")).unwrap();
        }
    }
    page.push_str("\n## Failures\n\n| code | status | HTTP | message |\n|---|---|---|---|\n");
    for code in array(&description["codes"]) {
        let status = text(&code["status"]);
        let http = array(&description["statuses"]).iter().find(|row| row["name"] == status).unwrap();
        writeln!(
            page,
            "| `{}` | {status} | {} | {} |",
            text(&code["code"]),
            http["http_status"],
            text(&code["message"])
        )
        .unwrap();
    }
    page.push_str("\n## Steps of a login\n\n");
    writeln!(page, "{} With status STEP_UP:\n", prose(&description["step_up"]["description"])).unwrap();
    fields(&mut page, &description["step_up"], 0);
    page.push_str("\n## Configuration\n\n");
    fields(&mut page, &description["configuration"], 0);
    page
}

/// A list of an object's fields, inner objects indented below.
fn fields(page: &mut String, schema: &Value, depth: usize) {
    let required = array(&schema["required"]);
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, field) in properties {
        let must = if required.contains(&Value::from(name.as_str())) { ", required" } else { "" };
        let default = match &field["default"] {
            // What may be absent has no default of its own, whatever its type would have.
            _ if array(&field["type"]).iter().any(|kind| kind == "null") => String::new(),
            // What must be there has none in force.
            _ if !must.is_empty() => String::new(),
            Value::Null | Value::Object(_) => String::new(),
            value => format!(", default `{value}`"),
        };
        let about = prose(&field["description"]);
        let space = if about.is_empty() { "" } else { ": " };
        writeln!(page, "{}- `{name}` ({}{must}{default}){space}{about}", "  ".repeat(depth), kind(field))
            .unwrap();
        fields(page, inner(field), depth + 1);
        if let Some(named) = field.get("additionalProperties").filter(|named| named.is_object()) {
            let indent = "  ".repeat(depth + 1);
            writeln!(page, "{indent}- a name of its own, for each ({})", kind(named)).unwrap();
            fields(page, named, depth + 2);
        }
    }
}

/// The object that a field holds, whether bare, optional or as items of a list.
fn inner(field: &Value) -> &Value {
    let choices = array(&field["anyOf"]);
    let bare = choices.iter().find(|choice| choice["properties"].is_object()).unwrap_or(field);
    if bare["items"].is_object() { &bare["items"] } else { bare }
}

fn kind(field: &Value) -> String {
    if let Some(values) = field["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return values.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    if let Some(value) = field.get("const") {
        return format!("`{value}`");
    }
    let range = match (field["minimum"].as_u64(), field["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!(" {least} to {most}"),
        _ => String::new(),
    };
    let named = |name: &Value| match text(name) {
        "array" => format!("list of {}", kind(&field["items"])),
        "null" => "null".to_owned(),
        name => format!("{name}{range}"),
    };
    let choices: Vec<String> = match &field["type"] {
        Value::String(_) => vec![named(&field["type"])],
        Value::Array(names) => names.iter().map(named).collect(),
        _ => array(&field["anyOf"]).iter().chain(array(&field["oneOf"])).map(kind).collect(),
    };
    let choices: Vec<String> =
        choices.into_iter().filter(|choice| !choice.is_empty() && choice != "null").collect();
    choices.join(" or ")
}

/// A doc comment as one line.
fn prose(description: &Value) -> String {
    description.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
