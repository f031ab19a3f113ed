//! The rules by which requests pass without authentication, and the place of the token in others: the key
//! `requests` of the configuration, or `rules` of a request, compiled.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use doorward_derive::Build;
use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Code, Error, Result};
use crate::json;
use crate::types::parse_error::ParseError;
use crate::types::strict::Text;
use crate::types::url::Origin;

/// The rules of `authenticate_request`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RequestsConfig")]
#[non_exhaustive]
pub struct Requests {
    /// The paths that need no authentication. A text is an exact path or, with `*` (within a segment) or `**`
    /// (across segments), a glob; `{"exact": …}`, `{"prefix": …}`, `{"glob": …}` and `{"regex": …}` state the
    /// kind. All match the whole path; a pattern that matches every path is refused.
    pub exclude: Exclude,
    /// The methods that need no authentication, in any case; `GET` does not imply `HEAD`.
    #[schemars(extend("default" = ["OPTIONS"]))]
    pub exclude_http_methods: Vec<Name>,
    /// The header from which the host reads `authorization`.
    #[schemars(extend("default" = "authorization"))]
    pub header: Name,
    /// The cookie that holds the token, if neither the host nor the header gives one. Default: none.
    pub cookie: Option<Name>,
    /// The origins whose pages may send the cookie (RFC 6454), if a request names its page's `origin`.
    /// Default: only that of `host`.
    pub origins: Option<Vec<Origin>>,
    /// The kinds of connection that may send requests; any other is refused for every path.
    #[schemars(extend("default" = ["http", "websocket"]))]
    pub connections: Vec<Name>,
}

impl Default for Requests {
    fn default() -> Requests {
        let name = |text: &str| Name(text.to_owned());
        Requests {
            exclude: Exclude::default(),
            exclude_http_methods: vec![name("OPTIONS")],
            header: name("authorization"),
            cookie: None,
            origins: None,
            connections: vec![name("http"), name("websocket")],
        }
    }
}

impl Requests {
    /// Returns whether a connection of this kind is admitted at all.
    pub(crate) fn admits(&self, connection: &str) -> bool {
        self.connections.iter().any(|kind| kind.as_str() == connection)
    }

    /// Returns whether the page that sent a request may send the cookie. A request without an origin is
    /// assumed not to come from a foreign page: browsers give the origin with every WebSocket and every
    /// request that changes something.
    pub(crate) fn trusts(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        match &self.origins {
            Some(origins) => origins.iter().any(|trusted| trusted.as_str() == origin),
            None => host.is_some_and(|host| is_origin_of(host, origin)),
        }
    }

    /// Returns whether a request needs no authentication. `excluded` is the setting of its route.
    pub(crate) fn skips(&self, method: &str, target: &str, excluded: bool) -> bool {
        let Some(path) = unambiguous(target) else { return false };
        let is_method = |name: &Name| name.as_str().eq_ignore_ascii_case(method);
        excluded || self.exclude_http_methods.iter().any(is_method) || self.exclude.matches(path)
    }
}

/// Returns whether an origin is that of the host that a request was sent to. The scheme is not compared,
/// because a host behind a proxy that ends TLS does not know it.
fn is_origin_of(host: &str, origin: &str) -> bool {
    let default_port = [("https://", ":443"), ("http://", ":80")]
        .into_iter()
        .find_map(|(scheme, port)| Some((origin.strip_prefix(scheme)?, port)));
    default_port.is_some_and(|(authority, port)| {
        // Browsers omit the default port; a proxy may not.
        authority.eq_ignore_ascii_case(host.strip_suffix(port).unwrap_or(host))
    })
}

/// Returns the path of a request target (RFC 9112 section 3.2), unless two parsers could see different paths
/// in it: one that resolves dot segments or escapes, merges slashes, drops parameters or stops at a control
/// character, and one that does not.
fn unambiguous(target: &str) -> Option<&str> {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let (path, query) = target.split_at(end);
    let is_clear = |text: &str| {
        let is_dot_segment = |segment: &str| matches!(segment.trim(), "." | "..");
        !text.contains(|c: char| c == '\\' || c.is_control())
            && !text.split(['/', ';', '?', '#']).any(is_dot_segment)
    };
    // The query is checked, too: if the server has decoded the path, `?` may have been part of it.
    let is_one =
        path.starts_with('/') && !path.contains("//") && is_clear(&decoded(path)?) && is_clear(query);
    is_one.then_some(path)
}

