//! docs/operations.md: what the table, the shapes and the codes say, for people. A shape is told once and linked.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::{
    Description, File, by_status, choices, is_nullable, kinds, members, prose, text, values, wrapped,
};

/// The page.
pub fn files(description: &Description, _: &Path) -> Vec<File> {
    vec![File::new("docs/operations.md", Reference::of(description).page())]
}

struct Reference<'a> {
    description: &'a Description,
    /// How often a request or response is one of an operation, or a part of another shape.
    uses: BTreeMap<&'a str, usize>,
}

impl<'a> Reference<'a> {
    fn of(description: &'a Description) -> Reference<'a> {
        let mut uses = BTreeMap::new();
        for operation in description.operations() {
            for (name, _) in [operation.request(), operation.response()] {
                *uses.entry(name).or_insert(0) += 1;
            }
        }
        for (name, count) in &mut uses {
            let link = format!("\"#/$defs/{name}\"");
            *count += description.shapes().values().filter(|shape| shape.to_string().contains(&link)).count();
        }
        Reference { description, uses }
    }

    fn page(&self) -> String {
        let mut page = self.introduction();
        self.outcomes(&mut page);
        page += "\n## The operations\n";
        for operation in self.description.operations() {
            let name = operation.name();
            writeln!(page, "\n### {name}\n\n{}", operation.text("summary")).unwrap();
            let repeat = if operation.may_be_repeated() { "may be repeated" } else { "not to be repeated" };
            writeln!(page, "Since {}; cost `{}`; {repeat}.", operation.text("since"), operation.text("cost"))
                .unwrap();
            for (title, (name, shape)) in
                [("Request", operation.request()), ("Response", operation.response())]
            {
                if self.is_shared(name) {
                    writeln!(page, "\n**{title}.** {}", link(name)).unwrap();
                    continue;
                }
                let about = prose(shape);
                let about =
                    if about == operation.text("summary") { String::new() } else { format!(" {about}") };
                writeln!(page, "\n**{title}.**{about}\n").unwrap();
                self.fields(&mut page, shape, 0);
            }
            let one = |(status, codes): (&str, Vec<&str>)| {
                let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
                format!("{status} {}", codes.join(", "))
            };
            let failures: Vec<String> = operation.failures().into_iter().map(one).collect();
            if !failures.is_empty() {
                writeln!(page, "\n**Failures.** {}.", failures.join("; ")).unwrap();
            }
        }
        self.types(&mut page);
        page
    }

    fn introduction(&self) -> String {
        let listed = |member: &str| {
            let codes = by_status(&self.description.0[member]).into_iter().flat_map(|(_, codes)| codes);
            codes.map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
        };
        let paragraphs = [
            "Generated from the table of operations: do not edit.".to_owned(),
            "An operation is called by name (`doorward_call`), by its own C function (`doorward_<name>`), or by the method of its name in a binding. Requests and responses are JSON objects. An answer has a *status*, which says what came of the call, and a failure also has a *code*, which says why: both are listed first.".to_owned(),
            "In requests, unknown members, duplicate keys and wrong types are refused, and `null` means absent. Responses have no `null`; readers ignore members that they do not know. An integer beyond 64 bits is refused wherever it stands: write it as a text. An empty list may stand for an empty object and the reverse, because some languages (PHP, Lua) have one empty container, also in a configuration; the request itself is an object. Times are Unix seconds.".to_owned(),
            format!("Each operation lists the failures of its own. Beside them every operation can fail by {}; and an operation that can fail by `store_unavailable` also by {}.", listed("failures_of_all"), listed("failures_of_the_store")),
            "*Cost* says what a call may wait for: `instant` (nothing), `store`, `hash` (a password hash), `network` (another service), `long` (seconds, or as long as the caller allows). *May be repeated* says that a call without an answer can be made again: nothing happens twice, and the second answer is as good as the first.".to_owned(),
        ];
        let mut page = String::from("# Operations\n");
        for paragraph in paragraphs {
            page += &format!("\n{}\n", wrapped(&paragraph, 110).join("\n"));
        }
        page
    }

    fn outcomes(&self, page: &mut String) {
        page.push_str("\n## Statuses\n\n| status | value | HTTP | meaning |\n|---|---|---|---|\n");
        for status in self.description.statuses() {
            let (name, about) = (text(&status["name"]), text(&status["description"]));
            writeln!(page, "| {name} | {} | {} | {about} |", status["value"], status["http_status"]).unwrap();
        }
        page.push_str("\n## Codes\n\n| code | status | when | message |\n|---|---|---|---|\n");
        for code in self.description.codes() {
            let part = |member: &str| text(&code[member]);
            let (name, status) = (part("code"), part("status"));
            writeln!(page, "| `{name}` | {status} | {} | {} |", part("description"), part("message"))
                .unwrap();
        }
        page.push_str("\n## Failures\n\nThe body of a failure is a [Failure](#failure). With status STEP_UP the members of a [StepUp](#stepup) stand beside `error`.\n");
    }

    /// Every shape that is no request or response of one operation alone.
    fn types(&self, page: &mut String) {
        let is_of_configuration = {
            let mut names = Vec::new();
            self.description.within(&self.description.0["configuration"], &mut names);
            move |name: &str| names.contains(&name)
        };
        page.push_str("\n## Types\n");
        let shapes = self.description.shapes();
        let shared = |name: &&String| self.is_shared(name) && values(&shapes[name.as_str()]).is_none();
        for name in shapes.keys().filter(shared).filter(|name| !is_of_configuration(name)) {
            self.section(page, name);
        }
        page.push_str("\n## Configuration\n");
        let root = self.description.named(&self.description.0["configuration"]).map(|(name, _)| name);
        root.into_iter().for_each(|name| self.section(page, name));
        for name in shapes.keys().filter(shared).filter(|name| is_of_configuration(name)) {
            if root != Some(name.as_str()) {
                self.section(page, name);
            }
        }
    }

    fn section(&self, page: &mut String, name: &str) {
        let shape = self.description.shape(name);
        writeln!(page, "\n### {name}\n\n{}\n", prose(shape)).unwrap();
        self.fields(page, shape, 0);
    }

    fn is_shared(&self, name: &str) -> bool {
        self.uses.get(name).is_none_or(|uses| *uses > 1)
    }

    /// A list of an object's members; objects without a name are told below their member.
    fn fields(&self, page: &mut String, shape: &Value, depth: usize) {
        let indent = "  ".repeat(depth);
        for member in members(shape) {
            let schema = member.schema;
            let must = if member.is_required { ", required" } else { "" };
            let default = match &schema["default"] {
                // What may be absent has no default of its own, whatever its type would have.
                _ if is_nullable(schema) || member.is_required => String::new(),
                Value::Null | Value::Object(_) => String::new(),
                value => format!(", default `{value}`"),
            };
            let marks = [("x-secret", ", secret"), ("x-host-only", ", for the host only")];
            let marks: String = marks
                .iter()
                .filter(|(mark, _)| self.description.is_marked(schema, mark))
                .map(|(_, words)| *words)
                .collect();
            let about = prose(schema);
            let space = if about.is_empty() { "" } else { ": " };
            let kind = self.kind(schema);
            writeln!(page, "{indent}- `{}` ({kind}{must}{default}{marks}){space}{about}", member.name)
                .unwrap();
            self.unnamed(page, schema, depth);
        }
    }

    /// The objects inside a schema that have no name.
    fn unnamed(&self, page: &mut String, schema: &Value, depth: usize) {
        self.fields(page, schema, depth + 1);
        let inner = [&schema["items"], &schema["additionalProperties"]].into_iter().chain(choices(schema));
        inner.filter(|inner| inner.is_object()).for_each(|inner| self.unnamed(page, inner, depth));
    }

    fn kind(&self, schema: &Value) -> String {
        if let Some((name, shape)) = self.description.named(schema) {
            return values(shape).map_or_else(|| link(name), |values| listed(&values));
        }
        if let Some(values) = values(schema) {
            return listed(&values);
        }
        let range = match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(least), Some(most)) => format!(" {least} to {most}"),
            _ => String::new(),
        };
        let named = |kind: &str| match kind {
            "array" => format!("list of {}", self.kind(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("object: name → {}", self.kind(&schema["additionalProperties"]))
            }
            kind => format!("{kind}{range}"),
        };
        let own = kinds(schema).into_iter().filter(|kind| *kind != "null").map(named);
        let chosen = choices(schema).iter().filter(|choice| choice["type"] != "null");
        let mut kinds: Vec<String> = own.chain(chosen.map(|choice| self.kind(choice))).collect();
        kinds.dedup();
        kinds.join(" or ")
    }
}

fn listed(values: &[&Value]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}
