//! The text of a mail, and its placeholders in braces.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::kind::Kind;
use crate::error::Result;

/// The text of one kind of mail in one language. Placeholders: `{service}`, `{username}`; for a mail with a
/// token also `{token}` and `{link}`, which is the token itself if no link is configured; for `login` also
/// `{code}`, for `member_invitation`, `member_added` and `member_removed` also `{organization}`.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MailTemplate")]
#[non_exhaustive]
pub struct Template {
    /// The subject, on one line.
    pub subject: String,
    /// The text. Paragraphs are separated by empty lines.
    pub text: String,
    /// The text if no link is configured for this kind; it contains the token. Default: `text`.
    pub text_without_link: Option<String>,
    /// The HTML; values are escaped. Default: the paragraphs of the text.
    pub html: Option<String>,
}

impl Template {
    /// Refuses a subject of several lines, and placeholders that a mail of this kind does not have.
    pub(super) fn check(&self, kind: Kind) -> Result<(), (&'static str, &'static str)> {
        if self.subject.is_empty() || self.subject.len() > 256 || self.subject.chars().any(char::is_control) {
            return Err(("subject", "expected one line of 1 to 256 bytes"));
        }
        let parts = [
            ("subject", Some(&self.subject)),
            ("text", Some(&self.text)),
            ("text_without_link", self.text_without_link.as_ref()),
            ("html", self.html.as_ref()),
        ];
        for (name, text) in parts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            let mut is_known = true;
            let mut leads = false;
            substitute(text, |placeholder| {
                match placeholder {
                    "service" | "username" => {}
                    "organization" if Kind::OF_ORGANIZATIONS.contains(&kind) => {}
                    // Subjects appear where a token must not be seen, in notifications.
                    "link" | "token" if kind.has_token() && name != "subject" => leads = true,
                    "code" if kind == Kind::Login && name != "subject" => leads = true,
                    _ => is_known = false,
                }
                String::new()
            });
            if !is_known {
                return Err((name, "an unknown placeholder"));
            }
            if kind.has_token() && !leads && name != "subject" {
                return Err((name, "neither {link} nor {token}"));
            }
        }
        Ok(())
    }
}

/// Replaces each `{name}` in the text once; other braces stay.
pub(super) fn substitute(text: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let is_name =
            |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                filled.push_str(&value(name));
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
