//! The identity of an account: ids, names, addresses, roles. Each type is valid by construction and knows the
//! key under which it is compared (RFC 8265 usernames, folded e-mail addresses with an A-label domain).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::id::Id;
use super::strict::Object;
use super::text::text_type;
use crate::precis;
use crate::types::parse_error::ParseError;

/// The public data of an account. A password hash never leaves the store.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "User", extend("x-least" = ["username", "is_active"]))]
#[non_exhaustive]
pub struct PublicUser {
    /// The immutable id, `sub` in tokens.
    pub id: Id,
    /// The username as it was given.
    pub username: Username,
    /// The e-mail address as it was given, if there is one.
    pub email: Option<Email>,
    /// Whether the user proved that the address is theirs.
    pub email_verified: bool,
    /// Whether the account may log in.
    pub is_active: bool,
    /// True for an account of `create_service_account`, which has API keys and cannot log in; otherwise absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_service_account: bool,
    /// The roles, in alphabetical order.
    pub roles: Vec<Role>,
    /// Other data that the host keeps with the account.
    pub attributes: Object,
    /// The language of mails to this user, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// The host's own id of the account, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// When the account was created, in Unix seconds.
    pub created_at: i64,
}

/// A username: RFC 8265 UsernameCaseMapped, without `@`, at most 64 characters. Stored as given; compared by
/// [`Username::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Returns the canonical form: two names with one key are the same name.
    ///
    /// ```
    /// use doorward::Username;
    ///
    /// let name: Username = "Ada".parse()?;
    /// assert_eq!(name.key(), "ada");
    /// assert!("ada@example.com".parse::<Username>().is_err());
    /// # Ok::<(), doorward::ParseError>(())
    /// ```
    pub fn key(&self) -> String {
        username_key(&self.0).unwrap_or_default()
    }

    /// Returns the name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a name from the store, which was valid when it was stored.
    pub(crate) fn stored(name: String) -> Username {
        Username(name)
    }
}

impl FromStr for Username {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Username, ParseError> {
        match username_key(text) {
            Some(_) => Ok(Username(text.to_owned())),
            None => Err(ParseError::new(
                "expected a username: 1 to 64 letters, digits or ASCII signs, no spaces, no @",
            )),
        }
    }
}

fn username_key(text: &str) -> Option<String> {
    if text.len() > 256 || text.contains('@') {
        return None;
    }
    precis::username_case_mapped(text).filter(|key| key.chars().count() <= 64 && !key.contains('@'))
}

/// An e-mail address (RFC 5321, RFC 6531), at most 254 bytes. Stored as given; compared by [`Email::key`].
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Returns the canonical form: case folded, the domain as an IDNA A-label.
    ///
    /// ```
    /// use doorward::Email;
    ///
    /// let address: Email = "Ada@Example.com".parse()?;
    /// assert_eq!(address.key(), "ada@example.com");
    /// # Ok::<(), doorward::ParseError>(())
    /// ```
    pub fn key(&self) -> String {
        email_key(&self.0).unwrap_or_default()
    }

    /// Returns the beginning of the keys of the addresses that begin so. A label of the domain that is not ASCII must
    /// be complete.
    pub(crate) fn beginning_of_key(text: &str) -> String {
        email_key(text).or_else(|| unfinished_key(text)).unwrap_or_else(|| folded(text))
    }

    /// Returns the address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the address for delivery: the local part as given, and the domain as an A-label.
    pub(crate) fn route(&self) -> Option<(&str, String)> {
        let (local, domain) = self.0.rsplit_once('@')?;
        Some((local, ascii_domain(domain)?))
    }

    /// Returns whether mail to both addresses certainly reaches one mailbox, even if the server distinguishes
    /// capitals. Two addresses with one key may be two mailboxes: letters that fold to one can differ for a
    /// server.
    pub(crate) fn is_mailbox_of(&self, other: &Email) -> bool {
        self.mailbox().is_some_and(|mailbox| other.mailbox() == Some(mailbox))
    }

    /// Returns the spelling that the addresses of one mailbox share, as [`Email::is_mailbox_of`] compares them.
    pub(crate) fn mailbox(&self) -> Option<String> {
        let (local, domain) = self.route()?;
        Some(format!("{}@{domain}", local.to_ascii_lowercase()))
    }

    /// Takes an address from the store, which was valid when it was stored.
    pub(crate) fn stored(address: String) -> Email {
        Email(address)
    }
}