/// Decodes the escapes of a path. Refuses escapes of characters that need none (RFC 3986 section 6.2.2.2) or
/// would change the meaning unescaped, and those that are not UTF-8.
fn decoded(path: &str) -> Option<Cow<'_, str>> {
    const NEED_ESCAPE: &[u8] = b" \"<>[]^`{|}";
    if !path.contains('%') {
        return Some(path.into());
    }
    let mut parts = path.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii() && !NEED_ESCAPE.contains(&byte) {
            return None;
        }
        bytes.push(byte);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

/// A method, a kind of connection, the name of a field or of a cookie: a token of RFC 9110 section 5.6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Name, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid {
            Ok(Name(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name of letters, digits, `-` and `_`"))
        }
    }
}

crate::types::text::text_type!(Name, "minLength": 1, "maxLength": 64);

/// Patterns of paths, which together must not match every path.
///
/// ```
/// use doorward::config::{Exclude, Pattern};
///
/// let exclude = Exclude::try_from(vec![Pattern::exact("/health")?, Pattern::prefix("/static")?])?;
/// assert_eq!(exclude.patterns().len(), 2);
/// # Ok::<(), doorward::ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Exclude(Vec<Pattern>);

impl Exclude {
    /// Returns the patterns.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(path))
    }
}

impl TryFrom<Vec<Pattern>> for Exclude {
    type Error = ParseError;

    fn try_from(patterns: Vec<Pattern>) -> Result<Exclude, ParseError> {
        let exclude = Exclude(patterns);
        match is_catch_all(|path| exclude.matches(path)) {
            true => Err(ParseError::new(CATCH_ALL)),
            false => Ok(exclude),
        }
    }
}

impl<'de> Deserialize<'de> for Exclude {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exclude, D::Error> {
        Vec::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl JsonSchema for Exclude {
    fn schema_name() -> Cow<'static, str> {
        "Exclude".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = || json_schema!({"type": "string"});
        json_schema!({"type": "array", "default": [], "items": {"anyOf": [
            text(),
            {
                "type": "object",
                "properties": {"exact": text(), "prefix": text(), "glob": text(), "regex": text()},
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]}})
    }
}

/// A pattern that matches a whole path.
#[derive(Clone)]
pub struct Pattern {
    kind: Kind,
    text: String,
    matcher: Matcher,
}

#[derive(Clone)]
enum Matcher {
    Exact,
    /// A path and everything below it.
    Prefix,
    Glob(Regex),
    Regex(Regex),
}

impl Pattern {
    /// Matches this path.
    pub fn exact(path: &str) -> Result<Pattern, ParseError> {
        Pattern::new(Kind::Exact, path)
    }

    /// Matches this path and everything below it.
    pub fn prefix(path: &str) -> Result<Pattern, ParseError> {
        Pattern::new(Kind::Prefix, path)
    }

    /// Matches the paths of a glob: `*` stands for a part of a segment, `**` for any number of segments.
    pub fn glob(glob: &str) -> Result<Pattern, ParseError> {
        Pattern::new(Kind::Glob, glob)
    }

    /// Matches the paths that a regular expression (of the syntax of RE2) matches as a whole.
    pub fn regex(expression: &str) -> Result<Pattern, ParseError> {
        Pattern::new(Kind::Regex, expression)
    }

    /// Returns the text that the pattern was made of.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn new(kind: Kind, text: &str) -> Result<Pattern, ParseError> {
        const EXPECTED: &str =
            "expected a path that begins with `/`, without query, dot segments and needless escapes";
        if !matches!(kind, Kind::Regex) && unambiguous(text) != Some(text) {
            return Err(ParseError::new(EXPECTED));
        }
        let matcher = match kind {
            Kind::Exact => Matcher::Exact,
            Kind::Prefix => Matcher::Prefix,
            Kind::Glob => Matcher::Glob(whole(&glob(text))?),
            Kind::Regex => Matcher::Regex(whole(text)?),
        };
        let pattern = Pattern { kind, text: text.to_owned(), matcher };
        if is_catch_all(|path| pattern.matches(path)) {
            return Err(ParseError::new(CATCH_ALL));
        }
        Ok(pattern)
    }

