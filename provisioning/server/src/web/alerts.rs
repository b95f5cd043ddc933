//! What is wrong, and who is told of it.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{Alert, AlertRule, IssuedAlertRule, Role};
use serde::Deserialize;

use super::{
    Failed, Shared, View,
    alert_forms::{self, New},
    alert_words::kind,
    forms::{encoded, guard, place},
    layout, problems,
};
use crate::{
    api::{add_rule_for, remove_rule_for},
    error::FleetError,
    fleet::alerts,
};

/// What came of what somebody did here.
enum Done<'a> {
    Nothing,
    Added(&'a IssuedAlertRule),
    Arrived(&'a str),
    Problem(&'a FleetError),
}

pub(crate) async fn list(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    page(&app, &view, Done::Nothing).await
}

async fn page(app: &Shared, view: &View, done: Done<'_>) -> Result<Markup, Failed> {
    let caller = view.caller().clone();
    let found = app.store.read(move |tx| {
        Ok((
            alerts::open(tx, &caller.grants)?,
            alerts::rules(tx, &caller)?,
        ))
    });
    let (open, rules) = found.await.map_err(|error| view.failed(error))?;
    let title = view.say("alerts");
    let live = matches!(done, Done::Nothing);
    let body = html! {
        h1 { (title) }
        (came_of_it(view, &done))
        (wrong(view, &open))
        @if view.caller().is(Role::Administrator) {
            (all_rules(view, &rules))
            (alert_forms::all(view))
        }
    };
    // Forms that somebody fills in stay as they are.
    let live = live && !view.caller().is(Role::Administrator);
    Ok(layout::page(view, &title, live, &body))
}

fn came_of_it(view: &View, done: &Done<'_>) -> Markup {
    html! {
        @match done {
            Done::Nothing => {},
            Done::Problem(problem) => p.note.bad role="alert" { (problems::told(view.words, problem)) },
            Done::Arrived(name) => p.note.wait role="status" { (view.words.tell("alert-test-sent", &[("name", name)])) },
            Done::Added(IssuedAlertRule { secret: Some(secret) }) => section.card.preview role="status" {
                h2 { (view.say("alert-added")) }
                p { (view.say("alert-secret-hint")) }
                p { input.link readonly aria-label=(view.say("alert-secret")) value=(secret); }
            },
            Done::Added(_) => p.note.wait role="status" { (view.say("alert-added")) },
        }
    }
}

fn wrong(view: &View, open: &[Alert]) -> Markup {
    html! {
        section.card.scroll aria-labelledby="wrong" {
            h2 #wrong { (view.say("alerts-open")) }
            @if open.is_empty() { p.empty { (view.say("alerts-none")) } } @else {
                table {
                    thead { tr {
                        th scope="col" { (view.say("what")) } th scope="col" { (view.say("place")) } th scope="col" { (view.say("since")) }
                    } }
                    tbody { @for alert in open { tr {
                        th scope="row" { (kind(view.words, alert.kind)) @if let Some(code) = &alert.code { " " code { (code) } } }
                        td { a href={ "/rooms/" (encoded(&alert.object)) } { (alert.scope) } }
                        td { time datetime=(alert.since) { (view.words.moment(alert.since)) } }
                    } } }
                }
            }
        }
    }
}

fn all_rules(view: &View, rules: &[AlertRule]) -> Markup {
    html! {
        section.card.scroll aria-labelledby="rules" {
            h2 #rules { (view.say("alert-rules")) }
            @if rules.is_empty() { p.empty { (view.say("alert-no-rules")) } } @else {
                table {
                    thead { tr {
                        th scope="col" { (view.say("alert-rule")) } th scope="col" { (view.say("place")) } th scope="col" { (view.say("alert-of")) }
                        th scope="col" { (view.say("alert-to")) } th scope="col" { (view.say("alert-delivery")) }
                        th scope="col" { span.hidden { (view.say("change")) } }
                    } }
                    tbody { @for rule in rules { (row(view, rule)) } }
                }
            }
        }
    }
}

fn row(view: &View, rule: &AlertRule) -> Markup {
    let (plan, address) = (&rule.plan, format!("/alerts/{}", encoded(&rule.plan.name)));
    let kinds: Vec<String> = plan
        .kinds
        .iter()
        .map(|one| kind(view.words, *one))
        .collect();
    let (test, remove) = (view.say("alert-try"), view.say("remove"));
    html! {
        tr {
            th scope="row" { (plan.name) }
            td { (place(view.words, &plan.scope)) }
            td { @if kinds.is_empty() { (view.say("everything")) } @else { (kinds.join(", ")) } }
            td.value { (plan.channel.to()) }
            td { (delivery(view, rule)) }
            td.acts {
                form method="post" action={ (address) "/try" } {
                    (guard(view))
                    button.link aria-label={ (test) " " (plan.name) } { (test) }
                }
                a href={ (address) "/remove" } aria-label={ (remove) " " (plan.name) } { (remove) }
            }
        }
    }
}

/// Whether what a rule says arrives.
fn delivery(view: &View, rule: &AlertRule) -> Markup {
    html! {
        @if rule.failures > 0 {
            span.badge.bad { (view.words.count("alert-failures", u64::from(rule.failures))) }
        } @else if rule.waits {
            span.badge.wait { (view.say("alert-on-its-way")) }
        } @else if let Some(at) = rule.delivered {
            span.badge.good { (view.words.tell("alert-delivered", &[("when", &view.words.moment(at))])) }
        } @else { "–" }
        @if let Some(problem) = &rule.problem { div.quiet { (problem) } }
    }
}

pub(crate) async fn add(
    State(app): State<Shared>,
    view: View,
    Form(typed): Form<Vec<(String, String)>>,
) -> Result<Response, Failed> {
    let new = New(typed);
    view.check(new.text("form"))?;
    let added = match new.rule(view.words.language) {
        Ok(rule) => add_rule_for(&app, view.caller(), rule).await,
        Err(error) => Err(error),
    };
    answer(&app, &view, added.as_ref().map(Done::Added)).await
}

async fn answer(
    app: &Shared,
    view: &View,
    done: Result<Done<'_>, &FleetError>,
) -> Result<Response, Failed> {
    match done {
        Ok(done) => Ok(page(app, view, done).await?.into_response()),
        Err(error) => {
            let page = page(app, view, Done::Problem(error)).await?;
            Ok((crate::api::status(error), page).into_response())
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Sure {
    form: String,
}

/// Sends a message at once, to see whether it arrives.
pub(crate) async fn try_it(
    State(app): State<Shared>,
    view: View,
    Path(name): Path<String>,
    Form(typed): Form<Sure>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let tried = crate::alerts::trial(&app, name.clone(), view.caller()).await;
    let done = tried.as_ref().map(|()| Done::Arrived(&name));
    answer(&app, &view, done).await
}

/// Asks whether a rule is to be removed: what it has not told is lost.
pub(crate) async fn ask_to_remove(view: View, Path(name): Path<String>) -> Result<Markup, Failed> {
    let hint = view.say("alert-remove-hint");
    Ok(layout::removal(&view, "alerts", &name, &hint))
}

pub(crate) async fn remove(
    State(app): State<Shared>,
    view: View,
    Path(name): Path<String>,
    Form(typed): Form<Sure>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let gone = remove_rule_for(&app, view.caller(), name).await;
    gone.map_err(|error| view.failed(error))?;
    Ok(Redirect::to("/alerts").into_response())
}