impl FromStr for Email {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Email, ParseError> {
        match email_key(text) {
            Some(_) => Ok(Email(text.to_owned())),
            None => Err(ParseError::new("expected an e-mail address")),
        }
    }
}

/// An address is personal, and therefore not for logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Returns a domain in the form of DNS (UTS 46 with the ASCII characters of STD 3, and the lengths of DNS).
/// Hyphens in the third and fourth place are allowed unless they begin an A-label: such names exist.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    let denied = AsciiDenyList::STD3;
    let hyphens = Hyphens::CheckFirstLast;
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), denied, hyphens, DnsLength::Verify);
    ascii.ok().map(Cow::into_owned).filter(|ascii| !is_ip_address(ascii))
}

/// Returns whether browsers and resolvers read a name as an IPv4 address, as `127.0.0.1`, `127.1` or `0x7f.1`:
/// its last label is a number. No top-level domain is (RFC 3696 section 2).
fn is_ip_address(ascii: &str) -> bool {
    let last = ascii.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
    hexadecimal.is_some() || (!last.is_empty() && last.bytes().all(|c| c.is_ascii_digit()))
}

fn email_key(text: &str) -> Option<String> {
    const PLAIN: Options =
        Options { minimum_sub_domains: 0, allow_domain_literal: false, allow_display_text: false };
    if text.len() > 254 || text.chars().any(char::is_control) {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let domain = ascii_domain(domain)?;
    // The parser sees the A-label, because mail goes to that domain. It does not know marks and symbols
    // beyond ASCII, which RFC 6531 allows: free-form text (RFC 8264) is replaced by a letter for it.
    if !precis::is_free_form(local) || local.len() > 64 {
        return None;
    }
    let plain: String =
        local.chars().map(|c| if c.is_ascii() || c.is_whitespace() { c } else { 'x' }).collect();
    EmailAddress::parse_with_options(&format!("{plain}@{domain}"), PLAIN).ok()?;
    let local = least_quoted(local, |text| {
        EmailAddress::parse_with_options(&format!("{text}@{domain}"), PLAIN).is_ok()
    });
    Some(format!("{}@{domain}", folded(&local)))
}

/// Returns the beginning of the keys of the addresses that begin with a text that ends inside the domain.
fn unfinished_key(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let (complete, last) = domain.split_at(domain.rfind('.').map_or(0, |dot| dot + 1));
    let key = email_key(&format!("{local}@{complete}example"))?;
    Some(format!("{}{}", key.strip_suffix("example")?, folded(last)))
}

/// Maps to lower, upper and lower case, which is the full case folding: ẞ and ß as ss, both sigmas as one.
fn folded(local: &str) -> String {
    let folded = local.nfkc().collect::<String>().to_lowercase().to_uppercase().to_lowercase();
    folded.nfkc().collect()
}

/// Returns a local part with the quotes and backslashes that it needs: further ones do not make another
/// mailbox (RFC 5321 section 4.1.2).
fn least_quoted(local: &str, needs_none: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let Some(quoted) = local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) else {
        return local.into();
    };
    let mut characters = quoted.chars();
    let mut plain = String::new();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    match !plain.contains('"') && needs_none(&plain) {
        true => plain.into(),
        false => format!("\"{}\"", plain.replace('\\', r"\\").replace('"', "\\\"")).into(),
    }
}

/// The administrators' role. The last active account with this role can neither lose it, nor be deactivated,
/// nor be deleted.
pub(crate) const ADMIN: &str = "admin";

/// The role of an organization's owners. The last of them can neither lose it nor leave.
pub(crate) const OWNER: &str = "owner";

/// A role: 1 to 64 visible ASCII characters without quotes or backslash (the `scope-token` of RFC 6749), so
/// that it fits into every protocol field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    /// Returns the role's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a role from the store, which was valid when it was stored.
    pub(crate) fn stored(role: String) -> Role {
        Role(role)
    }
}

