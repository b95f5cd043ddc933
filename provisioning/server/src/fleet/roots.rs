//! Who may sign what in the fleet: the roots (docs/adr/0084). The first one is the server's own unless somebody gave another.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{Act, DevicesAtRoot},
    order::key_to_text,
    trust::{LONGEST_CHAIN, Metadata, RoleName, Root, TrustState, Trusted},
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    devices, lists, orders,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{Optional as _, Tx, params},
};

/// The server's own root lives as long as the fleet: nobody holds a ceremony for it.
const OWN_LIFE: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// The newest.
pub(crate) fn current(tx: &Tx<'_>) -> Result<Option<Trusted>, FleetError> {
    let sql = "SELECT document FROM roots ORDER BY version DESC LIMIT 1";
    let text: Option<String> = tx.query_row(sql, (), |row| row.get(0)).optional()?;
    text.map(|text| Ok(Trusted::first(metadata(&text)?)?))
        .transpose()
}

/// The same where there is one for sure: the server makes it before it serves.
pub(crate) fn in_force(tx: &Tx<'_>) -> Result<Trusted, FleetError> {
    current(tx)?.ok_or_else(|| FleetError::NotFound {
        what: "root".to_owned(),
    })
}

/// Those behind a version, the next first.
pub(crate) fn newer(tx: &Tx<'_>, known: u64) -> Result<Vec<Metadata>, FleetError> {
    let sql = "SELECT document FROM roots WHERE version > ?1 ORDER BY version";
    let found = tx.query_map(sql, params![known], |row| row.get::<_, String>(0))?;
    found.iter().map(|text| metadata(text)).collect()
}

/// A document of the database.
pub(super) fn metadata(text: &str) -> Result<Metadata, FleetError> {
    serde_json::from_str(text).map_err(|e| FleetError::Corrupt {
        what: "a root or a list of releases",
        reason: e.to_string(),
    })
}

/// Whether the root names the server's key for orders; before there is one it is the only key there is.
pub(crate) fn names_for_orders(tx: &Tx<'_>, keys: &Keys) -> Result<bool, FleetError> {
    let sql = "SELECT configuration FROM roots ORDER BY version DESC LIMIT 1";
    let ids: Option<String> = tx.query_row(sql, (), |row| row.get(0)).optional()?;
    Ok(ids.is_none_or(|ids| ids.contains(keys.id().as_str())))
}

/// For devices from before there were roots: who signs orders, as their membership has it.
pub(crate) fn order_keys(tx: &Tx<'_>) -> Result<Vec<String>, FleetError> {
    let root = in_force(tx)?;
    let keys = root.root().keys_of(RoleName::Configuration);
    Ok(keys.iter().map(key_to_text).collect())
}

/// A fleet without a root gets one: the one that somebody laid into its folder, or one of the server's own key.
pub(crate) fn begin(
    tx: &Tx<'_>,
    keys: &Keys,
    given: Option<&Metadata>,
    now: Timestamp,
) -> Result<Option<Trusted>, FleetError> {
    if current(tx)?.is_some() {
        return Ok(None);
    }
    let root = if let Some(given) = given {
        Trusted::first(given.clone())?
    } else {
        let expires = now.checked_add(OWN_LIFE).unwrap_or(Timestamp::MAX);
        let own = Root::of_one_key(&keys.signing.verifying_key(), expires);
        let mut own = Metadata::unsigned(&own);
        own.sign(&keys.signing)?;
        Trusted::first(own)?
    };
    insert(tx, &root, &Stamp::server(now))?;
    Ok(Some(root))
}

