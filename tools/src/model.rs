//! The description of the library (`doorward::describe`), parsed once. The emitters read only this.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The library: its operations with their requests, responses and failures.
pub struct Library {
    pub version: String,
    /// The number in the shared library's SONAME.
    pub abi: u64,
    pub operations: Vec<Operation>,
    pub statuses: Vec<Status>,
    /// The codes. A code with two statuses is listed under each.
    pub codes: Vec<Code>,
    /// The failures of every operation.
    pub failures_of_all: Vec<Failure>,
    /// The failures of every operation that can fail by `store_unavailable`.
    pub failures_of_the_store: Vec<Failure>,
    /// The shape of the body of a failure.
    pub failure: String,
    /// The shape of the data beside the failure of status STEP_UP.
    pub step_up: String,
    /// The shape of the configuration.
    pub configuration: String,
    shapes: BTreeMap<String, Shape>,
}

/// A row of the table of operations.
pub struct Operation {
    pub name: String,
    /// The name of its file in `src/operations`, of its page and of its scenarios.
    pub capability: String,
    /// The version that added it.
    pub since: String,
    /// The summary, in one line.
    pub summary: String,
    /// The longest wait of a call: `instant`, `store`, `hash`, `network`, `long`.
    pub cost: String,
    /// Whether a call without an answer may be repeated.
    pub may_be_repeated: bool,
    /// The shape of the request.
    pub request: String,
    /// The shape of the response.
    pub response: String,
    /// The operation's own failures.
    pub failures: Vec<Failure>,
}

/// A code of a failure, and its status.
#[derive(PartialEq)]
pub struct Failure {
    pub code: String,
    pub status: String,
}

/// A class of outcomes.
pub struct Status {
    pub name: String,
    pub value: i64,
    pub http: i64,
    pub about: String,
}

/// A reason of failures.
pub struct Code {
    pub name: String,
    pub status: String,
    /// The text for the end user.
    pub message: String,
    pub about: String,
}

/// A type that has a name.
#[derive(Clone)]
pub struct Shape {
    pub name: String,
    /// Whether the name is the type's own. An object without one is named by its place:
    /// `MailConfigTemplates`.
    pub is_named: bool,
    pub about: String,
    pub form: Form,
    /// No log, `repr` or `toString` shows it.
    pub is_secret: bool,
    /// Another specification defines it; host and browser pass it on unchanged.
    pub is_passed_on: bool,
    /// Of a request: the members that a client may give in the body of a request to the host.
    pub of_body: Option<Vec<String>>,
    /// The members that an object of another system must have to be accepted.
    pub least: Option<Vec<String>>,
    /// Of a response with two forms: what tells them apart (`if` and `then` of the schema).
    pub fork: Option<Fork>,
}

/// A boolean member that decides which others are present.
#[derive(Clone)]
pub struct Fork {
    pub member: String,
    /// Its value in the form that has the members below; in the other form they are absent.
    pub value: bool,
    pub present: Vec<String>,
}

/// The form of a shape.
#[derive(Clone)]
pub enum Form {
    Object {
        /// First the required members, in their order, then the others by name.
        members: Vec<Member>,
        others: Others,
    },
    /// One of these values.
    Enumeration(Vec<Constant>),
}

/// The treatment of members that the shape does not name.
#[derive(Clone, Copy, PartialEq)]
pub enum Others {
    /// A request with such a member is refused.
    Refused,
    /// Readers ignore them: a later version may add some.
    Ignored,
    /// They belong to the object, with any value.
    Kept,
}

/// A value of an enumeration.
#[derive(Clone)]
pub struct Constant {
    pub value: Value,
    pub about: String,
}

/// A member of an object.
#[derive(Clone)]
pub struct Member {
    pub name: String,
    pub about: String,
    pub kind: Kind,
    /// Whether it is always present.
    pub is_required: bool,
    /// Whether `null` is allowed. In a request it means absent.
    pub is_nullable: bool,
    pub default: Option<Value>,
    /// No log, `repr` or `toString` shows it.
    pub is_secret: bool,
    /// Serializations for a client leave it out.
    pub is_host_only: bool,
    /// Only `true` counts as true, no other truthy value.
    pub is_strict: bool,
    /// Of a list in a response: that it is absent means something else than that it is empty.
    pub is_absence_told: bool,
    /// Of a text: the enumeration of the values that this version knows; a newer library may have more.
    pub values: Option<String>,
    /// The bounds of its value, by the keywords of JSON Schema.
    pub rules: Map<String, Value>,
}

impl Member {
    /// Returns a member that is always present, and has no mark.
    pub fn required(name: &str, about: &str, kind: Kind) -> Member {
        Member {
            name: name.to_owned(),
            about: about.to_owned(),
            kind,
            is_required: true,
            is_nullable: false,
            default: None,
            is_secret: false,
            is_host_only: false,
            is_strict: false,
            is_absence_told: false,
            values: None,
            rules: Map::new(),
        }
    }

