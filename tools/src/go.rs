//! Go: the types, one method for each operation, the statuses and the codes. They are written in gofmt's format.

use std::path::Path;

use serde_json::Value;

use crate::model::{Code, Failure, Kind, Member, Operation, Others, Shape};
use crate::{File, Library, wrapped};

const PACKAGE: &str = "bindings/go";

/// The maximum length of a line of a comment.
const WIDTH: usize = 110;

/// Words with a spelling of their own (https://go.dev/wiki/CodeReviewComments#initialisms).
const INITIALISMS: [(&str, &str); 19] = [
    ("ca", "CA"),
    ("fa", "FA"),
    ("html", "HTML"),
    ("http", "HTTP"),
    ("id", "ID"),
    ("ip", "IP"),
    ("json", "JSON"),
    ("jwks", "JWKS"),
    ("ok", "OK"),
    ("qr", "QR"),
    ("rp", "RP"),
    ("smtp", "SMTP"),
    ("svg", "SVG"),
    ("tls", "TLS"),
    ("totp", "TOTP"),
    ("uri", "URI"),
    ("url", "URL"),
    ("utf8", "UTF8"),
    ("webauthn", "WebAuthn"),
];

/// Returns every generated file of the package.
pub fn files(library: &Library, _: &Path) -> Vec<File> {
    let go = Go { library };
    let files =
        [("types.go", go.types()), ("operations.go", go.operations()), ("status.go", go.statuses() + &go.codes())];
    files.into_iter().map(|(name, text)| File::new(format!("{PACKAGE}/{name}"), text)).collect()
}

struct Go<'a> {
    library: &'a Library,
}

