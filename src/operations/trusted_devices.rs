//! Trusted devices: `list_trusted_devices`, `revoke_trusted_device`. `complete_login` makes them, and `login` takes
//! their tokens.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::store::Durability;
use crate::store::trusted_devices::TrustedDevice;
use crate::store::users::{self, By};
use crate::types::id::Id;

/// Lists the devices on which a user needs no second factor.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListTrustedDevicesRequest {
    /// The user's id.
    pub user_id: Id,
}

/// Trusted devices, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListTrustedDevicesResponse {
    /// The devices.
    pub trusted_devices: Vec<TrustedDeviceInfo>,
}

/// Revokes the trust in a device of a user, or in all of them.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevokeTrustedDeviceRequest {
    /// The user's id.
    pub user_id: Id,
    /// The device's id; default: every device of the user.
    pub trusted_device_id: Option<Id>,
}

/// The next login on these devices needs a second factor. Sessions continue.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RevokeTrustedDeviceResponse {
    /// The number of devices.
    pub revoked: usize,
}

/// A device that its user trusts, for the user's own list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrustedDevice")]
#[non_exhaustive]
pub struct TrustedDeviceInfo {
    /// The device's id.
    pub id: Id,
    /// The `User-Agent` of the login that trusted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When the device was trusted.
    pub created_at: i64,
    /// When the device last took the place of a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
    /// When the trust ends.
    pub expires_at: i64,
}

impl Engine {
    /// Lists the devices that a user trusts.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_trusted_devices(
        &self,
        request: ListTrustedDevicesRequest,
    ) -> Result<ListTrustedDevicesResponse> {
        let now = self.clock.now();
        let listed = self.store.read(|tx| {
            let user = users::find(tx, By::Id(request.user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            self.trusted_devices.list(tx, &user, now)
        })?;
        let trusted_devices = listed.into_iter().map(TrustedDeviceInfo::from).collect();
        Ok(ListTrustedDevicesResponse { trusted_devices })
    }

    /// Revokes the trust in devices. An unknown or revoked device is not a failure.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn revoke_trusted_device(
        &self,
        request: RevokeTrustedDeviceRequest,
    ) -> Result<RevokeTrustedDeviceResponse> {
        let RevokeTrustedDeviceRequest { user_id, trusted_device_id } = request;
        let now = self.clock.now();
        let revoked = self.store.write(Durability::Full, |tx| {
            users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            self.trusted_devices.revoke(tx, user_id, trusted_device_id, now)
        })?;
        Ok(RevokeTrustedDeviceResponse { revoked })
    }
}

impl From<TrustedDevice> for TrustedDeviceInfo {
    fn from(device: TrustedDevice) -> TrustedDeviceInfo {
        let TrustedDevice { id, user_agent, created_at, last_used_at, expires_at, .. } = device;
        TrustedDeviceInfo { id, user_agent, created_at, last_used_at, expires_at }
    }
}
