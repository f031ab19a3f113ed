//! HTTP in a build without the feature `http`.

use std::path::Path;

use super::deadline::Deadline;
use crate::error::{Code, Result};
use crate::types::exchange::{ProviderRequest, ProviderResponse};

pub enum Client {}

impl Client {
    pub fn new(_: Option<&Path>) -> Result<Client> {
        Err(Code::FeatureNotBuilt.into())
    }

    pub fn post_form(&self, _: &str, _: Option<&str>, _: &[(&str, &str)], _: Deadline) -> Result<String> {
        match *self {}
    }

    pub fn exchange(&self, _: &ProviderRequest, _: Deadline) -> Result<ProviderResponse> {
        match *self {}
    }

    pub fn get(&self, _: &str, _: Deadline) -> Result<String> {
        match *self {}
    }
}
