//! Python: the models, the typed dictionaries, one method for each operation, the statuses. They are written as ruff
//! formats them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::{
    Description, File, Member, Operation, camel, choices, is_nullable, kinds, members, prose, text, values,
    wrapped,
};

const PACKAGE: &str = "bindings/python/python/doorward";

/// The widest line.
const WIDTH: usize = 110;

/// Every generated file of the package.
pub fn files(description: &Description, root: &Path) -> Vec<File> {
    let read = |name: &str| std::fs::read_to_string(root.join(PACKAGE).join(name)).unwrap_or_default();
    let python = Python {
        description,
        mixins: mixins(&read("models/common.py")),
        native: methods_of(&read("_doorward.pyi")),
    };
    let models = python.models();
    let modules = modules(&root.join(PACKAGE).join("models"), &models);
    let files = [
        ("models/__init__.py", package(&modules)),
        ("models/app.py", models),
        ("types.py", python.types()),
        ("operations.py", python.operations()),
        ("status.py", python.statuses()),
    ];
    files.into_iter().map(|(name, text)| File::new(format!("{PACKAGE}/{name}"), text)).collect()
}

/// The modules of the package of the models, with their sources.
fn modules(folder: &Path, models: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("the folder of the models");
    let sources = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_str()?.strip_suffix(".py")?.to_owned();
        (name != "__init__").then(|| Some((name, std::fs::read_to_string(path).ok()?)))?
    });
    sources.chain([("app".to_owned(), models.to_owned())]).collect()
}

/// The package of the models: every name that a module of it lists in `__all__`.
fn package(modules: &BTreeMap<String, String>) -> String {
    let (mut imports, mut names) = (String::new(), Vec::new());
    for (module, source) in modules {
        let mut exported = exported(source);
        if exported.is_empty() {
            continue;
        }
        names.extend(exported.clone());
        exported.sort_by_key(|name| name.to_lowercase());
        let line = format!("from doorward.models.{module} import {}\n", exported.join(", "));
        imports += &match line.chars().count() <= WIDTH + 1 {
            true => line,
            false => {
                let lines: String = exported.iter().map(|name| format!("    {name},\n")).collect();
                format!("from doorward.models.{module} import (\n{lines})\n")
            }
        };
    }
    names.sort_unstable();
    let listed: String = names.iter().map(|name| format!("    \"{name}\",\n")).collect();
    let head = head("Requests, responses and what they are made of (Pydantic).");
    format!("{head}{imports}\n__all__ = [\n{listed}]\n")
}

fn exported(source: &str) -> Vec<&str> {
    let list = source.split_once("__all__ = [").and_then(|(_, rest)| rest.split_once(']'));
    list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2).collect()
}

fn head(about: &str) -> String {
    format!(
        "\"\"\"{about}\n\nWritten by `make header` from the description of the library: do not edit.\n\"\"\"\n\n"
    )
}

/// A class that is written by hand, and its members.
struct Mixin {
    name: String,
    fields: Vec<String>,
}

fn mixins(source: &str) -> Vec<Mixin> {
    let mut mixins: Vec<Mixin> = Vec::new();
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("class ").and_then(|rest| rest.strip_suffix("(Model):")) {
            mixins.push(Mixin { name: name.to_owned(), fields: Vec::new() });
        } else if let (Some(mixin), Some((name, _))) = (mixins.last_mut(), line.split_once(": "))
            && name.starts_with("    ")
            && name.trim().chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
        {
            mixin.fields.push(line.to_owned());
        }
    }
    mixins
}

/// The methods that the native module has itself.
fn methods_of(stub: &str) -> Vec<String> {
    let names = stub.lines().filter_map(|line| line.strip_prefix("    def ")?.split('(').next());
    names.map(str::to_owned).collect()
}

struct Python<'a> {
    description: &'a Description,
    mixins: Vec<Mixin>,
    native: Vec<String>,
}

