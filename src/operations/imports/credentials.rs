//! What opens an imported account besides its password: second factors, passkeys and identities.

use std::collections::BTreeSet;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::problems::{Problem, Problems};
use crate::config::{Config, Issuer};
use crate::crypto::secrets::KeyId;
use crate::crypto::webauthn;
use crate::engine::factors::Factors;
use crate::engine::factors::passkeys::{MOST, handle, transports};
use crate::engine::factors::totp;
use crate::engine::providers::Providers;
use crate::error::Result;
use crate::store::identities::{self, Identity};
use crate::store::passkeys::{self, Passkey};
use crate::store::second_factors::{self, StoredSeed, Totp};
use crate::store::{Tx, unexpected};
use crate::totp::Setup;
use crate::types::base64url::from_base64url;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::user::Offered;
use crate::types::webauthn::{Bytes, Label};

/// An authenticator app (RFC 6238) of another system. Codes that it showed until the import are used up.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ImportedTotp {
    /// The secret in base32. Give it or `otpauth_uri`.
    pub secret: Option<Secret>,
    /// The URI by which the app was set up: `otpauth://totp/…`.
    pub otpauth_uri: Option<Secret>,
    /// The number of digits of a code: 6 to 8. Default: what the URI says, or else 6.
    pub digits: Option<i64>,
    /// How long a code is shown: 15 to 300 seconds. Default: what the URI says, or else 30.
    pub period_seconds: Option<i64>,
    /// The hash: only `SHA1`, which every app supports. Default: what the URI says, or else `SHA1`.
    pub algorithm: Option<Offered>,
    /// When the app was set up. Default: now.
    pub created_at: Option<i64>,
}

/// A user of an identity provider.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportedIdentity {
    /// The user's id at the provider: `sub` of its ID tokens.
    pub subject: Offered,
    /// The provider's name in `id_token_providers`. Give it or `issuer`.
    pub provider: Option<Offered>,
    /// The provider's issuer: `iss` of its ID tokens.
    pub issuer: Option<Offered>,
    /// When the identity was linked to the account. Default: now.
    pub created_at: Option<i64>,
    /// When the identity was unlinked. It opens no account, and its address does not link it again.
    pub unlinked_at: Option<i64>,
}

/// A passkey of another system, for the same `passkeys.rp_id`.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportedPasskey {
    /// The credential's id.
    pub id: Offered,
    /// The public key, for ES256, EdDSA or RS256: a COSE_Key or a SubjectPublicKeyInfo (DER), in base64url without
    /// padding.
    pub public_key: Offered,
    /// The last value of the authenticator's counter. Default: 0.
    pub sign_count: Option<i64>,
    /// The user handle that the other system gave to the authenticator. Default: the bytes of the user's id.
    pub user_handle: Option<Offered>,
    /// Whether the authenticator verified its user before. Without it the passkey is only a second factor. Default:
    /// false.
    pub user_verified: Option<bool>,
    /// Whether the passkey may be on several devices. Default: what the authenticator says at the first use.
    pub backup_eligible: Option<bool>,
    /// Whether the passkey is on several devices. Default: false.
    pub backed_up: Option<bool>,
    /// The transports that reach its authenticator.
    pub transports: Option<Vec<String>>,
    /// The model of authenticator, a UUID. Default: unknown.
    pub aaguid: Option<Offered>,
    /// The user's name for the passkey: 1 to 64 characters.
    pub label: Option<Offered>,
    /// When the passkey was registered. Default: now.
    pub created_at: Option<i64>,
    /// When the passkey was last used.
    pub last_used_at: Option<i64>,
}

/// The second factors, passkeys and identities of an account, as they were given.
pub(super) struct Given {
    pub totp: Option<ImportedTotp>,
    pub recovery_codes: Vec<Secret>,
    /// What the store of an engine with the same secret key kept of recovery codes.
    pub recovery_code_hashes: Vec<Secret>,
    pub identities: Vec<ImportedIdentity>,
    pub passkeys: Vec<ImportedPasskey>,
}

impl Given {
    pub(super) fn has_factors(&self) -> bool {
        let has_codes = !self.recovery_codes.is_empty() || !self.recovery_code_hashes.is_empty();
        self.totp.is_some() || has_codes || !self.passkeys.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_factors() && self.identities.is_empty()
    }
}

/// The same, as the store keeps them.
pub(super) struct Credentials {
    totp: Option<Totp>,
    pub recovery_codes: BTreeSet<[u8; 32]>,
    pub identities: Vec<Linked>,
    pub passkeys: Vec<Passkey>,
}

/// An identity that opens an account.
pub(super) struct Linked {
    pub issuer: String,
    pub subject: String,
    created_at: i64,
    pub unlinked_at: Option<i64>,
}

/// The most identities that open one account.
const MOST_IDENTITIES: usize = 20;

