//! Who may sign what, and what waits for somebody's signature.

use axum::extract::State;
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    Digest, Scope,
    api::{KeysInForce, ListInForce, Role, RoleKeys},
    trust::{Distrust, RoleName},
};

use super::{Failed, Shared, View, forms::id, layout};
use crate::api::keys_of;

pub(crate) async fn show(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    let everywhere = Scope::organisation();
    let allowed = view.caller().check(Role::Viewer, &everywhere);
    allowed.map_err(|error| view.failed(error))?;
    let keys = keys_of(&app).await.map_err(|error| view.failed(error))?;
    let title = view.say("keys");
    let body = html! {
        h1 { (title) }
        p { (view.say("keys-hint")) }
        (wants_somebody(&view, &keys))
        (root(&view, &keys))
        div.columns {
            (list(&view, keys.releases.as_ref(), &keys))
            (devices(&view, &keys))
        }
    };
    Ok(layout::page(&view, &title, true, &body))
}

/// What is wrong, or should be seen to.
fn wants_somebody(view: &View, keys: &KeysInForce) -> Markup {
    let until = |message: &str, at| {
        let at = view.words.moment(at);
        view.words.tell(message, &[("until", &at)])
    };
    let own = keys
        .roles
        .iter()
        .any(|role| role.role == RoleName::Root && role.server);
    html! {
        @if own { p.note.wait { (view.say("keys-own-root")) } }
        @if keys.expired { p.note.bad { (until(id("keys-root-over"), keys.expires)) } }
        @if let Some(list) = &keys.releases {
            @if list.expired { p.note.bad { (until(id("keys-list-over"), list.expires)) } }
            @if !list.counts { p.note.bad { (view.say("keys-list-invalid")) } }
        }
        @if keys.waiting > 0 { p.note.wait { (view.words.count("keys-waiting", keys.waiting)) } }
        @if keys.doubts > 0 { p.note.bad { (view.words.count("keys-doubts", keys.doubts)) } }
    }
}

fn root(view: &View, keys: &KeysInForce) -> Markup {
    let version = keys.root.to_string();
    html! {
        section.card.scroll aria-labelledby="root" {
            h2 #root { (view.words.tell("keys-root-version", &[("version", &version)])) }
            dl {
                dt { (view.say("keys-fingerprint")) } dd { code { (keys.fingerprint) } }
                dt { (view.say("keys-until")) } dd { time datetime=(keys.expires) { (view.words.moment(keys.expires)) } }
            }
            table {
                thead { tr {
                    th scope="col" { (view.say("keys-role")) } th scope="col" { (view.say("keys-needed")) }
                    th scope="col" { (view.say("keys-keys")) }
                } }
                tbody { @for role in &keys.roles { (row(view, role, &keys.server_key)) } }
            }
        }
    }
}

fn row(view: &View, role: &RoleKeys, server: &Digest) -> Markup {
    let name = view.say(match role.role {
        RoleName::Root => id("keys-role-root"),
        RoleName::Targets => id("keys-role-targets"),
        RoleName::Configuration => id("keys-role-configuration"),
    });
    let (threshold, all) = (role.threshold.to_string(), role.keys.len().to_string());
    html! {
        tr {
            th scope="row" { (name) }
            td { (view.words.tell("keys-of-all", &[("threshold", &threshold), ("all", &all)])) }
            td { @for key in &role.keys {
                div { code { (&key.as_str()[..16]) "…" } @if key == server { " " span.badge { (view.say("keys-this-server")) } } }
            } }
        }
    }
}

fn list(view: &View, list: Option<&ListInForce>, keys: &KeysInForce) -> Markup {
    let missing: Vec<&str> = keys.unlisted.iter().map(|name| name.as_str()).collect();
    html! {
        section.card aria-labelledby="list" {
            h2 #list { (view.say("keys-list")) }
            @match list {
                None => p.empty { (view.say("keys-no-list")) },
                Some(list) => dl {
                    dt { (view.words.tell("keys-list-version", &[("version", &list.version.to_string())])) }
                    dd { (view.say("keys-until")) " " time datetime=(list.expires) { (view.words.moment(list.expires)) } }
                },
            }
            @if !missing.is_empty() { p.note.wait { (view.words.tell("keys-unlisted", &[("releases", &missing.join(", "))])) } }
        }
    }
}

fn devices(view: &View, keys: &KeysInForce) -> Markup {
    html! {
        section.card aria-labelledby="devices" {
            h2 #devices { (view.say("keys-devices")) }
            @if keys.devices.is_empty() { p.empty { (view.say("no-rooms-yet")) } } @else {
                table {
                    thead { tr { th scope="col" { (view.say("keys-root")) } th.number scope="col" { (view.say("keys-devices-count")) } } }
                    tbody { @for at in &keys.devices { tr {
                        th scope="row" { @match at.root { Some(root) => (root), None => (view.say("keys-devices-silent")) } }
                        td.number { (at.devices) }
                    } } }
                }
            }
        }
    }
}

/// Why a device does not believe something, in people's words.
pub(super) fn doubt(view: &View, why: Distrust) -> String {
    view.say(match why {
        Distrust::Malformed => id("doubt-malformed"),
        Distrust::Signatures => id("doubt-signatures"),
        Distrust::Gap => id("doubt-gap"),
        Distrust::Older => id("doubt-older"),
        Distrust::OtherFleet => id("doubt-other-fleet"),
        Distrust::Order => id("doubt-order"),
        Distrust::Unlisted => id("doubt-unlisted"),
        Distrust::Expired => id("doubt-expired"),
    })
}