/// The next root takes effect; returns the devices whose orders it changes.
pub(crate) fn publish(
    tx: &Tx<'_>,
    keys: &Keys,
    next: &Metadata,
    stamp: &Stamp,
) -> Result<(Trusted, Vec<DeviceId>), FleetError> {
    let known = in_force(tx)?;
    let root = known.follow(next.clone())?;
    if root.root().version == known.root().version {
        return Ok((known, Vec::new()));
    }
    if root.root().expires <= stamp.now {
        let expires = root.root().expires;
        return Err(FleetError::Setting(format!(
            "this root was good until {expires}; make a later one"
        )));
    }
    if root.root().version > LONGEST_CHAIN as u64 {
        return Err(FleetError::Setting(format!(
            "a fleet has {LONGEST_CHAIN} roots at most"
        )));
    }
    insert(tx, &root, stamp)?;
    lists::renew(tx, keys, stamp.now)?;
    let role = |of: &Trusted| of.root().roles.configuration.clone();
    if role(&known) == role(&root) {
        return Ok((root, Vec::new()));
    }
    // What no device has seen yet is signed by a key that may count no more.
    tx.execute(
        "UPDATE devices SET digest = '' WHERE wanted > seen AND digest IS NOT NULL",
        (),
    )?;
    let renewed = orders::renew(tx, keys, &Scope::organisation(), stamp.now)?;
    super::updates::sign_open_again(tx, keys, stamp.now)?;
    Ok((root, renewed))
}

fn insert(tx: &Tx<'_>, root: &Trusted, stamp: &Stamp) -> Result<(), FleetError> {
    let version = root.root().version;
    let ids = json!(root.root().roles.configuration.keyids).to_string();
    let document = json!(root.metadata()).to_string();
    // One that no device would read is none.
    Metadata::read(document.as_bytes())?;
    let sql = "INSERT INTO roots (version, document, configuration, published) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![version, document, ids, stamp.now.as_second()])?;
    let roles = RoleName::ALL.map(|name| {
        let role = root.root().roles.of(name);
        (
            name.as_str().to_owned(),
            json!({"threshold": role.threshold, "keys": role.keyids}),
        )
    });
    let after = json!({
        "fingerprint": root.metadata().fingerprint()?,
        "expires": root.root().expires,
        "roles": roles.into_iter().collect::<serde_json::Map<_, _>>(),
    });
    let deed = Deed {
        act: Act::RootPublished,
        scope: &Scope::organisation(),
        object: &version.to_string(),
        before: None,
        after: Some(after),
    };
    audit::record(tx, stamp, deed)
}

/// What a device says of whom it trusts; one from before there were roots says nothing.
pub(crate) fn told(
    tx: &Tx<'_>,
    keys: &Keys,
    device: &DeviceId,
    state: Option<&TrustState>,
    now: Timestamp,
) -> Result<(), FleetError> {
    let sql = "SELECT distrust, trust FROM devices WHERE device = ?1";
    let (before, known) = tx.query_row(sql, [device.as_str()], |row| {
        Ok((
            row.get::<_, Option<String>>("distrust")?,
            row.get::<_, Option<String>>("trust")?,
        ))
    })?;
    let text = state.map(|state| json!(state).to_string());
    if text == known {
        return Ok(());
    }
    if let Some(state) = state {
        lists::outdo(tx, keys, state, now)?;
    }
    let problem = state.and_then(|state| state.problem.as_ref());
    let why = problem.map(|problem| problem.why.as_str().to_owned());
    let sql = "UPDATE devices SET root = ?2, trust = ?3, distrust = ?4 WHERE device = ?1";
    let root = state.map(|state| state.root);
    tx.execute(sql, params![device.as_str(), root, text, why])?;
    let Some(problem) = problem.filter(|_| why != before) else {
        return Ok(());
    };
    let deed = Deed {
        act: Act::DeviceDistrusts,
        scope: &devices::place(&devices::get(tx, device)?),
        object: device.as_str(),
        before: None,
        after: Some(json!(problem)),
    };
    audit::record(tx, &Stamp::device(device, now), deed)
}

