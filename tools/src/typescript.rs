//! TypeScript: the types, one method for each operation, the codes and an error class for each status. They are written
//! in prettier's format, with the options of `bindings/node/package.json`. What is written by hand is beside them.

use std::path::Path;

use serde_json::Value;

use crate::model::{Failure, Fork, Kind, Member, Operation, Others, Shape};
use crate::{File, Library, camel, wrapped};

const FOLDER: &str = "bindings/node/lib";

/// The widest line.
const WIDTH: usize = 110;

const HEAD: &str = "// Written by `make header` from the description of the library: do not edit.\n";

/// Returns every generated file of the package.
pub fn files(library: &Library, _: &Path) -> Vec<File> {
    let typescript = TypeScript { library };
    let files = [
        ("types.ts", typescript.types()),
        ("operations.ts", typescript.operations()),
        ("status.ts", typescript.statuses()),
        ("hidden.ts", typescript.hidden()),
    ];
    files.into_iter().map(|(name, text)| File::new(format!("{FOLDER}/{name}"), text)).collect()
}

struct TypeScript<'a> {
    library: &'a Library,
}

impl<'a> TypeScript<'a> {
    /// Returns every type, each after those that it refers to.
    fn shapes(&self) -> Vec<&'a Shape> {
        let rows = self.library.operations.iter();
        let names = rows.flat_map(|row| [&row.request, &row.response]);
        let known = self.library.shapes().flat_map(Shape::members).filter_map(|member| member.values.as_ref());
        let names = names.chain([&self.library.configuration, &self.library.failure, &self.library.step_up]).chain(known);
        self.library.within_if(names, |shape| !shape.is_any_object())
    }

    /// Returns the value of the member `type`, by which a program tells a session and the next step of a login apart.
    fn discriminator(&self, shape: &Shape) -> Option<&'static str> {
        let opens = |row: &Operation| row.steps_up() && row.response == shape.name;
        match shape.name == self.library.step_up {
            true => Some("step_up"),
            false => self.library.operations.iter().any(opens).then_some("session"),
        }
    }

    fn types(&self) -> String {
        let mut file = HEAD.to_owned();
        for shape in self.shapes() {
            file += &match shape.constants() {
                Some(constants) => {
                    let values: Vec<&Value> = constants.iter().map(|constant| &constant.value).collect();
                    format!("\n{}{}", comment(&shape.about, 0), union(&shape.name, &values))
                }
                None => match &shape.fork {
                    Some(fork) => self.alternatives(shape, fork),
                    None => self.interface(shape),
                },
            };
        }
        let names: Vec<Value> = self.library.codes().iter().map(|code| code.name.clone().into()).collect();
        file += "\n/** Why an operation failed: the stable, fine-grained part of the contract. */\n";
        file + &union("Code", &names.iter().collect::<Vec<_>>())
    }

    fn interface(&self, shape: &Shape) -> String {
        let mut members = String::new();
        if let Some(value) = self.discriminator(shape) {
            members += "  /** Tells a session and the next step of a login apart. */\n";
            members += &format!("  type: '{value}'\n");
        }
        if shape.name == self.library.step_up {
            members += "  /** The failure, as every language answers with it. */\n  error: ErrorBody\n";
        }
        for member in shape.members() {
            members += &self.member(member, 2);
        }
        // Other specifications have members that the browser and the engine alone need to know.
        if shape.others() == Others::Kept && !shape.is_passed_on {
            members += "  /** Other members. */\n  [name: string]: unknown\n";
        }
        let about = if shape.about.is_empty() { "Settings." } else { &shape.about };
        let head = format!("\n{}export interface {} {{", comment(about, 0), own_name(&shape.name));
        if members.is_empty() { format!("{head}}}\n") } else { format!("{head}\n{members}}}\n") }
    }

    /// Writes a response with two forms as one type for each, so that the member that tells them apart narrows it.
    fn alternatives(&self, shape: &Shape, fork: &Fork) -> String {
        let form = |value: bool| {
            let member = |member: &Member| match (member.name == fork.member, fork.present.contains(&member.name)) {
                (true, _) => self.member_as(member, 6, "", &value.to_string()),
                (false, true) if value == fork.value => self.member_as(member, 6, "", &self.kind_of(member)),
                (false, true) => format!("      {}?: undefined\n", member.name),
                (false, false) => self.member(member, 6),
            };
            format!("  | {{\n{}    }}\n", shape.members().iter().map(member).collect::<String>())
        };
        let about = comment(&shape.about, 0);
        format!("\n{about}export type {} =\n{}{}", shape.name, form(fork.value), form(!fork.value))
    }

    fn member(&self, member: &Member, indent: usize) -> String {
        let mark = if member.is_required { "" } else { "?" };
        let null = if member.is_nullable { " | null" } else { "" };
        self.member_as(member, indent, mark, &format!("{}{null}", self.kind_of(member)))
    }

    fn member_as(&self, member: &Member, indent: usize, mark: &str, kind: &str) -> String {
        let mut about = member.about_with_bounds();
        if member.is_host_only {
            about += " It is not enumerable, so that JSON does not have it.";
        }
        format!("{}{}{}{mark}: {kind}\n", comment(&about, indent), " ".repeat(indent), member.name)
    }

    fn kind_of(&self, member: &Member) -> String {
        member.values.clone().unwrap_or_else(|| self.kind(&member.kind))
    }

    fn kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Text => "string".to_owned(),
            Kind::Integer | Kind::Number => "number".to_owned(),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Anything => "unknown".to_owned(),
            Kind::Constants(values) => values.iter().map(literal).collect::<Vec<_>>().join(" | "),
            Kind::Shape(name) => match self.library.shape(name) {
                shape if shape.is_any_object() => "Record<string, unknown>".to_owned(),
                shape => own_name(&shape.name).to_owned(),
            },
            Kind::List(item) => match self.kind(item) {
                item if item.contains(" | ") => format!("({item})[]"),
                item => format!("{item}[]"),
            },
            Kind::Map(value) => format!("Record<string, {}>", self.kind(value)),
            Kind::Either(kinds) => {
                let mut names: Vec<String> = kinds.iter().map(|kind| self.kind(kind)).collect();
                names.dedup();
                names.join(" | ")
            }
        }
    }

    fn operations(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.library.operations {
            let step = row.steps_up().then_some(&self.library.step_up);
            names.extend([&row.request, &row.response].into_iter().chain(step).map(String::as_str));
        }
        names.sort_unstable();
        names.dedup();
        let names: Vec<String> = names.into_iter().map(|name| format!("  {name},\n")).collect();
        let file = format!(
            "{HEAD}\nimport type {{ CallOptions }} from './call.js'\n\
             import type {{\n{}}} from './types.js'\n\n\
             /** The operations. Those that only compute answer at once, the others by a promise. */\n\
             export abstract class Operations {{\n",
            names.concat()
        );
        let methods: Vec<String> = self.library.operations.iter().map(|row| self.method(row)).collect();
        file + &methods.join("\n")
            + "\n  /** Runs an operation on another thread. */\n  \
               protected abstract start<T>(operation: string, request: object, options?: CallOptions): Promise<T>\n\n  \
               /** Runs an operation that only computes. */\n  \
               protected abstract compute<T>(operation: string, request: object): T\n}\n"
    }

    fn method(&self, row: &Operation) -> String {
        let mut about = wrapped(&row.summary, WIDTH - 5);
        for (status, codes) in Failure::by_status(&row.failures) {
            let codes = codes.join(", ");
            let told = match status {
                "STEP_UP" => format!("{}: {codes}.", self.library.step_up),
                _ => format!("{}: {codes}.", error_name(status)),
            };
            if about.len() == 1 {
                about.push(String::new());
            }
            about.extend(wrapped(&told, WIDTH - 7).into_iter().enumerate().map(|(index, line)| {
                let mark = if index == 0 { "-" } else { " " };
                format!("{mark} {line}")
            }));
        }
        let is_computed = row.cost == "instant";
        let step = if row.steps_up() { format!(" | {}", self.library.step_up) } else { String::new() };
        let response = format!("{}{step}", row.response);
        let default = if self.library.shape(&row.request).may_be_empty() { " = {}" } else { "" };
        let mut parameters = vec![format!("request: {}{default}", row.request)];
        let (call, result) = match is_computed {
            true => (format!("this.compute('{}', request)", row.name), response),
            false => {
                parameters.push("options?: CallOptions".to_owned());
                (format!("this.start('{}', request, options)", row.name), format!("Promise<{response}>"))
            }
        };
        let name = lower_camel(&row.name);
        let mut signature = format!("  {name}({}): {result} {{", parameters.join(", "));
        if signature.len() > WIDTH {
            let lines: String = parameters.iter().map(|one| format!("    {one},\n")).collect();
            signature = format!("  {name}(\n{lines}  ): {result} {{");
        }
        format!("{}{signature}\n    return {call}\n  }}\n", block(&about, 2))
    }

    fn statuses(&self) -> String {
        let mut file = format!("{HEAD}\nimport {{ DoorwardError, type ErrorClass }} from './errors.js'\nimport type {{ Code }} from './types.js'\n");
        let failures = self.library.statuses.iter().filter(|row| row.value != 0 && row.name != "STEP_UP");
        let mut table = String::new();
        for row in failures {
            let name = error_name(&row.name);
            let codes = format!("{}Code", camel(&row.name.to_lowercase()));
            let own = self.library.codes.iter().filter(|code| code.status == row.name);
            let own: Vec<Value> = own.map(|code| code.name.clone().into()).collect();
            file += &format!("\n/** The codes of {name}. */\n");
            file += &union(&codes, &own.iter().collect::<Vec<_>>());
            file += &format!(
                "\n{}export class {name} extends DoorwardError<{codes}> {{}}\n",
                comment(&format!("{} HTTP {}.", row.about, row.http), 0)
            );
            table += &format!("  {}: {name},\n", row.value);
        }
        file + &format!(
            "\n/** The error classes, by the number of their status. */\n\
             export const errors: Record<number, ErrorClass> = {{\n{table}}}\n"
        ) + &self.wording()
    }

    /// Writes what the engine says of each code, for failures that the package finds itself.
    fn wording(&self) -> String {
        let mut file = "\n/** What the engine says of a code: the number of its status, the HTTP status, the text. */\n\
                        export const wording: Record<Code, readonly [number, number, string]> = {\n"
            .to_owned();
        for code in self.library.codes() {
            let status = self.library.statuses.iter().find(|row| row.name == code.status);
            let (value, http) = status.map_or((0, 0), |row| (row.value, row.http));
            file += &format!("  {}: [{value}, {http}, {}],\n", code.name, literal(&code.message.clone().into()));
        }
        file + "}\n"
    }

    /// Writes what the values of responses do not show.
    fn hidden(&self) -> String {
        let mut file = format!("{HEAD}\nimport type {{ Hidden }} from './shape.js'\n");
        let responses = self.library.operations.iter().map(|row| &row.response);
        let shapes = self.library.within_if(responses.chain([&self.library.step_up, &self.library.failure]), |_| true);
        file += "\n/** What the shapes of responses hide. */\nexport const shapes: Record<string, Hidden> = {\n";
        for shape in shapes.iter().filter(|shape| self.hides(shape)) {
            file += &format!("  {}: {{\n", shape.name);
            if let Some(value) = self.discriminator(shape) {
                file += &format!("    type: '{value}',\n");
            }
            let named = |is: fn(&Member) -> bool| {
                let names = shape.members().iter().filter(|member| is(member));
                names.map(|member| format!("'{}'", member.name)).collect::<Vec<_>>().join(", ")
            };
            if shape.is_secret {
                file += "    isSecret: true,\n";
            }
            for (list, names) in [
                ("secrets", named(|member| member.is_secret)),
                ("hostOnly", named(|member| member.is_host_only)),
            ] {
                if !names.is_empty() && !shape.is_secret {
                    file += &format!("    {list}: [{names}],\n");
                }
            }
            let within: Vec<String> = shape.members().iter().filter_map(|member| self.within(member)).collect();
            if !within.is_empty() {
                file += &format!("    within: {{ {} }},\n", within.join(", "));
            }
            file += "  },\n";
        }
        file += "}\n\n/** The shapes of the responses that hide something, by operation. */\n";
        file += "export const responses: Record<string, string> = {\n";
        for row in &self.library.operations {
            if self.hides(self.library.shape(&row.response)) {
                file += &format!("  {}: '{}',\n", row.name, row.response);
            }
        }
        file + "}\n"
    }

    /// Names the shape of a member that hides something.
    fn within(&self, member: &Member) -> Option<String> {
        let name = member.kind.shapes().into_iter().find(|name| self.hides(self.library.shape(name)))?;
        Some(format!("{}: '{name}'", member.name))
    }

    /// Whether a value of the shape hides something, at any depth, or has a discriminator.
    fn hides(&self, shape: &Shape) -> bool {
        let has_hidden = |shape: &&Shape| {
            shape.is_secret || shape.members().iter().any(|member| member.is_secret || member.is_host_only)
        };
        self.discriminator(shape).is_some() || self.library.within([&shape.name]).iter().any(has_hidden)
    }
}