impl<'a> Go<'a> {
    /// Returns the types that a program fills in.
    fn sent(&self) -> Vec<&'a Shape> {
        let requests = self.library.operations.iter().map(|operation| &operation.request);
        self.library.within_if(requests.chain([&self.library.configuration]), is_typed)
    }

    /// Returns the other types.
    fn received(&self) -> Vec<&'a Shape> {
        let responses = self.library.operations.iter().map(|operation| &operation.response);
        let known = self.library.shapes().flat_map(Shape::members).filter_map(|member| member.values.as_ref());
        let named = responses.chain([&self.library.step_up]).chain(known);
        let mut shapes = self.library.within_if(named, is_typed);
        let sent = self.sent();
        shapes.retain(|shape| !sent.iter().any(|other| other.name == shape.name));
        shapes
    }

    fn types(&self) -> String {
        let mut file = head() + "import (\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"log/slog\"\n)\n";
        for (shapes, is_sent) in [(self.sent(), true), (self.received(), false)] {
            for shape in shapes {
                file += &match shape.constants() {
                    Some(_) => enumeration(shape),
                    None => self.structure(shape, is_sent),
                };
            }
        }
        file
    }

    fn structure(&self, shape: &Shape, is_sent: bool) -> String {
        let name = go_name(&shape.name);
        let about = if shape.about.is_empty() { "Settings." } else { &shape.about };
        let is_open = shape.others() == Others::Kept;
        let mut fields: Vec<String> =
            shape.members().iter().map(|member| self.field(member, is_sent)).collect();
        if is_open {
            fields.push(
                "\t// The members that have no field here.\n\tExtra map[string]json.RawMessage `json:\"-\"`\n".to_owned(),
            );
        }
        let mut code = format!("\n{}type {name} struct", comment(&format!("{name}: {about}"), ""));
        code += &match fields.is_empty() {
            true => "{}\n".to_owned(),
            false => format!(" {{\n{}}}\n", fields.join("\n")),
        };
        if is_open {
            code += &self.reader(shape, &name, is_sent);
            let writes = format!("(v {name}) MarshalJSON() ([]byte, error)");
            code += &function(
                "MarshalJSON writes all members, also those in Extra.",
                &writes,
                "encodeOpen(v, v.Extra)",
            );
        }
        if self.has_secrets(shape) {
            let format = format!("(v {name}) Format(state fmt.State, verb rune)");
            code += &format!("\n// Format hides secrets.\nfunc {format} {{\n\tformat(state, verb, v)\n}}\n");
            code += &function("String hides secrets.", &format!("(v {name}) String() string"), "render(v)");
            let log = format!("(v {name}) LogValue() slog.Value");
            code += &function("LogValue hides secrets.", &log, "logValue(v)");
        }
        code
    }

    /// Writes the function that reads an open object.
    fn reader(&self, shape: &Shape, name: &str, is_sent: bool) -> String {
        let read = |member: &Member| {
            let field = format!("v.{}", go_name(&member.name));
            let read = match self.field_type(member, is_sent).as_str() {
                "string" => format!("{field} = r.string()"),
                "[]string" => format!("r.strings(&{field})"),
                "OneOrMore" => format!("r.oneOrMore(&{field})"),
                "int64" | "NumericDate" => format!("field := &{field}\n\t\t\tnumber(&r, &field)"),
                "*int64" | "*NumericDate" => format!("number(&r, &{field})"),
                _ => format!("r.value(&{field})"),
            };
            format!("\t\tcase \"{}\":\n\t\t\t{read}\n", member.name)
        };
        let cases: String = shape.members().iter().map(read).collect();
        format!(
            "\n// UnmarshalJSON reads the members by their exact names.\n\
             func (v *{name}) UnmarshalJSON(data []byte) error {{\n\
             \treturn v.readMembers(string(data))\n}}\n\n\
             func (v *{name}) readMembers(text string) error {{\n\
             \tr := objectReader{{text: text}}\n\
             \tr.begin()\n\
             \tfor v.Extra = nil; r.next(); {{\n\
             \t\tswitch r.name {{\n{cases}\
             \t\tdefault:\n\t\t\tr.extra(&v.Extra)\n\
             \t\t}}\n\t}}\n\treturn r.err\n}}\n"
        )
    }

    /// Whether a value of the type contains secrets, at any depth.
    fn has_secrets(&self, shape: &Shape) -> bool {
        let shapes = self.library.within([&shape.name]);
        shapes.into_iter().any(|shape| shape.is_secret || shape.members().iter().any(|member| member.is_secret))
    }

    /// Writes a member with its comment. In what a program sends, a member that may be absent is a pointer if its
    /// empty value is not the default: an empty condition must not become no condition.
    fn field(&self, member: &Member, is_sent: bool) -> String {
        let kind = self.field_type(member, is_sent);
        let omitted = if member.is_required { "" } else { ",omitzero" };
        let secret = if member.is_secret { " doorward:\"secret\"" } else { "" };
        let name = go_name(&member.name);
        let tag = format!("json:\"{}{omitted}\"{secret}", member.name);
        format!("{}\t{name} {kind} `{tag}`\n", comment(&member.about_with_bounds(), "\t"))
    }

    fn field_type(&self, member: &Member, is_sent: bool) -> String {
        let kind = member.values.as_deref().map_or_else(|| self.kind(&member.kind), go_name);
        let has_nil = is_container(&kind) || kind == "any";
        let is_plain = match (member.is_required, is_sent) {
            (true, _) => !member.is_nullable,
            (false, true) => is_empty_the_default(member, &kind),
            (false, false) => kind == "string" || kind == "bool",
        };
        match (member.is_host_only, is_plain || has_nil) {
            (true, _) => {
                assert_eq!(kind, "string", "{}: only texts are for the host alone", member.name);
                "HostOnly".to_owned()
            }
            (false, true) => kind,
            (false, false) => format!("*{kind}"),
        }
    }

    fn kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Text => "string".to_owned(),
            Kind::Integer => "int64".to_owned(),
            Kind::Number => "float64".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Constants(values) if values.iter().all(Value::is_boolean) => "bool".to_owned(),
            Kind::Constants(_) => "string".to_owned(),
            Kind::Anything => "any".to_owned(),
            Kind::Shape(name) => match self.library.shape(name) {
                shape if shape.is_passed_on => "json.RawMessage".to_owned(),
                shape if shape.is_any_object() => "Object".to_owned(),
                shape => go_name(&shape.name),
            },
            Kind::List(item) => format!("[]{}", self.kind(item)),
            Kind::Map(value) if matches!(**value, Kind::Anything) => "Object".to_owned(),
            Kind::Map(value) => format!("map[string]{}", self.kind(value)),
            Kind::Either(kinds) => match kinds.as_slice() {
                [Kind::Text, Kind::List(item)] if matches!(**item, Kind::Text) => "OneOrMore".to_owned(),
                [Kind::Integer, Kind::Number] => "NumericDate".to_owned(),
                _ => "any".to_owned(),
            },
        }
    }

    fn operations(&self) -> String {
        let rows = &self.library.operations;
        let own = |operation: &Operation| format!("op{}", go_name(&operation.name));
        let mut file = head() + "import \"context\"\n\n// The operations, with what a call may wait for.\nvar (\n";
        let widest = rows.iter().map(|row| own(row).len()).max().unwrap_or(0);
        for row in rows {
            let own = own(row);
            let name = &row.name;
            let cost = go_name(&row.cost);
            file += &format!("\t{own:widest$} = operation{{\"{name}\\x00\", cost{cost}}}\n");
        }
        file += ")\n\nvar operations = map[string]operation{\n";
        let widest = rows.iter().map(|row| row.name.len()).max().unwrap_or(0) + 3;
        for row in rows {
            file += &format!("\t{:widest$} {},\n", format!("\"{}\":", row.name), own(row));
        }
        file += "}\n";
        for row in rows {
            file += &method(row);
        }
        file
    }

    fn statuses(&self) -> String {
        let statuses = &self.library.statuses;
        let constant = |name: &str| format!("Status{}", go_name(name));
        let constants: Vec<String> = statuses
            .iter()
            .map(|row| format!("{}\t{} Status = {}\n", comment(&row.about, "\t"), constant(&row.name), row.value))
            .collect();
        let errors: Vec<String> = statuses
            .iter()
            .filter(|row| row.value != 0)
            .map(|row| {
                let error = error_name(&row.name);
                format!("{}\t{error} error = {}\n", comment(&row.about, "\t"), constant(&row.name))
            })
            .collect();
        let widest = statuses.iter().map(|row| constant(&row.name).len() + 1).max().unwrap_or(0);
        let rows: String = statuses
            .iter()
            .map(|row| {
                format!("\t{:widest$} {{\"{}\", {}}},\n", format!("{}:", constant(&row.name)), row.name, row.http)
            })
            .collect();
        format!(
            "{}// The classes of outcomes.\nconst (\n{})\n\n\
             // The classes of failures, for errors.Is: errors.Is(err, ErrThrottled).\nvar (\n{})\n\n\
             var statuses = map[Status]struct {{\n\tname string\n\thttp int\n}}{{\n{rows}}}\n",
            head(),
            constants.join("\n"),
            errors.join("\n")
        )
    }

    fn codes(&self) -> String {
        let constant = |code: &&Code| {
            let same = self.library.codes.iter().filter(|other| other.name == code.name);
            let about: Vec<&str> = same.map(|row| row.about.as_str()).collect();
            let about = comment(&about.join(" Or: "), "\t");
            format!("{about}\tCode{} Code = \"{}\"\n", go_name(&code.name), code.name)
        };
        let constants: Vec<String> = self.library.codes().iter().map(constant).collect();
        let about = "Why an operation failed: the stable, fine-grained part of the contract. A newer library may have more.";
        format!("\n{}const (\n{})\n", comment(about, ""), constants.join("\n"))
    }
}

