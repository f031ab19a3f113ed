//! The texts of an engine: the host's own, and the built-in ones of `*.json`, in the form of the configuration.

use std::collections::BTreeMap;

use super::kind::Kind;
use super::template::{Template, substitute};
use super::values::TOKEN;
use super::{Links, Mail};
use crate::error::{Code, Error, Result};
use crate::types::user::Locale;

/// The texts of an engine.
pub(crate) struct Templates {
    own: BTreeMap<Kind, BTreeMap<Locale, Template>>,
    built_in: BTreeMap<Locale, BTreeMap<Kind, Template>>,
    default: Locale,
    service: String,
    links: Links,
}

/// What a mail shows beside its text.
pub(crate) struct Shown<'a> {
    pub username: &'a str,
    pub token: Option<&'a str>,
    pub code: Option<&'a str>,
    /// The name of the organization that the mail is about.
    pub organization: Option<&'a str>,
}

/// A mail as the recipient reads it.
pub(crate) struct Rendered {
    pub locale: Locale,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub link: Option<String>,
}

const BUILT_IN: [(&str, &str); 5] = [
    ("en", include_str!("en.json")),
    ("de", include_str!("de.json")),
    ("fr", include_str!("fr.json")),
    ("es", include_str!("es.json")),
    ("zh", include_str!("zh.json")),
];

impl Templates {
    pub(crate) fn new(mail: &Mail, issuer: &str) -> Result<Templates> {
        for (kind, by_locale) in &mail.templates {
            for (locale, template) in by_locale {
                template.check(*kind).map_err(|(part, rule)| {
                    let place = format!("/mail/templates/{}/{}/{part}", kind.name(), locale.as_str());
                    Error::at(Code::InvalidConfig, place, rule)
                })?;
            }
        }
        let broken = || Error::new(Code::Internal, "templates");
        let mut built_in = BTreeMap::new();
        for (locale, text) in BUILT_IN {
            let templates = serde_json::from_str(text).map_err(|_| broken())?;
            built_in.insert(locale.parse().map_err(|_| broken())?, templates);
        }
        let name = mail.from.as_ref().and_then(|from| from.name.as_deref());
        Ok(Templates {
            own: mail.templates.clone(),
            built_in,
            default: mail.locale.clone().map_or_else(|| "en".parse().map_err(|_| broken()), Ok)?,
            service: name.unwrap_or(issuer).to_owned(),
            links: mail.links.clone(),
        })
    }

    /// Writes a mail in the best language available: the requested one, else the default, else English.
    pub(crate) fn render(&self, kind: Kind, locale: Option<&str>, shown: &Shown) -> Result<Rendered> {
        let wanted = locale.and_then(|locale| locale.parse::<Locale>().ok());
        let english = self.built_in.keys().find(|locale| locale.as_str() == "en");
        let order = wanted.iter().chain([&self.default]).chain(english);
        let (locale, template) = order
            .filter_map(|locale| self.find(kind, locale))
            .next()
            .ok_or(Error::new(Code::Internal, "no template"))?;
        let token = shown.token.unwrap_or_default();
        let link = self.links.of(kind).map(|link| link.as_str().replace(TOKEN, token));
        let value = |name: &str| match name {
            "service" => self.service.clone(),
            "username" => shown.username.to_owned(),
            "organization" => shown.organization.unwrap_or_default().to_owned(),
            "link" => link.as_deref().unwrap_or(token).to_owned(),
            "code" => shown.code.unwrap_or_default().to_owned(),
            _ => token.to_owned(),
        };
        let subject = substitute(&template.subject, value);
        let text = match &template.text_without_link {
            Some(text) if link.is_none() => text,
            _ => &template.text,
        };
        let html = match &template.html {
            Some(html) => substitute(html, |name| escaped(&value(name))),
            None => html(locale, &subject, text, link.as_deref(), value),
        };
        Ok(Rendered { locale: locale.clone(), text: substitute(text, value), subject, html, link })
    }

    /// Finds the template for a language, or for the nearest wider one (RFC 4647 section 3.4). The host's own
    /// come first.
    fn find(&self, kind: Kind, locale: &Locale) -> Option<(&Locale, &Template)> {
        let mut range = locale.as_str();
        loop {
            let is_it = |locale: &Locale| locale.as_str().eq_ignore_ascii_case(range);
            let own = self.own.get(&kind).and_then(|templates| templates.iter().find(|(key, _)| is_it(key)));
            let built_in = || {
                let (locale, templates) = self.built_in.iter().find(|(key, _)| is_it(key))?;
                Some((locale, templates.get(&kind)?))
            };
            if let Some(found) = own.or_else(built_in) {
                return Some(found);
            }
            range = range.rsplit_once('-')?.0;
        }
    }
}

/// Converts the paragraphs of a text to HTML. A paragraph that consists of the link becomes clickable.
fn html(
    locale: &Locale,
    subject: &str,
    text: &str,
    link: Option<&str>,
    value: impl Fn(&str) -> String + Copy,
) -> String {
    let paragraph = |paragraph: &str| match (paragraph.trim(), link) {
        ("{link}", Some(link)) => {
            let link = escaped(link);
            format!("<p><a href=\"{link}\">{link}</a></p>\n")
        }
        (text, _) => {
            let text = escaped(text).replace('\n', "<br>\n");
            format!("<p>{}</p>\n", substitute(&text, |name| escaped(&value(name))))
        }
    };
    let paragraphs: String = text.split("\n\n").map(paragraph).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{paragraphs}</body>\n</html>\n",
        locale.as_str(),
        escaped(subject),
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
