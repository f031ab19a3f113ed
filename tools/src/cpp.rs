//! C++: include/doorward_types.hpp, with the requests and responses as aggregates and a method for each operation. It is
//! written as clang-format formats it. What is written by hand is in doorward.hpp and doorward_json.hpp.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::{Constant, Kind, Member, Operation, Others, Shape};
use crate::{File, Library, wrapped};

/// The widest line.
const WIDTH: usize = 110;

const HEAD: &str = "// The operations of doorward as C++ types: requests, responses, the configuration, and a method for each
// operation. Written by `make header` from the description of the library: do not edit. Include doorward.hpp.

#ifndef DOORWARD_TYPES_HPP
#define DOORWARD_TYPES_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include \"doorward.h\"
#include \"doorward_json.hpp\"

namespace doorward {
";

const KEYWORDS: [&str; 14] = [
    "and", "default", "delete", "explicit", "export", "new", "not", "operator", "or", "private", "public",
    "register", "this", "union",
];

pub fn files(library: &Library, _: &Path) -> Vec<File> {
    let cpp = Cpp {
        library,
        written: library.written().into_iter().map(|shape| shape.name.as_str()).collect(),
        opening: library.operations.iter().filter(|one| one.steps_up()).map(|one| one.response.as_str()).collect(),
    };
    vec![
        File::new("include/doorward_types.hpp", cpp.types()),
        File::new("tests/cpp/operations.inc", rows(library)),
    ]
}

struct Cpp<'a> {
    library: &'a Library,
    /// The shapes of requests and of the configuration: they have setters.
    written: BTreeSet<&'a str>,
    /// The responses in the place of which the next step of a login may come.
    opening: BTreeSet<&'a str>,
}

impl Cpp<'_> {
    fn types(&self) -> String {
        let mut file = HEAD.to_owned();
        file += &self.statuses();
        file += &self.codes();
        let responses = self.library.operations.iter().map(|operation| &operation.response);
        let read = self.library.within(responses.chain([&self.library.step_up]));
        let is_read = |shape: &&Shape| read.iter().any(|one| one.name == shape.name);
        let written = self.library.written().into_iter().filter(|shape| !is_read(shape));
        for shape in read.iter().copied().chain(written) {
            match shape.constants() {
                Some(constants) => file += &enumeration(&shape.name, &shape.about, constants),
                None if is_json(shape) => {}
                None => file += &self.structure(shape),
            }
        }
        file += &self.steps();
        file += &self.operations();
        file + "\n}  // namespace doorward\n\n#endif  // DOORWARD_TYPES_HPP\n"
    }

    fn statuses(&self) -> String {
        let mut code = "\n// The class of an outcome. Treat one that is not listed as a refusal.\n\
                        enum class status : std::int32_t {\n"
            .to_owned();
        for status in &self.library.statuses {
            code += &comment(&format!("{} HTTP {}.", status.about, status.http), 2);
            code += &format!("  {} = {},\n", status.name.to_lowercase(), status.value);
        }
        code + "};\n"
    }

    fn codes(&self) -> String {
        let constant = |code: &crate::model::Code| Constant {
            value: code.name.clone().into(),
            about: code.about.clone(),
        };
        let constants: Vec<Constant> = self.library.codes().into_iter().map(constant).collect();
        enumeration("Code", "Why an operation failed.", &constants)
    }

    fn structure(&self, shape: &Shape) -> String {
        let name = snake(&shape.name);
        let mut code = format!("\n{}struct {name} {{\n", comment(&shape.about, 0));
        for member in shape.members() {
            code += &comment(&member.about_with_bounds(), 2);
            code += &format!("  {} {}{{}};\n", self.member(member), identifier(&member.name));
        }
        let has_others = shape.others() == Others::Kept;
        if has_others {
            code += "  // The other members.\n  std::map<std::string, doorward::json> others{};\n";
        }
        if self.written.contains(shape.name.as_str()) {
            shape.members().iter().for_each(|member| code += &self.setter(&name, member));
        }
        code += if shape.members().is_empty() && !has_others { "" } else { "\n" };
        code += "  template <class Self, class Visitor>\n";
        let visit = |member: &Member| {
            let visit = match member {
                Member { is_host_only: true, .. } => "visit.host_only",
                Member { is_required: true, is_nullable: true, .. } => "visit.nullable",
                _ => "visit",
            };
            format!("{visit}(\"{}\", self.{});", member.name, identifier(&member.name))
        };
        let mut visits: Vec<String> = shape.members().iter().map(visit).collect();
        visits.extend(has_others.then(|| "visit.others(self.others);".to_owned()));
        code += &match visits.as_slice() {
            [] => "  static void each_member(Self &, Visitor &) {}\n".to_owned(),
            visits => long("  static void each_member(Self &self, Visitor &visit)", visits),
        };
        code + "};\n"
    }

    /// The setter of a member, for C++17, which has no designated initializers.
    fn setter(&self, shape: &str, member: &Member) -> String {
        let name = identifier(&member.name);
        let kind = self.kind(&member.kind, member.is_secret);
        let body = [format!("{name} = std::forward<Value>(value);"), "return *this;".to_owned()];
        let head = format!("  {shape} &set_{}(Value &&value)", member.name);
        format!("\n  template <class Value = {kind}>\n{}", long(&head, &body))
    }

    fn member(&self, member: &Member) -> String {
        let kind = self.kind(&member.kind, member.is_secret);
        match member.is_required && !member.is_nullable {
            true => kind,
            false => format!("std::optional<{kind}>"),
        }
    }

    fn kind(&self, kind: &Kind, is_secret: bool) -> String {
        match kind {
            Kind::Text if is_secret => "doorward::secret".to_owned(),
            Kind::Text => "std::string".to_owned(),
            Kind::Integer => "std::int64_t".to_owned(),
            Kind::Number => "double".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Anything => "doorward::json".to_owned(),
            Kind::Shape(name) if is_json(self.library.shape(name)) => "doorward::json".to_owned(),
            Kind::Shape(name) => format!("doorward::{}", snake(name)),
            Kind::Constants(values) if values.iter().all(|value| value.is_boolean()) => "bool".to_owned(),
            Kind::Constants(_) => "std::string".to_owned(),
            Kind::List(item) => format!("std::vector<{}>", self.kind(item, is_secret)),
            Kind::Map(value) => format!("std::map<std::string, {}>", self.kind(value, is_secret)),
            Kind::Either(kinds) if kinds.iter().all(|kind| matches!(kind, Kind::Integer | Kind::Number)) => {
                "double".to_owned()
            }
            Kind::Either(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| self.kind(kind, is_secret)).collect();
                format!("std::variant<{}>", kinds.join(", "))
            }
        }
    }

    fn steps(&self) -> String {
        let mut code = "\nnamespace detail {\n\n\
                        // Whether the next step of a login may come in the place of this response.\n\
                        template <class Response>\ninline constexpr bool may_step_up = false;\n"
            .to_owned();
        for response in &self.opening {
            code += &format!("template <>\ninline constexpr bool may_step_up<{}> = true;\n", snake(response));
        }
        code + "\n}  // namespace detail\n"
    }

    fn operations(&self) -> String {
        let methods: Vec<String> = self.library.operations.iter().map(|one| self.method(one)).collect();
        format!(
            "\n// The operations, as methods of `engine`.\n\
             template <class Engine, template <class> class Result>\nclass operations {{\n public:\n{}\n \
             private:\n  \
             template <class Response, class Named, class Request>\n  \
             Result<Response> run(Named named, const Request &request) const {{\n    \
             return static_cast<const Engine *>(this)->template run<Response>(named, request);\n  }}\n}};\n",
            methods.join("\n")
        )
    }

    fn method(&self, operation: &Operation) -> String {
        let repeated = if operation.may_be_repeated { "may be repeated" } else { "not to be repeated" };
        let failures = match operation.codes() {
            codes if codes.is_empty() => String::new(),
            codes => format!(" Failures: {}.", codes.join(", ")),
        };
        let about = format!("{} Cost: {}; {repeated}.{failures}", operation.summary, operation.cost);
        let name = &operation.name;
        let request = snake(&operation.request);
        let response = snake(&operation.response);
        let default = if self.library.shape(&operation.request).may_be_empty() { " = {}" } else { "" };
        let result = format!("  Result<doorward::{response}> {}", identifier(name));
        let argument = format!("const doorward::{request} &request{default}");
        let body = [format!("return run<{response}>(doorward_{name}, request);")];
        let head = match format!("{result}({argument}) const") {
            head if head.len() + " {".len() <= WIDTH => head,
            _ => format!("{result}(\n      {argument}) const"),
        };
        comment(&about, 2) + &function(&head, &body)
    }
}