impl FromStr for Role {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Role, ParseError> {
        let visible = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(visible);
        if valid {
            Ok(Role(text.to_owned()))
        } else {
            Err(ParseError::new("expected a role: 1 to 64 visible ASCII characters"))
        }
    }
}

/// The actor on an account that is not their own: a name or an id of the host's choice, 1 to 200 characters
/// without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Returns the name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Actor {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Actor, ParseError> {
        let valid = (1..=200).contains(&text.chars().count()) && !text.contains(char::is_control);
        if valid && text.trim() == text {
            Ok(Actor(text.to_owned()))
        } else {
            Err(ParseError::new(
                "expected a name or id of 1 to 200 characters, without control characters or spaces around it",
            ))
        }
    }
}

/// Why a privileged caller acts on an account, for the audit log: 1 to 200 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ActingReason(String);

impl ActingReason {
    /// Returns the text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ActingReason {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ActingReason, ParseError> {
        let valid = (1..=200).contains(&text.chars().count()) && !text.contains(char::is_control);
        match valid && !text.trim().is_empty() {
            true => Ok(ActingReason(text.to_owned())),
            false => Err(ParseError::new("expected 1 to 200 characters, without control characters")),
        }
    }
}

/// A language tag (BCP 47) with valid characters and length; an unknown language is not an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    pub(crate) fn stored(text: String) -> Locale {
        Locale(text)
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Locale {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Locale, ParseError> {
        let subtag =
            |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let valid = (2..=35).contains(&text.len()) && text.split('-').all(subtag);
        if valid { Ok(Locale(text.to_owned())) } else { Err(ParseError::new("expected a language tag")) }
    }
}

/// The host's own id of an account, such as that of a personnel system (`externalId` of RFC 7643): 1 to 255 bytes
/// without control characters. Two ids are the same only to the letter.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// Takes an id from the store, which was valid when it was stored.
    pub(crate) fn stored(text: String) -> ExternalId {
        ExternalId(text)
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ExternalId, ParseError> {
        match (1..=255).contains(&text.len()) && !text.contains(char::is_control) {
            true => Ok(ExternalId(text.to_owned())),
            false => Err(ParseError::new("expected 1 to 255 bytes, without control characters")),
        }
    }
}

/// The id may be an address or a number of a person, and is therefore not for logs.
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("ExternalId(…)")
    }
}

/// Scopes, separated by single spaces (RFC 6749 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scope(String);

impl Scope {
    /// Returns the scopes as one text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether all of these scopes are among `granted`.
    ///
    /// ```
    /// use doorward::Scope;
    ///
    /// let scope: Scope = "read".parse()?;
    /// assert!(scope.is_within("read write"));
    /// # Ok::<(), doorward::ParseError>(())
    /// ```
    pub fn is_within(&self, granted: &str) -> bool {
        self.0.split(' ').all(|scope| granted.split(' ').any(|other| other == scope))
    }
}

impl FromStr for Scope {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Scope, ParseError> {
        let valid = text.len() <= 1024 && text.split(' ').all(|scope| scope.parse::<Role>().is_ok());
        if valid {
            Ok(Scope(text.to_owned()))
        } else {
            Err(ParseError::new("expected scopes separated by spaces"))
        }
    }
}

/// The methods by which the user was authenticated (RFC 8176), in order: `pwd`, `otp`, …; and `mfa` after
/// more than one factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amr(String);

impl Amr {
    /// The method of a password alone.
    pub(crate) fn password() -> Amr {
        Amr::default().with(&["pwd"])
    }

    /// The method of a mailed code or link alone. RFC 8176 has no name for it.
    pub(crate) fn email() -> Amr {
        Amr::default().with(&["email"])
    }

    /// Adds these methods.
    pub(crate) fn with(&self, methods: &[&'static str]) -> Amr {
        let mut members = self.members();
        for method in methods {
            if !members.contains(method) {
                members.push(method);
            }
        }
        Amr(members.join(" "))
    }

    /// Returns the methods as tokens contain them.
    pub fn members(&self) -> Vec<&str> {
        self.0.split_ascii_whitespace().collect()
    }
}

impl Serialize for Amr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.members())
    }
}

