//! Devices that are made for measurements, as many as somebody wants: in the fleet without having asked.

use std::{
    io::{BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use jiff::Timestamp;
use saal_agent::{identity::Identity, simulated::Known};
use saal_fleet_protocol::fleet::{
    DeviceId, Key, Scope,
    layers::Setting,
    order::key_to_text,
    wire::{Membership, from_text},
};

use crate::{
    authority::Authority,
    error::FleetError,
    fleet::{
        enrolment::{self, Newcomer},
        settings,
    },
    folder::{self, FolderError},
    keys::Keys,
    server::{Options, StartError, note_keys},
    store::{Store, Tx},
};

/// So many in a transaction, which another process waits for.
const AT_ONCE: u32 = 2000;
/// Rooms of a group, and groups of a site.
const ROOMS: u32 = 50;
const GROUPS: u32 = 100;

/// Where a simulated device is: groups of 50 rooms, sites of 100 groups.
///
/// # Panics
/// Never: it is the name of a room.
#[must_use]
pub fn simulated_room(number: u32) -> Scope {
    let group = number / ROOMS;
    let room = format!("sim{}/g{group}/r{number}", group / GROUPS);
    room.parse().expect("it is the name of a room")
}

/// Makes devices of a fleet, whose database and keys are as `options` say, each in a room of its own that has a name;
/// writes what they keep, [`Known`], into a file, a line each.
///
/// # Errors
/// [`StartError`].
pub async fn enrol_simulated(options: &Options, devices: u32, to: &Path) -> Result<(), StartError> {
    let now = Timestamp::now();
    folder::make(&options.data)?;
    let store = Store::connect(&options.data, options.shared.as_ref()).await?;
    let keys = Keys::open(&options.data)?;
    let authority = Authority::open(&options.data, now)?;
    let authority = authority.in_force(options, &store, now).await?;
    if options.shared.is_some() {
        note_keys(options, &store).await?;
    }
    let failed = |source| FolderError::io(to, source);
    let mut file = std::fs::OpenOptions::new();
    // Whoever has a device's key is that device.
    let file = file.write(true).create_new(true).mode(0o600).open(to);
    let mut file = BufWriter::new(file.map_err(failed)?);
    let signing = key_to_text(&keys.signing.verifying_key());
    let mut first = 0;
    while first < devices {
        let numbers = first..devices.min(first + AT_ONCE);
        first = numbers.end;
        let made: Result<Vec<_>, _> = numbers.map(Made::new).collect();
        let made = made?;
        let enrolled = store.run(move |tx| {
            let all = made.into_iter();
            let all = all.map(|made| Ok((made.enrol(tx, now)?, made)));
            all.collect::<Result<Vec<_>, FleetError>>()
        });
        for (device, made) in enrolled.await? {
            let certificate = authority.for_device(&device, &made.point, now);
            let certificate = certificate.map_err(|e| FleetError::Crypto(e.to_string()))?;
            let membership = Membership {
                device,
                certificate: certificate.pem,
                begins: certificate.begins,
                ends: certificate.ends,
                signing_keys: vec![signing.clone()],
            };
            let known = Known::new(&made.identity, membership);
            let known = known.expect("no simulated device has a TPM");
            let line = serde_json::to_string(&known).expect("plain data is JSON");
            writeln!(file, "{line}").map_err(failed)?;
        }
    }
    file.flush().map_err(failed)?;
    Ok(())
}

struct Made {
    number: u32,
    identity: Identity,
    key: String,
    point: Vec<u8>,
}

impl Made {
    fn new(number: u32) -> Result<Self, FleetError> {
        let crypto = |e: saal_agent::identity::IdentityError| FleetError::Crypto(e.to_string());
        let identity = Identity::unkept().map_err(crypto)?;
        let key = identity.prove("").map_err(crypto)?.key;
        let point = from_text(&key).unwrap_or_default();
        Ok(Self {
            number,
            identity,
            key,
            point,
        })
    }

    fn enrol(&self, tx: &Tx<'_>, now: Timestamp) -> Result<DeviceId, FleetError> {
        let room = simulated_room(self.number);
        let name = Setting {
            value: format!("Raum {}", self.number).into(),
            locked: false,
        };
        let key = "room.name".parse();
        let key: Key = key.map_err(|_| FleetError::Setting("room.name is no key".to_owned()))?;
        settings::put(tx, &room, &key, &name)?;
        let newcomer = Newcomer {
            key: &self.key,
            seal_key: self.identity.seal_key(),
            serial: &format!("SIM-{}", self.number),
            model: "simulated",
            room: Some(&room),
        };
        Ok(enrolment::simulated(tx, &newcomer, now)?.device)
    }
}