/// A class that is to be written.
struct Class<'a> {
    name: String,
    shape: &'a Value,
    bases: Vec<String>,
    members: Vec<Member<'a>>,
}

impl<'a> Python<'a> {
    fn is_native(&self, operation: &Operation) -> bool {
        self.native.iter().any(|name| name == operation.name())
    }

    /// The operations whose methods are generated.
    fn written(&self) -> impl Iterator<Item = Operation<'a>> {
        let native: Vec<&str> =
            self.description.operations().filter(|one| self.is_native(one)).map(|one| one.name()).collect();
        self.description.operations().filter(move |one| !native.contains(&one.name()))
    }

    /// The shapes that are dictionaries: the configuration and what native methods answer.
    fn dictionaries(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        self.description.within(&self.description.0["configuration"], &mut names);
        for operation in self.description.operations().filter(|operation| self.is_native(operation)) {
            self.description.within(operation.response().1, &mut names);
            names.push(operation.response().0);
        }
        names
    }

    /// Every shape of requests and responses, each after those that it refers to.
    fn shapes(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        for operation in self.description.operations() {
            let is_native = self.is_native(&operation);
            for (name, shape) in
                [operation.request()].into_iter().chain((!is_native).then(|| operation.response()))
            {
                let mut found = Vec::new();
                self.within(shape, &mut found);
                found.push(name);
                found.into_iter().for_each(|name| {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                });
            }
        }
        names
    }

    /// The shapes that models refer to: neither what is passed on nor what is a dictionary.
    fn within(&self, schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(fields) => {
                if let Some((name, shape)) = self.description.named(schema)
                    && !found.contains(&name)
                    && !self.is_open(name, shape)
                {
                    self.within(shape, found);
                    found.push(name);
                }
                fields.values().for_each(|member| self.within(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| self.within(item, found)),
            _ => {}
        }
    }

    /// Whether models hold the shape as a plain dictionary.
    fn is_open(&self, name: &str, shape: &Value) -> bool {
        shape.get("x-passed-on").is_some()
            || self.is_of_the_configuration(name)
            || self.is_answer_of_native(name)
    }

    fn is_of_the_configuration(&self, name: &str) -> bool {
        let mut names = Vec::new();
        self.description.within(&self.description.0["configuration"], &mut names);
        names.contains(&name)
    }

    fn is_answer_of_native(&self, name: &str) -> bool {
        let mut native = self.description.operations().filter(|operation| self.is_native(operation));
        native.any(|operation| operation.response().0 == name)
    }

    fn models(&self) -> String {
        let (mut enumerations, mut body) = (String::new(), String::new());
        let mut names: Vec<String> = Vec::new();
        for name in self.shapes() {
            let shape = self.description.shape(name);
            if let Some(values) = values(shape) {
                enumerations += &enumeration(name, &values);
                continue;
            }
            for class in self.classes(name, shape) {
                body += &self.class(&class);
                names.push(class.name);
            }
        }
        let mut aliases = String::new();
        for operation in self.description.operations().filter(|operation| !self.is_native(operation)) {
            let own = format!("{}Response", camel(operation.name()));
            if own != operation.response().0 {
                aliases += &format!("{own} = {}\n", operation.response().0);
                names.push(own);
            }
        }
        names.sort();
        let listed: String = names.iter().map(|name| format!("    \"{name}\",\n")).collect();
        let mut file = head("The models of requests and responses.");
        file += "from __future__ import annotations\n\n";
        file += "from typing import Annotated, Any, Literal\n\n";
        file += "from pydantic import ConfigDict, Field, SkipValidation\n\n";
        file += "from doorward.models.base import Model\n";
        let mut mixins: Vec<&str> = self.mixins.iter().map(|mixin| mixin.name.as_str()).collect();
        mixins.sort_unstable();
        file += &format!("from doorward.models.common import {}\n", mixins.join(", "));
        let native = self.description.operations().filter(|operation| self.is_native(operation));
        let mut answers: Vec<&str> = native.map(|operation| operation.response().0).collect();
        answers.sort_unstable();
        file += &format!("from doorward.types import {}\n\n", answers.join(", "));
        file += &format!("__all__ = [\n{listed}]\n{enumerations}{body}\n\n{aliases}");
        file
    }

    /// The classes of a shape: one, or of a request that is a body, too, the body and what has the rest.
    fn classes(&self, name: &str, shape: &'a Value) -> Vec<Class<'a>> {
        let all = members(shape);
        let Some(of_body) = shape["x-body"].as_array() else {
            let bases = self.bases(shape, shape.get("x-least").is_some(), &all);
            return vec![Class { name: name.to_owned(), shape, bases, members: all }];
        };
        let is_of_body = |member: &Member| of_body.iter().any(|name| name == member.name);
        let (body, rest): (Vec<Member>, Vec<Member>) = all.into_iter().partition(is_of_body);
        let bases = self.bases(shape, true, &body);
        let whole = Class { name: format!("Full{name}"), shape, bases: vec![name.to_owned()], members: rest };
        vec![Class { name: name.to_owned(), shape, bases, members: body }, whole]
    }

    fn bases(&self, shape: &Value, may_share: bool, members: &[Member]) -> Vec<String> {
        let lines: Vec<String> = members.iter().map(|member| self.field(shape, member)).collect();
        let has = |mixin: &&Mixin| may_share && mixin.fields.iter().all(|field| lines.contains(field));
        let bases: Vec<String> = self.mixins.iter().filter(has).map(|mixin| mixin.name.clone()).collect();
        if bases.is_empty() { vec!["Model".to_owned()] } else { bases }
    }

    fn class(&self, class: &Class) -> String {
        let extra = match class.shape["additionalProperties"].as_bool() {
            Some(false) => "extra=\"forbid\", ",
            Some(true) => "extra=\"allow\", ",
            None => "",
        };
        let mut code = format!("\n\nclass {}({}):\n", class.name, class.bases.join(", "));
        code += &docstring(&prose(class.shape), 4);
        code += &format!("\n    model_config = ConfigDict({extra}use_attribute_docstrings=True)\n");
        let inherited: Vec<&String> = self
            .mixins
            .iter()
            .filter(|mixin| class.bases.contains(&mixin.name))
            .flat_map(|mixin| &mixin.fields)
            .collect();
        for member in &class.members {
            let field = self.field(class.shape, member);
            if inherited.contains(&&field) {
                continue;
            }
            code += &format!("{field}\n{}", docstring(&prose(member.schema), 4));
        }
        code
    }

    /// A member of a model, as one line.
    fn field(&self, shape: &Value, member: &Member) -> String {
        let schema = member.schema;
        let least = shape["x-least"].as_array();
        let is_lenient = least.is_some_and(|least| !least.iter().any(|name| name == member.name));
        let default = match (member.is_required, schema.get("default")) {
            (true, _) if is_lenient => Some(empty(schema)),
            (true, _) => None,
            (false, Some(default)) if !default.is_null() && !is_nullable(schema) => Some(literal(default)),
            (false, _) => Some("None".to_owned()),
        };
        let mut kind = self.kind(schema);
        if default.as_deref() == Some("None") && !kind.ends_with("| None") {
            kind += " | None";
        }
        let mut rules = constraints(schema);
        let is_marked = |mark| self.description.is_marked(schema, mark);
        rules.extend(is_marked("x-host-only").then(|| "exclude=True".to_owned()));
        rules.extend(is_marked("x-secret").then(|| "repr=False".to_owned()));
        rules.extend(is_marked("x-strict").then(|| "strict=True".to_owned()));
        let name = match member.name {
            "from" => {
                rules.insert(0, "alias=\"from\"".to_owned());
                "from_"
            }
            name => name,
        };
        if !rules.is_empty() {
            kind = format!("Annotated[{kind}, Field({})]", rules.join(", "));
        }
        let default = default.map(|default| format!(" = {default}")).unwrap_or_default();
        format!("    {name}: {kind}{default}")
    }

    /// The type of a member of a model.
    fn kind(&self, schema: &Value) -> String {
        if let Some((name, shape)) = self.description.named(schema) {
            return match () {
                () if self.is_answer_of_native(name) => format!("Annotated[{name}, SkipValidation]"),
                () if self.is_open(name, shape) => "dict[str, Any]".to_owned(),
                () => name.to_owned(),
            };
        }
        union(schema, |schema| self.kind(schema), |items| format!("list[{items}]"), "dict[str, Any]")
    }

    fn types(&self) -> String {
        let mut body = String::new();
        for name in self.dictionaries() {
            let shape = self.description.shape(name);
            if shape["properties"].is_object() {
                self.dictionary(name, shape, &mut body);
            }
        }
        let mut file = head("The configuration and the claims of a token, as dictionaries.");
        file += "from __future__ import annotations\n\n";
        file += "from typing import Any, Literal\n\n";
        file += "from typing_extensions import Required, TypedDict\n";
        file + &body
    }

    /// A typed dictionary, after those of the objects inside it that have no name.
    fn dictionary(&self, name: &str, shape: &Value, body: &mut String) {
        for member in members(shape) {
            for inner in unnamed_objects(member.schema) {
                self.dictionary(&format!("{name}{}", camel(member.name)), inner, body);
            }
        }
        let about = prose(shape);
        let about = if about.is_empty() { "An object of the configuration.".to_owned() } else { about };
        let all = members(shape);
        // A keyword can be a key in the functional form only.
        if all.iter().any(|member| member.name == "from") {
            let fields = all
                .iter()
                .map(|member| format!("        \"{}\": {},\n", member.name, self.value(name, member)));
            let fields: String = fields.collect();
            *body += &format!(
                "\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n{fields}    }},\n    total=False,\n)\n{}",
                docstring(&about, 0)
            );
            return;
        }
        *body += &format!("\n\nclass {name}(TypedDict, total=False):\n{}\n", docstring(&about, 4));
        for member in &all {
            *body += &format!("    {}: {}\n", member.name, self.value(name, member));
            *body += &docstring(&prose(member.schema), 4);
        }
    }

    /// The type of a member of a typed dictionary.
    fn value(&self, name: &str, member: &Member) -> String {
        let kind = self.value_kind(&format!("{name}{}", camel(member.name)), member.schema);
        if member.is_required { format!("Required[{kind}]") } else { kind }
    }

    fn value_kind(&self, inner: &str, schema: &Value) -> String {
        if let Some((name, shape)) = self.description.named(schema) {
            return match values(shape) {
                Some(values) => one_of(&values),
                None if shape["properties"].is_object() => name.to_owned(),
                None => "dict[str, Any]".to_owned(),
            };
        }
        let of_object = match schema["additionalProperties"].as_object() {
            _ if schema["properties"].is_object() => inner.to_owned(),
            // Null means absent in it, too.
            Some(_) => {
                let values = self.value_kind(inner, &schema["additionalProperties"]);
                format!("dict[str, {values} | None]")
            }
            None => "dict[str, Any]".to_owned(),
        };
        union(schema, |schema| self.value_kind(inner, schema), |items| format!("list[{items}]"), &of_object)
    }

    fn operations(&self) -> String {
        let mut file = head("One typed method for each operation.");
        file += "from __future__ import annotations\n\n\
                 import json\n\
                 from collections.abc import Mapping, Sequence\n\
                 from typing import Any, cast\n\n\
                 from pydantic import BaseModel\n\n\
                 from doorward import _doorward\n\
                 from doorward.models import app as models\n\n\n\
                 class Operations(_doorward.Engine):\n    \
                     \"\"\"The operations; a failure raises an AuthError. `verify` is native.\"\"\"\n";
        for operation in self.written() {
            file += &self.method(&operation);
        }
        file + "\n\n\
                def _text(fields: Mapping[str, object]) -> str:\n    \
                    return json.dumps(fields, default=_plain)\n\n\n\
                def _plain(value: object) -> object:\n    \
                    if isinstance(value, BaseModel):\n        \
                        return value.model_dump()\n    \
                    if isinstance(value, Mapping):\n        \
                        return dict(cast(\"Mapping[str, Any]\", value))\n    \
                    raise TypeError(f\"not a value of JSON: {type(value).__name__}\")\n"
    }

    fn method(&self, operation: &Operation) -> String {
        let (name, all) = (operation.name(), members(operation.request().1));
        let response = operation.response().0;
        let mut code = match all.is_empty() {
            true => format!("\n    def {name}(self) -> models.{response}:\n"),
            false => {
                let arguments: String = all.iter().map(|member| self.argument(member)).collect();
                format!(
                    "\n    def {name}(\n        self,\n        *,\n{arguments}    ) -> models.{response}:\n"
                )
            }
        };
        code += &self.documentation(operation, &all);
        let fields: String =
            all.iter().map(|member| format!("            \"{0}\": {0},\n", member.name)).collect();
        match all.is_empty() {
            true => code += "        fields: dict[str, object] = {}\n",
            false => code += &format!("        fields: dict[str, object] = {{\n{fields}        }}\n"),
        }
        code += &format!("        answer = self.call(\"{name}\", _text(fields))\n");
        code + &format!("        return models.{response}.model_validate(answer)\n")
    }

    fn documentation(&self, operation: &Operation, members: &[Member]) -> String {
        let mut about = vec![operation.text("summary").to_owned()];
        about.extend((!members.is_empty()).then(String::new));
        for member in members {
            let lines = wrapped(&format!("{}: {}", member.name, prose(member.schema)), WIDTH - 12);
            let indented = lines.into_iter().enumerate();
            about.extend(indented.map(|(index, line)| if index > 0 { format!("    {line}") } else { line }));
        }
        let codes = operation.codes();
        if !codes.is_empty() {
            about.push(String::new());
            about.extend(wrapped(&format!("Failures: {}.", codes.join(", ")), WIDTH - 10));
        }
        match about.as_slice() {
            [line] => format!("        \"\"\"{line}\"\"\"\n"),
            lines => {
                let indented = |line: &String| format!("        {line}").trim_end().to_owned() + "\n";
                let lines: String = lines.iter().map(indented).collect();
                format!("        \"\"\"{}        \"\"\"\n", lines.trim_start())
            }
        }
    }

    fn argument(&self, member: &Member) -> String {
        let kind = self.argument_kind(member.schema);
        let default = if member.is_required { "" } else { " = None" };
        let kind = match (member.is_required, kind.ends_with("| None")) {
            (false, false) => kind + " | None",
            _ => kind,
        };
        format!("        {}: {kind}{default},\n", member.name)
    }

    /// The type of an argument: wider than that of a member, because the engine judges it.
    fn argument_kind(&self, schema: &Value) -> String {
        if let Some((name, shape)) = self.description.named(schema) {
            return match values(shape) {
                Some(_) => "str".to_owned(),
                None if self.is_open(name, shape) => "Mapping[str, Any]".to_owned(),
                None => format!("models.{name} | Mapping[str, Any]"),
            };
        }
        let plain = serde_json::json!({
            "type": schema["type"], "items": schema["items"], "anyOf": schema["anyOf"],
        });
        let items = |items: &str| format!("Sequence[{items}]");
        union(&plain, |schema| self.argument_kind(schema), items, "Mapping[str, Any]")
    }

    fn statuses(&self) -> String {
        let mut file = head("The classes of outcomes.");
        file += "from enum import IntEnum\n\n\nclass Status(IntEnum):\n    \
                 \"\"\"The class of an outcome; new codes may appear, classes do not change.\"\"\"\n\n";
        for status in self.description.statuses() {
            file += &format!("    {} = {}\n", text(&status["name"]), status["value"]);
            file += &docstring(text(&status["description"]), 4);
        }
        file
    }
}

/// A type by its kinds or its choices, `None` at the end.
fn union(
    schema: &Value,
    inner: impl Fn(&Value) -> String,
    list: impl Fn(&str) -> String,
    of_object: &str,
) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    if let Some(values) = values(schema) {
        add(one_of(&values));
    } else {
        for kind in kinds(schema) {
            add(match kind {
                "string" => "str".to_owned(),
                "integer" => "int".to_owned(),
                "number" => "float".to_owned(),
                "boolean" => "bool".to_owned(),
                "array" => list(&inner(&schema["items"])),
                "object" => match schema["additionalProperties"].as_object() {
                    Some(_) if of_object == "dict[str, Any]" => {
                        format!("dict[str, {}]", inner(&schema["additionalProperties"]))
                    }
                    _ => of_object.to_owned(),
                },
                _ => String::new(),
            });
        }
        choices(schema)
            .iter()
            .filter(|choice| choice["type"] != "null")
            .for_each(|choice| add(inner(choice)));
    }
    if names.is_empty() {
        names.push("Any".to_owned());
    }
    if is_nullable(schema) {
        names.push("None".to_owned());
    }
    names.join(" | ")
}

