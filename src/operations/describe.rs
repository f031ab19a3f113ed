//! The library as data, for generators of code, documentation and tests.

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::{OPERATIONS, Operation, SCHEMAS, Schemas};
use crate::config::Config;
use crate::error::{Code, Failure, Status};
use crate::mail;
use crate::types::login::{NextStep, StepUp};
use crate::types::user::Actor;

/// The codes of every operation.
const ALWAYS: [Code; 8] = [
    Code::InvalidJson,
    Code::InvalidRequest,
    Code::NullArgument,
    Code::InvalidUtf8,
    Code::EngineClosed,
    Code::Forked,
    Code::Reentered,
    Code::Internal,
];

/// The codes of every operation that can give `store_unavailable`: a constraint of the host forbids the
/// change, or the store cannot be used as it was set up.
const OF_THE_STORE: [Code; 2] = [Code::StoreConstraint, Code::InvalidConfig];

/// Describes the library as data: the operations, the statuses, the codes, the features, and under `$defs`
/// each type once, as JSON Schema. `doorward_describe` returns it.
///
/// ```
/// let description = doorward::describe();
/// assert_eq!(description["$defs"]["User"]["type"], "object");
/// ```
pub fn describe() -> Value {
    // A test compares the text with what `generate` returns, so it is JSON.
    let text = unpacked(WRITTEN).unwrap_or_default();
    let mut description: Value = serde_json::from_slice(&text).unwrap_or_default();
    description["features"] = json!(features());
    description
}

/// The description with every feature, as `make header` writes it.
const WRITTEN: &[u8] = doorward_derive::packed!("tests/describe.json");

/// Returns the bytes that `packed!` packed. Each run of bytes is followed by a part to repeat.
fn unpacked(mut packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !packed.is_empty() {
        let count = number(&mut packed)?;
        bytes.extend(packed.split_off(..count)?);
        let length = number(&mut packed)?;
        let from = bytes.len().checked_sub(number(&mut packed)?)?;
        for at in from..from + length {
            bytes.push(*bytes.get(at)?);
        }
    }
    Some(bytes)
}

/// Reads a number of seven bits in each byte, the lowest first.
fn number(packed: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..28).step_by(7) {
        let byte = usize::from(*packed.split_off_first()?);
        number |= (byte & 127) << shift;
        if byte < 128 {
            return Some(number);
        }
    }
    None
}

/// Makes the description from the types. Libraries contain only the written one.
#[doc(hidden)]
pub fn generate() -> Value {
    let mut schemas = Generators::default();
    let operations: Vec<Value> =
        OPERATIONS.iter().zip(SCHEMAS).map(|(operation, of)| schemas.operation(operation, of)).collect();
    // The values that `x-values` names are in no schema: texts of a newer library are as good.
    schemas.responses.subschema_for::<NextStep>();
    schemas.responses.subschema_for::<mail::Kind>();
    let statuses: Vec<Value> = Status::ALL
        .iter()
        .map(|status| {
            json!({
                "name": status.name(),
                "value": *status as i32,
                "http_status": status.http(),
                "description": status.about().trim(),
            })
        })
        .collect();
    let codes: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "code": code.name(),
                "status": code.status().name(),
                "message": code.message(),
                "description": code.about().trim(),
            })
        })
        .collect();
    json!({
        "name": "doorward",
        "version": env!("CARGO_PKG_VERSION"),
        "abi": crate::ABI,
        "features": features(),
        "statuses": statuses,
        "codes": codes,
        "failures_of_all": failures(&ALWAYS),
        "failures_of_the_store": failures(&OF_THE_STORE),
        "failure": schemas.responses.subschema_for::<Failure>(),
        "step_up": schemas.responses.subschema_for::<StepUp>(),
        "configuration": schemas.requests.subschema_for::<Config>(),
        "operations": operations,
        "$defs": schemas.shapes(),
    })
}

fn failures(codes: &[Code]) -> Vec<Value> {
    codes.iter().map(|code| json!({"code": code.name(), "status": code.status().name()})).collect()
}

/// The schemas of the types of requests and of responses.
struct Generators {
    requests: SchemaGenerator,
    responses: SchemaGenerator,
}

impl Default for Generators {
    fn default() -> Generators {
        Generators {
            requests: SchemaSettings::draft2020_12().for_deserialize().into_generator(),
            responses: SchemaSettings::draft2020_12().for_serialize().into_generator(),
        }
    }
}

impl Generators {
    fn operation(&mut self, operation: &Operation, of: &Schemas) -> Value {
        let request = (of.request)(&mut self.requests);
        if operation.takes_actor {
            self.add_actor(&request);
        }
        json!({
            "name": operation.name,
            "capability": operation.capability(),
            "since": operation.since,
            "cost": operation.cost.name(),
            "retry": operation.retry,
            "summary": operation.summary,
            "failures": failures(operation.codes),
            "request": request,
            "response": (of.response)(&mut self.responses),
        })
    }

