//! From layers to the signed order of a device.

use std::collections::BTreeMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, FileName, Key, Scope,
    layers::{Effective, Layer, LayersError, merge, value_of},
    order::{Order, Sealed, Signed, VERSION},
    update::UpdateOrder,
};

use super::{
    devices::{self, DeviceRow},
    many::{self, Look},
    parsed, roots, settings,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Optional as _, Tx, params},
};

/// Who signs orders.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    keys: &'a Keys,
    /// The root names the server's key for it; else orders wait for somebody who has one that it names.
    signs: bool,
}

impl<'a> Signer<'a> {
    pub(crate) fn now(tx: &Tx<'_>, keys: &'a Keys) -> Result<Self, FleetError> {
        let signs = roots::names_for_orders(tx, keys)?;
        Ok(Self { keys, signs })
    }

    fn sign(&self, order: &Order) -> Signed {
        if self.signs {
            self.keys.sign(order)
        } else {
            Signed::unsigned(order)
        }
    }

    /// The same for an order about a release.
    pub(crate) fn sign_update(&self, order: &UpdateOrder) -> Signed {
        if self.signs {
            order.sign(&self.keys.signing)
        } else {
            Signed::unsigned(order)
        }
    }
}

/// Layers over rooms, each read once while many rooms are looked at.
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

impl Default for Said {
    /// Nothing.
    fn default() -> Self {
        Self::of(Scope::organisation())
    }
}

impl Said {
    fn of(scope: Scope) -> Self {
        let settings = BTreeMap::new();
        Self(Layer { scope, settings }, BTreeMap::new())
    }

    pub(crate) fn read(tx: &Tx<'_>, scope: &Scope) -> Result<Self, FleetError> {
        let said = between(tx, scope, scope)?.remove(scope);
        Ok(said.unwrap_or_else(|| Self::of(scope.clone())))
    }
}

/// What layers say that say anything, by their names from one to another.
pub(crate) fn between(
    tx: &Tx<'_>,
    first: &Scope,
    last: &Scope,
) -> Result<BTreeMap<Scope, Said>, FleetError> {
    let mut all: BTreeMap<Scope, Said> = BTreeMap::new();
    for (scope, settings) in settings::between(tx, first, last)? {
        let layer = Layer {
            scope: scope.clone(),
            settings,
        };
        all.insert(scope, Said(layer, BTreeMap::new()));
    }
    let sql = "SELECT scope, name, sealed FROM secrets WHERE scope >= ?1 AND scope <= ?2";
    let secrets = tx.query_map(sql, [first.as_str(), last.as_str()], |row| {
        Ok((
            parsed::<Scope>(row, "scope")?,
            parsed(row, "name")?,
            row.get("sealed")?,
        ))
    })?;
    for (scope, name, sealed) in secrets {
        let said = all.entry(scope.clone()).or_insert_with(|| Said::of(scope));
        said.1.insert(name, sealed);
    }
    Ok(all)
}

impl Layers {
    /// Keeps a layer as it is now, whatever is read later.
    pub(crate) fn keep(&mut self, tx: &Tx<'_>, scope: &Scope) -> Result<(), FleetError> {
        self.0.insert(scope.clone(), Said::read(tx, scope)?);
        Ok(())
    }

    /// Reads what lies over a place.
    fn over(&mut self, tx: &Tx<'_>, scope: &Scope) -> Result<(), FleetError> {
        for over in scope.chain() {
            if over != *scope && !self.0.contains_key(&over) {
                self.keep(tx, &over)?;
            }
        }
        Ok(())
    }

    /// Reads what lies over the rooms of devices.
    pub(crate) fn read(&mut self, tx: &Tx<'_>, rows: &[DeviceRow]) -> Result<(), FleetError> {
        let mut rooms = rows.iter().filter_map(|row| row.room.as_ref());
        rooms.try_for_each(|room| self.over(tx, room))
    }

    /// The organisation first. What was kept of the place itself counts before its own.
    fn said<'a>(&'a self, scope: &Scope, own: &'a Said) -> Vec<&'a Said> {
        let chain = scope.chain().into_iter();
        let said = chain.filter_map(|over| {
            let here = over == *scope;
            self.0.get(&over).or(here.then_some(own))
        });
        said.collect()
    }

    /// What counts at a place over which all was read, and which says this itself.
    pub(crate) fn counts(&self, scope: &Scope, own: &Said) -> Counts {
        let said = self.said(scope, own);
        let mut all = BTreeMap::new();
        for Said(layer, secrets) in &said {
            for (name, locked) in secrets {
                all.insert(name.clone(), (layer.scope.clone(), locked.clone()));
            }
        }
        Counts {
            effective: merge(said.iter().map(|said| &said.0)),
            secrets: all,
        }
    }

    /// The same of one key.
    pub(crate) fn value_of(&self, scope: &Scope, own: &Said, key: &Key) -> Option<toml::Value> {
        let said = self.said(scope, own);
        value_of(said.into_iter().map(|said| &said.0), key).cloned()
    }