/// How many devices know which root, and how many do not believe something.
pub(crate) fn known_by(tx: &Tx<'_>) -> Result<(Vec<DevicesAtRoot>, u64), FleetError> {
    let sql = "SELECT root, COUNT(*) AS devices, COUNT(distrust) AS doubts FROM devices WHERE revoked IS NULL \
               GROUP BY root ORDER BY root DESC";
    let found = tx.query_map(sql, (), |row| {
        let at = DevicesAtRoot {
            root: row.get("root")?,
            devices: row.get("devices")?,
        };
        Ok((at, row.get::<_, u64>("doubts")?))
    })?;
    let doubts = found.iter().map(|(_, doubts)| doubts).sum();
    Ok((found.into_iter().map(|(at, _)| at).collect(), doubts))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use saal_fleet_protocol::fleet::{
        api::{Change, Edit, OrderKind, SignedOrder},
        order::Signed,
        trust::{Distrust, PublicKey, TrustProblem},
        update::Release,
    };

    use super::*;
    use crate::{
        fleet::{enrolment, releases, settings, signing},
        store::testing::Fresh,
    };

    const ROOM: &str = "kassel/rathaus/lahn";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn names(tx: &Tx<'_>, keys: &Keys, name: &str, now: i64) -> Result<(), FleetError> {
        let set = |key: &str, value: &str| Edit::Set {
            key: key.parse().unwrap(),
            value: value.into(),
            locked: false,
        };
        let change = Change {
            scope: ROOM.parse().unwrap(),
            edits: vec![
                set("room.name", name),
                set("room.time_zone", "Europe/Berlin"),
                set("fleet.server", "fleet.example.org"),
            ],
        };
        settings::change(tx, keys, &change, &Stamp::server(at(now)))?;
        Ok(())
    }

    /// A root in which a key that is not here signs orders and lists.
    fn elsewhere(tx: &Tx<'_>, keys: &Keys, other: &SigningKey) -> Result<Metadata, FleetError> {
        let mut root = in_force(tx)?.root().clone();
        let public = PublicKey::from(&other.verifying_key());
        root.version += 1;
        root.roles.configuration.keyids = vec![public.id()];
        root.roles.targets.keyids = vec![public.id()];
        root.keys.insert(public.id(), public);
        let mut root = Metadata::unsigned(&root);
        root.sign(&keys.signing)?;
        Ok(root)
    }

    #[test]
    fn orders_that_no_device_has_seen_wait_for_the_key_that_a_new_root_names() {
        let (folder, other) = (Fresh::new(), SigningKey::from_bytes(&[4; 32]));
        let keys = Keys::open(folder.path()).unwrap();
        let work = |tx: &Tx<'_>| {
            let root = begin(tx, &keys, None, at(0))?.expect("the first one");
            assert_eq!(root.root().version, 1);
            assert!(begin(tx, &keys, None, at(0))?.is_none(), "once");
            let row = enrolment::in_kassel(tx, at(0))?;
            // Somebody's key for its secrets is not needed here.
            names(tx, &keys, "Lahn", 1)?;
            let (first, _) = orders::unseen(tx, &devices::get(tx, &row.device)?)?.expect("signed");
            let next = elsewhere(tx, &keys, &other)?;
            publish(tx, &keys, &next, &Stamp::server(at(2)))?;
            let row = devices::get(tx, &row.device)?;
            assert!(row.wanted > first, "it is another order");
            assert!(orders::unseen(tx, &row)?.is_none(), "nobody has signed it");
            let waiting = signing::waiting(tx)?;
            assert_eq!((waiting.len(), signing::count(tx)?), (1, 1));
            let sign = |number, key: &SigningKey| SignedOrder {
                device: row.device.clone(),
                kind: OrderKind::Configuration,
                number,
                signature: Signed::of_text(&waiting[0].order, key).signature,
            };
            let stamp = Stamp::server(at(3));
            let wrong = signing::take(tx, &[sign(row.wanted, &keys.signing)], &stamp);
            assert!(wrong.is_err(), "the server's key counts no more");
            // One for an order that has been replaced meanwhile is left out.
            assert!(signing::take(tx, &[sign(first, &other)], &stamp)?.is_empty());
            let taken = signing::take(tx, &[sign(row.wanted, &other)], &stamp)?;
            assert_eq!(taken, std::slice::from_ref(&row.device));
            let (_, signed) = orders::unseen(tx, &row)?.expect("it is signed now");
            assert!(signed.verify(&[other.verifying_key()]).is_ok());
            assert_eq!(signing::count(tx)?, 0);
            Ok(())
        };
        folder.store().now(work).unwrap();
    }

    #[test]
    fn a_root_that_is_over_or_does_not_follow_is_not_published() {
        let folder = Fresh::new();
        let keys = Keys::open(folder.path()).unwrap();
        let work = |tx: &Tx<'_>| {
            begin(tx, &keys, None, at(0))?;
            let stamp = Stamp::server(at(1_000));
            let signed = |change: &dyn Fn(&mut Root)| {
                let mut root = in_force(tx).unwrap().root().clone();
                root.version += 1;
                change(&mut root);
                let mut root = Metadata::unsigned(&root);
                root.sign(&keys.signing).unwrap();
                publish(tx, &keys, &root, &stamp).map(|(root, _)| root.root().version)
            };
            let over = signed(&|root| root.expires = at(999));
            assert!(over.unwrap_err().to_string().contains("was good until"));
            let gap = signed(&|root| root.version = 3);
            assert_eq!(gap.unwrap_err().code(), "gap");
            assert_eq!(signed(&|_| {})?, 2);
            assert_eq!(newer(tx, 1)?.len(), 1);
            Ok(())
        };
        folder.store().now(work).unwrap();
    }

    #[test]
    fn a_server_that_was_set_back_makes_a_list_that_comes_after_what_devices_know() {
        let folder = Fresh::new();
        let keys = Keys::open(folder.path()).unwrap();
        let release = Release {
            version: "2".parse().unwrap(),
            compatible: "saal".parse().unwrap(),
            size: 9,
            sha256: "ab".repeat(32).parse().unwrap(),
        };
        let work = |tx: &Tx<'_>| {
            begin(tx, &keys, None, at(0))?;
            lists::renew(tx, &keys, at(0))?;
            assert!(lists::current(tx)?.is_none(), "there is nothing to list");
            releases::add(tx, &release, &Stamp::server(at(0)))?;
            assert!(lists::check(tx, &release).is_err());
            lists::renew(tx, &keys, at(0))?;
            lists::check(tx, &release)?;
            let device = enrolment::in_kassel(tx, at(0))?.device;
            let version = || lists::current(tx).map(|list| list.unwrap().1.version);
            let tell = |releases, why: Option<Distrust>| {
                let problem = why.map(|why| TrustProblem {
                    why,
                    detail: String::new(),
                });
                let state = TrustState {
                    root: 1,
                    releases,
                    problem,
                };
                told(tx, &keys, &device, Some(&state), at(1))
            };
            tell(1, None)?;
            assert_eq!(version()?, 1);
            tell(5, None)?;
            assert_eq!(version()?, 6);
            tell(6, Some(Distrust::OtherFleet))?;
            assert_eq!(version()?, 7);
            // No device makes the numbers end.
            tell(u64::MAX, None)?;
            assert_eq!(version()?, 7);
            let (known, doubts) = known_by(tx)?;
            assert_eq!((known[0].root, known[0].devices, doubts), (Some(1), 1, 0));
            // A list is made anew before its time is over.
            lists::renew(tx, &keys, at(1))?;
            assert_eq!(version()?, 7);
            lists::renew(tx, &keys, at(200 * 24 * 60 * 60))?;
            assert_eq!(version()?, 8);
            Ok(())
        };
        folder.store().now(work).unwrap();
    }
}
