//! This service as a client of a provider: the authorization code flow, always with PKCE (RFC 6749 section 4.1, RFC
//! 7636, OpenID Connect Core section 3.1, RFC 9700 section 2.1).

use std::sync::Arc;

use aws_lc_rs::digest;
use base64_simd::STANDARD;
use serde_json::{Value, json};

use super::provider_exchange::{Exchange, parsed, text};
use super::provider_metadata::Metadata;
use super::remote_document::RemoteDocument;
use crate::clock::Clock;
use crate::config::{ClientAuth, IdTokenProvider, Pointer, ResponseMode, TENANT_ID, Userinfo};
use crate::crypto::id_token::{ProviderUser, is_true};
use crate::crypto::jws::Key;
use crate::error::{Code, Error, Result};
use crate::outbound::deadline::Deadline;
use crate::types::base64url::base64url;
use crate::types::exchange::{ProviderRequest, ProviderResponse};
use crate::types::form::{form, percent_encoded};
use crate::types::random::random;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::strict::Object;
use crate::types::token::Token;

/// A client of a provider.
pub(crate) struct ProviderClient {
    issuer: String,
    client_id: String,
    authentication: Authentication,
    scope: String,
    response_mode: Option<ResponseMode>,
    endpoints: Endpoints,
    userinfo_endpoint: Option<String>,
    /// Where data about the user are, if the provider has no ID tokens.
    pub userinfo: Option<Userinfo>,
    requires_iss: Option<bool>,
}

enum Authentication {
    Basic(Secret),
    Post(Secret),
    Assertion(Box<Key>),
    /// A secret that is made by a key, and its `iss`.
    SignedSecret(Box<Key>, String),
    None,
}

/// Where the provider is asked.
enum Endpoints {
    Given { authorization: String, token: String },
    Metadata(Arc<RemoteDocument<Metadata>>),
}

/// What an authorization request carries.
pub(crate) struct Asked<'a> {
    pub redirect_uri: &'a str,
    pub state: &'a str,
    pub nonce: &'a str,
    pub verifier: &'a str,
    /// Further parameters.
    pub hints: Vec<(&'a str, &'a str)>,
}

/// A code to exchange, and what its request was bound to.
pub(crate) struct Redeemed<'a> {
    pub code: &'a str,
    pub redirect_uri: &'a str,
    pub nonce: &'a Secret,
    pub verifier: &'a str,
}

/// The tokens of a provider.
pub(crate) struct ProviderTokens {
    pub id_token: Option<Token<'static>>,
    access_token: Option<Token<'static>>,
}

impl ProviderClient {
    /// Returns none if the configuration is not enough for it. Failure: `invalid_config`.
    pub(crate) fn new(
        provider: &IdTokenProvider,
        metadata: Option<&Arc<RemoteDocument<Metadata>>>,
    ) -> Result<Option<ProviderClient>> {
        let url = |url: &Option<crate::config::ServiceUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let given = url(&provider.authorization_endpoint).zip(url(&provider.token_endpoint));
        let endpoints = match (given, metadata) {
            (Some((authorization, token)), _) => Endpoints::Given { authorization, token },
            (None, Some(metadata)) => Endpoints::Metadata(Arc::clone(metadata)),
            (None, None) => return Ok(None),
        };
        let Some(authentication) = Authentication::of(provider)? else { return Ok(None) };
        let (Some(issuer), Some(client_id)) = (&provider.issuer, provider.client_id.members().first()) else {
            return Ok(None);
        };
        let scope = provider.scope.as_ref().map_or("openid email profile", |scope| scope.as_str());
        Ok(Some(ProviderClient {
            issuer: issuer.as_str().to_owned(),
            client_id: client_id.clone(),
            authentication,
            scope: scope.to_owned(),
            response_mode: provider.response_mode,
            endpoints,
            userinfo_endpoint: url(&provider.userinfo_endpoint),
            userinfo: provider.userinfo.clone(),
            requires_iss: provider.requires_iss,
        }))
    }

