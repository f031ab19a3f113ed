//! Python: the models, the typed dictionaries, one method for each operation, the statuses. They are written
//! in ruff's format.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::model::{Constant, Kind, Member, Operation, Others, Shape};
use crate::{File, Library, camel, wrapped};

const PACKAGE: &str = "bindings/python/python/doorward";

/// The maximum length of a line.
const WIDTH: usize = 110;

/// Returns every generated file of the package.
pub fn files(library: &Library, root: &Path) -> Vec<File> {
    let read = |name: &str| std::fs::read_to_string(root.join(PACKAGE).join(name)).unwrap_or_default();
    let python = Python {
        library,
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
        ("async_operations.py", python.async_operations()),
        ("status.py", python.statuses()),
    ];
    files.into_iter().map(|(name, text)| File::new(format!("{PACKAGE}/{name}"), text)).collect()
}

/// Returns the modules of the package of models, with their sources.
fn modules(folder: &Path, models: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("the folder of the models");
    let sources = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_str()?.strip_suffix(".py")?.to_owned();
        (name != "__init__").then(|| Some((name, std::fs::read_to_string(path).ok()?)))?
    });
    sources.chain([("app".to_owned(), models.to_owned())]).collect()
}

/// Writes the package of the models: all names that its modules list in `__all__`.
fn package(modules: &BTreeMap<String, String>) -> String {
    let mut imports = String::new();
    let mut names = Vec::new();
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

/// A handwritten class, and its members.
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

/// Returns the methods that the native module itself has.
fn methods_of(stub: &str) -> Vec<String> {
    let names = stub.lines().filter_map(|line| line.strip_prefix("    def ")?.split('(').next());
    names.map(str::to_owned).collect()
}

struct Python<'a> {
    library: &'a Library,
    mixins: Vec<Mixin>,
    native: Vec<String>,
}

/// A class to be generated.
struct Class<'a> {
    name: String,
    shape: &'a Shape,
    bases: Vec<String>,
    members: Vec<&'a Member>,
}

impl<'a> Python<'a> {
    fn is_native(&self, operation: &Operation) -> bool {
        self.native.contains(&operation.name)
    }

