//! What `doctor` finds in the configuration and in the host's clock.

use std::time::Duration;

use super::findings::Severity::{Advice, Ok as Good, Problem};
use super::findings::{Findings, key};
use crate::config::{AppliesTo, Audience, Config, PasskeyFactor};
use crate::engine::providers::Provider;
use crate::error::Result;
use crate::mail::{Kind, Link, Tls};
use crate::requests::{Name, Requests};
use crate::secret_key;
use crate::settings::Settings;
use crate::types::user::Role;

/// Secrets with fewer estimated bits are weak. The estimate ends at 64.
const MIN_BITS: f64 = 63.0;

impl Findings {
    pub(super) fn hash_cost(&mut self, config: &Config, hash: Option<Duration>) {
        let memory_kib = config.password.memory_kib.get();
        self.advise(
            memory_kib < 7 * 1024,
            "hash_memory",
            "/password/memory_kib",
            format!("A password hash uses {memory_kib} KiB, less than 7 MiB: guessing is cheap on graphics cards. Raise it; the default is 19456."),
            "A password hash uses enough memory.",
        );
        let Some(hash) = hash else {
            let queue = key("/password/max_concurrent");
            return self.add(
                Problem,
                "hash_time",
                queue,
                "No password hash could be made: there is no memory, or too many callers wait.",
            );
        };
        let milliseconds = hash.as_millis();
        let field = key("/password/iterations");
        if hash < Duration::from_millis(2) {
            let advice =
                "A password hash takes less than 2 ms on this machine. Raise password.memory_kib or this.";
            self.add(Advice, "hash_time", field, advice);
        } else if hash > Duration::from_secs(1) {
            let advice = format!(
                "A password hash takes {milliseconds} ms on this machine: every login takes as long. Lower this or password.memory_kib."
            );
            self.add(Advice, "hash_time", field, advice);
        } else {
            self.add(
                Good,
                "hash_time",
                field,
                format!("A password hash takes {milliseconds} ms on this machine."),
            );
        }
    }

    pub(super) fn secret_keys(&mut self, config: &Config) {
        let field = |index: usize| match (&config.secret_key, &config.secret_keys) {
            (Some(_), _) => key("/secret_key"),
            (None, Some(_)) => key(&format!("/secret_keys/{index}")),
            (None, None) => config.named_key_files().into_iter().nth(index).map(|(field, _)| field),
        };
        match secret_key::load(config, false) {
            Ok(secrets) => secrets
                .iter()
                .enumerate()
                .for_each(|(index, secret)| self.secret("secret_key", field(index), secret)),
            Err(error) => self.add(
                Problem,
                "secret_key",
                error.field.or(field(0)),
                "The key file can no longer be read: the store will not open again without it.",
            ),
        }
    }

    pub(super) fn backend_secrets(&mut self, settings: &Settings) {
        for (name, backend) in &settings.backends {
            let Some(secret) = &backend.secret else { continue };
            let field = key(&format!("/backends/{}/secret", name.as_str()));
            match secret.expose().len() {
                32.. => self.secret("backend_secret", field, secret.expose().as_bytes()),
                length => self.add(
                    Problem,
                    "backend_secret",
                    field,
                    format!("The secret has {length} bytes: an attacker with one token can guess it. Use 32 random bytes."),
                ),
            }
        }
    }

    pub(super) fn introspection_service(&mut self, config: &Config) {
        let Some(service) = &config.introspection_service else { return };
        let check = "introspection_service";
        match (&service.bearer, &service.basic) {
            (Some(bearer), _) => {
                self.secret(check, key("/introspection_service/bearer"), bearer.expose().as_bytes())
            }
            (None, Some(basic)) => {
                let field = key("/introspection_service/basic/password");
                self.secret(check, field, basic.password.expose().as_bytes());
            }
            (None, None) => self.add(
                Problem,
                check,
                key("/introspection_service"),
                "The service is asked without credentials: a service that answers such requests answers every holder of a token. Set bearer or basic, and let the service refuse all others (RFC 7662 section 2.1).",
            ),
        }
    }

    fn secret(&mut self, check: &'static str, field: Option<String>, secret: &[u8]) {
        match secret_key::bits(secret) {
            bits if bits < MIN_BITS => self.add(
                Problem,
                check,
                field,
                format!("The secret can be guessed: it has about {bits:.0} bits. Use 32 random bytes, for example of `openssl rand -base64 32`."),
            ),
            _ => self.add(Good, check, field, "The secret is long and varied enough."),
        }
    }

