//! What IT writes for a layer, what that would change, and where a value comes from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    DeviceId, Key, Scope,
    api::{Act, Change, Edit, Explained, KeyPreview, NewSecret, Preview, RoomPreview, Written},
    layers::{Setting, check_setting},
};

use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    devices::DeviceRow,
    many::{self, Look},
    orders::{self, Layers, Renewal, Said, Signer},
    parsed,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Optional as _, Tx, params},
};

/// A preview shows so many rooms; the rest is counted.
const SHOWN: usize = 100;

/// What a layer says, by key.
type Settings = BTreeMap<Key, Setting>;

/// What a layer says.
pub(crate) fn read(tx: &Tx<'_>, scope: &Scope) -> Result<Settings, FleetError> {
    let said = between(tx, scope, scope)?.remove(scope);
    Ok(said.unwrap_or_default())
}

/// What layers say that say anything, by their names from one to another.
pub(crate) fn between(
    tx: &Tx<'_>,
    first: &Scope,
    last: &Scope,
) -> Result<BTreeMap<Scope, Settings>, FleetError> {
    let sql = "SELECT scope, key, value, locked FROM settings WHERE scope >= ?1 AND scope <= ?2";
    let found = tx.query_map(sql, [first.as_str(), last.as_str()], |row| {
        Ok((
            parsed(row, "scope")?,
            parsed(row, "key")?,
            row.get::<_, String>("value")?,
            row.get::<_, bool>("locked")?,
        ))
    })?;
    let mut all: BTreeMap<Scope, Settings> = BTreeMap::new();
    for (scope, key, value, locked) in found {
        let value = serde_json::from_str(&value).map_err(|e| FleetError::Corrupt {
            what: "a setting",
            reason: e.to_string(),
        })?;
        let settings = all.entry(scope).or_default();
        settings.insert(key, Setting { value, locked });
    }
    Ok(all)
}

/// The same for people.
pub(crate) fn written(tx: &Tx<'_>, scope: &Scope) -> Result<Vec<Written>, FleetError> {
    let settings = read(tx, scope)?.into_iter();
    let written = settings.map(|(key, Setting { value, locked })| Written { key, value, locked });
    Ok(written.collect())
}

/// Changes a layer. Returns what that does and which devices have another order now.
pub(crate) fn change(
    tx: &Tx<'_>,
    keys: &Keys,
    change: &Change,
    stamp: &Stamp,
) -> Result<(Preview, Vec<DeviceId>), FleetError> {
    let (mut preview, mut changed) = (Preview::default(), Vec::new());
    let mut changing = Changing::begin(tx, Some(keys), change, stamp)?;
    many::each(tx, &change.scope, &mut changing, |row, (shown, renewal)| {
        show(&mut preview, shown);
        if orders::store(tx, &row, &renewal)? {
            changed.push(row.device);
        }
        Ok(())
    })?;
    Ok((preview, changed))
}

/// What [`change`] would do. The layer is another one behind it, the orders are not.
pub(crate) fn preview(tx: &Tx<'_>, change: &Change, stamp: &Stamp) -> Result<Preview, FleetError> {
    let mut preview = Preview::default();
    let mut changing = Changing::begin(tx, None, change, stamp)?;
    many::each(tx, &change.scope, &mut changing, |_, (shown, _)| {
        show(&mut preview, shown);
        Ok(())
    })?;
    Ok(preview)
}

/// A change of a layer, while the rooms below it are looked at.
struct Changing<'a> {
    before: Layers,
    after: Layers,
    edited: Vec<&'a Key>,
    /// `None`: nothing is signed.
    signer: Option<Signer<'a>>,
    now: Timestamp,
}

