//! Writes what follows from the description of the library (`doorward::describe`): one file here for each language,
//! and one for the reference. Nothing here knows the name of an operation, a shape or a member: what a language must
//! know of one is a mark in the description.
//!
//! The marks, beside those of JSON Schema:
//!
//! | mark | of | meaning |
//! |---|---|---|
//! | `x-secret` | a member, a shape | no log, `repr` or `toString` shows it |
//! | `x-host-only` | a member | it is left out of what is serialized for a client |
//! | `x-passed-on` | a shape | another specification defines it; host and browser pass it on as it is |
//! | `x-strict` | a member | only `true` counts as true, not what is merely truthy |
//! | `x-body` | a request | the members that a client may say of itself in the body of a request to the host |
//! | `x-least` | a shape | the members that an object of another system must have to pass for one |

use std::path::Path;

use serde_json::{Map, Value};

pub mod c;
pub mod cpp;
pub mod python;
pub mod reference;

/// Every mark.
pub const MARKS: [&str; 6] = ["x-secret", "x-host-only", "x-passed-on", "x-strict", "x-body", "x-least"];

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
pub type Emitter = fn(&Description, &Path) -> Vec<File>;

/// Every language, under its name.
pub const EMITTERS: &[(&str, Emitter)] =
    &[("c", c::files), ("cpp", cpp::files), ("python", python::files), ("reference", reference::files)];

/// What `doorward::describe` answers.
pub struct Description(pub Value);

impl Description {
    pub fn version(&self) -> &str {
        text(&self.0["version"])
    }

    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        array(&self.0["operations"]).iter().map(|row| Operation { row, description: self })
    }

    pub fn statuses(&self) -> &[Value] {
        array(&self.0["statuses"])
    }

    pub fn codes(&self) -> &[Value] {
        array(&self.0["codes"])
    }

    /// Every shape under its name.
    pub fn shapes(&self) -> &Map<String, Value> {
        object(&self.0["$defs"])
    }

    pub fn shape(&self, name: &str) -> &Value {
        &self.0["$defs"][name]
    }

    /// The shape that a schema refers to, by its name.
    pub fn named<'a>(&'a self, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
        let name = schema["$ref"].as_str()?.rsplit('/').next()?;
        Some((name, self.shape(name)))
    }

    /// The schema itself, or the shape that it refers to.
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        self.named(schema).map_or(schema, |(_, shape)| shape)
    }

    /// Whether a member has the mark: itself, in its items, or in the shape of its own.
    pub fn is_marked(&self, schema: &Value, mark: &str) -> bool {
        let has = |schema: &Value| schema.get(mark).is_some() || self.resolved(schema).get(mark).is_some();
        has(schema) || has(&schema["items"]) || choices(schema).iter().any(has)
    }

    /// The shapes that a schema refers to, however deep.
    pub fn within<'a>(&'a self, schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(members) => {
                if let Some((name, shape)) = self.named(schema)
                    && !found.contains(&name)
                {
                    self.within(shape, found);
                    found.push(name);
                }
                members.values().for_each(|member| self.within(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| self.within(item, found)),
            _ => {}
        }
    }
}

/// A row of the table of operations.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    row: &'a Value,
    description: &'a Description,
}

impl<'a> Operation<'a> {
    pub fn name(&self) -> &'a str {
        text(&self.row["name"])
    }

    pub fn text(&self, member: &str) -> &'a str {
        text(&self.row[member])
    }

    pub fn may_be_repeated(&self) -> bool {
        self.row["retry"] == true
    }

    /// The shape of the request, and its name.
    pub fn request(&self) -> (&'a str, &'a Value) {
        self.description.named(&self.row["request"]).expect("every request is a shape")
    }

    /// The shape of the response, and its name.
    pub fn response(&self) -> (&'a str, &'a Value) {
        self.description.named(&self.row["response"]).expect("every response is a shape")
    }

    /// The codes of its own failures.
    pub fn codes(&self) -> Vec<&'a str> {
        let mut codes: Vec<&str> =
            array(&self.row["failures"]).iter().map(|failure| text(&failure["code"])).collect();
        codes.dedup();
        codes
    }

    /// Its own failures, under their statuses.
    pub fn failures(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        by_status(&self.row["failures"])
    }
}

/// Failures under their statuses, in the order in which they come.
pub fn by_status(failures: &Value) -> Vec<(&str, Vec<&str>)> {
    let mut statuses: Vec<(&str, Vec<&str>)> = Vec::new();
    for failure in array(failures) {
        let (code, status) = (text(&failure["code"]), text(&failure["status"]));
        match statuses.iter_mut().find(|(name, _)| *name == status) {
            Some((_, codes)) => codes.push(code),
            None => statuses.push((status, vec![code])),
        }
    }
    statuses
}

/// The members of a shape: first those that must be there, in the order in which they are listed.
pub fn members(shape: &Value) -> Vec<Member<'_>> {
    let required = array(&shape["required"]);
    let all = object(&shape["properties"]).iter();
    let mut members: Vec<Member> = all
        .map(|(name, schema)| Member { name, schema, is_required: required.iter().any(|one| one == name) })
        .collect();
    members.sort_by_key(|member| required.iter().position(|one| one == member.name).unwrap_or(usize::MAX));
    members
}

/// A member of a shape.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub is_required: bool,
}

/// The values of an enumeration.
pub fn values(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter(|value| !value.is_null()).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    let choices = array(&schema["oneOf"]);
    (!choices.is_empty()).then(|| choices.iter().filter_map(|choice| choice.get("const")).collect())
}

/// The schemas of which one must hold.
pub fn choices(schema: &Value) -> &[Value] {
    array(&schema["anyOf"])
}

/// The types of a schema.
pub fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => kind.as_str().into_iter().collect(),
    }
}

/// Whether `null` may stand for it.
pub fn is_nullable(schema: &Value) -> bool {
    kinds(schema).contains(&"null") || choices(schema).iter().any(|choice| choice["type"] == "null")
}

/// A description as one line.
pub fn prose(schema: &Value) -> String {
    text(&schema["description"]).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `list_users` as `ListUsers`.
pub fn camel(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(word).collect()
}

/// The text in lines of at most `width` characters.
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

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn object(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}