    /// The default, unless it is `null` or an object. An optional member has none of its own, even if its type has
    /// one.
    pub fn own_default(&self) -> Option<&Value> {
        let own = self.default.as_ref().filter(|_| !self.is_nullable && !self.is_required);
        own.filter(|value| !value.is_null() && !value.is_object())
    }

    /// The bounds of a number.
    pub fn bounds(&self) -> Option<(&Value, &Value)> {
        Some((self.rules.get("minimum")?, self.rules.get("maximum")?))
    }

    /// What the member is, with its bounds and its default, for languages whose types do not show them.
    pub fn about_with_bounds(&self) -> String {
        let mut parts = vec![self.about.clone()];
        if let Some((least, most)) = self.bounds().filter(|_| !self.is_required) {
            let range = format!("{least} to {most}");
            parts.extend((!self.about.contains(&range)).then(|| format!("From {range}.")));
        }
        let is_told = ["Default: ", "Default `", "default: ", ", default "]
            .iter()
            .any(|word| self.about.contains(word));
        let default = self.own_default().map(shown).filter(|text| !is_told && !text.is_empty());
        parts.extend(default.map(|text| format!("Default: {text}.")));
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

/// Writes a default as prose; `false` and an empty list go without saying.
fn shown(value: &Value) -> String {
    match value {
        Value::Bool(false) => String::new(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The type of a value.
#[derive(Clone)]
pub enum Kind {
    Text,
    /// A whole number of 64 bits.
    Integer,
    Number,
    Boolean,
    /// Any value of JSON.
    Anything,
    /// The shape of this name.
    Shape(String),
    /// One of these values.
    Constants(Vec<Value>),
    List(Box<Kind>),
    /// An object of any members, each of this type.
    Map(Box<Kind>),
    /// One of these types.
    Either(Vec<Kind>),
}

/// The bounds of a value that emitters write.
const RULES: [&str; 8] =
    ["minimum", "maximum", "maxLength", "maxItems", "minLength", "minItems", "pattern", "uniqueItems"];

impl Library {
    /// Parses the result of `doorward::describe`.
    pub fn of(description: &Value) -> Library {
        let mut parser = Parser { definitions: object(&description["$defs"]), shapes: BTreeMap::new() };
        for (name, schema) in parser.definitions {
            parser.shape(name, schema, true);
        }
        let failures = |of: &Value| -> Vec<Failure> { array(of).iter().map(Failure::of).collect() };
        let operation = |row: &Value| Operation {
            name: string(&row["name"]),
            capability: string(&row["capability"]),
            since: string(&row["since"]),
            summary: string(&row["summary"]),
            cost: string(&row["cost"]),
            may_be_repeated: row["retry"] == true,
            request: referred(&row["request"]),
            response: referred(&row["response"]),
            failures: failures(&row["failures"]),
        };
        let status = |row: &Value| Status {
            name: string(&row["name"]),
            value: row["value"].as_i64().unwrap_or_default(),
            http: row["http_status"].as_i64().unwrap_or_default(),
            about: string(&row["description"]),
        };
        let code = |row: &Value| Code {
            name: string(&row["code"]),
            status: string(&row["status"]),
            message: string(&row["message"]),
            about: string(&row["description"]),
        };
        Library {
            version: string(&description["version"]),
            abi: description["abi"].as_u64().unwrap_or_default(),
            operations: array(&description["operations"]).iter().map(operation).collect(),
            statuses: array(&description["statuses"]).iter().map(status).collect(),
            codes: array(&description["codes"]).iter().map(code).collect(),
            failures_of_all: failures(&description["failures_of_all"]),
            failures_of_the_store: failures(&description["failures_of_the_store"]),
            failure: referred(&description["failure"]),
            step_up: referred(&description["step_up"]),
            configuration: referred(&description["configuration"]),
            shapes: parser.shapes,
        }
    }

    /// Returns every shape, by name.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.values()
    }

    pub fn shape(&self, name: &str) -> &Shape {
        &self.shapes[name]
    }

    /// Returns the codes, each once.
    pub fn codes(&self) -> Vec<&Code> {
        let mut codes: Vec<&Code> = Vec::new();
        for code in &self.codes {
            if !codes.iter().any(|known| known.name == code.name) {
                codes.push(code);
            }
        }
        codes
    }

    /// Returns these shapes and those that they refer to, directly or indirectly: each after those that it
    /// refers to.
    pub fn within<'a>(&'a self, names: impl IntoIterator<Item = &'a String>) -> Vec<&'a Shape> {
        self.within_if(names, |_| true)
    }

    /// Returns the same without unwanted shapes, and without the shapes that only those refer to.
    pub fn within_if<'a>(
        &'a self,
        names: impl IntoIterator<Item = &'a String>,
        is_wanted: impl Fn(&Shape) -> bool,
    ) -> Vec<&'a Shape> {
        let mut found = Vec::new();
        names.into_iter().for_each(|name| self.add(name, &is_wanted, &mut found));
        found
    }

    fn add<'a>(&'a self, name: &str, is_wanted: &impl Fn(&Shape) -> bool, found: &mut Vec<&'a Shape>) {
        if found.iter().any(|shape| shape.name == name) {
            return;
        }
        let shape = self.shape(name);
        let mut members: Vec<&Member> = shape.members().iter().collect();
        members.sort_by_key(|member| &member.name);
        for name in members.into_iter().flat_map(|member| member.kind.shapes()) {
            if is_wanted(self.shape(name)) {
                self.add(name, is_wanted, found);
            }
        }
        found.push(shape);
    }

    /// Returns the shapes of the requests and the configuration, each after those that it refers to.
    pub fn written(&self) -> Vec<&Shape> {
        let requests = self.operations.iter().map(|operation| &operation.request);
        self.within(requests.chain([&self.configuration]))
    }

    /// Returns the shapes of the responses and the failures, each after those that it refers to.
    pub fn read(&self) -> Vec<&Shape> {
        let responses = self.operations.iter().map(|operation| &operation.response);
        self.within(responses.chain([&self.failure, &self.step_up]))
    }
}

impl Operation {
    /// Whether it may answer with the next step of a login.
    pub fn steps_up(&self) -> bool {
        self.failures.iter().any(|failure| failure.status == "STEP_UP")
    }