/// The objects inside a schema that have members and no name.
fn unnamed_objects(schema: &Value) -> Vec<&Value> {
    if schema["properties"].is_object() {
        return vec![schema];
    }
    let inner = [&schema["items"], &schema["additionalProperties"]].into_iter().chain(choices(schema));
    inner.filter(|inner| inner.is_object()).flat_map(unnamed_objects).collect()
}

fn one_of(values: &[&Value]) -> String {
    format!("Literal[{}]", values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", "))
}

fn enumeration(name: &str, values: &[&Value]) -> String {
    let line = format!("\n{name} = {}\n", one_of(values));
    if line.trim().chars().count() <= WIDTH {
        return line;
    }
    let lines: String = values.iter().map(|value| format!("    {},\n", literal(value))).collect();
    format!("\n{name} = Literal[\n{lines}]\n")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    }
}

/// The value of a member that another system does not have.
fn empty(schema: &Value) -> String {
    let value = match kinds(schema).first() {
        _ if is_nullable(schema) => "None",
        Some(&"string") => "\"\"",
        Some(&"boolean") => "False",
        Some(&"integer" | &"number") => "0",
        Some(&"array") => "[]",
        _ => "{}",
    };
    value.to_owned()
}

/// The bounds of a member, as Pydantic spells them. Items of lists have none.
fn constraints(schema: &Value) -> Vec<String> {
    let rules = [
        ("minimum", "ge"),
        ("maximum", "le"),
        ("maxLength", "max_length"),
        ("maxItems", "max_length"),
        ("minLength", "min_length"),
        ("minItems", "min_length"),
        ("pattern", "pattern"),
    ];
    let given = |(name, rule): &(&str, &str)| schema.get(*name).map(|value| format!("{rule}={value}"));
    rules.iter().filter_map(given).collect()
}

/// A docstring: on one line where it fits.
fn docstring(about: &str, indent: usize) -> String {
    let (space, about) = (" ".repeat(indent), about.replace('\\', "\\\\"));
    if about.is_empty() {
        return String::new();
    }
    match wrapped(&about, WIDTH - indent - 6).as_slice() {
        [line] => format!("{space}\"\"\"{line}\"\"\"\n"),
        lines => {
            let lines: String = lines.iter().map(|line| format!("{space}{line}\n")).collect();
            format!("{space}\"\"\"{}{space}\"\"\"\n", lines.trim_start())
        }
    }
}