impl<'a> Changing<'a> {
    /// Writes the layer.
    fn begin(
        tx: &Tx<'_>,
        keys: Option<&'a Keys>,
        change: &'a Change,
        stamp: &Stamp,
    ) -> Result<Self, FleetError> {
        let (mut before, mut after) = (Layers::default(), Layers::default());
        before.keep(tx, &change.scope)?;
        for edit in &change.edits {
            apply(tx, &change.scope, edit, stamp)?;
        }
        after.keep(tx, &change.scope)?;
        let mut edited: Vec<&Key> = change.edits.iter().map(key_of).collect();
        edited.sort();
        edited.dedup();
        let now = stamp.now;
        let signer = keys.map(|keys| Signer::now(tx, keys)).transpose()?;
        Ok(Self {
            before,
            after,
            edited,
            signer,
            now,
        })
    }

    /// A key's value depends on what layers say of that key alone.
    fn differences(&self, room: &Scope, own: &Said) -> Vec<KeyPreview> {
        let all = self.edited.iter().map(|key| KeyPreview {
            key: (*key).clone(),
            before: self.before.value_of(room, own, key),
            after: self.after.value_of(room, own, key),
        });
        all.filter(|key| key.before != key.after).collect()
    }
}

impl Look for Changing<'_> {
    type Seen = (Option<RoomPreview>, Renewal);

    fn read(&mut self, tx: &Tx<'_>, rooms: &[DeviceRow]) -> Result<(), FleetError> {
        self.before.read(tx, rooms)?;
        self.after.read(tx, rooms)
    }

    fn look(&self, row: &DeviceRow, own: &Said) -> Result<Self::Seen, FleetError> {
        let Some(room) = &row.room else {
            return Ok((None, Renewal::None));
        };
        let counts = self.after.counts(room, own);
        let document = counts.effective.document();
        let keys = self.differences(room, own);
        let shown = (!keys.is_empty()).then(|| RoomPreview {
            room: room.clone(),
            keys,
            problem: document.as_ref().err().map(ToString::to_string),
        });
        if let Some(RoomPreview {
            room,
            problem: Some(problem),
            ..
        }) = &shown
            && self.before.counts(room, own).effective.document().is_ok()
        {
            return Err(FleetError::Breaks {
                room: room.clone(),
                problem: problem.clone(),
            });
        }
        let renewal = match &self.signer {
            Some(signer) => orders::plan(signer, row, (&counts, document), self.now)?,
            None => Renewal::None,
        };
        Ok((shown, renewal))
    }
}

/// Adds to a preview what the edited keys do in a room.
fn show(preview: &mut Preview, shown: Option<RoomPreview>) {
    let Some(room) = shown else { return };
    preview.changed += 1;
    preview.refused += u64::from(room.problem.is_some());
    if preview.rooms.len() < SHOWN {
        preview.rooms.push(room);
    }
}

fn key_of(edit: &Edit) -> &Key {
    let (Edit::Set { key, .. } | Edit::Unset { key }) = edit;
    key
}

fn apply(tx: &Tx<'_>, scope: &Scope, edit: &Edit, stamp: &Stamp) -> Result<(), FleetError> {
    let key = key_of(edit);
    let before = read(tx, scope)?.remove(key);
    let (act, after) = match edit {
        Edit::Set { key, value, locked } => {
            check_setting(key, value).map_err(FleetError::Setting)?;
            not_locked(tx, scope, key)?;
            let after = Setting {
                value: value.clone(),
                locked: *locked,
            };
            put(tx, scope, key, &after)?;
            (Act::SettingSet, Some(after))
        }
        Edit::Unset { key } => {
            let sql = "DELETE FROM settings WHERE scope = ?1 AND key = ?2";
            if tx.execute(sql, [scope.as_str(), key.as_str()])? == 0 {
                let what = format!("{key} in {scope}");
                return Err(FleetError::NotFound { what });
            }
            (Act::SettingUnset, None)
        }
    };
    if before == after {
        return Ok(());
    }
    let value = |setting: Option<Setting>| setting.map(|setting| json!(setting));
    let deed = Deed {
        act,
        scope,
        object: key.as_str(),
        before: value(before),
        after: value(after),
    };
    audit::record(tx, stamp, deed)
}