/// Writes a type that is one of some values: on one line if it fits, or else on the next.
fn union(name: &str, values: &[&Value]) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
    let head = format!("export type {name} =");
    let line = values.join(" | ");
    if head.len() + 1 + line.len() <= WIDTH {
        return format!("{head} {line}\n");
    }
    if 2 + line.len() <= WIDTH {
        return format!("{head}\n  {line}\n");
    }
    let lines: String = values.iter().map(|value| format!("  | {value}\n")).collect();
    format!("{head}\n{lines}")
}

fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"))
}

/// Returns the name of a shape: that of a class of JavaScript is taken.
fn own_name(shape: &str) -> &str {
    if shape == "Error" { "ErrorBody" } else { shape }
}

/// Writes `STEP_UP` as `StepUpError`.
fn error_name(status: &str) -> String {
    format!("{}Error", camel(&status.to_lowercase()))
}

/// Writes `list_users` as `listUsers`.
fn lower_camel(name: &str) -> String {
    let (first, rest) = name.split_at(name.find('_').unwrap_or(name.len()));
    first.to_owned() + &camel(rest)
}

fn comment(about: &str, indent: usize) -> String {
    // A comment must not end early.
    block(&wrapped(&about.replace("*/", "* /"), WIDTH - 3 - indent), indent)
}

/// Writes lines as a comment: one line alone if it fits.
fn block(lines: &[String], indent: usize) -> String {
    let space = " ".repeat(indent);
    match lines {
        [] => String::new(),
        [line] if space.len() + line.chars().count() + 7 <= WIDTH => format!("{space}/** {line} */\n"),
        lines => {
            let lines: String =
                lines.iter().map(|line| format!("{space} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{space}/**\n{lines}{space} */\n")
        }
    }
}
