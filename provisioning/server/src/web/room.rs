//! A room's page: how it is now, what it is told, and by whom.

use axum::{
    Form,
    extract::{Path, State},
    response::Redirect,
};
use jiff::Timestamp;
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{AuditEntry, Device, Explained, Role},
    wire::{Outcome, Report},
};
use serde::Deserialize;

use super::{
    Failed, Shared, View,
    audit::sentence,
    configuration,
    forms::{connection, guard, id, standing},
    help, keys, layout, room_log, updates,
};
use crate::{
    api::{move_for, one, revoke_for},
    fleet::{audit, helps, logs, settings},
};

/// Lines of the log on the page.
const LATEST: u64 = 10;

pub(crate) async fn show(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
) -> Result<Markup, Failed> {
    let device = one(&app, view.caller(), device, Role::Viewer).await;
    let device = device.map_err(|error| view.failed(error))?;
    let (room, name, grants) = (
        device.room.clone(),
        device.device.clone(),
        view.caller().grants.clone(),
    );
    let may_help = room_log::may(&view, &device);
    let found = app.store.read(move |tx| {
        let explained = room
            .map(|room| settings::explain(tx, &room, None))
            .transpose()?;
        let query = audit::Query {
            search: name.to_string(),
            limit: Some(LATEST),
            ..audit::Query::default()
        };
        let now = Timestamp::now();
        let log = logs::show(tx, &name, now)?.filter(|_| may_help);
        let help = helps::show(tx, &name, now)?.filter(|_| may_help);
        let latest = audit::list(tx, &grants, &query)?.items;
        Ok((explained, latest, log, help))
    });
    let (explained, latest, own_log, last_help) =
        found.await.map_err(|error| view.failed(error))?;
    let title = name_of(&view, &device);
    let body = html! {
        nav.way aria-label=(view.say("way")) { ol { li { a href="/rooms" { (view.say("rooms")) } } li { span aria-current="page" { (title) } } } }
        div.head { h1 { (title) } p { (standing(view.words, &device)) " " (connection(view.words, &device)) } }
        (trouble(&view, &device))
        div.columns {
            div { (facts(&view, &device)) (hands(&view, &device)) }
            div {
                (log(&view, &latest))
            }
        }
        @if may_help {
            (help::card(&view, &device, last_help.as_ref()))
            (room_log::card(&view, &device, own_log.as_ref()))
        }
        @if let (Some(room), Some(explained)) = (&device.room, &explained) { (provenance(&view, room, explained)) }
    };
    Ok(layout::page(&view, &title, true, &body))
}

/// What is wrong, in the words of whoever found it.
fn trouble(view: &View, device: &Device) -> Markup {
    html! {
        @if let Some(problem) = &device.problem {
            p.note.bad { strong { (view.say("no-configuration-because")) } " " (problem) }
        }
        @if let Some(problem) = device.trust.as_ref().and_then(|trust| trust.problem.as_ref()) {
            p.note.bad { strong { (keys::doubt(view, problem.why)) } " " code { (problem.detail) } }
        }
        @if let Some(Report { generation, outcome }) = &device.report {
            @match outcome {
                Outcome::RolledBack { to, why, detail } => {
                    p.note.bad {
                        strong { (view.words.tell("rolled-back", &[("generation", &generation.to_string()), ("to", &to.to_string())])) }
                        " " (why_words(view, why.as_str())) " " code { (detail) }
                    }
                }
                Outcome::Refused { detail } => {
                    p.note.bad { strong { (view.words.tell("refused", &[("generation", &generation.to_string())])) } " " code { (detail) } }
                }
                Outcome::Confirmed {} => {}
            }
        }
    }
}

fn why_words(view: &View, why: &str) -> String {
    view.say(match why {
        "document" => id("why-document"),
        "health" => id("why-health"),
        "cut_off" => id("why-cut-off"),
        _ => id("why-interrupted"),
    })
}

