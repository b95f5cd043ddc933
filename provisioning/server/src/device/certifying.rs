//! A device's certificate, and what it keeps of its fleet beside it.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId,
    wire::{Membership, from_text},
};

use super::Connection;
use crate::{
    authority::DeviceCertificate,
    error::FleetError,
    fleet::{devices, roots},
    store::Tx,
};

impl Connection<'_> {
    /// With the keys that sign orders, for devices from before there were roots.
    pub(super) async fn certificate(
        &mut self,
        device: &DeviceId,
        key: &str,
    ) -> Result<(DeviceCertificate, Vec<String>), FleetError> {
        let point = from_text(key).unwrap_or_default();
        let made = self
            .app
            .authority
            .for_device(device, &point, Timestamp::now());
        let made = made.map_err(|e| FleetError::Crypto(e.to_string()))?;
        let (device, ends) = (device.clone(), made.ends);
        let noted = move |tx: &Tx<'_>| {
            devices::certified(tx, &device, ends)?;
            roots::order_keys(tx)
        };
        let keys = self.app.store.run_quietly(noted).await?;
        Ok((made, keys))
    }

    pub(super) fn membership(
        device: DeviceId,
        (certificate, signing_keys): (DeviceCertificate, Vec<String>),
    ) -> Membership {
        Membership {
            device,
            certificate: certificate.pem,
            begins: certificate.begins,
            ends: certificate.ends,
            signing_keys,
        }
    }
}