    /// Returns the URL to which the browser is sent. Failure: `auth_service_unavailable`.
    pub(crate) fn authorization_url(
        &self,
        asked: &Asked,
        clock: &Clock,
        deadline: Deadline,
    ) -> Result<String> {
        let endpoint = match &self.endpoints {
            Endpoints::Given { authorization, .. } => authorization.clone(),
            Endpoints::Metadata(metadata) => {
                metadata.newest(None, clock, deadline)?.authorization_endpoint.clone()
            }
        };
        let challenge = base64url(digest::digest(&digest::SHA256, asked.verifier.as_bytes()).as_ref());
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", asked.redirect_uri),
            ("scope", &self.scope),
            ("state", asked.state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if self.userinfo.is_none() {
            fields.push(("nonce", asked.nonce));
        }
        match self.response_mode {
            Some(ResponseMode::FormPost) => fields.push(("response_mode", "form_post")),
            Some(ResponseMode::Query) => fields.push(("response_mode", "query")),
            None => {}
        }
        fields.extend(&asked.hints);
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{}", *form(&fields)))
    }

    /// Returns whether each response of the provider must have `iss` (RFC 9207 section 2.4).
    pub(crate) fn requires_iss(&self, clock: &Clock, deadline: Deadline) -> Result<bool> {
        match (self.requires_iss, &self.endpoints) {
            (Some(requires), _) => Ok(requires),
            (None, Endpoints::Given { .. }) => Ok(false),
            (None, Endpoints::Metadata(metadata)) => Ok(metadata.newest(None, clock, deadline)?.sends_iss),
        }
    }

    /// Exchanges a code for tokens. Failures: `invalid_credentials`, `auth_service_unavailable`.
    pub(crate) fn redeem(
        &self,
        redeemed: &Redeemed,
        exchange: &mut Exchange,
        clock: &Clock,
    ) -> Result<ProviderTokens> {
        let endpoint = match &self.endpoints {
            Endpoints::Given { token, .. } => token.clone(),
            Endpoints::Metadata(metadata) => {
                metadata.newest(None, clock, exchange.deadline)?.token_endpoint.clone()
            }
        };
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", redeemed.code),
            ("redirect_uri", redeemed.redirect_uri),
            ("code_verifier", redeemed.verifier),
        ];
        let now = clock.now();
        let mut authorization = None;
        let signed;
        match &self.authentication {
            Authentication::Basic(secret) => {
                // RFC 6749 section 2.3.1: both are encoded as in a form.
                let [id, secret] = [self.client_id.as_str(), secret.expose()].map(percent_encoded);
                let pair = Secret::new(format!("{id}:{secret}"));
                authorization = Some(format!("Basic {}", STANDARD.encode_to_string(pair.expose())));
            }
            Authentication::Post(secret) => {
                fields.extend([("client_id", self.client_id.as_str()), ("client_secret", secret.expose())]);
            }
            Authentication::Assertion(key) => {
                signed = self.assertion(key, &self.client_id, &endpoint, now)?;
                fields.extend([
                    ("client_id", self.client_id.as_str()),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", signed.expose()),
                ]);
            }
            Authentication::SignedSecret(key, issuer) => {
                signed = self.assertion(key, issuer, &endpoint, now)?;
                fields.extend([("client_id", self.client_id.as_str()), ("client_secret", signed.expose())]);
            }
            Authentication::None => fields.push(("client_id", &self.client_id)),
        }
        let body = IssuedSecret::new(form(&fields).as_str());
        let response = exchange.send(ProviderRequest::post(&endpoint, authorization, body))?;
        ProviderTokens::read(&response)
    }