    /// Returns the codes of its own failures, each once.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.failures.iter().map(|failure| failure.code.as_str()).collect();
        codes.dedup();
        codes
    }
}

impl Failure {
    fn of(row: &Value) -> Failure {
        Failure { code: string(&row["code"]), status: string(&row["status"]) }
    }

    /// Returns the codes by status, in their order.
    pub fn by_status(failures: &[Failure]) -> Vec<(&str, Vec<&str>)> {
        let mut statuses: Vec<(&str, Vec<&str>)> = Vec::new();
        for Failure { code, status } in failures {
            match statuses.iter_mut().find(|(name, _)| name == status) {
                Some((_, codes)) => codes.push(code),
                None => statuses.push((status, vec![code])),
            }
        }
        statuses
    }
}

impl Shape {
    /// Returns its members; an enumeration has none.
    pub fn members(&self) -> &[Member] {
        match &self.form {
            Form::Object { members, .. } => members,
            Form::Enumeration(_) => &[],
        }
    }

    /// Returns the treatment of other members.
    pub fn others(&self) -> Others {
        match self.form {
            Form::Object { others, .. } => others,
            Form::Enumeration(_) => Others::Refused,
        }
    }

    /// Returns its values, if it is an enumeration.
    pub fn constants(&self) -> Option<&[Constant]> {
        match &self.form {
            Form::Object { .. } => None,
            Form::Enumeration(constants) => Some(constants),
        }
    }

    /// Whether it is an object with any members.
    pub fn is_any_object(&self) -> bool {
        matches!(&self.form, Form::Object { members, others: Others::Kept } if members.is_empty())
    }

    /// Whether a request may be empty.
    pub fn may_be_empty(&self) -> bool {
        !self.members().iter().any(|member| member.is_required)
    }
}

impl Kind {
    /// Returns the shapes that it names.
    pub fn shapes(&self) -> Vec<&str> {
        match self {
            Kind::Shape(name) => vec![name],
            Kind::List(inner) | Kind::Map(inner) => inner.shapes(),
            Kind::Either(kinds) => kinds.iter().flat_map(Kind::shapes).collect(),
            _ => Vec::new(),
        }
    }
}

struct Parser<'a> {
    definitions: &'a Map<String, Value>,
    shapes: BTreeMap<String, Shape>,
}