    fn native(&self) -> impl Iterator<Item = &'a Operation> {
        self.library.operations.iter().filter(|operation| self.is_native(operation))
    }

    /// Returns the operations whose methods are generated.
    fn written(&self) -> impl Iterator<Item = &'a Operation> {
        self.library.operations.iter().filter(|operation| !self.is_native(operation))
    }

    /// Returns the types that are dictionaries: the configuration, and the results of native methods.
    fn dictionaries(&self) -> Vec<&'a Shape> {
        let answers = self.native().map(|operation| &operation.response);
        self.library.within([&self.library.configuration].into_iter().chain(answers))
    }

    /// Every shape of requests and responses that is a model, each after those that it refers to.
    fn shapes(&self) -> Vec<&'a Shape> {
        let names = self.library.operations.iter().flat_map(|operation| {
            let response = (!self.is_native(operation)).then_some(&operation.response);
            [&operation.request].into_iter().chain(response)
        });
        self.library.within_if(names, |shape| !self.is_open(shape))
    }

    /// Whether models hold the type as a plain dictionary.
    fn is_open(&self, shape: &Shape) -> bool {
        shape.is_passed_on || self.is_of_the_configuration(shape) || self.is_answer_of_native(shape)
    }

    fn is_of_the_configuration(&self, shape: &Shape) -> bool {
        self.library.within([&self.library.configuration]).iter().any(|one| one.name == shape.name)
    }

    fn is_answer_of_native(&self, shape: &Shape) -> bool {
        self.native().any(|operation| operation.response == shape.name)
    }

    fn models(&self) -> String {
        let mut enumerations = String::new();
        let mut body = String::new();
        let mut names: Vec<String> = Vec::new();
        for shape in self.shapes() {
            if let Some(constants) = shape.constants() {
                enumerations += &enumeration(&shape.name, &values(constants));
                continue;
            }
            for class in self.classes(shape) {
                body += &self.class(&class);
                names.push(class.name);
            }
        }
        let mut aliases = String::new();
        for operation in self.written() {
            let own = format!("{}Response", camel(&operation.name));
            if own != operation.response {
                aliases += &format!("{own} = {}\n", operation.response);
                names.push(own);
            }
        }
        names.sort();
        let listed: String = names.iter().map(|name| format!("    \"{name}\",\n")).collect();
        let mut file = head("The models of requests and responses.");
        file += "from __future__ import annotations\n\n";
        file += "from typing import Annotated, Any, Literal\n\n";
        file += "from pydantic import Field, SkipValidation\n\n";
        file += "from doorward.models.base import Model\n";
        let mut mixins: Vec<&str> = self.mixins.iter().map(|mixin| mixin.name.as_str()).collect();
        mixins.sort_unstable();
        file += &format!("from doorward.models.common import {}\n", mixins.join(", "));
        let mut answers: Vec<&str> = self.native().map(|operation| operation.response.as_str()).collect();
        answers.sort_unstable();
        file += &format!("from doorward.types import {}\n\n", answers.join(", "));
        file += &format!("__all__ = [\n{listed}]\n{enumerations}{body}\n\n{aliases}");
        file
    }

    /// Returns the classes of a type: one, or for a request that is also a body, the body and a class with
    /// the remaining members.
    fn classes(&self, shape: &'a Shape) -> Vec<Class<'a>> {
        let name = &shape.name;
        let all = shape.members().iter().collect::<Vec<_>>();
        let Some(of_body) = &shape.of_body else {
            let bases = self.bases(shape, shape.least.is_some(), &all);
            return vec![Class { name: name.clone(), shape, bases, members: all }];
        };
        let (body, rest): (Vec<&Member>, Vec<&Member>) =
            all.into_iter().partition(|member| of_body.contains(&member.name));
        let bases = self.bases(shape, true, &body);
        let whole = Class { name: format!("Full{name}"), shape, bases: vec![name.clone()], members: rest };
        vec![Class { name: name.clone(), shape, bases, members: body }, whole]
    }

    fn bases(&self, shape: &Shape, may_share: bool, members: &[&Member]) -> Vec<String> {
        let lines: Vec<String> = members.iter().map(|member| self.field(shape, member)).collect();
        let has = |mixin: &&Mixin| may_share && mixin.fields.iter().all(|field| lines.contains(field));
        let bases: Vec<String> = self.mixins.iter().filter(has).map(|mixin| mixin.name.clone()).collect();
        if bases.is_empty() { vec!["Model".to_owned()] } else { bases }
    }

    fn class(&self, class: &Class) -> String {
        let extra = match class.shape.others() {
            Others::Refused => ", extra=\"forbid\"",
            Others::Kept => ", extra=\"allow\"",
            Others::Ignored => "",
        };
        let mut code = format!("\n\nclass {}({}{extra}):\n", class.name, class.bases.join(", "));
        let about = docstring(&class.shape.about, 4);
        let inherited: Vec<&String> = self
            .mixins
            .iter()
            .filter(|mixin| class.bases.contains(&mixin.name))
            .flat_map(|mixin| &mixin.fields)
            .collect();
        let mut fields = String::new();
        for member in &class.members {
            let field = self.field(class.shape, member);
            if inherited.contains(&&field) {
                continue;
            }
            fields += &format!("{field}\n{}", docstring(&member.about, 4));
        }
        let between = if about.is_empty() || fields.is_empty() { "" } else { "\n" };
        code += &[&about, between, &fields].concat();
        if about.is_empty() && fields.is_empty() { code + "    pass\n" } else { code }
    }

    /// Writes a member of a model, as one line.
    fn field(&self, shape: &Shape, member: &Member) -> String {
        let is_lenient = shape.least.as_ref().is_some_and(|least| !least.contains(&member.name));
        let default = match (member.is_required, &member.default) {
            (true, _) if is_lenient => Some(empty(member)),
            (true, _) => None,
            (false, Some(default)) if !default.is_null() && !member.is_nullable => Some(literal(default)),
            (false, _) => Some("None".to_owned()),
        };
        let mut kind = or_none(self.kind(&member.kind), member.is_nullable);
        if default.as_deref() == Some("None") {
            kind = or_none(kind, true);
        }
        let mut rules = constraints(member);
        rules.extend(member.is_host_only.then(|| "exclude=True".to_owned()));
        rules.extend(member.is_secret.then(|| "repr=False".to_owned()));
        rules.extend(member.is_strict.then(|| "strict=True".to_owned()));
        let name = match member.name.as_str() {
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

    /// Returns the type of a model's member.
    fn kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Shape(name) => match self.library.shape(name) {
                shape if self.is_answer_of_native(shape) => format!("Annotated[{name}, SkipValidation]"),
                shape if self.is_open(shape) => "dict[str, Any]".to_owned(),
                _ => name.clone(),
            },
            Kind::List(item) => format!("list[{}]", self.kind(item)),
            Kind::Map(value) => format!("dict[str, {}]", self.kind(value)),
            Kind::Constants(values) => one_of(values),
            Kind::Either(kinds) => either(kinds.iter().map(|kind| self.kind(kind))),
            plain => self::plain(plain),
        }
    }

    fn types(&self) -> String {
        let mut body = String::new();
        let has_members = |shape: &&Shape| !shape.members().is_empty();
        for shape in self.dictionaries().into_iter().filter(has_members) {
            body += &self.dictionary(shape);
        }
        let mut file = head("The configuration and the claims of a token, as dictionaries.");
        file += "from __future__ import annotations\n\n";
        file += "from typing import Any, Literal\n\n";
        file += "from typing_extensions import Required, TypedDict\n";
        file + &body
    }

    fn dictionary(&self, shape: &Shape) -> String {
        let name = &shape.name;
        let all = shape.members();
        let about = if shape.about.is_empty() { "An object of the configuration." } else { &shape.about };
        // A keyword can be a key only in the functional form.
        if all.iter().any(|member| member.name == "from") {
            let fields = all.iter().map(|member| format!("        \"{}\": {},\n", member.name, self.value(member)));
            let fields: String = fields.collect();
            return format!(
                "\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n{fields}    }},\n    total=False,\n)\n{}",
                docstring(about, 0)
            );
        }
        let mut code = format!("\n\nclass {name}(TypedDict, total=False):\n{}\n", docstring(about, 4));
        for member in all {
            code += &annotated(&member.name, &self.value(member));
            code += &docstring(&member.about_with_bounds(), 4);
        }
        code
    }

    /// Returns the type of a typed dictionary's member.
    fn value(&self, member: &Member) -> String {
        let kind = or_none(self.value_kind(&member.kind), member.is_nullable);
        if member.is_required { format!("Required[{kind}]") } else { kind }
    }

    fn value_kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Shape(name) => match self.library.shape(name) {
                shape if shape.is_any_object() => "dict[str, Any]".to_owned(),
                shape => shape.constants().map_or_else(|| name.clone(), |all| one_of(&values(all))),
            },
            Kind::List(item) => format!("list[{}]", self.value_kind(item)),
            Kind::Map(value) if matches!(**value, Kind::Anything) => "dict[str, Any]".to_owned(),
            // Inside it null means absent, too.
            Kind::Map(value) => format!("dict[str, {} | None]", self.value_kind(value)),
            Kind::Constants(values) => one_of(values),
            Kind::Either(kinds) => either(kinds.iter().map(|kind| self.value_kind(kind))),
            plain => self::plain(plain),
        }
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
            file += &self.method(operation);
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

    /// Returns the signature and the documentation of a method.
    fn signature(&self, operation: &Operation, define: &str) -> String {
        let name = &operation.name;
        let response = &operation.response;
        let all = self.library.shape(&operation.request).members();
        let code = match all.is_empty() {
            true => format!("\n    {define} {name}(self) -> models.{response}:\n"),
            false => {
                let arguments: String = all.iter().map(|member| self.argument(member)).collect();
                format!(
                    "\n    {define} {name}(\n        self,\n        *,\n{arguments}    ) -> models.{response}:\n"
                )
            }
        };
        code + &self.documentation(operation, all)
    }

    fn async_operations(&self) -> String {
        let mut file = head("One method for each operation, which is awaited if the operation may wait.");
        file += "from __future__ import annotations\n\n\
                 from collections.abc import Mapping, Sequence\n\
                 from typing import Any\n\n\
                 from doorward.engine import Engine\n\
                 from doorward.models import app as models\n\
                 from doorward.threads import to_thread\n\n\n\
                 class AsyncOperations:\n    \
                     \"\"\"The operations, for coroutines; a failure raises an AuthError.\"\"\"\n\n    \
                     engine: Engine\n    \
                     \"\"\"The engine that runs them.\"\"\"\n";
        for operation in self.written() {
            file += &self.async_method(operation);
        }
        file
    }

    fn async_method(&self, operation: &Operation) -> String {
        let name = &operation.name;
        let all = self.library.shape(&operation.request).members();
        let fields: Vec<String> = all.iter().map(|member| format!("{0}={0}", member.name)).collect();
        let waits = operation.cost != "instant";
        let code = self.signature(operation, if waits { "async def" } else { "def" });
        let (call, mut arguments) = match waits {
            true => ("await to_thread".to_owned(), vec![format!("self.engine.{name}")]),
            false => (format!("self.engine.{name}"), Vec::new()),
        };
        arguments.extend(fields);
        code + &call_of(&call, &arguments)
    }

    fn method(&self, operation: &Operation) -> String {
        let name = &operation.name;
        let response = &operation.response;
        let all = self.library.shape(&operation.request).members();
        let mut code = self.signature(operation, "def");
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
        let mut about = vec![operation.summary.clone()];
        about.extend((!members.is_empty()).then(String::new));
        for member in members {
            let lines = wrapped(&format!("{}: {}", member.name, member.about), WIDTH - 12);
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
        let kind = or_none(self.argument_kind(&member.kind), member.is_nullable || !member.is_required);
        let default = if member.is_required { "" } else { " = None" };
        format!("        {}: {kind}{default},\n", member.name)
    }

    /// Returns the type of an argument: wider than that of a member, because the engine checks it.
    fn argument_kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Shape(name) => match self.library.shape(name) {
                shape if shape.constants().is_some() => "str".to_owned(),
                shape if self.is_open(shape) => "Mapping[str, Any]".to_owned(),
                _ => format!("models.{name} | Mapping[str, Any]"),
            },
            Kind::Constants(_) => "str".to_owned(),
            Kind::List(item) => format!("Sequence[{}]", self.argument_kind(item)),
            Kind::Map(_) => "Mapping[str, Any]".to_owned(),
            Kind::Either(kinds) => either(kinds.iter().map(|kind| self.argument_kind(kind))),
            plain => self::plain(plain),
        }
    }

    fn statuses(&self) -> String {
        let mut file = head("The classes of outcomes.");
        file += "from enum import IntEnum\n\n\nclass Status(IntEnum):\n    \
                 \"\"\"The class of an outcome; new codes may appear, classes do not change.\"\"\"\n\n";
        for status in &self.library.statuses {
            file += &format!("    {} = {}\n", status.name, status.value);
            file += &docstring(&status.about, 4);
        }
        file
    }
}

