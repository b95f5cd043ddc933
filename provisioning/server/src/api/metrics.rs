//! Figures for Prometheus, in its text format (version 0.0.4).

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{Scope, api::Role};

use super::{
    Refused,
    extract::{By, Refusals},
    handlers::Fleet,
};
use crate::{
    error::FleetError,
    fleet::{authority, lists, presence, roots, signing},
    store::Tx,
};

/// What the database knows of all devices.
#[derive(Debug)]
struct Counts {
    devices: u64,
    homeless: u64,
    problems: u64,
    behind: u64,
    revoked: u64,
    waiting: u64,
    audit: u64,
    webhooks_failing: u64,
    rollouts: u64,
    rollouts_stopped: u64,
    updates_open: u64,
    updates_bad: u64,
    keys: KeyCounts,
}

/// What people who hold keys look after.
#[derive(Debug)]
struct KeyCounts {
    /// Seconds since 1970; 0: there is none.
    root_ends: u64,
    list_ends: u64,
    unsigned: u64,
    authority_ends: u64,
}

fn count_keys(tx: &Tx<'_>) -> Result<KeyCounts, FleetError> {
    let second = |at: Timestamp| u64::try_from(at.as_second()).unwrap_or_default();
    let root = roots::current(tx)?.map(|root| second(root.root().expires));
    let list = lists::current(tx)?.map(|(_, list)| second(list.expires));
    let chain = authority::current(tx)?.map(|chain| second(chain.until));
    Ok(KeyCounts {
        authority_ends: chain.unwrap_or_default(),
        root_ends: root.unwrap_or_default(),
        list_ends: list.unwrap_or_default(),
        unsigned: signing::count(tx)?,
    })
}

/// With how many devices are connected, at whichever node.
fn count(tx: &Tx<'_>) -> Result<(Counts, u64), FleetError> {
    let sql = "SELECT COUNT(*) FILTER (WHERE revoked IS NULL), COUNT(*) FILTER (WHERE revoked IS NULL AND room IS NULL), \
               COUNT(*) FILTER (WHERE revoked IS NULL AND problem IS NOT NULL), \
               COUNT(*) FILTER (WHERE revoked IS NULL AND generation <> wanted), COUNT(*) FILTER (WHERE revoked IS NOT NULL), \
               (SELECT COUNT(*) FROM waiting), (SELECT COALESCE(MAX(number), 0) FROM audit), \
               (SELECT COUNT(*) FROM webhooks WHERE failures > 0), \
               (SELECT COUNT(*) FROM rollouts WHERE state IN ('running', 'approval', 'paused')), \
               (SELECT COUNT(*) FROM rollouts WHERE state = 'stopped' AND problem IS NOT NULL), \
               (SELECT COUNT(*) FROM updates WHERE outcome = 'open'), \
               (SELECT COUNT(*) FROM updates WHERE outcome IN ('failed', 'lost', 'ill')) FROM devices";
    let keys = count_keys(tx)?;
    let counts = tx.query_row(sql, (), |row| {
        Ok(Counts {
            devices: row.get(0)?,
            homeless: row.get(1)?,
            problems: row.get(2)?,
            behind: row.get(3)?,
            revoked: row.get(4)?,
            waiting: row.get(5)?,
            audit: row.get(6)?,
            webhooks_failing: row.get(7)?,
            rollouts: row.get(8)?,
            rollouts_stopped: row.get(9)?,
            updates_open: row.get(10)?,
            updates_bad: row.get(11)?,
            keys,
        })
    });
    Ok((counts?, presence::count(tx)?))
}

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "metrics",
    responses((status = 200, body = String, content_type = "text/plain"), Refusals),
    security(("token" = ["viewer"]))
)]
pub(crate) async fn metrics(State(app): Fleet, by: By) -> Result<Response, Refused> {
    by.within(&Scope::organisation(), Role::Viewer)?;
    let counts = app.store.read(count);
    let (counts, online) = counts.await?;
    let text = written(&counts, online);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, text).into_response())
}

type Gauge = (&'static str, &'static str, u64);

fn gauges(counts: &Counts, online: u64) -> [Gauge; 8] {
    [
        (
            "saal_fleet_devices",
            "Devices of the fleet.",
            counts.devices,
        ),
        (
            "saal_fleet_devices_online",
            "Devices that are connected, at whichever node.",
            online,
        ),
        (
            "saal_fleet_devices_without_room",
            "Devices that nobody has put into a room.",
            counts.homeless,
        ),
        (
            "saal_fleet_devices_without_configuration",
            "Devices whose layers make no configuration.",
            counts.problems,
        ),
        (
            "saal_fleet_devices_behind",
            "Devices that do not use the configuration they should have.",
            counts.behind,
        ),
        (
            "saal_fleet_devices_revoked",
            "Devices that were thrown out.",
            counts.revoked,
        ),
        (
            "saal_fleet_devices_waiting",
            "Devices that nobody has claimed.",
            counts.waiting,
        ),
        (
            "saal_fleet_webhooks_failing",
            "Webhooks that were not taken the last time.",
            counts.webhooks_failing,
        ),
    ]
}

fn update_gauges(counts: &Counts) -> [Gauge; 4] {
    [
        (
            "saal_fleet_rollouts",
            "Rollouts that are not over.",
            counts.rollouts,
        ),
        (
            "saal_fleet_rollouts_stopped",
            "Rollouts that stopped by themselves, as too many devices were worse off.",
            counts.rollouts_stopped,
        ),
        (
            "saal_fleet_updates_open",
            "Devices that are to have a release and do not say yet what became of it.",
            counts.updates_open,
        ),
        (
            "saal_fleet_updates_bad",
            "Updates after which a device was as before, away, or its room not well.",
            counts.updates_bad,
        ),
    ]
}

fn key_gauges(keys: &KeyCounts) -> [Gauge; 4] {
    [
        (
            "saal_fleet_root_expires_seconds",
            "Until when the root of what devices believe is good, in seconds since 1970.",
            keys.root_ends,
        ),
        (
            "saal_fleet_releases_expire_seconds",
            "Until when the list of releases is good, in seconds since 1970; 0 without a list.",
            keys.list_ends,
        ),
        (
            "saal_fleet_orders_unsigned",
            "Orders that wait for the signatures of people.",
            keys.unsigned,
        ),
        (
            "saal_fleet_authority_expires_seconds",
            "Until when the fleet's certificate authority and those above it are good, in seconds since 1970.",
            keys.authority_ends,
        ),
    ]
}

fn written(counts: &Counts, online: u64) -> String {
    let mut text = String::new();
    let all = gauges(counts, online).into_iter();
    for (name, help, value) in all
        .chain(update_gauges(counts))
        .chain(key_gauges(&counts.keys))
    {
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
        );
    }
    let name = "saal_fleet_audit_entries_total";
    let help = "Lines of the audit log.";
    let _ = writeln!(
        text,
        "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}",
        counts.audit
    );
    text
}