fn facts(view: &View, device: &Device) -> Markup {
    let none = || "–".to_owned();
    let phase = device.state.as_ref().map(|state| phase(view, &state.phase));
    let troubles = device
        .state
        .as_ref()
        .map(|state| &state.troubles[..])
        .unwrap_or_default();
    html! {
        section.card aria-labelledby="facts" {
            h2 #facts { (view.say("state")) }
            dl {
                dt { (view.say("phase")) } dd { (phase.unwrap_or_else(none)) }
                dt { (view.say("troubles")) }
                dd {
                    @if troubles.is_empty() { (view.say("no-troubles")) }
                    @for trouble in troubles { span.badge.bad { (trouble) } " " }
                }
                dt { (view.say("generation")) }
                dd { (view.words.tell("generation-of", &[("generation", &device.generation.to_string()), ("wanted", &device.wanted.to_string())])) }
                dt { (view.say("last-seen")) } dd { (device.last_seen.map_or_else(none, |at| view.words.moment(at))) }
                dt { (view.say("keys-root")) } dd { (device.trust.as_ref().map_or_else(none, |trust| trust.root.to_string())) }
                @if let Some(system) = &device.system {
                    dt { (view.say("release")) }
                    dd {
                        (system.version)
                        @if let Some(bytes) = system.update.as_ref().and_then(|update| update.fetched) { " (" (updates::bytes_fetched(view, bytes)) ")" }
                    }
                }
                dt { (view.say("agent")) } dd { (device.agent.clone().unwrap_or_else(none)) }
                dt { (view.say("serial")) } dd { (device.serial) }
                dt { (view.say("model")) } dd { (device.model) }
                dt { (view.say("device")) } dd { code { (device.device) } }
            }
        }
    }
}

/// As `saalctl status` names it; another release may have others.
fn phase(view: &View, phase: &str) -> String {
    match phase {
        "home" => view.say("phase-home"),
        "joining" => view.say("phase-joining"),
        "call" => view.say("phase-call"),
        "reconnecting" => view.say("phase-reconnecting"),
        "leaving" => view.say("phase-leaving"),
        other => other.to_owned(),
    }
}

/// What may be done with it, by those who may.
fn hands(view: &View, device: &Device) -> Markup {
    let place = device.room.clone().unwrap_or_else(Scope::organisation);
    let may = |role| !device.revoked && view.caller().may(role, &place);
    html! {
        @if may(Role::Operator) {
            section.card aria-labelledby="move" {
                h2 #move { (view.say("move")) }
                form.inline method="post" action={ "/rooms/" (device.device) "/move" } {
                    (guard(view))
                    label { (view.say("room")) input name="room" autocapitalize="none" spellcheck="false" required value=(device.room.as_ref().map_or("", Scope::as_str)); }
                    button { (view.say("move-it")) }
                }
                @if may(Role::Administrator) {
                    details {
                        summary { (view.say("revoke")) }
                        p { (view.say("revoke-hint")) }
                        form method="post" action={ "/rooms/" (device.device) "/revoke" } {
                            (guard(view))
                            button.danger { (view.say("revoke-it")) }
                        }
                    }
                }
            }
        }
    }
}

fn log(view: &View, latest: &[AuditEntry]) -> Markup {
    html! {
        section.card aria-labelledby="log" {
            h2 #log { (view.say("latest")) }
            @if latest.is_empty() { p.empty { (view.say("nothing-yet")) } }
            ol.log {
                @for entry in latest {
                    li { time datetime=(entry.at) { (view.words.moment(entry.at)) } span { (sentence(view.words, entry)) } }
                }
            }
        }
    }
}

/// What a device is called: by its room.
pub(super) fn name_of(view: &View, device: &Device) -> String {
    let room = device.room.as_ref();
    room.map_or_else(|| view.say("no-room"), Scope::to_string)
}

fn provenance(view: &View, room: &Scope, explained: &Explained) -> Markup {
    html! {
        section.card.scroll aria-labelledby="configuration" tabindex="0" {
            div.head {
                h2 #configuration { (view.say("what-counts")) }
                a.button href={ "/configuration?scope=" (super::forms::encoded(room.as_str())) } { (view.say("change")) }
            }
            (configuration::values(view, room, explained, &[]))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct MoveTo {
    form: String,
    room: String,
}

pub(crate) async fn move_device(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(to): Form<MoveTo>,
) -> Result<Redirect, Failed> {
    view.check(&to.form)?;
    let room = to.room.trim().parse::<Scope>();
    let room = room.map_err(|e| view.failed(crate::error::FleetError::Malformed(e)))?;
    let moved = move_for(&app, view.caller(), device.clone(), room).await;
    moved.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}")))
}

#[derive(Deserialize)]
pub(crate) struct Only {
    pub(super) form: String,
}

pub(crate) async fn revoke(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(only): Form<Only>,
) -> Result<Redirect, Failed> {
    view.check(&only.form)?;
    let done = revoke_for(&app, view.caller(), device.clone()).await;
    done.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}")))
}