impl Parser<'_> {
    fn shape(&mut self, name: &str, schema: &Value, is_named: bool) {
        let form = match constants(schema) {
            Some(constants) => Form::Enumeration(constants),
            None => Form::Object { members: self.members(name, schema), others: others(schema) },
        };
        let listed = |mark: &str| schema[mark].as_array().map(|all| all.iter().map(string).collect());
        let shape = Shape {
            name: name.to_owned(),
            is_named,
            about: prose(schema),
            form,
            is_secret: schema.get("x-secret").is_some(),
            is_passed_on: schema.get("x-passed-on").is_some(),
            of_body: listed("x-body"),
            least: listed("x-least"),
            fork: fork(schema),
        };
        self.shapes.insert(name.to_owned(), shape);
    }

    fn members(&mut self, of: &str, schema: &Value) -> Vec<Member> {
        let required = array(&schema["required"]);
        let place = |name: &str| required.iter().position(|one| one == name);
        let mut members: Vec<Member> = object(&schema["properties"])
            .iter()
            .map(|(name, schema)| self.member(of, name, schema, place(name).is_some()))
            .collect();
        members.sort_by_key(|member| place(&member.name).unwrap_or(usize::MAX));
        members
    }

    fn member(&mut self, of: &str, name: &str, schema: &Value, is_required: bool) -> Member {
        let rules = RULES.iter().filter_map(|rule| Some(((*rule).to_owned(), schema.get(*rule)?.clone())));
        Member {
            name: name.to_owned(),
            about: prose(schema),
            kind: self.kind(&format!("{of}{}", crate::camel(name)), schema),
            is_required,
            is_nullable: is_null_allowed(schema),
            default: schema.get("default").cloned(),
            is_secret: self.is_marked(schema, "x-secret"),
            is_host_only: self.is_marked(schema, "x-host-only"),
            is_strict: self.is_marked(schema, "x-strict"),
            is_absence_told: self.is_marked(schema, "x-absent"),
            values: schema["x-values"].as_str().map(str::to_owned),
            rules: rules.collect(),
        }
    }

    /// Returns the type of a value; `place` is the name of an object without one.
    fn kind(&mut self, place: &str, schema: &Value) -> Kind {
        if schema.get("$ref").is_some() {
            return Kind::Shape(referred(schema));
        }
        if let Some(constants) = constants(schema) {
            return Kind::Constants(constants.into_iter().map(|constant| constant.value).collect());
        }
        let mut kinds = Vec::new();
        for kind in types(schema) {
            kinds.push(match kind {
                "string" => Kind::Text,
                "integer" => Kind::Integer,
                "number" => Kind::Number,
                "boolean" => Kind::Boolean,
                "array" => Kind::List(Box::new(self.kind(place, &schema["items"]))),
                "object" => self.object(place, schema),
                _ => continue,
            });
        }
        for choice in array(&schema["anyOf"]).iter().filter(|choice| choice["type"] != "null") {
            match self.kind(place, choice) {
                Kind::Either(inner) => kinds.extend(inner),
                kind => kinds.push(kind),
            }
        }
        match kinds.len() {
            0 => Kind::Anything,
            1 => kinds.remove(0),
            _ => Kind::Either(kinds),
        }
    }

    fn object(&mut self, place: &str, schema: &Value) -> Kind {
        if schema["properties"].is_object() {
            self.shape(place, schema, false);
            return Kind::Shape(place.to_owned());
        }
        match &schema["additionalProperties"] {
            of @ Value::Object(_) => Kind::Map(Box::new(self.kind(place, of))),
            _ => Kind::Map(Box::new(Kind::Anything)),
        }
    }

    /// Whether a member has the mark: itself, in its items, or by its shape.
    fn is_marked(&self, schema: &Value, mark: &str) -> bool {
        let shape = |schema: &Value| self.definitions.get(&referred(schema));
        let has = |schema: &Value| {
            schema.get(mark).is_some() || shape(schema).is_some_and(|shape| shape.get(mark).is_some())
        };
        has(schema) || has(&schema["items"]) || array(&schema["anyOf"]).iter().any(has)
    }
}

fn constants(schema: &Value) -> Option<Vec<Constant>> {
    let constant = |value: &Value, about: String| Constant { value: value.clone(), about };
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return Some(values.map(|value| constant(value, String::new())).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![constant(value, String::new())]);
    }
    let choices = array(&schema["oneOf"]);
    let told = choices.iter().filter_map(|choice| Some(constant(choice.get("const")?, prose(choice))));
    (!choices.is_empty()).then(|| told.collect())
}

fn fork(schema: &Value) -> Option<Fork> {
    let (member, condition) = schema["if"]["properties"].as_object()?.iter().next()?;
    let present = array(&schema["then"]["required"]).iter().map(string).collect();
    Some(Fork { member: member.clone(), value: condition["const"].as_bool()?, present })
}

fn others(schema: &Value) -> Others {
    match schema["additionalProperties"].as_bool() {
        Some(false) => Others::Refused,
        Some(true) => Others::Kept,
        None => Others::Ignored,
    }
}

fn is_null_allowed(schema: &Value) -> bool {
    types(schema).contains(&"null") || array(&schema["anyOf"]).iter().any(|choice| choice["type"] == "null")
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// Returns the name of the shape that a schema refers to.
fn referred(schema: &Value) -> String {
    schema["$ref"].as_str().and_then(|link| link.rsplit('/').next()).unwrap_or_default().to_owned()
}

/// Returns a description as one line.
fn prose(schema: &Value) -> String {
    string(&schema["description"]).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}