/// The operations for a macro, by which the tests call each.
fn rows(library: &Library) -> String {
    let row = |operation: &Operation| {
        let Operation { name, request, response, .. } = operation;
        let method = identifier(name);
        let request = snake(request);
        let response = snake(response);
        format!("OPERATION({name}, {method}, {request}, {response})\n")
    };
    library.operations.iter().map(row).collect()
}

/// Whether a shape is a value of JSON in C++: what is passed on as it is, and an object of any members.
fn is_json(shape: &Shape) -> bool {
    shape.is_passed_on || shape.is_any_object()
}

/// An enumeration, and the names of its values. The first value stands for those of newer libraries.
fn enumeration(name: &str, about: &str, constants: &[Constant]) -> String {
    let name = snake(name);
    let mut values = String::new();
    let mut names = String::new();
    for Constant { value, about } in constants {
        let text = value.as_str().unwrap_or_default();
        values += &format!("{}  {},\n", comment(about, 2), identifier(text));
        names += &format!("      \"{text}\",\n");
    }
    format!(
        "\n{}enum class {name} {{\n  \
         // A value that this header does not know.\n  unknown,\n{values}}};\n\n\
         namespace detail {{\n\ntemplate <>\nstruct names<{name}> {{\n  \
         // clang-format off\n  static constexpr std::string_view all[] = {{\n      \"\",\n{names}  }};\n  \
         // clang-format on\n}};\n\n}}  // namespace detail\n",
        comment(about, 0)
    )
}

/// A function: on one line where it has one statement and fits.
fn function(head: &str, body: &[String]) -> String {
    if let [statement] = body
        && !head.contains('\n')
        && head.len() + statement.len() + " {  }".len() <= WIDTH
    {
        return format!("{head} {{ {statement} }}\n");
    }
    long(head, body)
}

fn long(head: &str, body: &[String]) -> String {
    let body: String = body.iter().map(|statement| format!("    {statement}\n")).collect();
    format!("{head} {{\n{body}  }}\n")
}

fn comment(about: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    wrapped(about, WIDTH - indent - "// ".len()).iter().map(|line| format!("{space}// {line}\n")).collect()
}

/// A name of C++: a keyword has an underscore after it, and so has a text that is not a name otherwise.
fn identifier(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
    if KEYWORDS.contains(&name.as_str()) { name + "_" } else { name }
}

/// `LoginRequest` as `login_request`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
