//! Refresh tokens: the session, its generation, and a code over both. Refreshing therefore adds no rows, and
//! a forged token costs no look-up.

use super::secrets::{Purpose, Secrets};
use crate::error::{Code, Error, Result};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::id::Id;
use crate::types::token::Token;

/// A refresh token, opened.
pub(crate) struct RefreshToken {
    pub(crate) session_id: Id,
    pub(crate) generation: u32,
}

impl RefreshToken {
    const MESSAGE_LEN: usize = 20;

    pub(crate) fn seal(&self, secrets: &Secrets) -> Result<Token<'static>> {
        let message = [&self.session_id.as_bytes()[..], &self.generation.to_be_bytes()].concat();
        let code = secrets.mac(Purpose::RefreshToken, &message)?;
        Ok(Token::new(base64url(&[&message[..], &code].concat())))
    }

    pub(crate) fn open(token: &Token, secrets: &Secrets) -> Result<RefreshToken> {
        let malformed = || Error::new(Code::InvalidToken, "malformed");
        if token.expose().len() > 128 {
            return Err(malformed());
        }
        let bytes = from_base64url(token.expose()).ok_or_else(malformed)?;
        let (message, code) = bytes.split_at_checked(Self::MESSAGE_LEN).ok_or_else(malformed)?;
        if !secrets.verify_mac(Purpose::RefreshToken, message, code) {
            return Err(Error::new(Code::InvalidToken, "bad_signature"));
        }
        let (id, generation) = message.split_at(16);
        Ok(RefreshToken {
            session_id: Id::from_bytes(id.try_into().map_err(|_| malformed())?),
            generation: u32::from_be_bytes(generation.try_into().map_err(|_| malformed())?),
        })
    }
}