fn head() -> String {
    "// Code generated by `make header` from the description of the library. DO NOT EDIT.\n\npackage doorward\n\n"
        .to_owned()
}

/// Whether the shape has a type of its own.
fn is_typed(shape: &Shape) -> bool {
    !shape.is_passed_on && !shape.is_any_object()
}

fn is_container(kind: &str) -> bool {
    kind.starts_with("[]")
        || kind.starts_with("map[")
        || ["OneOrMore", "Object", "json.RawMessage"].contains(&kind)
}

/// Whether a request without the member means the same as one with its empty value.
fn is_empty_the_default(member: &Member, kind: &str) -> bool {
    let default = member.default.as_ref();
    match kind {
        _ if member.is_nullable => false,
        // No text of this kind may be empty.
        "string" => default.is_some(),
        "bool" => default.is_some_and(|value| value == false),
        "int64" | "float64" => false,
        _ => true,
    }
}

fn method(operation: &Operation) -> String {
    let name = go_name(&operation.name);
    let mut about = comment(&format!("{name} {}", uncapitalized(&operation.summary)), "");
    let failures = Failure::by_status(&operation.failures);
    if !failures.is_empty() {
        let one = |(status, codes): &(&str, Vec<&str>)| format!("{}: {}.", error_name(status), codes.join(", "));
        let listed = failures.iter().map(one).collect::<Vec<_>>().join(" ");
        about += &format!("//\n{}", comment(&listed, ""));
    }
    if operation.steps_up() {
        about += "//\n// The next step of a login is a [StepUp], which errors.As finds.\n";
    }
    let request = go_name(&operation.request);
    let response = go_name(&operation.response);
    format!(
        "\n{about}func (e *Engine) {name}(ctx context.Context, request {request}) (*{response}, error) {{\n\t\
         return call[{response}](ctx, e, op{name}, request)\n}}\n"
    )
}