    pub(super) fn lifetimes(&mut self, settings: &Settings, leeway: i64) {
        let access = settings.access_token_seconds.seconds();
        let named = settings.backends.iter().filter_map(|(name, backend)| {
            let seconds = backend.access_token_seconds?.seconds();
            Some((format!("/backends/{}/access_token_seconds", name.as_str()), seconds))
        });
        for (field, seconds) in std::iter::once(("/access_token_seconds".to_owned(), access)).chain(named) {
            self.advise(
                seconds > 3600,
                "access_token_seconds",
                &field,
                format!("Access tokens live for {seconds} seconds: for this time `verify` accepts a token after its session was revoked. Use an hour at most, and let clients refresh."),
                "Access tokens live for an hour at most.",
            );
        }
        let seconds = settings.session_max_seconds.seconds();
        self.advise(
            seconds > 31_536_000,
            "session_max_seconds",
            "/session_max_seconds",
            format!("Sessions live for {seconds} seconds, more than a year, without a new login."),
            "Sessions live for a year at most.",
        );
        self.advise(
            leeway > 60,
            "leeway_seconds",
            "/leeway_seconds",
            format!("Tokens are accepted {leeway} seconds after they expire. Machines with synchronized clocks need a minute at most."),
            "Tokens are accepted for at most a minute after they expire.",
        );
    }

    pub(super) fn throttle(&mut self, config: &Config) {
        let account = config.throttle.account_failures.get();
        let source = config.throttle.source_failures.get();
        self.advise(
            account > 20,
            "throttle",
            "/throttle/account_failures",
            format!("An account is locked only after {account} wrong passwords. Users need ten at most."),
            "An account is locked after a few wrong passwords.",
        );
        self.advise(
            source > 1000,
            "throttle",
            "/throttle/source_failures",
            format!("An address is locked only after {source} failed logins: one machine can try a password on so many accounts."),
            "An address is locked after some failed logins.",
        );
        self.advise(
            config.throttle.lock_max_seconds.seconds() < config.throttle.lock_seconds.seconds(),
            "throttle",
            "/throttle/lock_max_seconds",
            "The longest lock is shorter than the first lock, and limits it.".to_owned(),
            "Locks grow.",
        );
    }

    pub(super) fn audience(&mut self, audience: &Audience) {
        self.advise(
            *audience == Audience::default(),
            "audience",
            "/audience",
            "The audience is the default, `doorward`: tokens of another service with the same secret and issuer would be accepted here. Set your own."
                .to_owned(),
            "The audience is your own.",
        );
    }

    pub(super) fn requests(&mut self, rules: &Requests) {
        let is_preflight = |method: &&str| method.eq_ignore_ascii_case("OPTIONS");
        let methods = rules.exclude_http_methods.iter().map(Name::as_str);
        let open: Vec<&str> = methods.filter(|method| !is_preflight(method)).collect();
        self.advise(
            !open.is_empty(),
            "requests",
            "/requests/exclude_http_methods",
            format!(
                "{} passes without authentication on every path. Exclude the paths that are public instead.",
                open.join(", ")
            ),
            "No method but OPTIONS passes without authentication on every path.",
        );
        self.advise(
            rules.connections.is_empty(),
            "requests",
            "/requests/connections",
            "No kind of connection is listed: every request is refused.".to_owned(),
            "Connections of the listed kinds are admitted.",
        );
        if let Some(cookie) = &rules.cookie {
            self.advise(
                !cookie.as_str().starts_with("__Host-"),
                "requests",
                "/requests/cookie",
                "Other hosts of the domain, and attackers on the network, can set a cookie of this name. Let the name begin with `__Host-` (RFC 6265bis section 4.1.3).".to_owned(),
                "No other host can set the cookie.",
            );
        }
    }

    pub(super) fn passkeys(&mut self, config: &Config, settings: &Settings) {
        self.advise(
            config.passkeys.is_some()
                && settings.passkey_factor == PasskeyFactor::Never
                && config.require_second_factor != AppliesTo::All,
            "passkeys",
            "/passkeys/second_factor",
            "Logins by password, by mail and by a provider ask for no second factor if an account has only passkeys, also those that its user set up as second factors. Require a second factor of every account that matters (require_second_factor).".to_owned(),
            "A passkey is a second factor of other logins.",
        );
    }

