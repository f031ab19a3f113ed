//! The claims of a verified token, as a host sees them.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::config::SubjectClaim;
use crate::crypto::claims::NumericDate;
use crate::error::{Code, Error, Result};
use crate::json::Response;
use crate::types::id::Id;
use crate::types::user::{Act, ProviderLogin};

/// The claims of a verified token (RFC 7519, RFC 9068).
///
/// The claims of the engine have methods. [`get`](Claims::get) returns any claim, also the host's own that
/// `issue_token` or a login was given. Times are Unix seconds; a fraction is cut off.
///
/// ```
/// # use doorward::*;
/// # let engine = Engine::open(Config::new().store("sqlite::memory:".parse()?), Hooks::new())?;
/// let claims = Object::try_from(serde_json::json!({"sub": "report-7", "tenant": "acme"}))?;
/// let token = engine.issue_token(IssueTokenRequest::new(claims))?.token;
/// let claims = engine.verify(VerifyRequest::new(&token))?;
/// assert_eq!(claims.sub(), "report-7");
/// assert_eq!(claims.get("tenant").and_then(|tenant| tenant.as_str()), Some("acme"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Claims {
    text: String,
    subject_claim: SubjectClaim,
    /// The parsed text. Callers that only pass the text on do without it.
    members: OnceLock<Map<String, Value>>,
}

impl Claims {
    /// Takes the text of claims that were verified.
    pub(crate) fn new(text: String, subject_claim: SubjectClaim) -> Claims {
        Claims { text, subject_claim, members: OnceLock::new() }
    }

    /// The issuer. Only tokens of another library (`backends.*.secret`) may lack it.
    pub fn iss(&self) -> Option<&str> {
        self.text("iss")
    }

    /// The subject: the id of the account, or what `issue_token` was given. A backend with `subject_claim`
    /// `user_id` has it in that claim.
    pub fn sub(&self) -> &str {
        self.text(self.subject_claim.name()).unwrap_or_default()
    }

    /// The token's audience, one or more.
    pub fn aud(&self) -> Vec<&str> {
        self.texts("aud")
    }

    /// The backend that issued the token.
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// When the token was issued.
    pub fn iat(&self) -> Option<i64> {
        self.date("iat")
    }

    /// When the token expires.
    pub fn exp(&self) -> i64 {
        self.date("exp").unwrap_or_default()
    }

    /// When the token becomes valid.
    pub fn nbf(&self) -> Option<i64> {
        self.date("nbf")
    }

    /// The id of the token.
    pub fn jti(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The session's id, if the token belongs to a session.
    pub fn sid(&self) -> Option<Id> {
        self.text("sid")?.parse().ok()
    }

    /// When the user authenticated.
    pub fn auth_time(&self) -> Option<i64> {
        self.date("auth_time")
    }

    /// The methods by which the user authenticated (RFC 8176).
    pub fn amr(&self) -> Vec<&str> {
        self.texts("amr")
    }

    /// The scopes, separated by spaces.
    pub fn scope(&self) -> Option<&str> {
        self.text("scope")
    }

    /// The roles when the token was issued (RFC 9068); `authorize` checks the present ones.
    pub fn roles(&self) -> Vec<&str> {
        self.texts("roles")
    }

    /// The organization of the session, if the login was for one.
    pub fn org_id(&self) -> Option<Id> {
        self.text("org_id")?.parse().ok()
    }

    /// The roles in that organization when the token was issued; `authorize` checks the present ones.
    pub fn org_roles(&self) -> Vec<&str> {
        self.texts("org_roles")
    }

    /// The account of the person who acts as the user, if another one does (RFC 8693 section 4.1).
    pub fn act(&self) -> Option<Act> {
        let sub = self.get("act")?.get("sub")?.as_str()?;
        sub.parse().ok().map(|sub| Act { sub })
    }

    /// Returns the claim of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members().get(name)
    }

    /// Returns the claims as JSON text, as they were signed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn members(&self) -> &Map<String, Value> {
        // The text was verified to be an object.
        self.members.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns one text or a list of texts.
    fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            one => one.and_then(Value::as_str).into_iter().collect(),
        }
    }

    fn date(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(NumericDate::of)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Claims").field(&self.text).finish()
    }
}

