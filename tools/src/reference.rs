//! docs/operations.md: the table, the types and the codes, for people. Each type is described once and
//! linked.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::model::{Constant, Failure, Kind, Member, Operation, Shape};
use crate::{File, Library, wrapped};

/// Returns the page.
pub fn files(library: &Library, root: &Path) -> Vec<File> {
    vec![File::new("docs/operations.md", Reference::of(library, root).page())]
}

struct Reference<'a> {
    library: &'a Library,
    root: &'a Path,
    /// How often a type is used: as the request or response of an operation, or as a part of another type.
    uses: BTreeMap<&'a str, usize>,
}

impl<'a> Reference<'a> {
    fn of(library: &'a Library, root: &'a Path) -> Reference<'a> {
        let mut uses = BTreeMap::new();
        for operation in &library.operations {
            for name in [&operation.request, &operation.response] {
                *uses.entry(name.as_str()).or_insert(0) += 1;
            }
        }
        for (name, count) in &mut uses {
            let refers =
                |shape: &&Shape| shape.members().iter().any(|member| member.kind.shapes().contains(name));
            *count += library.shapes().filter(refers).count();
        }
        Reference { library, root, uses }
    }

    fn page(&self) -> String {
        let mut page = self.introduction();
        self.outcomes(&mut page);
        let mut capability = "";
        for operation in &self.library.operations {
            if operation.capability != capability {
                capability = &operation.capability;
                self.capability(&mut page, capability);
            }
            self.operation(&mut page, operation);
        }
        self.types(&mut page);
        page
    }

    /// Writes the heading of a capability. Without a page of its own it is told in the guide.
    fn capability(&self, page: &mut String, capability: &str) {
        let own = format!("{}.md", capability.replace('_', "-"));
        let file = if self.root.join("docs").join(&own).exists() { own } else { "guide.md".to_owned() };
        writeln!(page, "\n## Operations: {}", capability.replace('_', " ")).unwrap();
        writeln!(page, "\nExplained in [{file}]({file}).").unwrap();
    }

    fn operation(&self, page: &mut String, operation: &Operation) {
        writeln!(page, "\n### {}\n\n{}", operation.name, operation.summary).unwrap();
        let repeat = if operation.may_be_repeated { "may be repeated" } else { "not to be repeated" };
        writeln!(page, "Since {}; cost `{}`; {repeat}.", operation.since, operation.cost).unwrap();
        for (title, name) in [("Request", &operation.request), ("Response", &operation.response)] {
            if self.is_shared(name) {
                writeln!(page, "\n**{title}.** {}", link(name)).unwrap();
                continue;
            }
            let shape = self.library.shape(name);
            let about = if shape.about == operation.summary { "" } else { &shape.about };
            let space = if about.is_empty() { "" } else { " " };
            writeln!(page, "\n**{title}.**{space}{about}\n").unwrap();
            self.fields(page, shape, 0);
        }
        let one = |(status, codes): (&str, Vec<&str>)| {
            let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            format!("{status} {}", codes.join(", "))
        };
        let failures: Vec<String> =
            Failure::by_status(&operation.failures).into_iter().map(one).collect();
        if !failures.is_empty() {
            writeln!(page, "\n**Failures.** {}.", failures.join("; ")).unwrap();
        }
    }

    fn introduction(&self) -> String {
        let listed = |failures: &[Failure]| {
            let codes = Failure::by_status(failures).into_iter().flat_map(|(_, codes)| codes);
            codes.map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
        };
        let paragraphs = [
            "Generated from the table of operations: do not edit.".to_owned(),
            "An operation is called by name (`doorward_call`), by its own C function (`doorward_<name>`), or by the method of its name in a binding. Requests and responses are JSON objects. An answer has a *status*, which says what came of the call, and a failure also has a *code*, which says why: both are listed first.".to_owned(),
            "In requests, unknown members, duplicate keys and wrong types are refused, and `null` means absent. Responses have no `null`; readers ignore members that they do not know. An integer beyond 64 bits is refused wherever it stands: write it as a text. An empty list may stand for an empty object and the reverse, because some languages (PHP, Lua) have one empty container; so it may for a whole request, and in a configuration. Times are Unix seconds.".to_owned(),
            format!("Each operation lists the failures of its own. Beside them every operation can fail by {}; and an operation that can fail by `store_unavailable` also by {}.", listed(&self.library.failures_of_all), listed(&self.library.failures_of_the_store)),
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
        for status in &self.library.statuses {
            let name = &status.name;
            let about = &status.about;
            writeln!(page, "| {name} | {} | {} | {about} |", status.value, status.http).unwrap();
        }
        page.push_str("\n## Codes\n\n| code | status | when | message |\n|---|---|---|---|\n");
        for code in &self.library.codes {
            let name = &code.name;
            let status = &code.status;
            writeln!(page, "| `{name}` | {status} | {} | {} |", code.about, code.message).unwrap();
        }
        page.push_str("\n## Failures\n\nThe body of a failure is a [Failure](#failure). With status STEP_UP the members of a [StepUp](#stepup) stand beside `error`.\n");
    }

    /// Writes every type that is not the request or response of a single operation.
    fn types(&self, page: &mut String) {
        let configuration = &self.library.configuration;
        let of_configuration = self.library.within([configuration]);
        let is_of_configuration =
            |shape: &&Shape| of_configuration.iter().any(|one| one.name == shape.name);
        let is_told =
            |shape: &&Shape| shape.is_named && self.is_shared(&shape.name) && shape.constants().is_none();
        let shapes = || self.library.shapes().filter(is_told);
        page.push_str("\n## Types\n");
        shapes().filter(|shape| !is_of_configuration(shape)).for_each(|shape| self.section(page, shape));
        page.push_str("\n## Configuration\n");
        self.section(page, self.library.shape(configuration));
        let parts = shapes().filter(|shape| is_of_configuration(shape) && shape.name != *configuration);
        parts.for_each(|shape| self.section(page, shape));
    }

    fn section(&self, page: &mut String, shape: &Shape) {
        writeln!(page, "\n### {}\n\n{}\n", shape.name, shape.about).unwrap();
        self.fields(page, shape, 0);
    }

    fn is_shared(&self, name: &str) -> bool {
        self.uses.get(name).is_none_or(|uses| *uses > 1)
    }

    /// Lists an object's members. Objects without a name are described below their member.
    fn fields(&self, page: &mut String, shape: &Shape, depth: usize) {
        let indent = "  ".repeat(depth);
        for member in shape.members() {
            let must = if member.is_required { ", required" } else { "" };
            let default = member.own_default().map(|value| format!(", default `{value}`")).unwrap_or_default();
            let secret = if member.is_secret { ", secret" } else { "" };
            let host_only = if member.is_host_only { ", for the host only" } else { "" };
            let space = if member.about.is_empty() { "" } else { ": " };
            let name = &member.name;
            let kind = self.member_kind(member);
            let about = &member.about;
            writeln!(page, "{indent}- `{name}` ({kind}{must}{default}{secret}{host_only}){space}{about}")
                .unwrap();
            let inner = member.kind.shapes().into_iter().map(|name| self.library.shape(name));
            inner.filter(|shape| !shape.is_named).for_each(|shape| self.fields(page, shape, depth + 1));
        }
    }

    fn member_kind(&self, member: &Member) -> String {
        match member.bounds() {
            Some((least, most)) => format!("{} {least} to {most}", self.kind(&member.kind)),
            _ => self.kind(&member.kind),
        }
    }

    fn kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Text => "string".to_owned(),
            Kind::Integer => "integer".to_owned(),
            Kind::Number => "number".to_owned(),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Anything => String::new(),
            Kind::Shape(name) => {
                let shape = self.library.shape(name);
                match shape.constants() {
                    Some(constants) => listed(constants.iter().map(|Constant { value, .. }| value)),
                    None if shape.is_named => link(name),
                    None => "object".to_owned(),
                }
            }
            Kind::Constants(values) => listed(values),
            Kind::List(item) => format!("list of {}", self.kind(item)),
            Kind::Map(value) => match self.kind(value) {
                value if value.is_empty() => "object".to_owned(),
                value => format!("object: name → {value}"),
            },
            Kind::Either(kinds) => {
                let mut kinds: Vec<String> = kinds.iter().map(|kind| self.kind(kind)).collect();
                kinds.dedup();
                kinds.join(" or ")
            }
        }
    }
}

fn listed<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    values.into_iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}