/// Writes a setting that was checked.
pub(crate) fn put(
    tx: &Tx<'_>,
    scope: &Scope,
    key: &Key,
    setting: &Setting,
) -> Result<(), FleetError> {
    let value = serde_json::to_string(&setting.value).expect("values of TOML are JSON");
    let sql = "INSERT INTO settings (scope, key, value, locked) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, locked = excluded.locked";
    tx.execute(
        sql,
        params![scope.as_str(), key.as_str(), value, setting.locked],
    )?;
    Ok(())
}

fn not_locked(tx: &Tx<'_>, scope: &Scope, key: &Key) -> Result<(), FleetError> {
    for over in scope.chain().into_iter().filter(|over| over != scope) {
        let lock = read(tx, &over)?
            .remove(key)
            .filter(|setting| setting.locked);
        if lock.is_some() {
            return Err(FleetError::Locked {
                key: key.clone(),
                by: over,
            });
        }
    }
    Ok(())
}

/// Where the values of a place come from.
pub(crate) fn explain(
    tx: &Tx<'_>,
    scope: &Scope,
    key: Option<&Key>,
) -> Result<Explained, FleetError> {
    let counts = Layers::default().count(tx, scope)?;
    let problem = counts
        .effective
        .document()
        .err()
        .filter(|_| scope.is_room());
    let asked = |of: &Key| key.is_none_or(|key| key == of);
    let secrets = counts.secrets.into_iter();
    Ok(Explained {
        problem: problem.map(|problem| problem.to_string()),
        values: counts
            .effective
            .values
            .into_iter()
            .filter(|(of, _)| asked(of))
            .collect(),
        overruled: counts
            .effective
            .overruled
            .into_iter()
            .filter(|one| asked(&one.key))
            .collect(),
        secrets: secrets.map(|(name, (scope, _))| (name, scope)).collect(),
    })
}

/// What the log says of a secret: which one it is, not what.
fn sealed(tx: &Tx<'_>, new: &NewSecret) -> Result<Option<serde_json::Value>, FleetError> {
    let sql = "SELECT sealed FROM secrets WHERE scope = ?1 AND name = ?2";
    let found = tx.query_row(sql, [new.scope.as_str(), new.name.as_str()], |row| {
        row.get::<_, Vec<u8>>(0)
    });
    Ok(found
        .optional()?
        .map(|sealed| json!({"sealed": crate::hash(&sealed)})))
}

/// Sets a secret or takes it away; returns which devices have another order now.
pub(crate) fn secret(
    tx: &Tx<'_>,
    keys: &Keys,
    new: &NewSecret,
    stamp: &Stamp,
) -> Result<Vec<DeviceId>, FleetError> {
    let before = sealed(tx, new)?;
    let act = match &new.content {
        Some(content) => {
            let sealed = keys.lock(&new.scope, &new.name, content.as_bytes())?;
            let sql = "INSERT INTO secrets (scope, name, sealed) VALUES (?1, ?2, ?3) \
                       ON CONFLICT (scope, name) DO UPDATE SET sealed = excluded.sealed";
            tx.execute(sql, params![new.scope.as_str(), new.name.as_str(), sealed])?;
            Act::SecretSet
        }
        None => {
            let sql = "DELETE FROM secrets WHERE scope = ?1 AND name = ?2";
            if tx.execute(sql, [new.scope.as_str(), new.name.as_str()])? == 0 {
                let what = format!("secret {} in {}", new.name, new.scope);
                return Err(FleetError::NotFound { what });
            }
            Act::SecretRemoved
        }
    };
    let deed = Deed {
        act,
        scope: &new.scope,
        object: new.name.as_str(),
        before,
        after: sealed(tx, new)?,
    };
    audit::record(tx, stamp, deed)?;
    orders::renew(tx, keys, &new.scope, stamp.now)
}
