//! What other systems write around a hash: Keycloak's JSON, the versions of Nextcloud, the ids of LDAP,
//! Dovecot and Spring, the columns of Gitea.

use std::borrow::Cow;

use base64_simd::STANDARD_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::pbkdf2::gitea_salt;
use super::text::{braced, from_base16, number, parts};

/// Returns the hash inside, in one of the forms that are parsed. None if the text cannot be a hash.
pub(in crate::crypto) fn unwrapped(text: &str) -> Option<Cow<'_, str>> {
    if is_braced_whole(text) {
        return keycloak(text).map(Cow::Owned);
    }
    if let Some(hash) = ["1|", "2|", "3|"].iter().find_map(|version| text.strip_prefix(version)) {
        return Some(hash.into());
    }
    if let Some(columns) = text.strip_prefix("argon2$")
        && let Some(hash) = gitea(columns)
    {
        return Some(hash.into());
    }
    let Some((id, rest)) = braced(text) else { return Some(text.into()) };
    Some(match id.as_str() {
        "argon2"
        | "argon2@springsecurity_v5_8"
        | "argon2i"
        | "argon2id"
        | "bcrypt"
        | "blf-crypt"
        | "crypt"
        | "md5-crypt"
        | "sha256-crypt"
        | "sha512-crypt" => rest.into(),
        // Spring's name of an encoder that writes as LDAP servers do.
        "ldap" if rest.starts_with('{') => rest.into(),
        "pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512" if rest.contains('$') => {
            format!("${id}${rest}").into()
        }
        _ => text.into(),
    })
}

/// Returns whether a text may be JSON, which may have white space in it.
pub(in crate::crypto) fn is_braced_whole(text: &str) -> bool {
    text.starts_with('{') && text.ends_with('}')
}

/// Returns whether a text is a credential of Keycloak of another type than `password`: those of the type
/// `password-history` look the same, but their passwords are no longer valid.
pub(super) fn is_of_other_type(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Credential {
        r#type: String,
    }
    serde_json::from_str::<Credential>(text).is_ok_and(|credential| credential.r#type != "password")
}

/// A credential of the type `password`, with its two parts, which are JSON in texts.
fn keycloak(text: &str) -> Option<String> {
    let credential: Value = serde_json::from_str(text).ok()?;
    if credential.get("type").is_some_and(|kind| kind != "password") {
        return None;
    }
    let part = |name: &str| serde_json::from_str::<Value>(credential[name].as_str()?).ok();
    let (secret, data) = (part("secretData")?, part("credentialData")?);
    let bytes = |name: &str| Some(secret[name].as_str()?.trim_end_matches('='));
    let (salt, output) = (bytes("salt")?, bytes("value")?);
    let iterations = data["hashIterations"].as_u64()?;
    let parameter = |name: &str| data["additionalParameters"][name][0].as_str();
    Some(match data["algorithm"].as_str()? {
        "argon2" => {
            let version = match parameter("version")? {
                "1.3" => 19,
                "1.0" => 16,
                _ => return None,
            };
            let [kind, memory, lanes] = [parameter("type")?, parameter("memory")?, parameter("parallelism")?];
            format!("$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${output}")
        }
        "pbkdf2" => format!("$pbkdf2$i={iterations}${salt}${output}"),
        algorithm => format!("${algorithm}$i={iterations}${salt}${output}"),
    })
}

/// `2$65536$8$50$<salt>$<output>`: the column with the algorithm, that with the salt and that with the hash.
fn gitea(columns: &str) -> Option<String> {
    let [iterations, memory, lanes, len, salt, output] = parts(columns, '$')?;
    let (salt, output) = (gitea_salt(salt)?, from_base16(output)?);
    let base64 = |bytes: &[u8]| STANDARD_NO_PAD.encode_to_string(bytes);
    (number(len)? as usize == output.len()).then(|| {
        let (salt, output) = (base64(&salt), base64(&output));
        format!("$argon2id$v=19$m={memory},t={iterations},p={lanes}${salt}${output}")
    })
}
