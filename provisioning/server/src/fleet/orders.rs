//! From layers to the signed order of a device.

use std::collections::BTreeMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, FileName, Scope,
    layers::{Effective, Layer, LayersError, merge},
    order::{Order, Sealed, Signed, VERSION},
};

use super::{
    devices::{self, DeviceRow},
    parsed, settings,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Tx, params},
};

/// Layers that were read already, while many rooms are looked at. Those of rooms are not kept: each is needed once.
#[derive(Default)]
pub(crate) struct Layers(BTreeMap<Scope, Said>);

/// What a layer says: its settings and its secrets.
#[derive(Clone)]
pub(crate) struct Said(Layer, Secrets);

/// By name, as they lie in the database.
type Secrets = BTreeMap<FileName, Vec<u8>>;

/// What counts for a room.
pub(crate) struct Counts {
    pub(crate) effective: Effective,
    /// By name, with the layer that each comes from.
    pub(crate) secrets: BTreeMap<FileName, (Scope, Vec<u8>)>,
}

impl Said {
    pub(crate) fn read(tx: &Tx<'_>, scope: &Scope) -> Result<Self, FleetError> {
        let settings = settings::read(tx, scope)?;
        let layer = Layer {
            scope: scope.clone(),
            settings,
        };
        Ok(Self(layer, secrets(tx, scope)?))
    }
}

impl Layers {
    /// Keeps a layer as it is now.
    pub(crate) fn keep(&mut self, tx: &Tx<'_>, scope: &Scope) -> Result<(), FleetError> {
        self.0.insert(scope.clone(), Said::read(tx, scope)?);
        Ok(())
    }

    /// What counts there.
    pub(crate) fn count(&mut self, tx: &Tx<'_>, scope: &Scope) -> Result<Counts, FleetError> {
        let own = Said::read(tx, scope)?;
        self.count_with(tx, scope, &own)
    }

    /// The same where the place's own layer was read, which counts unless another one was kept.
    pub(crate) fn count_with(
        &mut self,
        tx: &Tx<'_>,
        scope: &Scope,
        own: &Said,
    ) -> Result<Counts, FleetError> {
        let chain = scope.chain();
        for over in chain.iter().filter(|over| *over != scope) {
            if !self.0.contains_key(over) {
                self.keep(tx, over)?;
            }
        }
        let said: Vec<&Said> = chain
            .iter()
            .map(|scope| self.0.get(scope).unwrap_or(own))
            .collect();
        let mut all = BTreeMap::new();
        for Said(layer, secrets) in &said {
            for (name, locked) in secrets {
                all.insert(name.clone(), (layer.scope.clone(), locked.clone()));
            }
        }
        Ok(Counts {
            effective: merge(said.iter().map(|said| &said.0)),
            secrets: all,
        })
    }
}

fn secrets(tx: &Tx<'_>, scope: &Scope) -> Result<Secrets, FleetError> {
    let found = tx.query_map(
        "SELECT name, sealed FROM secrets WHERE scope = ?1",
        [scope.as_str()],
        |row| Ok((parsed(row, "name")?, row.get("sealed")?)),
    )?;
    Ok(found.into_iter().collect())
}

/// What the same layers always give, whatever randomness sealing adds.
fn digest(document: &str, counts: &Counts) -> String {
    let mut all = document.as_bytes().to_vec();
    for (name, (_, locked)) in &counts.secrets {
        all.extend_from_slice(format!("\0{name}\0{}\0", locked.len()).as_bytes());
        all.extend_from_slice(locked);
    }
    crate::hash(&all)
}

/// Brings the orders of devices up to date; returns those that have another one now.
pub(crate) fn renew(
    tx: &Tx<'_>,
    keys: &Keys,
    rows: &[DeviceRow],
    now: Timestamp,
) -> Result<Vec<DeviceId>, FleetError> {
    let mut layers = Layers::default();
    let mut changed = Vec::new();
    for row in rows {
        if renew_one(tx, keys, &mut layers, row, now)? {
            changed.push(row.device.clone());
        }
    }
    Ok(changed)
}