    fn matches(&self, path: &str) -> bool {
        // Some routers treat `/users/` as `/users`, so a rule over many paths must hold for both.
        let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty()).unwrap_or(path);
        let is_below = |path: &str, prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
        };
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix => is_below(path, &self.text) && is_below(bare, &self.text),
            Matcher::Glob(glob) => glob.is_match(path) && glob.is_match(bare),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Shows the pattern as the configuration writes it.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}({:?})", self.kind, self.text)
    }
}

/// Compiles an expression that matches a whole text. It is first compiled alone: `a)|(b` would close the
/// group around it.
fn whole(expression: &str) -> Result<Regex, ParseError> {
    let compile = |text: &str| RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).build();
    let compiled = compile(expression).and_then(|_| compile(&format!(r"\A(?:{expression})\z")));
    compiled.map_err(|_| ParseError::new("not a regular expression, or one that is too large (the syntax is that of RE2: no lookaround, no backreferences)"))
}

/// Translates a glob into a regular expression. `/**/` also matches a single slash.
fn glob(text: &str) -> String {
    let literal = regex::escape(text);
    literal.replace(r"/\*\*/", "/(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
}

/// The maximum size of a compiled expression.
const MAX_PATTERN_BYTES: usize = 256 << 10;

const CATCH_ALL: &str = "matches every path";

/// Returns whether a rule holds for paths that have nothing in common, as every rule does that holds for all
/// paths.
fn is_catch_all(holds: impl Fn(&str) -> bool) -> bool {
    ["/a", "/Z9", "/0/1", "/_/b/c.d", "/~x-y", "/\u{e9}/\u{4e2d}"].into_iter().all(holds)
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Exact,
    Prefix,
    Glob,
    Regex,
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        deserializer.deserialize_any(PatternVisitor)
    }
}

struct PatternVisitor;

impl<'de> Visitor<'de> for PatternVisitor {
    type Value = Pattern;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a path, a glob, or one of exact, prefix, glob, regex")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Pattern, E> {
        let kind = if text.contains('*') { Kind::Glob } else { Kind::Exact };
        Pattern::new(kind, text).map_err(E::custom)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pattern, A::Error> {
        let one = || A::Error::custom("expected one of exact, prefix, glob, regex");
        // A failure is about the rule, so it arises outside of the member.
        let (name, value) = entries.next_entry::<Text, Value>()?.ok_or_else(one)?;
        let kind = Kind::deserialize(StrDeserializer::new(&name.0))?;
        let text = value.as_str().ok_or_else(|| A::Error::custom("expected a string"))?;
        let pattern = Pattern::new(kind, text).map_err(A::Error::custom)?;
        if entries.next_key::<IgnoredAny>()?.is_some() { Err(one()) } else { Ok(pattern) }
    }
}

/// The unparsed rules of a request: an object like `requests` of the configuration.
#[derive(Clone, Debug)]
pub struct Rules<'a>(Cow<'a, str>);

impl<'a> Rules<'a> {
    /// Takes the JSON text of the object.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Rules<'a> {
        Rules(text.into())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Rules<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rules<'a>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Rules::new(raw.get()))
    }
}

/// The compiled rules of requests, by their text. A host has a few sets, one for each middleware.
#[derive(Default)]
pub(crate) struct RuleSets(RwLock<VecDeque<(String, Arc<Requests>)>>);

impl RuleSets {
    const MAX_SETS: usize = 16;
    const MAX_BYTES: usize = 16 << 10;

    pub(crate) fn compiled(&self, Rules(text): &Rules) -> Result<Arc<Requests>> {
        let known = |sets: &VecDeque<(String, Arc<Requests>)>| {
            sets.iter().find(|(known, _)| known == text).map(|(_, rules)| Arc::clone(rules))
        };
        if let Some(rules) = known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(rules);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Error::at(Code::InvalidRequest, "/rules", "more than 16 KiB"));
        }
        let rules = json::parse_without_nulls(text, Code::InvalidRequest)
            .map_err(|error| Error { field: error.field.map(|field| format!("/rules{field}")), ..error })?;
        let rules = Arc::new(rules);
        let mut sets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known(&sets).is_none() {
            sets.truncate(Self::MAX_SETS - 1);
            sets.push_front((text.clone().into_owned(), Arc::clone(&rules)));
        }
        Ok(rules)
    }
}