/// The most identities of one account with those that were unlinked.
const MOST_EVER: usize = 1000;

/// The most recovery codes of one account.
const MOST_CODES: usize = 100;

impl Credentials {
    pub(super) fn insert(&self, tx: &mut Tx, user_id: Id, now: i64) -> Result<()> {
        if let Some(totp) = &self.totp {
            second_factors::insert_totp(tx, user_id, totp)?;
        }
        for id in &self.recovery_codes {
            second_factors::insert_recovery_code(tx, id, user_id, now)?;
        }
        for Linked { issuer, subject, created_at, unlinked_at } in &self.identities {
            let identity = Identity { issuer, subject };
            identities::insert(tx, identity, user_id, *created_at)?;
            if let Some(unlinked_at) = unlinked_at {
                identities::unlink(tx, identity, user_id, *unlinked_at)?;
            }
        }
        for passkey in &self.passkeys {
            if !passkeys::insert(tx, passkey)? {
                return Err(unexpected());
            }
        }
        Ok(())
    }
}

/// Reads what is given for one account.
pub(super) struct Reader<'a> {
    pub config: &'a Config,
    pub factors: &'a Factors,
    pub providers: &'a Providers,
    pub user_id: Id,
    /// Whether the other system gave the id.
    pub has_given_id: bool,
    pub now: i64,
    /// The latest time that is not in the future.
    pub latest: i64,
}

