//! The log of what was done, as sentences.

use axum::extract::{Query, State};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{Act, ActorKind, AuditEntry};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Failed, Shared, View, Words,
    forms::{encoded, id, place},
    layout,
};
use crate::{error::FleetError, fleet::audit};

/// Lines on a page.
const LINES: u64 = 50;
/// A value in a line has so many characters at most.
const LONGEST: usize = 80;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    scope: String,
    older_than: Option<u64>,
}

impl Asked {
    fn query(&self) -> Result<audit::Query, FleetError> {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let act = some(&self.act).map(|act| act.parse());
        let scope = some(&self.scope).map(|scope| scope.parse());
        Ok(audit::Query {
            search: self.search.clone(),
            act: act.transpose().map_err(FleetError::Malformed)?,
            scope: scope.transpose().map_err(FleetError::Malformed)?,
            older_than: self.older_than,
            limit: Some(LINES),
        })
    }
}

pub(crate) async fn show(
    State(app): State<Shared>,
    view: View,
    Query(asked): Query<Asked>,
) -> Result<Markup, Failed> {
    let query = asked.query().map_err(|error| view.failed(error))?;
    let grants = view.caller().grants.clone();
    let found = app
        .store
        .read(move |tx| audit::list(tx, &grants, &query))
        .await;
    let page = found.map_err(|error| view.failed(error))?;
    let title = view.say("audit");
    let body = html! {
        div.head { h1 { (title) } p.quiet { (view.say("audit-hint")) } }
        (filter(&view, &asked))
        section.card.scroll aria-label=(title) tabindex="0" {
            @if page.items.is_empty() { p.empty { (view.say("nothing-yet")) } } @else {
                table.audit {
                    caption.hidden { (title) }
                    thead { tr {
                        th scope="col" { (view.say("when")) } th scope="col" { (view.say("who")) } th scope="col" { (view.say("what")) }
                        th scope="col" { (view.say("place")) } th scope="col" { (view.say("before")) } th scope="col" { (view.say("after")) }
                    } }
                    tbody { @for entry in &page.items { (line(&view, entry)) } }
                }
            }
        }
        @if let Some(next) = page.next {
            nav.pages aria-label=(view.say("pages")) {
                a.button rel="next" href={ "/audit?search=" (encoded(&asked.search)) "&act=" (encoded(&asked.act)) "&scope=" (encoded(&asked.scope)) "&older_than=" (next) } {
                    (view.say("older"))
                }
            }
        }
    };
    // What is being read does not move away below somebody's eyes.
    Ok(layout::page(
        &view,
        &title,
        asked.older_than.is_none(),
        &body,
    ))
}

fn filter(view: &View, asked: &Asked) -> Markup {
    html! {
        form.filter role="search" method="get" action="/audit" {
            label { (view.say("search")) input type="search" name="search" value=(asked.search); }
            label { (view.say("what"))
                select name="act" {
                    option value="" { (view.say("everything")) }
                    @for act in Act::ALL { option value=(act) selected[asked.act == act.as_str()] { (act_words(view.words, *act)) } }
                }
            }
            label { (view.say("place")) input name="scope" value=(asked.scope) placeholder="kassel/rathaus"; }
            button { (view.say("show")) }
        }
    }
}

/// What was done, in words; each act has its own.
fn act_words(words: &Words, act: Act) -> String {
    words.say(&format!("act-{}", act.as_str().replace('_', "-")))
}

fn who(words: &Words, entry: &AuditEntry) -> String {
    match entry.by.kind {
        ActorKind::Person => entry.by.name.clone(),
        ActorKind::Program => words.tell("program", &[("name", &entry.by.name)]),
        ActorKind::Device => words.tell("device-named", &[("name", &entry.by.name)]),
        ActorKind::Server => words.say(id("the-server")),
    }
}

/// One line for lists: who did what to what.
pub(crate) fn sentence(words: &Words, entry: &AuditEntry) -> Markup {
    html! {
        strong { (who(words, entry)) } " · " (act_words(words, entry.act))
        // Who signs in does it to nobody else.
        @if entry.object != entry.by.name { " " code { (entry.object) } }
    }
}

fn line(view: &View, entry: &AuditEntry) -> Markup {
    html! {
        tr {
            td { time datetime=(entry.at) { (view.words.moment(entry.at)) } }
            td { (who(view.words, entry)) }
            td { (act_words(view.words, entry.act)) br; code { (entry.object) } }
            td { (place(view.words, &entry.scope)) }
            td.value { (value(entry.before.as_ref())) }
            td.value { (value(entry.after.as_ref())) }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => {
            let parts = parts
                .iter()
                .map(|(name, part)| format!("{name} {}", plain(part)));
            parts.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Parts one below the other.
fn value(value: Option<&Value>) -> Markup {
    let short = |value: &Value| {
        let text = plain(value);
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    };
    html! {
        @match value {
            None => "–",
            Some(Value::Object(parts)) => {
                @if let (Some(value), true) = (parts.get("value"), parts.len() == 2) {
                    (short(value)) @if parts.get("locked") == Some(&Value::Bool(true)) { " 🔒" }
                } @else {
                    @for (name, part) in parts { div { span.quiet { (name) } " " (short(part)) } }
                }
            }
            Some(other) => (short(other)),
        }
    }
}