    /// Signs the name of this service. The audience is the issuer, so that a provider cannot use the assertion at
    /// another one. Where each tenant is an issuer, it is the token endpoint (RFC 7523 section 3).
    fn assertion(&self, key: &Key, issuer: &str, endpoint: &str, now: i64) -> Result<Secret> {
        let audience = if self.issuer.contains(TENANT_ID) { endpoint } else { &self.issuer };
        let claims = json!({
            "iss": issuer,
            "sub": self.client_id,
            "aud": audience,
            "jti": base64url(&random::<16>()?),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        key.sign(&claims.to_string()).map(Secret::new)
    }

    /// Adds what the ID token lacks. The data must be about the same user (OpenID Connect Core section 5.3.2).
    pub(crate) fn complete(
        &self,
        user: ProviderUser,
        email_verified: &str,
        tokens: &ProviderTokens,
        exchange: &mut Exchange,
        clock: &Clock,
    ) -> Result<ProviderUser> {
        let endpoint = match (&self.userinfo_endpoint, &self.endpoints) {
            (Some(endpoint), _) => Some(endpoint.clone()),
            (None, Endpoints::Given { .. }) => None,
            (None, Endpoints::Metadata(metadata)) => {
                metadata.newest(None, clock, exchange.deadline)?.userinfo_endpoint.clone()
            }
        };
        let (Some(endpoint), Some(_), None) = (endpoint, &tokens.access_token, &user.email) else {
            return Ok(user);
        };
        let userinfo: Object = exchange.json(ProviderRequest::get(&endpoint, tokens.bearer()))?;
        if text(&userinfo, "sub") != Some(&user.sub) {
            return Err(Error::new(Code::InvalidToken, "another_subject"));
        }
        let email_verified = userinfo.0.get(email_verified).is_some_and(is_true);
        let own = |name: &str| describing(userinfo.0.get(name));
        Ok(ProviderUser {
            email: own("email"),
            email_verified,
            preferred_username: user.preferred_username.or_else(|| own("preferred_username")),
            locale: user.locale.or_else(|| own("locale")),
            ..user
        })
    }

    /// Returns the user of a provider without ID tokens.
    pub(crate) fn described(
        &self,
        userinfo: &Userinfo,
        tokens: &ProviderTokens,
        exchange: &mut Exchange,
    ) -> Result<ProviderUser> {
        let unusable = |reason: &'static str| Error::new(Code::AuthServiceUnavailable, reason);
        let endpoint = self.userinfo_endpoint.as_deref().ok_or(unusable("no_userinfo_endpoint"))?;
        if tokens.access_token.is_none() {
            return Err(unusable("no_access_token"));
        }
        let Object(found) = exchange.json(ProviderRequest::get(endpoint, tokens.bearer()))?;
        let found = Value::Object(found);
        let at = |pointer: &Option<Pointer>| found.pointer(pointer.as_ref()?.as_str());
        let subject = found.pointer(userinfo.subject.as_str());
        let subject = match subject {
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
            other => describing(other),
        };
        let (email, email_verified) = match &userinfo.emails_endpoint {
            Some(endpoint) => {
                primary(exchange.json(ProviderRequest::get(endpoint.as_str(), tokens.bearer()))?)
            }
            None => (describing(at(&userinfo.email)), at(&userinfo.email_verified).is_some_and(is_true)),
        };
        Ok(ProviderUser {
            iss: self.issuer.clone(),
            sub: subject.ok_or(unusable("no_subject"))?,
            email,
            email_verified,
            preferred_username: describing(at(&userinfo.username)),
            locale: None,
            acr: None,
            amr: Vec::new(),
            auth_time: None,
        })
    }
}

/// How long a provider may take to accept an assertion.
const ASSERTION_SECONDS: i64 = 300;

impl Authentication {
    /// Returns none if the credentials are missing. Failure: `invalid_config`.
    fn of(provider: &IdTokenProvider) -> Result<Option<Authentication>> {
        let key = |key: &Secret| {
            let key = Key::of_client(provider.client_key_id.as_deref(), key.expose()).map(Box::new);
            key.ok_or(Error::at(Code::InvalidConfig, "/client_key", "expected a private key, PKCS #8 in PEM"))
        };
        let key = provider.client_key.as_ref().map(key).transpose()?;
        let secret = provider.client_secret.clone();
        Ok(match provider.authentication() {
            ClientAuth::None => Some(Authentication::None),
            ClientAuth::ClientSecretBasic => secret.map(Authentication::Basic),
            ClientAuth::ClientSecretPost => secret.map(Authentication::Post),
            ClientAuth::PrivateKeyJwt => key.map(Authentication::Assertion),
            ClientAuth::SignedSecret => {
                let issuer = provider.client_key_issuer.clone();
                key.zip(issuer).map(|(key, issuer)| Authentication::SignedSecret(key, issuer))
            }
        })
    }
}

impl ProviderTokens {
    /// Reads the response to a code (RFC 6749 sections 5.1 and 5.2). GitHub answers errors with status 200.
    fn read(response: &ProviderResponse) -> Result<ProviderTokens> {
        let unavailable = |reason: &'static str| Error::new(Code::AuthServiceUnavailable, reason);
        let status = response.status;
        let object = match parsed::<Object>(response.body.expose()) {
            Ok(object) => object,
            Err(_) if status != 200 => {
                return Err(Error::new(Code::AuthServiceUnavailable, format!("http_status_{status}")));
            }
            Err(error) => return Err(error),
        };
        match text(&object, "error") {
            None => {}
            // The code is forged, spent, expired, of another client or of another request.
            Some("invalid_grant" | "bad_verification_code") => {
                return Err(Error::new(Code::InvalidCredentials, "invalid_grant"));
            }
            Some("invalid_client" | "incorrect_client_credentials") => {
                return Err(unavailable("invalid_client"));
            }
            Some("unauthorized_client") => return Err(unavailable("unauthorized_client")),
            Some("redirect_uri_mismatch") => return Err(unavailable("redirect_uri_mismatch")),
            Some(_) => return Err(unavailable("provider_error")),
        }
        if status != 200 {
            return Err(Error::new(Code::AuthServiceUnavailable, format!("http_status_{status}")));
        }
        let tokens = [text(&object, "id_token"), text(&object, "access_token")];
        // RFC 6749 sections A.12 and 7.1.
        if !tokens[1].is_none_or(is_printable) {
            return Err(unavailable("bad_access_token"));
        }
        if text(&object, "token_type").is_some_and(|of| !of.eq_ignore_ascii_case("Bearer")) {
            return Err(unavailable("wrong_token_type"));
        }
        let [id_token, access_token] = tokens.map(|token| Some(Token::from(token?.to_owned())));
        Ok(ProviderTokens { id_token, access_token })
    }

    fn bearer(&self) -> Option<String> {
        self.access_token.as_ref().map(|token| format!("Bearer {}", token.expose()))
    }
}

/// Returns whether a text is of the visible characters of ASCII and spaces.
fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Returns a text that describes a user, if it is within bounds.
fn describing(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| (1..=255).contains(&text.len())).map(str::to_owned)
}

/// Returns the primary address, and whether it is verified.
fn primary(addresses: Vec<Object>) -> (Option<String>, bool) {
    let found = addresses.iter().find(|Object(address)| address.get("primary").is_some_and(is_true));
    match found {
        Some(Object(address)) => {
            (describing(address.get("email")), address.get("verified").is_some_and(is_true))
        }
        None => (None, false),
    }
}
