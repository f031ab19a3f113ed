//! Reads the claims that this engine writes without parsing JSON: what is the same in every token of a backend is
//! compared as a whole, and the rest is taken as it stands. All other claims are left to the parser
//! (`crypto/claims.rs`), which accepts everything that is read here, and with the same values.

use serde_json::Value;

use super::backends::Backend;
use crate::config::Issuer;

/// What is the same in the claims of every token that a backend issues.
pub(crate) struct Template {
    /// From the beginning to the subject.
    issuer: String,
    /// From the end of the subject to the time of issue.
    audience: String,
}

/// The times of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub iat: i64,
    pub exp: i64,
}

impl Template {
    pub(crate) fn new(issuer: &Issuer, backend: &Backend) -> Template {
        let text = |text: &str| Value::from(text).to_string();
        let subject = backend.subject_claim.name();
        Template {
            issuer: format!(r#"{{"iss":{},"{subject}":"#, text(issuer.as_str())),
            audience: format!(
                r#","aud":{},"client_id":{},"iat":"#,
                backend.audience.claim(),
                text(&backend.name)
            ),
        }
    }

    /// Returns the times of claims that are written as [`Tokens::sign`](super::tokens::Tokens::sign) writes them,
    /// for this issuer and audience. Returns none if anything is written differently.
    pub(crate) fn read(&self, claims: &str) -> Option<Times> {
        let mut rest = Rest(claims.as_bytes());
        rest.exactly(&self.issuer)?;
        let subject = rest.text()?;
        rest.exactly(&self.audience)?;
        let iat = rest.number()?;
        rest.exactly(r#","exp":"#)?;
        let exp = rest.number()?;
        rest.exactly(r#","jti":"#)?;
        rest.text()?;
        rest.member(r#","account_epoch":"#, |rest| rest.number().map(drop))?;
        rest.member(r#","sid":"#, |rest| rest.text().map(drop))?;
        rest.member(r#","auth_time":"#, |rest| rest.number().map(drop))?;
        rest.member(r#","amr":["#, Rest::texts)?;
        rest.member(r#","scope":"#, |rest| rest.text().map(drop))?;
        rest.member(r#","roles":["#, Rest::texts)?;
        rest.member(r#","org_id":"#, |rest| rest.text().map(drop))?;
        rest.member(r#","org_roles":["#, Rest::texts)?;
        (!subject.is_empty() && rest.0 == b"}").then_some(Times { iat, exp })
    }
}

impl Times {
    /// Returns whether a token is valid `now`, if the clock that made the times deviates by at most the leeway.
    pub(crate) fn are_valid(&self, now: i64, leeway: i64) -> bool {
        self.iat <= now.saturating_add(leeway) && now < self.exp.saturating_add(leeway)
    }
}

/// The part of the claims that is yet to be read.
struct Rest<'c>(&'c [u8]);

impl<'c> Rest<'c> {
    /// Reads exactly this.
    fn exactly(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// Reads a text without escapes.
    fn text(&mut self) -> Option<&'c [u8]> {
        self.exactly("\"")?;
        let end = self.0.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        self.exactly("\"").map(|()| text)
    }

    /// Reads an integer of up to 18 digits.
    fn number(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let is_plain = (1..=18).contains(&digits) && (digits == 1 || number[0] != b'0');
        is_plain.then(|| number.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }

    /// Reads a member that may be missing: how it begins, and its value.
    fn member(&mut self, start: &str, value: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        match self.exactly(start) {
            Some(()) => value(self),
            None => Some(()),
        }
    }

    /// Reads the rest of a list of texts.
    fn texts(&mut self) -> Option<()> {
        if self.exactly("]").is_some() {
            return Some(());
        }
        loop {
            self.text()?;
            match self.exactly("]") {
                Some(()) => return Some(()),
                None => self.exactly(",")?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Template, Times};
    use crate::config::SubjectClaim;
    use crate::crypto::claims::Registered;
    use crate::engine::backends::{Backend, backends};
    use crate::settings::Settings;

    /// The claims of a session, and of tokens with fewer or more members.
    const WRITTEN: [&str; 5] = [
        r#"{"iss":"doorward","sub":"ada","aud":"doorward","client_id":"default","iat":1800000000,"exp":1800000900,"jti":"x"}"#,
        r#"{"iss":"doorward","sub":"01a2","aud":"doorward","client_id":"default","iat":0,"exp":1,"jti":"","account_epoch":12,"sid":"s"}"#,
        r#"{"iss":"doorward","sub":"é","aud":"doorward","client_id":"default","iat":5,"exp":999999999999999999,"jti":"x","sid":"s","auth_time":4,"amr":["pwd","otp"],"scope":"a b","roles":["admin","a"],"org_id":"o","org_roles":["owner"]}"#,
        r#"{"iss":"doorward","sub":"ada","aud":"doorward","client_id":"default","iat":5,"exp":6,"jti":"x","sid":"s","auth_time":4,"amr":[],"roles":[]}"#,
        r#"{"iss":"doorward","sub":"ada","aud":"doorward","client_id":"default","iat":5,"exp":6,"jti":"x","account_epoch":0,"amr":["a"]}"#,
    ];

    fn default_backend() -> (Settings, Backend) {
        let settings = Settings::default();
        let backend = backends(&settings).unwrap_or_default().remove(0);
        (settings, backend)
    }

    /// Checks that the parser accepts what the template reads, with the same values. Returns whether it reads it.
    fn agrees(template: &Template, claims: &[u8]) -> bool {
        let Ok(claims) = std::str::from_utf8(claims) else { return false };
        let Some(Times { iat, exp }) = template.read(claims) else { return false };
        let Ok(parsed) = Registered::parse(claims, SubjectClaim::Sub) else { panic!("only read: {claims}") };
        assert_eq!((parsed.iat, parsed.exp, parsed.nbf), (Some(iat), exp, None), "{claims}");
        assert_eq!((parsed.iss.as_deref(), &*parsed.aud), (Some("doorward"), &["doorward".into()][..]));
        true
    }

    #[test]
    fn what_is_read_is_what_the_parser_reads() {
        let (settings, backend) = default_backend();
        let template = Template::new(&settings.issuer, &backend);
        const PARTS: [&str; 24] = [
            "",
            " ",
            "\n",
            "\t",
            "\0",
            "\u{7f}",
            "\u{a0}",
            "\\",
            "\"",
            "\\u0061",
            "\\\"",
            ",",
            "{",
            "}",
            "[",
            "]",
            "null",
            "-1",
            "0",
            ".5",
            "e3",
            "99999999999999999999",
            r#","exp":1"#,
            r#""nbf":9,"#,
        ];
        let mut read = 0;
        for written in WRITTEN {
            assert!(agrees(&template, written.as_bytes()), "{written}");
            for at in 0..=written.len() {
                let (before, after) = written.as_bytes().split_at(at);
                for part in PARTS {
                    read += u32::from(agrees(&template, &[before, part.as_bytes(), after].concat()));
                    let instead = after.get(1..).unwrap_or_default();
                    read += u32::from(agrees(&template, &[before, part.as_bytes(), instead].concat()));
                }
                for byte in 0..=u8::MAX {
                    let instead = after.get(1..).unwrap_or_default();
                    read += u32::from(agrees(&template, &[before, &[byte], instead].concat()));
                }
                agrees(&template, before);
                agrees(&template, after);
            }
            // Each member left out, doubled, and exchanged with the next.
            let members: Vec<&str> = written[1..written.len() - 1].split(r#",""#).collect();
            let joined = |members: &[&str]| format!("{{{}}}", members.join(r#",""#));
            for at in 0..members.len() {
                let mut others = members.clone();
                others.remove(at);
                agrees(&template, joined(&others).as_bytes());
                others.insert(at, members[at]);
                others.insert(at, members[at]);
                assert!(!agrees(&template, joined(&others).as_bytes()), "a duplicate");
                let mut others = members.clone();
                others.swap(at, (at + 1) % members.len());
                agrees(&template, joined(&others).as_bytes());
            }
        }
        assert!(read > 5_000, "{read}: hardly any change was read");
    }
}
