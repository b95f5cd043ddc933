//! Updates: what a release is, how a device is told to have it, and what it says of that.
//!
//! Two keys stand behind a release. The fleet's says which one a device is to have, how long its bundle is and what its
//! SHA-256 is; that is what the device checks before anything is written. The one that made the bundle is checked by what
//! installs it, which no server can talk out of it.

use ed25519_dalek::{SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Compatible, DeviceId, Digest, ReleaseName,
    order::{OrderError, Signed, understood},
};

/// The newest version of [`UpdateOrder`].
pub const VERSION: u32 = 1;
/// A bundle has at most so many bytes.
pub const LARGEST_BUNDLE: u64 = 4 * 1024 * 1024 * 1024;
/// Goes into the signature, so that no order of another kind is taken for one of these.
const CONTEXT: &[u8] = b"saal-fleet update v1\n";

/// A release of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// As its bundle says.
    pub version: ReleaseName,
    /// For which hardware.
    pub compatible: Compatible,
    /// Of the bundle, bytes.
    pub size: u64,
    /// Of the bundle.
    pub sha256: Digest,
}

/// A device is to have a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrder {
    /// [`VERSION`].
    pub version: u32,
    /// For whom.
    pub device: DeviceId,
    /// Counts up; a device takes none that is older than one it has seen.
    pub number: u64,
    /// When it was signed; for people, no device compares it with its clock.
    pub issued: Timestamp,
    /// Which release. It may be an older one than the device has: the number is what counts.
    pub release: Release,
}

impl UpdateOrder {
    /// With its signature.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Signed {
        let text = serde_json::to_string(self).expect("plain data is JSON");
        Signed::sign(CONTEXT, text, key)
    }

    /// Reads one that nobody has signed yet, to sign it as it stands.
    ///
    /// # Errors
    /// As [`UpdateOrder::verify`].
    pub fn to_sign(text: &str) -> Result<Self, OrderError> {
        understood(text, VERSION)
    }

    /// Signs the text of one.
    #[must_use]
    pub fn of_text(text: &str, key: &SigningKey) -> Signed {
        Signed::sign(CONTEXT, text.to_owned(), key)
    }

    /// Reads one that one of the keys signed.
    ///
    /// # Errors
    /// [`OrderError`]; nothing of an order that is not signed is looked at.
    pub fn verify(signed: &Signed, keys: &[VerifyingKey]) -> Result<Self, OrderError> {
        let order: Self = signed.read(CONTEXT, VERSION, keys)?;
        if order.release.size > LARGEST_BUNDLE {
            let problem = format!("a bundle of {} bytes is too large", order.release.size);
            return Err(OrderError::Malformed(problem));
        }
        Ok(order)
    }
}

/// The system of a device that can be updated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its hardware.
    pub compatible: Compatible,
    /// What runs.
    pub version: ReleaseName,
    /// From which slot, `a` or `b`.
    pub slot: String,
    /// How the last update that it was told to make stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateState>,
}

/// How an update stands on its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateState {
    /// The order's number.
    pub number: u64,
    /// To which release.
    pub version: ReleaseName,
    /// How far it is.
    pub step: Step,
    /// So many bytes came over the network for its bundle, once it is here. The others the device had: in its slots, or of
    /// the bundle before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u64>,
}

/// How far an update is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Nothing may be done now.
    Waits {
        /// Why not.
        why: Wait,
    },
    /// The bundle comes.
    Downloads {
        /// In steps of five.
        percent: u8,
    },
    /// It is written into the slot that is not in use.
    Installs {
        /// In steps of five.
        percent: u8,
    },
    /// The device starts into it. From now on, who does not hear of it again has lost it.
    Restarts {},
    /// It runs, and has to show that the room is well with it.
    Tries {},
    /// It runs and is good.
    Done {},
    /// The device runs what it ran before, or is about to again.
    Failed {
        /// For programs.
        why: UpdateFailure,
        /// For people.
        detail: String,
    },
}

impl Step {
    /// Nothing more comes of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done {} | Self::Failed { .. })
    }
}

/// Why an update waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// For a maintenance window.
    Window,
    /// For the end of a meeting.
    Meeting,
    /// A meeting begins soon.
    MeetingSoon,
    /// The room tries another configuration.
    Configuration,
    /// The room's daemon does not say what its day is.
    Room,
    /// The bundle does not come; it is tried again.
    Network,
    /// The server called it back, for now or for good.
    Called,
    /// It is in no list of releases that the fleet's keys signed and that is still good; what the device trusts tells more.
    Distrust,
}

/// Why an update failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateFailure {
    /// It is for other hardware.
    Incompatible,
    /// The bundle can't be kept.
    Disk,
    /// What came is not the bundle that was signed.
    Checksum,
    /// It was not installed: not signed by whom the device trusts, or not written.
    Install,
    /// The device came back with the old system: the new one did not start.
    NotStarted,
    /// The room was not well with it.
    Health,
}

impl UpdateFailure {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incompatible => "incompatible",
            Self::Disk => "disk",
            Self::Checksum => "checksum",
            Self::Install => "install",
            Self::NotStarted => "not_started",
            Self::Health => "health",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::order::Order, *};

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn order() -> UpdateOrder {
        UpdateOrder {
            version: VERSION,
            device: DeviceId::from_random([1; 8]),
            number: 7,
            issued: Timestamp::UNIX_EPOCH,
            release: Release {
                version: "2026.11.1".parse().unwrap(),
                compatible: "saal-x86-64".parse().unwrap(),
                size: 400_000_000,
                sha256: "ab".repeat(32).parse().unwrap(),
            },
        }
    }

    #[test]
    fn an_order_is_believed_as_it_was_signed_and_by_no_other_key() {
        let signed = order().sign(&key(1));
        let known = [key(2).verifying_key(), key(1).verifying_key()];
        assert_eq!(UpdateOrder::verify(&signed, &known).unwrap(), order());
        let strange = UpdateOrder::verify(&signed, &known[..1]);
        assert_eq!(strange, Err(OrderError::Signature));
        let mut changed = signed.clone();
        changed.order = changed.order.replace("2026.11.1", "2026.11.2");
        assert_eq!(
            UpdateOrder::verify(&changed, &known),
            Err(OrderError::Signature)
        );
    }

    #[test]
    fn a_configuration_is_no_update_and_the_other_way_round() {
        let known = [key(1).verifying_key()];
        assert_eq!(
            order().sign(&key(1)).verify(&known),
            Err(OrderError::Signature)
        );
        let configuration = Order {
            version: 1,
            device: DeviceId::from_random([1; 8]),
            generation: 7,
            issued: Timestamp::UNIX_EPOCH,
            document: String::new(),
            secrets: std::collections::BTreeMap::new(),
        };
        let signed = Signed::new(&configuration, &key(1));
        assert_eq!(
            UpdateOrder::verify(&signed, &known),
            Err(OrderError::Signature)
        );
    }

    #[test]
    fn orders_of_another_version_and_endless_bundles_are_named() {
        let known = [key(1).verifying_key()];
        let newer = UpdateOrder {
            version: 2,
            ..order()
        };
        let error = UpdateOrder::verify(&newer.sign(&key(1)), &known).unwrap_err();
        assert!(error.to_string().contains("version 2"), "{error}");
        let mut endless = order();
        endless.release.size = LARGEST_BUNDLE + 1;
        let error = UpdateOrder::verify(&endless.sign(&key(1)), &known).unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
}