fn renew_one(
    tx: &Tx<'_>,
    keys: &Keys,
    layers: &mut Layers,
    row: &DeviceRow,
    now: Timestamp,
) -> Result<bool, FleetError> {
    let Some(room) = &row.room else {
        return Ok(false);
    };
    let counts = layers.count(tx, room)?;
    let document = counts.effective.document();
    renew_as(tx, keys, row, (&counts, document), now)
}

/// Brings a device's order up to date with what counts for its room; whether it has another one now.
pub(crate) fn renew_as(
    tx: &Tx<'_>,
    keys: &Keys,
    row: &DeviceRow,
    (counts, document): (&Counts, Result<String, LayersError>),
    now: Timestamp,
) -> Result<bool, FleetError> {
    let document = match document {
        Ok(document) => document,
        Err(problem) => {
            let sql = "UPDATE devices SET problem = ?2 WHERE device = ?1";
            tx.execute(sql, [row.device.as_str(), &problem.to_string()])?;
            return Ok(false);
        }
    };
    let digest = digest(&document, counts);
    // A device that has seen more than this server remembers, or something else, met it before a restored back-up.
    let behind = row.seen > row.wanted || (row.seen == row.wanted && !row.seen_is_ours);
    if row.digest.as_ref() == Some(&digest) && !behind {
        tx.execute(
            "UPDATE devices SET problem = NULL WHERE device = ?1 AND problem IS NOT NULL",
            [row.device.as_str()],
        )?;
        return Ok(false);
    }
    let generation = row.wanted.max(row.seen) + 1;
    let mut sealed: BTreeMap<FileName, Sealed> = BTreeMap::new();
    for (name, (scope, locked)) in &counts.secrets {
        let secret = keys.seal_for(&row.device, &row.seal_key, (scope, name, locked))?;
        sealed.insert(name.clone(), secret);
    }
    let order = Order {
        version: VERSION,
        device: row.device.clone(),
        generation,
        issued: now,
        document,
        secrets: sealed,
    };
    let signed = Signed::new(&order, &keys.signing);
    let signed_digest = crate::hash(signed.order.as_bytes());
    let signed = serde_json::to_string(&signed).expect("plain data is JSON");
    let sql = "UPDATE devices SET wanted = ?2, digest = ?3, signed = ?4, signed_digest = ?5, problem = NULL \
               WHERE device = ?1";
    tx.execute(
        sql,
        params![
            row.device.as_str(),
            generation,
            digest,
            signed,
            signed_digest
        ],
    )?;
    Ok(true)
}

/// What a device should be told: an order that it has not seen, with its generation.
pub(crate) fn due(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Option<(u64, Signed)>, FleetError> {
    let row = devices::get(tx, device)?;
    if renew(tx, keys, std::slice::from_ref(&row), now)?.is_empty() {
        return unseen(tx, &row);
    }
    unseen(tx, &devices::get(tx, device)?)
}

/// An order that a device has not seen, with its generation. Whoever changes what counts for a room renews its order,
/// so this is all that a device that is connected has to be told.
pub(crate) fn unseen(tx: &Tx<'_>, row: &DeviceRow) -> Result<Option<(u64, Signed)>, FleetError> {
    if row.wanted <= row.seen {
        return Ok(None);
    }
    let sql = "SELECT signed FROM devices WHERE device = ?1";
    let signed: Option<String> = tx.query_row(sql, [row.device.as_str()], |row| row.get(0))?;
    let read = signed.map(|signed| Ok((row.wanted, serde_json::from_str(&signed)?)));
    let read: Result<_, serde_json::Error> = read.transpose();
    read.map_err(|e| FleetError::Corrupt {
        what: "an order",
        reason: e.to_string(),
    })
}
