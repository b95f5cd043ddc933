//! The fleet as it lies in the tables, and as the log tells it.

use std::collections::BTreeMap;

use saal_fleet_protocol::fleet::api::{Act, AuditEntry};
use serde_json::{Value, json};

use crate::store::{DatabaseError, Row, Tx};

/// The fleet by kind and name, as far as people and programs decide it.
pub(super) type Fleet = BTreeMap<(&'static str, String), Value>;

/// As it lies in the tables.
pub(super) fn stored(tx: &Tx<'_>) -> Fleet {
    let mut fleet = Fleet::new();
    let mut add = |kind, sql: &str, read: &dyn Fn(&Row<'_>) -> Result<Value, DatabaseError>| {
        let rows = tx.query_map(sql, (), |row| Ok((row.get::<_, String>(0)?, read(row)?)));
        for (name, value) in rows.unwrap() {
            fleet.insert((kind, name), value);
        }
    };
    let text = |row: &Row<'_>, column: &str| row.get::<_, Option<String>>(column);
    let number = |row: &Row<'_>, column: &str| row.get::<_, i64>(column);
    let inner = |row: &Row<'_>, column: &str| super::super::json::<Value>(row, column);
    add(
        "setting",
        "SELECT scope || ' ' || key, value, locked FROM settings",
        &|row| Ok(json!({"value": inner(row, "value")?, "locked": row.get::<_, bool>("locked")?})),
    );
    add(
        "secret",
        "SELECT scope || ' ' || name, sealed FROM secrets",
        &|row| Ok(json!({"sealed": crate::hash(&row.get::<_, Vec<u8>>("sealed")?)})),
    );
    add("token", "SELECT name, uses, used FROM tokens", &|row| {
        Ok(json!({"uses": number(row, "uses")?, "used": number(row, "used")?}))
    });
    add("serial", "SELECT serial, room, used FROM serials", &|row| {
        Ok(json!({"room": text(row, "room")?, "used": number(row, "used")?}))
    });
    add(
        "device",
        "SELECT device, serial, room, revoked FROM devices",
        &|row| {
            let revoked = i64::from(row.get::<_, Option<i64>>("revoked")?.is_some());
            let (serial, room) = (text(row, "serial")?, text(row, "room")?);
            Ok(json!({"serial": serial, "room": room, "revoked": revoked}))
        },
    );
    add("access", "SELECT name, role, scope FROM access", &|row| {
        Ok(json!({"role": text(row, "role")?, "scope": text(row, "scope")?}))
    });
    add(
        "webhook",
        "SELECT name, url, scope, acts FROM webhooks",
        &|row| {
            let (url, scope) = (text(row, "url")?, text(row, "scope")?);
            Ok(json!({"url": url, "scope": scope, "acts": inner(row, "acts")?}))
        },
    );
    add("rule", "SELECT name, plan FROM alert_rules", &|row| {
        let plan = inner(row, "plan")?.unwrap_or_default();
        let to = &plan["channel"]["webhook"]["url"];
        Ok(json!({"kinds": plan["kinds"], "by": "webhook", "to": to}))
    });
    add(
        "report",
        "SELECT device, report FROM devices WHERE report NOT LIKE '%confirmed%'",
        &|row| Ok(inner(row, "report")?.unwrap_or_default()),
    );
    fleet
}

/// As the log tells it.
pub(super) fn told(entries: &[AuditEntry]) -> Fleet {
    let mut fleet = Fleet::new();
    for entry in entries {
        tell(&mut fleet, entry);
    }
    fleet
}

fn tell(fleet: &mut Fleet, entry: &AuditEntry) {
    let name = entry.object.clone();
    let there = format!("{} {name}", entry.scope);
    let after = entry.after.clone().unwrap_or_default();
    let part = |parts: &[&str]| {
        let parts = parts
            .iter()
            .map(|part| ((*part).to_owned(), after[part].clone()));
        Value::Object(parts.collect())
    };
    let mut put = |kind, name, value| {
        let before = fleet.insert((kind, name), value);
        if matches!(entry.act, Act::SettingSet | Act::SecretSet) {
            assert_eq!(before, entry.before, "the log knows what was there");
        }
    };
    match entry.act {
        Act::SettingSet => put("setting", there, after),
        Act::SecretSet => put("secret", there, after),
        Act::TokenIssued => put("token", name, json!({"uses": after["uses"], "used": 0})),
        Act::SerialExpected => put("serial", name, json!({"room": after["room"], "used": 0})),
        Act::AccessGranted => put("access", name, part(&["role", "scope"])),
        Act::WebhookAdded => put("webhook", name, after),
        Act::OrderRolledBack | Act::OrderRefused => put("report", name, after),
        Act::DeviceClaimed | Act::DeviceEnrolled => {
            let device = json!({"serial": after["serial"], "room": after["room"], "revoked": 0});
            put("device", name, device);
            used(fleet, "token", &after["by"]["token"]);
            used(fleet, "serial", &after["by"]["serial"]);
        }
        Act::DeviceMoved => changed(fleet, name, "room", after["room"].clone()),
        Act::DeviceRevoked => changed(fleet, name, "revoked", json!(1)),
        Act::SettingUnset => gone(fleet, "setting", there),
        Act::SecretRemoved => gone(fleet, "secret", there),
        Act::TokenRemoved => gone(fleet, "token", name),
        Act::AccessRemoved => gone(fleet, "access", name),
        Act::WebhookRemoved => gone(fleet, "webhook", name),
        Act::AlertRuleAdded => put("rule", name, after),
        Act::AlertRuleRemoved => gone(fleet, "rule", name),
        other => panic!("{other}"),
    }
}

fn used(fleet: &mut Fleet, kind: &'static str, name: &Value) {
    if let Some(name) = name.as_str()
        && let Some(one) = fleet.get_mut(&(kind, name.to_owned()))
    {
        one["used"] = json!(one["used"].as_u64().unwrap() + 1);
    }
}

fn changed(fleet: &mut Fleet, device: String, what: &str, value: Value) {
    let device = fleet.get_mut(&("device", device));
    device.expect("the log knows the device")[what] = value;
}

fn gone(fleet: &mut Fleet, kind: &'static str, name: String) {
    let gone = fleet.remove(&(kind, name));
    gone.expect("the log knows what is taken away");
}