    pub(super) fn mail(&mut self, config: &Config) {
        let mail = &config.mail;
        self.advise(
            config.require_verified_email && mail.links.verify_email.is_none(),
            "mail_verification",
            "/mail/links/verify_email",
            "Users can log in only after verifying their address, but registering mails them no link for that. Configure this link, or call request_email_verification for every user.".to_owned(),
            "Users can verify the addresses that must be verified.",
        );
        self.advise(
            mail.click_verifies,
            "mail_click_verifies",
            "/mail/click_verifies",
            "A mailed link alone verifies the first address of an account: the account then belongs to the reader of the mail, even if another person made it, and needs a new password. Without this setting, verify_email requires a proof of the account.".to_owned(),
            "A mailed link verifies an address together with a proof of the account.",
        );
        if config.mailed_login.is_some() {
            self.advise(
                config.require_second_factor != AppliesTo::All,
                "mailed_login",
                "/mailed_login",
                "The readers of a user's mails can log in as the user: a mailed login is worth what the mailbox is worth, and e-mail is no authenticator (NIST SP 800-63B-4 section 3.1.3.1, ASVS 6.3.6). Require a second factor of every account that matters (require_second_factor).".to_owned(),
                "Every mailed login needs a second factor, too.",
            );
        }
        if let Some(rules) = &config.trusted_devices {
            let names_all = match &config.require_second_factor {
                AppliesTo::None => true,
                AppliesTo::All => false,
                AppliesTo::Roles(roles) => roles.iter().all(|role| rules.except_roles.contains(role)),
            };
            self.advise(
                !names_all,
                "trusted_devices",
                "/trusted_devices/except_roles",
                "Users who must have a second factor can trust a device, where the password alone then logs in. Name the roles that give a factor at every login (except_roles).".to_owned(),
                "Who must have a second factor gives it at every login.",
            );
        }
        let links = [
            ("login", &mail.links.login),
            ("verify_email", &mail.links.verify_email),
            ("reset_password", &mail.links.reset_password),
            ("change_email", &mail.links.change_email),
        ];
        let in_the_clear =
            links.into_iter().find(|(_, link)| link.as_ref().is_some_and(Link::is_in_the_clear));
        self.advise(
            in_the_clear.is_some(),
            "mail_links",
            &in_the_clear.map_or("/mail/links".to_owned(), |(name, _)| format!("/mail/links/{name}")),
            "The link's page has no TLS: attackers on the network can read the token. Use https.".to_owned(),
            "Mailed links use TLS.",
        );
        let Some(smtp) = &mail.smtp else { return };
        let field = key("/mail/smtp/tls");
        match smtp.tls == Tls::None && !smtp.host.is_loopback() {
            true => self.add(
                Problem,
                "mail_tls",
                field,
                "Mails are sent unencrypted: attackers on the network can read the tokens and set passwords with them. Use implicit or starttls.",
            ),
            false => self.add(Good, "mail_tls", field, "Mails are sent encrypted, or to this machine."),
        }
    }

    pub(super) fn impersonation(&mut self, config: &Config) {
        let Some(rules) = &config.impersonation else { return };
        let open: Vec<&str> =
            config.roles.keys().filter(|role| !rules.protects(role)).map(Role::as_str).collect();
        self.advise(
            !open.is_empty(),
            "impersonation_roles",
            "/impersonation/protected_roles",
            format!(
                "Persons who act as a user get the permissions of that user's roles, here those of {}. Name each role that gives more than an ordinary user has.",
                open.join(", ")
            ),
            "No configured role gives permissions that a person gains by acting as a user. Roles that only the application knows are not looked at.",
        );
        self.advise(
            config.mail.notices.get(&Kind::Impersonated) == Some(&false),
            "impersonation_notice",
            "/mail/notices/impersonated",
            "Users get no mail when a person acts as them. Switch this notice on.".to_owned(),
            "The notice of acting is on, for users with an address that gets notices.",
        );
    }

    pub(super) fn provider_keys(&mut self, provider: &Provider) {
        let (name, bad) = provider.bad_keys();
        let field = format!("/id_token_providers/{}", name.as_str());
        let bad: Vec<String> =
            bad.iter().map(|member| format!("{} ({})", member.index, member.reason)).collect();
        self.advise(
            !bad.is_empty(),
            "provider_keys",
            &field,
            format!(
                "Some members of the provider's key set are ignored: {}. Tokens that they signed are refused.",
                bad.join(", ")
            ),
            "Every key of the provider's key set is usable.",
        );
    }

    pub(super) fn breached(&mut self, checked: Result<bool>) {
        let field = key("/password/breached");
        match checked {
            Ok(true) => self.add(Good, "breached", field, "The file of passwords that leaked can be read."),
            Ok(false) => {}
            Err(error) => {
                let why = error.detail.unwrap_or_default();
                let message = format!(
                    "The file of passwords that leaked was changed, or cannot be read ({why}): no password can be chosen. Open the engine again; replace the file by renaming another over it."
                );
                self.add(Problem, "breached", field, message);
            }
        }
    }

    pub(super) fn clock(&mut self, ahead: i64) {
        match ahead {
            -60..=60 => self.add(Good, "clock", None, "The clock agrees with the machine's."),
            _ => self.add(
                Advice,
                "clock",
                None,
                format!("The host's clock is {ahead} seconds ahead of the machine's. Correct the `now_ms` hook, unless this is a test."),
            ),
        }
    }
}