    /// What counts at one place.
    pub(crate) fn count(&mut self, tx: &Tx<'_>, scope: &Scope) -> Result<Counts, FleetError> {
        self.over(tx, scope)?;
        Ok(self.counts(scope, &Said::read(tx, scope)?))
    }
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

/// What becomes of a device's order.
pub(crate) enum Renewal {
    /// It has the one that it should have.
    None,
    /// It has; what was wrong is so no more.
    Mended,
    /// It keeps the one that it has: its layers make no document.
    Problem(String),
    /// Another one.
    Order(Box<New>),
}

/// A signed order as it is stored.
pub(crate) struct New {
    generation: u64,
    /// Of what it says.
    digest: String,
    /// [`Signed`] as JSON.
    signed: String,
    /// Of what was signed.
    signed_digest: String,
    /// Nobody has signed it yet.
    pending: bool,
}

/// Brings the orders of all devices within a scope up to date; returns those that have another one now.
pub(crate) fn renew(
    tx: &Tx<'_>,
    keys: &Keys,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<DeviceId>, FleetError> {
    let layers = Layers::default();
    let signer = Signer::now(tx, keys)?;
    let mut changed = Vec::new();
    many::each(
        tx,
        scope,
        &mut Renewing {
            layers,
            signer,
            now,
        },
        |row, renewal| {
            if store(tx, &row, &renewal)? {
                changed.push(row.device);
            }
            Ok(())
        },
    )?;
    Ok(changed)
}

struct Renewing<'a> {
    layers: Layers,
    signer: Signer<'a>,
    now: Timestamp,
}

impl Look for Renewing<'_> {
    type Seen = Renewal;

    fn read(&mut self, tx: &Tx<'_>, rooms: &[DeviceRow]) -> Result<(), FleetError> {
        self.layers.read(tx, rooms)
    }

    fn look(&self, row: &DeviceRow, own: &Said) -> Result<Renewal, FleetError> {
        let Some(room) = &row.room else {
            return Ok(Renewal::None);
        };
        let counts = self.layers.counts(room, own);
        plan(
            &self.signer,
            row,
            (&counts, counts.effective.document()),
            self.now,
        )
    }
}

/// Works out what becomes of a device's order with what counts for its room.
///
/// # Errors
/// When a secret can't be sealed for it.
pub(crate) fn plan(
    signer: &Signer<'_>,
    row: &DeviceRow,
    (counts, document): (&Counts, Result<String, LayersError>),
    now: Timestamp,
) -> Result<Renewal, FleetError> {
    let document = match document {
        Ok(document) => document,
        Err(problem) => return Ok(Renewal::Problem(problem.to_string())),
    };
    let digest = digest(&document, counts);
    if row.digest.as_ref() == Some(&digest) && !row.is_behind() {
        return Ok(if row.ill {
            Renewal::Mended
        } else {
            Renewal::None
        });
    }
    let generation = row.wanted.max(row.seen) + 1;
    let mut sealed: BTreeMap<FileName, Sealed> = BTreeMap::new();
    for (name, (scope, locked)) in &counts.secrets {
        let secret = signer
            .keys
            .seal_for(&row.device, &row.seal_key, (scope, name, locked))?;
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
    let signed = signer.sign(&order);
    Ok(Renewal::Order(Box::new(New {
        generation,
        digest,
        pending: signed.is_unsigned(),
        signed_digest: crate::hash(signed.order.as_bytes()),
        signed: serde_json::to_string(&signed).expect("plain data is JSON"),
    })))
}

/// Writes down what becomes of a device's order; whether it has another one now.
pub(crate) fn store(tx: &Tx<'_>, row: &DeviceRow, renewal: &Renewal) -> Result<bool, FleetError> {
    let device = row.device.as_str();
    match renewal {
        Renewal::None => {}
        Renewal::Mended => {
            tx.execute(
                "UPDATE devices SET problem = NULL WHERE device = ?1",
                [device],
            )?;
        }
        Renewal::Problem(problem) => {
            let sql = "UPDATE devices SET problem = ?2 WHERE device = ?1";
            tx.execute(sql, [device, problem])?;
        }
        Renewal::Order(new) => {
            let sql = "INSERT INTO orders (device, signed, pending) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (device) DO UPDATE SET signed = excluded.signed, pending = excluded.pending";
            let pending = u32::from(new.pending);
            tx.execute(sql, params![device, &new.signed, pending])?;
            let sql = "UPDATE devices SET wanted = ?2, digest = ?3, signed_digest = ?4, problem = NULL \
                       WHERE device = ?1";
            let New {
                generation,
                digest,
                signed_digest,
                ..
            } = &**new;
            tx.execute(sql, params![device, generation, digest, signed_digest])?;
        }
    }
    Ok(matches!(renewal, Renewal::Order(_)))
}

/// What a device should be told: an order that it has not seen, with its generation.
pub(crate) fn due(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Option<(u64, Signed)>, FleetError> {
    let row = devices::get(tx, device)?;
    let Some(room) = &row.room else {
        return unseen(tx, &row);
    };
    let counts = Layers::default().count(tx, room)?;
    let signer = Signer::now(tx, keys)?;
    let renewal = plan(&signer, &row, (&counts, counts.effective.document()), now)?;
    if store(tx, &row, &renewal)? {
        return unseen(tx, &devices::get(tx, device)?);
    }
    unseen(tx, &row)
}

/// An order that a device has not seen, with its generation. Whoever changes what counts for a room renews its order,
/// so this is all that a device that is connected has to be told.
pub(crate) fn unseen(tx: &Tx<'_>, row: &DeviceRow) -> Result<Option<(u64, Signed)>, FleetError> {
    if row.wanted <= row.seen {
        return Ok(None);
    }
    let sql = "SELECT signed FROM orders WHERE device = ?1 AND pending = 0";
    let signed = tx.query_row(sql, [row.device.as_str()], |row| row.get::<_, String>(0));
    let signed = signed.optional()?;
    let read = signed.map(|signed| Ok((row.wanted, serde_json::from_str(&signed)?)));
    let read: Result<_, serde_json::Error> = read.transpose();
    read.map_err(|e| FleetError::Corrupt {
        what: "an order",
        reason: e.to_string(),
    })
}
