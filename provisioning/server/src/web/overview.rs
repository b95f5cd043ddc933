//! The first page: how the fleet is, and what wants somebody.

use axum::extract::State;
use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{AuditEntry, Role, Waiting};

use super::{Failed, Shared, View, audit::sentence, forms::encoded, layout};
use crate::fleet::{
    audit, enrolment,
    listing::{self, Place},
    presence,
};

/// So many lines of the log are on the first page.
const LATEST: u64 = 8;

struct Fleet {
    sites: Vec<Place>,
    waiting: Vec<Waiting>,
    latest: Vec<AuditEntry>,
    online: u64,
}

impl Fleet {
    fn sum(&self, of: impl Fn(&Place) -> u64) -> u64 {
        self.sites.iter().map(of).sum()
    }
}

pub(crate) async fn show(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    let grants = view.caller().grants.clone();
    let (operates, now) = (view.caller().is(Role::Operator), view.now);
    let found = app.store.read(move |tx| {
        let query = audit::Query {
            limit: Some(LATEST),
            ..audit::Query::default()
        };
        Ok(Fleet {
            sites: listing::sites(tx, &grants)?,
            waiting: if operates {
                enrolment::waiting(tx, now)?
            } else {
                Vec::new()
            },
            latest: audit::list(tx, &grants, &query)?.items,
            online: presence::count(tx)?,
        })
    });
    let fleet = found.await.map_err(|error| view.failed(error))?;
    let title = view.say("overview");
    let body = html! {
        h1 { (title) }
        (figures(&view, &fleet, fleet.online))
        div.columns {
            (sites(&view, &fleet))
            div {
                @if operates { (waiting(&view, &fleet.waiting)) }
                (latest(&view, &fleet.latest))
            }
        }
    };
    Ok(layout::page(&view, &title, true, &body))
}

fn figures(view: &View, fleet: &Fleet, online: u64) -> Markup {
    let everywhere = view
        .caller()
        .grants
        .iter()
        .any(|grant| grant.scope.depth() == 0);
    let figure = |number: u64, text: String, to: &str, colour: &str| {
        html! {
            a class={ "figure " (colour) } href=(to) { strong { (number) } span { (text) } }
        }
    };
    let (problems, waits) = (
        fleet.sum(|site| site.problems),
        fleet.sum(|site| site.waits),
    );
    let colour = |count: u64, colour: &'static str| if count == 0 { "" } else { colour };
    html! {
        div.figures {
            (figure(fleet.sum(|site| site.devices), view.say("figure-rooms"), "/rooms", ""))
            // Who is connected is known of all of them together.
            @if everywhere { (figure(online, view.say("figure-online"), "/rooms", "")) }
            (figure(waits, view.say("figure-waits"), "/rooms?only=waits", colour(waits, "wait")))
            (figure(problems, view.say("figure-problems"), "/rooms?only=problem", colour(problems, "bad")))
        }
    }
}

fn sites(view: &View, fleet: &Fleet) -> Markup {
    html! {
        section.card.scroll aria-labelledby="sites" {
            h2 #sites { (view.say("sites")) }
            @if fleet.sites.is_empty() {
                p.empty { (view.say("no-rooms-yet")) }
            } @else {
                table {
                    thead { tr {
                        th scope="col" { (view.say("site")) }
                        th.number scope="col" { (view.say("rooms")) }
                        th.number scope="col" { (view.say("waits")) }
                        th.number scope="col" { (view.say("problems")) }
                    } }
                    tbody {
                        @for site in &fleet.sites {
                            @let to = format!("/rooms?scope={}", encoded(site.scope.as_str()));
                            tr {
                                th scope="row" { a href=(to) { (site.scope) } }
                                td.number { (site.devices) }
                                td.number { @if site.waits > 0 { a href={ (to) "&only=waits" } { (site.waits) } } @else { "0" } }
                                td.number { @if site.problems > 0 { a.bad href={ (to) "&only=problem" } { (site.problems) } } @else { "0" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn waiting(view: &View, waiting: &[Waiting]) -> Markup {
    html! {
        section.card aria-labelledby="waiting" {
            h2 #waiting { (view.say("new-devices")) }
            @if waiting.is_empty() {
                p.empty { (view.say("nobody-waits")) }
            } @else {
                ul.plain {
                    @for device in waiting.iter().take(8) {
                        li { strong { (device.serial) } " " span.quiet { (device.model) } }
                    }
                }
            }
            p { a.button href="/claim" { (view.say("claim-a-device")) } }
        }
    }
}

fn latest(view: &View, latest: &[AuditEntry]) -> Markup {
    html! {
        section.card aria-labelledby="latest" {
            h2 #latest { (view.say("latest")) }
            @if latest.is_empty() { p.empty { (view.say("nothing-yet")) } }
            ol.log {
                @for entry in latest {
                    li { time datetime=(entry.at) { (view.words.moment(entry.at)) } span { (sentence(view.words, entry)) } }
                }
            }
            p { a href="/audit" { (view.say("whole-log")) } }
        }
    }
}