/// Writes a call whose result a method returns, in as few lines as fit.
fn call_of(function: &str, arguments: &[String]) -> String {
    let all = arguments.join(", ");
    let line = format!("        return {function}({all})\n");
    if line.trim_end().len() <= WIDTH {
        return line;
    }
    let line = format!("            {all}");
    let lines = match line.len() <= WIDTH {
        true => line + "\n",
        false => arguments.iter().map(|argument| format!("            {argument},\n")).collect(),
    };
    format!("        return {function}(\n{lines}        )\n")
}

fn plain(kind: &Kind) -> String {
    let name = match kind {
        Kind::Text => "str",
        Kind::Integer => "int",
        Kind::Number => "float",
        Kind::Boolean => "bool",
        _ => "Any",
    };
    name.to_owned()
}

fn either(kinds: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = Vec::new();
    kinds.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names.join(" | ")
}

/// Writes a member and its type, in the lines of ruff's formatter.
fn annotated(name: &str, kind: &str) -> String {
    let line = format!("    {name}: {kind}\n");
    match kind.strip_suffix(" | None") {
        Some(kind) if line.chars().count() > WIDTH + 1 => {
            format!("    {name}: (\n        {kind}\n        | None\n    )\n")
        }
        _ => line,
    }
}

fn or_none(kind: String, is_optional: bool) -> String {
    if is_optional && !kind.ends_with("| None") { kind + " | None" } else { kind }
}