fn enumeration(shape: &Shape) -> String {
    let name = go_name(&shape.name);
    let constants = shape.constants().unwrap_or_default();
    let own = |value: &str| format!("{name}{}", go_name(value));
    let value = |constant: &crate::model::Constant| constant.value.as_str().unwrap_or_default().to_owned();
    let has_comments = constants.iter().any(|constant| !constant.about.is_empty());
    // gofmt aligns lines that no comment parts.
    let (widest, between) = match has_comments {
        true => (0, "\n"),
        false => (constants.iter().map(|constant| own(&value(constant)).len()).max().unwrap_or(0), ""),
    };
    let lines = constants.iter().map(|constant| {
        let about = comment(&constant.about, "\t");
        let value = value(constant);
        format!("{about}\t{:widest$} {name} = \"{value}\"\n", own(&value))
    });
    format!(
        "\n{}type {name} string\n\n// The values of {name}; a newer library may have more.\nconst (\n{})\n",
        comment(&format!("{name}: {}", shape.about), ""),
        lines.collect::<Vec<_>>().join(between)
    )
}

fn function(about: &str, signature: &str, result: &str) -> String {
    format!("\n// {about}\nfunc {signature} {{\n\treturn {result}\n}}\n")
}

/// Writes `user_id` as `UserID`, `SetupTotpRequest` as `SetupTOTPRequest`, `STEP_UP` as `StepUp`.
fn go_name(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in name.split(|letter: char| !letter.is_alphanumeric()) {
        let mut is_after_lower_case = false;
        words.push(String::new());
        for letter in part.chars() {
            if letter.is_uppercase() && is_after_lower_case {
                words.push(String::new());
            }
            words.last_mut().into_iter().for_each(|word| word.push(letter));
            is_after_lower_case = letter.is_lowercase();
        }
    }
    words.iter().map(|word| go_word(word)).collect()
}

fn go_word(word: &str) -> String {
    let lower = word.to_lowercase();
    if let Some((_, own)) = INITIALISMS.iter().find(|(name, _)| *name == lower) {
        return (*own).to_owned();
    }
    let (first, rest) = word.split_at(word.len().min(1));
    // A word of a status is loud; the name of an algorithm has digits.
    let is_loud = word.chars().all(|letter| letter.is_ascii_uppercase());
    first.to_uppercase() + &if is_loud { rest.to_lowercase() } else { rest.to_owned() }
}

fn error_name(status: &str) -> String {
    format!("Err{}", go_name(status))
}

/// Returns the summary as it follows the name of a method.
fn uncapitalized(summary: &str) -> String {
    let (first, rest) = summary.split_at(summary.len().min(1));
    first.to_lowercase() + rest
}

fn comment(about: &str, indent: &str) -> String {
    wrapped(about, WIDTH - 3 - 4 * indent.len()).iter().map(|line| format!("{indent}// {line}\n")).collect()
}
