//! The kinds of mails.

use std::str::FromStr;

use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $has_token:literal;)*) => {
        /// The kind of a mail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// Returns the name in templates and mails.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// Returns whether the mail carries a token.
            pub fn has_token(self) -> bool {
                match self { $(Kind::$kind => $has_token,)* }
            }
        }

        impl FromStr for Kind {
            type Err = ParseError;

            fn from_str(name: &str) -> Result<Kind, ParseError> {
                match name { $($name => Ok(Kind::$kind),)* _ => Err(ParseError::new("expected a kind of mail")) }
            }
        }

        text_type!(shape "MailKind", Kind, "enum": [$($name),*], "description": "A kind of mail.");
    };
}

kinds! {
    /// The token verifies the address.
    VerifyEmail = "verify_email", true;
    /// The token sets a new password.
    ResetPassword = "reset_password", true;
    /// The token makes this the account's address.
    ChangeEmail = "change_email", true;
    /// To the old address: another one was requested.
    EmailChangeRequested = "email_change_requested", false;
    /// To the old address: another one replaced it.
    EmailChanged = "email_changed", false;
    /// This address was requested for an account and already has one.
    AccountExists = "account_exists", false;
    /// The password was changed.
    PasswordChanged = "password_changed", false;
}