/// The response is the text that was signed. It was verified to be JSON and is not serialized again.
impl Response for Claims {
    fn into_json(self) -> Result<String> {
        Ok(self.text)
    }
}

/// Serializes claims as they were signed, as a member of a response.
pub(crate) fn as_signed_if_any<S: Serializer>(
    claims: &Option<Claims>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let Some(claims) = claims else { return serializer.serialize_none() };
    RawValue::from_string(claims.text.clone()).map_err(S::Error::custom)?.serialize(serializer)
}

/// Claims that the engine makes itself, in tokens with and without a session.
const RESERVED: [&str; 17] = [
    "iss",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "client_id",
    "auth_time",
    "acr",
    "amr",
    "provider",
    "cnf",
    "org_id",
    "org_roles",
    "act",
    "account_epoch",
];

/// Refuses claims that only the engine makes, and those that are `also` refused, in any case: some readers of JSON take
/// `Exp` for `exp`, and the last of several. Failure: `invalid_request`.
pub(crate) fn refuse_reserved(claims: &Map<String, Value>, also: &[&str]) -> Result<()> {
    let is_reserved = |name: &&String| {
        let folded = folded(name);
        RESERVED.iter().chain(also).any(|reserved| reserved.to_uppercase() == folded)
    };
    match claims.keys().find(is_reserved) {
        Some(name) => Err(Error::at(Code::InvalidRequest, format!("/claims/{name}"), "reserved")),
        None => Ok(()),
    }
}

/// Returns the name without its case. The capital of `ſ` is `S`, and the small letter of the
/// Kelvin sign is `k`.
fn folded(name: &str) -> String {
    name.to_lowercase().to_uppercase()
}

impl JsonSchema for Claims {
    fn schema_name() -> Cow<'static, str> {
        "Claims".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // A NumericDate may have a fraction (RFC 7519 section 2); those of this engine have none.
        let date =
            |text: &str| json!({"anyOf": [{"type": "integer"}, {"type": "number"}], "description": text});
        json_schema!({
            "type": "object",
            "description": "The claims of a verified token (RFC 7519, RFC 9068).",
            "properties": {
                "iss": {"type": "string", "description": "The issuer. Only tokens of another library (`backends.*.secret`) may lack it."},
                "sub": {"type": "string", "description": "The id of the account, or the subject that `issue_token` was given. Absent if the backend has `subject_claim` `user_id`."},
                "user_id": {"type": "string", "description": "The same as `sub`, if the backend has `subject_claim` `user_id`."},
                "aud": {
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                    "description": "The token's audience.",
                },
                "client_id": {"type": "string", "description": "The backend that issued the token."},
                "iat": date("When the token was issued, in Unix seconds."),
                "exp": date("When the token expires."),
                "nbf": date("When the token becomes valid."),
                "jti": {"type": "string", "description": "The id of the token."},
                "sid": {"type": "string", "description": "The session's id."},
                "account_epoch": {
                    "type": "integer",
                    "description": "In a token without a session: the account's epoch, which every revocation of all its sessions raises.",
                },
                "auth_time": date("When the user authenticated."),
                "amr": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The methods by which the user authenticated (RFC 8176).",
                },
                "provider": {
                    "$ref": generator.subschema_for::<ProviderLogin>().get("$ref"),
                    "description": "In a session that an identity provider opened: the provider, and what it says of the login.",
                },
                "act": {
                    "$ref": generator.subschema_for::<Act>().get("$ref"),
                    "description": "The person who acts as the user, if another one does (RFC 8693 section 4.1).",
                },
                "scope": {"type": "string", "description": "The scopes, separated by spaces."},
                "roles": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The roles when the token was issued (RFC 9068); `authorize` checks the present ones.",
                },
                "org_id": {"type": "string", "description": "The organization of the session, if the login was for one."},
                "org_roles": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The roles in that organization when the token was issued; `authorize` checks the present ones.",
                },
            },
            "required": ["aud", "exp"],
            "additionalProperties": true,
        })
    }
}
