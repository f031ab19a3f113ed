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

            /// Returns whether the mail tells its reader of a change, so that the configuration may switch it off.
            /// `account_exists` is part of the answer to a registration.
            pub fn is_notice(self) -> bool {
                !self.has_token() && self != Kind::AccountExists
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
    /// The token and the code log in.
    Login = "login", true;
    /// The token accepts an invitation.
    Invitation = "invitation", true;
    /// The token accepts an invitation to an organization.
    MemberInvitation = "member_invitation", true;
    /// To the old address: another one was requested.
    EmailChangeRequested = "email_change_requested", false;
    /// To the old address: another one replaced it.
    EmailChanged = "email_changed", false;
    /// This address was requested for an account and already has one.
    AccountExists = "account_exists", false;
    /// The password was changed.
    PasswordChanged = "password_changed", false;
    /// An authenticator app or a passkey was added, or an app replaced another.
    SecondFactorAdded = "second_factor_added", false;
    /// Second factors were removed.
    SecondFactorRemoved = "second_factor_removed", false;
    /// New recovery codes replaced the earlier ones.
    RecoveryCodesGenerated = "recovery_codes_generated", false;
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery_code_used", false;
    /// An identity of a provider was linked to the account.
    IdentityLinked = "identity_linked", false;
    /// An API key of the account was created.
    ApiKeyCreated = "api_key_created", false;
    /// An API key of the account may do more than before, or is valid for longer.
    ApiKeyWidened = "api_key_widened", false;
    /// The user logged in on a device for the first time.
    NewDevice = "new_device", false;
    /// Another person opened a session to act as the user.
    Impersonated = "impersonated", false;
    /// The user trusted a device, which then needs no second factor for a time.
    DeviceTrusted = "device_trusted", false;
    /// The user became a member of an organization.
    MemberAdded = "member_added", false;
    /// The user was removed from an organization.
    MemberRemoved = "member_removed", false;
    /// To the old address: the host changed the name or the address.
    AccountChanged = "account_changed", false;
    /// The host locked the account.
    AccountLocked = "account_locked", false;
    /// The account was deleted.
    AccountDeleted = "account_deleted", false;
}

impl Kind {
    /// The kinds that are sent although the account is deleted meanwhile: they tell of the deletion, or an earlier
    /// address of a change that another person may have made.
    pub(crate) const OUTLIVING: [Kind; 3] = [Kind::EmailChanged, Kind::AccountChanged, Kind::AccountDeleted];

    /// The kinds that are about an organization, whose texts may name it.
    pub(crate) const OF_ORGANIZATIONS: [Kind; 3] =
        [Kind::MemberInvitation, Kind::MemberAdded, Kind::MemberRemoved];
}