impl<'de> Deserialize<'de> for Amr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amr, D::Error> {
        Vec::<String>::deserialize(deserializer).map(|members| Amr(members.join(" ")))
    }
}

impl JsonSchema for Amr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amr".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": {"type": "string"}})
    }
}

/// The methods by which the user of a session was authenticated, each with the time of its last use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs(Vec<(String, i64)>);

impl Proofs {
    /// Makes the proofs of these methods, all at `now`.
    pub(crate) fn at(now: i64, amr: &Amr) -> Proofs {
        Proofs::default().with(&amr.members(), now)
    }

    /// Adds these methods, at `now`.
    pub(crate) fn with(&self, methods: &[&str], now: i64) -> Proofs {
        let mut proofs = self.clone();
        for method in methods {
            match proofs.0.iter_mut().find(|(known, _)| known == method) {
                Some((_, time)) => *time = now,
                None => proofs.0.push(((*method).to_owned(), now)),
            }
        }
        proofs
    }

    /// Returns the time of the last proof by this method.
    pub(crate) fn time_of(&self, method: &str) -> Option<i64> {
        self.0.iter().find(|(known, _)| known == method).map(|(_, time)| *time)
    }

    /// Returns the methods as tokens contain them.
    pub(crate) fn amr(&self) -> Amr {
        let members: Vec<&str> = self.0.iter().map(|(method, _)| method.as_str()).collect();
        Amr(members.join(" "))
    }

    /// Returns the stored form: `pwd:1767225600 otp:1767225660`.
    pub(crate) fn to_text(&self) -> String {
        let members: Vec<String> = self.0.iter().map(|(method, time)| format!("{method}:{time}")).collect();
        members.join(" ")
    }

    pub(crate) fn stored(text: &str) -> Option<Proofs> {
        let proof = |member: &str| {
            let (method, time) = member.split_once(':')?;
            Some((method.to_owned(), time.parse().ok()?))
        };
        text.split_ascii_whitespace().map(proof).collect::<Option<_>>().map(Proofs)
    }
}

/// A login at an identity provider, and what the provider says about it. The engine concludes nothing from
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ProviderLogin {
    /// The provider's name in `id_token_providers`.
    pub name: String,
    /// The authentication context class (OpenID Connect Core section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The authentication methods (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When the user authenticated at the provider, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// The person who acts in a session as its user (RFC 8693 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Act {
    /// The id of the person's own account.
    pub sub: Id,
}

/// An organization, and the roles of a member there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OrganizationRoles {
    /// The organization's id.
    pub id: Id,
    /// The user's roles in it, in alphabetical order.
    pub roles: Vec<Role>,
}

/// What roles permit, in the words of the host, such as `doc:write`: 1 to 64 visible ASCII characters without quotes or
/// backslash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Permission(String);

impl Permission {
    /// Returns the permission's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Permission {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Permission, ParseError> {
        match text.parse::<Role>() {
            Ok(_) => Ok(Permission(text.to_owned())),
            Err(_) => {
                Err(ParseError::new("expected 1 to 64 visible ASCII characters, without quotes or backslash"))
            }
        }
    }
}

/// A text that was offered and may name a person; not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Offered(String);

impl Offered {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Offered {
    fn from(text: T) -> Offered {
        Offered(text.into())
    }
}

impl FromStr for Offered {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Offered, ParseError> {
        Ok(Offered(text.to_owned()))
    }
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Offered(…)")
    }
}

text_type!(Username, "minLength": 1);
text_type!(Email, "minLength": 3, "maxLength": 254);
text_type!(ExternalId, "minLength": 1, "maxLength": 255);
text_type!(Permission, "minLength": 1, "maxLength": 64);
text_type!(Role, "minLength": 1, "maxLength": 64);
text_type!(Actor, "minLength": 1, "maxLength": 200);
text_type!(ActingReason, "minLength": 1, "maxLength": 200);
text_type!(Offered,);
text_type!(Scope, "minLength": 1, "maxLength": 1024);
text_type!(Locale, "minLength": 2, "maxLength": 35);