impl Reader<'_> {
    pub(super) fn read(&self, given: Given, problems: &mut Problems) -> Result<Credentials> {
        let Given { totp, recovery_codes, recovery_code_hashes, identities, passkeys } = given;
        let totp = totp.map(|given| self.totp(&given, problems)).transpose()?.flatten();
        let mut recovery_codes = self.codes(&recovery_codes, problems)?;
        recovery_codes.extend(self.code_hashes(&recovery_code_hashes, problems));
        Ok(Credentials {
            totp,
            recovery_codes,
            identities: self.identities(&identities, problems),
            passkeys: self.passkeys(passkeys, problems),
        })
    }

    fn totp(&self, given: &ImportedTotp, problems: &mut Problems) -> Result<Option<Totp>> {
        let created_at = problems.time(given.created_at, self.latest).unwrap_or(self.now);
        let setup = Setup {
            secret: given.secret.as_ref().map(Secret::expose),
            uri: given.otpauth_uri.as_ref().map(Secret::expose),
            digits: given.digits,
            period_seconds: given.period_seconds,
            algorithm: given.algorithm.as_ref().map(Offered::as_str),
        };
        let (seed, parameters) = match setup.read() {
            Ok(read) => read,
            Err(error) => {
                problems.because(Problem::InvalidTotp, error);
                return Ok(None);
            }
        };
        Ok(Some(Totp {
            seed: StoredSeed {
                sealed: self.factors.apps.secrets.seal(&totp::owner(self.user_id), seed.bytes())?,
                digits: parameters.digits.into(),
                period_seconds: parameters.period_seconds,
                created_at,
            },
            last_step: self.now / parameters.period_seconds,
            confirmed_at: created_at,
        }))
    }

    fn codes(&self, given: &[Secret], problems: &mut Problems) -> Result<BTreeSet<[u8; 32]>> {
        let mut ids = BTreeSet::new();
        for code in given {
            match self.factors.recovery_codes.id_of(self.user_id, code.expose())? {
                Some(id) if ids.len() < MOST_CODES => ids.insert(id),
                _ => {
                    let reason = "expected at most 100 codes, each of 8 to 64 ASCII letters and digits";
                    problems.because(Problem::InvalidRecoveryCodes, reason);
                    break;
                }
            };
        }
        Ok(ids)
    }

    fn code_hashes(&self, given: &[Secret], problems: &mut Problems) -> Vec<[u8; 32]> {
        let keys: Vec<KeyId> = self.factors.apps.secrets.ids().collect();
        let is_known = |id: &[u8; 32]| self.has_given_id && keys.iter().any(|key| id.starts_with(key));
        let read = |text: &Secret| from_base64url(text.expose())?.try_into().ok().filter(is_known);
        let ids: Option<Vec<[u8; 32]>> = given.iter().take(MOST_CODES).map(read).collect();
        if ids.is_none() {
            let reason =
                "expected what an engine with the same secret key exported: its users need new codes";
            problems.because(Problem::InvalidRecoveryCodes, reason);
        }
        ids.unwrap_or_default()
    }

    fn identities(&self, given: &[ImportedIdentity], problems: &mut Problems) -> Vec<Linked> {
        let mut read: Vec<Linked> = Vec::new();
        for identity in given.iter().take(MOST_EVER + 1) {
            let created_at = problems.time(identity.created_at, self.latest).unwrap_or(self.now);
            let unlinked_at = problems.time(identity.unlinked_at, self.latest);
            let subject = identity.subject.as_str().to_owned();
            let is_linked = |it: &&Linked| it.unlinked_at.is_none();
            let is_full = unlinked_at.is_none() && read.iter().filter(is_linked).count() == MOST_IDENTITIES;
            let flaw = match self.issuer_of(identity) {
                Err(flaw) => flaw,
                Ok(_) if !(1..=255).contains(&subject.len()) => "expected a subject of 1 to 255 bytes",
                Ok(_) if is_full => "expected at most 20 identities",
                Ok(_) if read.len() == MOST_EVER => "expected at most 1000 identities with the unlinked",
                Ok(issuer) if read.iter().any(|it| it.issuer == issuer && it.subject == subject) => {
                    "an identity is repeated"
                }
                Ok(issuer) => {
                    read.push(Linked { issuer, subject, created_at, unlinked_at });
                    continue;
                }
            };
            problems.because(Problem::InvalidIdentities, flaw);
        }
        read
    }

    fn issuer_of(&self, identity: &ImportedIdentity) -> Result<String, &'static str> {
        match (&identity.provider, &identity.issuer) {
            (Some(name), None) => {
                let provider = self.providers.all.iter().find(|it| it.name() == name.as_str());
                let provider = provider.ok_or("expected the name of a provider in id_token_providers")?;
                let issuer = provider.only_issuer().map(str::to_owned);
                issuer.ok_or("expected the issuer, because the provider has one for each tenant")
            }
            (None, Some(issuer)) => {
                issuer.as_str().parse::<Issuer>().map_err(|_| "expected an issuer of 1 to 1024 bytes")?;
                Ok(issuer.as_str().to_owned())
            }
            _ => Err("expected one of provider, issuer"),
        }
    }

    fn passkeys(&self, given: Vec<ImportedPasskey>, problems: &mut Problems) -> Vec<Passkey> {
        let mut read: Vec<Passkey> = Vec::new();
        for passkey in given.into_iter().take(MOST + 1) {
            let flaw = match self.passkey(passkey, problems) {
                _ if self.config.passkeys.is_none() => "passkeys is not configured",
                Err(flaw) => flaw,
                Ok(_) if read.len() == MOST => "expected at most 20 passkeys",
                Ok(passkey) if read.iter().any(|it| it.credential_id == passkey.credential_id) => {
                    "a passkey is repeated"
                }
                Ok(passkey) => {
                    read.push(passkey);
                    continue;
                }
            };
            problems.because(Problem::InvalidPasskeys, flaw);
        }
        read
    }

    fn passkey(&self, given: ImportedPasskey, problems: &mut Problems) -> Result<Passkey, &'static str> {
        let id = bytes(&given.id, 1..=webauthn::MAX_CREDENTIAL_ID);
        let key = bytes(&given.public_key, 1..=4096).ok_or("expected a public key in base64url")?;
        let user_handle = given.user_handle.filter(|text| !text.as_str().is_empty());
        let user_handle =
            user_handle.map(|text| bytes(&text, 1..=64).ok_or("expected a user handle of 1 to 64 bytes"));
        let label = given.label.filter(|text| !text.as_str().is_empty());
        let label = label.map(|text| text.as_str().parse::<Label>());
        let label = label.transpose().map_err(|_| "expected a label of 1 to 64 characters")?;
        let aaguid = given.aaguid.map(|text| Uuid::try_parse(text.as_str())).transpose();
        Ok(Passkey {
            credential_id: id.ok_or("expected an id of 1 to 1023 bytes in base64url")?,
            user_id: self.user_id,
            user_handle: user_handle.transpose()?.filter(|bytes| *bytes != handle(self.user_id).0),
            label: label.map(|label| label.as_str().to_owned()),
            public_key: webauthn::credential_key(&key).map_err(|flaw| match flaw {
                "algorithm" => "expected a key for ES256, EdDSA or RS256",
                _ => "expected a public key as COSE_Key or SubjectPublicKeyInfo",
            })?,
            aaguid: *aaguid.map_err(|_| "expected an aaguid that is a UUID")?.unwrap_or_default().as_bytes(),
            sign_count: u32::try_from(given.sign_count.unwrap_or(0))
                .map_err(|_| "expected a counter of 32 bits")?,
            user_verified: given.user_verified.unwrap_or(false),
            backup_eligible: given.backup_eligible,
            backed_up: given.backed_up.unwrap_or(false),
            transports: transports(given.transports.unwrap_or_default()),
            created_at: problems.time(given.created_at, self.latest).unwrap_or(self.now),
            last_used_at: problems.time(given.last_used_at, self.latest),
        })
    }
}

/// Decodes base64url of so many bytes.
fn bytes(text: &Offered, length: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    let Bytes(bytes) = text.as_str().parse().ok()?;
    length.contains(&bytes.len()).then_some(bytes)
}