    /// Adds the member `actor` to a request, if the operation can be called on behalf of another user.
    fn add_actor(&mut self, request: &Schema) {
        const ABOUT: &str = "The name or id of the person who makes this call, as the host knows them, if it is not the user. The call's events record it.";
        let mut actor = <Option<Actor>>::json_schema(&mut self.requests);
        actor.insert("description".to_owned(), ABOUT.into());
        let name = request.get("$ref").and_then(Value::as_str).unwrap_or_default().rsplit('/').next();
        let shape = name.and_then(|name| self.requests.definitions_mut().get_mut(name));
        let Some(shape) = shape.and_then(Value::as_object_mut) else { return };
        let members = shape.entry("properties").or_insert_with(|| json!({}));
        if let Some(members) = members.as_object_mut() {
            members.insert("actor".to_owned(), actor.to_value());
        }
    }

    /// Returns every type under its name. In requests `null` means absent; responses omit absent members.
    fn shapes(mut self) -> BTreeMap<String, Value> {
        let mut shapes: BTreeMap<String, Value> = self.requests.take_definitions(true).into_iter().collect();
        for (name, mut shape) in self.responses.take_definitions(true) {
            without_null(&mut shape);
            shapes.insert(name, shape);
        }
        for (name, shape) in &mut shapes {
            if let Some(shape) = shape.as_object_mut() {
                shape.insert("title".to_owned(), name.as_str().into());
            }
        }
        shapes
    }
}

/// Removes `null` from the optional members of a response.
fn without_null(shape: &mut Value) {
    let required = shape["required"].clone();
    let is_required = |name: &str| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let Some(members) = shape["properties"].as_object_mut() else { return };
    for (_, member) in members.iter_mut().filter(|(name, _)| !is_required(name)) {
        if let Some(member) = member.as_object_mut() {
            without_null_type(member);
            without_null_choice(member);
        }
    }
}

fn without_null_type(member: &mut Map<String, Value>) {
    let Some(Value::Array(kinds)) = member.get_mut("type") else { return };
    kinds.retain(|kind| kind != "null");
    if let [kind] = kinds.as_slice() {
        let kind = kind.clone();
        member.insert("type".to_owned(), kind);
    }
}

fn without_null_choice(member: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = member.get_mut("anyOf") else { return };
    choices.retain(|choice| choice["type"] != "null");
    if let [Value::Object(choice)] = choices.as_slice() {
        let choice = choice.clone();
        member.remove("anyOf");
        // The member's own description takes precedence over that of its type.
        for (name, value) in choice {
            member.entry(name).or_insert(value);
        }
    }
}

fn features() -> Vec<&'static str> {
    let mut features = vec!["sqlite"];
    if cfg!(feature = "capi") {
        features.push("capi");
    }
    if cfg!(feature = "http") {
        features.push("http");
    }
    if cfg!(feature = "postgres") {
        features.push("postgres");
    }
    if cfg!(feature = "smtp") {
        features.push("smtp");
    }
    features
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn schemas() -> Generators {
        let mut schemas = Generators::default();
        OPERATIONS.iter().zip(SCHEMAS).for_each(|(operation, of)| drop(schemas.operation(operation, of)));
        schemas
    }

    #[test]
    fn the_library_has_the_written_description_in_less_space() {
        let written = include_bytes!("../../tests/describe.json");
        assert!(unpacked(WRITTEN).unwrap() == written);
        assert!(WRITTEN.len() < written.len() / 3);
        assert!(unpacked(&WRITTEN[..WRITTEN.len() - 1]).is_none());
    }

    #[test]
    fn few_members_of_responses_may_be_null() {
        let mut found = Vec::new();
        for (name, mut shape) in schemas().responses.take_definitions(true) {
            without_null(&mut shape);
            let members = shape["properties"].as_object().into_iter().flatten();
            let nullable = members.filter(|(_, member)| member.to_string().contains("\"null\""));
            found.extend(nullable.map(|(member, _)| format!("{name}.{member}")));
        }
        // The members that are `null` rather than absent: the address of an account without one, and the previous key of
        // a backend that had none.
        assert_eq!(found, ["PortableUser.email", "RotateKeysResponse.previous", "User.email"]);
    }

    #[test]
    fn a_name_is_that_of_one_shape() {
        let mut schemas = schemas();
        let responses = schemas.responses.take_definitions(true);
        for (name, request) in schemas.requests.take_definitions(true) {
            assert!(responses.get(&name).is_none_or(|response| *response == request), "{name}");
            assert!(!is_numbered(&name), "{name}");
        }
        assert!(!responses.keys().any(|name| is_numbered(name)));
    }

    /// Whether a name has the number that schemars adds to the second of two types of one name.
    fn is_numbered(name: &str) -> bool {
        name.ends_with(|last: char| last.is_ascii_digit())
    }

    #[test]
    fn an_operation_has_a_request_of_its_own() {
        let mut names = BTreeSet::new();
        for (operation, of) in OPERATIONS.iter().zip(SCHEMAS) {
            let request = (of.request)(&mut Generators::default().requests).to_value();
            assert!(names.insert(request.to_string()), "{}", operation.name);
        }
    }
}
