//! SMTP in a build without the feature `smtp`.

use super::{Letter, Outcome};
use crate::error::{Code, Error, Result};
use crate::mail::{Mailbox, Smtp};

pub enum Postman {}

pub enum Connection {}

impl Postman {
    pub fn new(_: &Smtp, _: &Mailbox) -> Result<Postman> {
        Err(Error::at(Code::FeatureNotBuilt, "/mail/smtp", "smtp"))
    }

    pub fn connect(&self) -> Result<Connection> {
        match *self {}
    }
}

impl Connection {
    pub fn send(&mut self, _: &Letter) -> Outcome {
        match *self {}
    }

    pub fn is_open(&self) -> bool {
        match *self {}
    }

    pub fn close(self) {
        match self {}
    }
}
