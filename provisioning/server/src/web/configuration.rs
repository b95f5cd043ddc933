//! What counts at a place, and which layer says so.

use axum::extract::{Query, State};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Explained, Preview, Role, Written},
};
use serde::Deserialize;

use super::{
    Failed, Shared, View,
    forms::{self, encoded, guard, place, way},
    layout, problems,
};
use crate::{
    error::FleetError,
    fleet::{listing, settings},
};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    scope: String,
    /// What is being edited.
    #[serde(default)]
    key: String,
}

/// What a form says, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(crate) form: String,
    pub(crate) scope: String,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) locked: Option<String>,
    /// `set` or `unset`.
    #[serde(default)]
    pub(crate) how: String,
    /// Nothing is done before somebody has seen what it does.
    #[serde(default)]
    pub(crate) sure: Option<String>,
}

/// What stands beside the editor.
pub(crate) enum Beside<'a> {
    Nothing,
    /// What the change would do.
    Preview(&'a Preview),
    /// Why it would do nothing.
    Problem(&'a FleetError),
}

pub(crate) async fn show(
    State(app): State<Shared>,
    view: View,
    Query(asked): Query<Asked>,
) -> Result<Markup, Failed> {
    let scope = match asked.scope.trim() {
        "" => first(&view),
        scope => scope
            .parse()
            .map_err(|e| view.failed(FleetError::Malformed(e)))?,
    };
    let typed = Typed {
        scope: scope.to_string(),
        key: asked.key,
        ..Typed::default()
    };
    page(&app, &view, &scope, typed, &Beside::Nothing).await
}

/// Where somebody begins: at the highest place that is theirs.
fn first(view: &View) -> Scope {
    let grants = view.caller().grants.iter();
    let highest = grants.min_by_key(|grant| grant.scope.depth());
    highest.map_or_else(Scope::organisation, |grant| grant.scope.clone())
}

pub(crate) async fn page(
    app: &Shared,
    view: &View,
    scope: &Scope,
    mut typed: Typed,
    beside: &Beside<'_>,
) -> Result<Markup, Failed> {
    let allowed = view.caller().check(Role::Viewer, scope);
    allowed.map_err(|error| view.failed(error))?;
    let asked = scope.clone();
    let found = app.store.read(move |tx| {
        let explained = settings::explain(tx, &asked, None)?;
        let written = settings::written(tx, &asked)?;
        Ok((explained, written, listing::below(tx, &asked)?))
    });
    let (explained, written, below) = found.await.map_err(|error| view.failed(error))?;
    if typed.value.is_empty()
        && let Some(one) = written.iter().find(|one| one.key.as_str() == typed.key)
    {
        typed.value = forms::value(&one.value);
        typed.locked = one.locked.then(|| "yes".to_owned());
    }
    let operates = view.caller().may(Role::Operator, scope);
    let title = view.say("configuration");
    let body = html! {
        (way(view.words, scope, "/configuration"))
        div.head { h1 { (title) } p.quiet { (place(view.words, scope)) } }
        (places(view, &below))
        @if let Beside::Problem(problem) = beside { p.note.bad role="alert" { (problems::told(view.words, problem)) } }
        @if let Beside::Preview(preview) = beside { (preview_of(view, &typed, preview)) }
        @if operates { (editor(view, &typed, &explained)) }
        section.card.scroll aria-labelledby="counts" tabindex="0" {
            h2 #counts { (view.say("what-counts")) }
            @if let Some(problem) = &explained.problem { p.note.wait { strong { (view.say("no-configuration-because")) } " " (problem) } }
            (values(view, scope, &explained, if operates { &written[..] } else { &[] }))
        }
    };
    Ok(layout::page(view, &title, false, &body))
}

fn places(view: &View, below: &[Scope]) -> Markup {
    html! {
        @if !below.is_empty() {
            nav.chips aria-label=(view.say("places-below")) {
                @for scope in below { a href={ "/configuration?scope=" (encoded(scope.as_str())) } { (scope) } }
            }
        }
    }
}

fn editor(view: &View, typed: &Typed, explained: &Explained) -> Markup {
    html! {
        form.card.editor method="post" action="/configuration/change" {
            (guard(view))
            h2 { (view.say("set-a-key")) }
            input type="hidden" name="scope" value=(typed.scope);
            input type="hidden" name="how" value="set";
            div.fields {
                label { (view.say("key")) input name="key" list="keys" autocapitalize="none" spellcheck="false" required value=(typed.key); }
                datalist #keys { @for key in explained.values.keys() { option value=(key) {} } }
                label.wide { (view.say("value")) input name="value" autocapitalize="none" spellcheck="false" required value=(typed.value); }
                label.check { input type="checkbox" name="locked" value="yes" checked[typed.locked.is_some()]; (view.say("lock-below")) }
                button.main { (view.say("see-what-changes")) }
            }
            p.quiet { (view.say("value-hint")) }
        }
    }
}

/// What a change would do, with the button that does it.
fn preview_of(view: &View, typed: &Typed, preview: &Preview) -> Markup {
    html! {
        section.card.preview aria-labelledby="preview" role="status" {
            h2 #preview { (view.words.count("rooms-would-change", preview.changed)) }
            @if preview.refused > 0 { p.note.wait { (view.words.count("rooms-without-configuration", preview.refused)) } }
            @if !preview.rooms.is_empty() {
            div.scroll tabindex="0" role="region" aria-labelledby="preview" { table {
                thead { tr { th scope="col" { (view.say("room")) } th scope="col" { (view.say("key")) } th scope="col" { (view.say("before")) } th scope="col" { (view.say("after")) } } }
                tbody {
                    @for room in preview.rooms.iter().take(20) {
                        @for key in &room.keys {
                            tr {
                                th scope="row" { (room.room) } td { code { (key.key) } }
                                td { del { (key.before.as_ref().map_or_else(|| "–".to_owned(), forms::value)) } }
                                td { ins { (key.after.as_ref().map_or_else(|| "–".to_owned(), forms::value)) } }
                            }
                        }
                    }
                }
            } }
            }
            @if preview.changed > 20 { p.quiet { (view.words.count("and-more", preview.changed - 20)) } }
            form method="post" action="/configuration/change" {
                (guard(view))
                @for (name, value) in [("scope", &typed.scope), ("key", &typed.key), ("value", &typed.value), ("how", &typed.how)] {
                    input type="hidden" name=(name) value=(value);
                }
                @if typed.locked.is_some() { input type="hidden" name="locked" value="yes"; }
                input type="hidden" name="sure" value="yes";
                button.main { (view.say("apply")) }
                " " a.button.quiet href={ "/configuration?scope=" (encoded(&typed.scope)) } { (view.say("leave-it")) }
            }
        }
    }
}

/// Values with the layer that each comes from; what this layer itself says can be changed where `written` has it.
pub(crate) fn values(
    view: &View,
    scope: &Scope,
    explained: &Explained,
    written: &[Written],
) -> Markup {
    let edits = !written.is_empty();
    html! {
        @if explained.values.is_empty() && explained.secrets.is_empty() { p.empty { (view.say("no-values")) } } @else {
            table {
                thead { tr {
                    th scope="col" { (view.say("key")) } th scope="col" { (view.say("value")) } th scope="col" { (view.say("from")) }
                    @if edits { th scope="col" { span.hidden { (view.say("change")) } } }
                } }
                tbody {
                    @for (key, origin) in &explained.values {
                        tr {
                            th scope="row" { code { (key) } }
                            td.value { (forms::value(&origin.value)) }
                            td {
                                @if origin.from == *scope { span.badge.here { (view.say("here")) } }
                                @else { a href={ "/configuration?scope=" (encoded(origin.from.as_str())) } { (place(view.words, &origin.from)) } }
                                @if origin.locked { " " span.badge.quiet { (view.say("locked")) } }
                            }
                            @if edits { td.acts { @if written.iter().any(|one| one.key == *key) { (edit(view, scope, key.as_str())) } } }
                        }
                    }
                    @for (name, from) in &explained.secrets {
                        tr { th scope="row" { code { (name) } } td.value { span.quiet { (view.say("a-secret")) } } td { (place(view.words, from)) } @if edits { td {} } }
                    }
                }
            }
        }
        @for one in &explained.overruled {
            p.note.wait { (view.words.tell("overruled", &[("key", one.key.as_str()), ("scope", one.scope.as_str()), ("by", &place(view.words, &one.locked_by))])) }
        }
    }
}

fn edit(view: &View, scope: &Scope, key: &str) -> Markup {
    html! {
        a href={ "/configuration?scope=" (encoded(scope.as_str())) "&key=" (encoded(key)) } aria-label={ (view.say("change")) " " (key) } { (view.say("change")) }
        form method="post" action="/configuration/change" {
            (guard(view))
            input type="hidden" name="scope" value=(scope);
            input type="hidden" name="key" value=(key);
            input type="hidden" name="how" value="unset";
            button.link aria-label={ (view.say("unset")) " " (key) } { (view.say("unset")) }
        }
    }
}