fn values(constants: &[Constant]) -> Vec<Value> {
    constants.iter().map(|constant| constant.value.clone()).collect()
}

fn one_of(values: &[Value]) -> String {
    format!("Literal[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

fn enumeration(name: &str, values: &[Value]) -> String {
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

/// Returns the value of a member that another system does not have.
fn empty(member: &Member) -> String {
    let value = match &member.kind {
        _ if member.is_nullable => "None",
        Kind::Text => "\"\"",
        Kind::Boolean => "False",
        Kind::Integer | Kind::Number => "0",
        Kind::List(_) => "[]",
        _ => "{}",
    };
    value.to_owned()
}

/// Returns the bounds of a member, as Pydantic writes them. Items of lists have none.
fn constraints(member: &Member) -> Vec<String> {
    let rules = [
        ("minimum", "ge"),
        ("maximum", "le"),
        ("maxLength", "max_length"),
        ("maxItems", "max_length"),
        ("minLength", "min_length"),
        ("minItems", "min_length"),
        ("pattern", "pattern"),
    ];
    let given = |(name, rule): &(&str, &str)| member.rules.get(*name).map(|value| format!("{rule}={value}"));
    rules.iter().filter_map(given).collect()
}

/// Returns a docstring, on one line if it fits.
fn docstring(about: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    let about = about.replace('\\', "\\\\");
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
