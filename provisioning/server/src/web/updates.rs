//! Releases, and how they come to rooms.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    ReleaseName, RolloutName,
    api::{NewRollout, Role, Rollout, RolloutDevice, RolloutState, StoredRelease, Wave},
};
use serde::Deserialize;

use super::{
    Failed, Shared, View, Words,
    forms::{encoded, guard, id, place},
    layout, problems,
};
use crate::{
    api::{one_rollout, order_for, releases_of, start_for},
    error::FleetError,
    fleet::rollouts::{self, Order},
};

/// So many devices are on a rollout's page, those that want somebody first.
const SHOWN: u64 = 50;

pub(crate) async fn list(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    page(&app, &view, None).await
}

async fn page(app: &Shared, view: &View, problem: Option<&FleetError>) -> Result<Markup, Failed> {
    let caller = view.caller().clone();
    let found = app.store.read(move |tx| rollouts::list(tx, &caller)).await;
    let all = found.map_err(|error| view.failed(error))?;
    let releases = releases_of(app).await;
    let releases = releases.map_err(|error| view.failed(error))?;
    let title = view.say("updates");
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { p.note.bad role="alert" { (problems::told(view.words, problem)) } }
        section.card.scroll aria-labelledby="rollouts" {
            h2 #rollouts { (view.say("rollouts")) }
            @if all.is_empty() { p.empty { (view.say("no-rollouts")) } } @else { (table(view, &all)) }
        }
        div.columns {
            (versions(view, &releases))
            @if view.caller().is(Role::Administrator) && !releases.is_empty() { (beginning(view, &releases)) }
        }
    };
    Ok(layout::page(view, &title, true, &body))
}

fn table(view: &View, all: &[Rollout]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (view.say("rollout")) } th scope="col" { (view.say("release")) } th scope="col" { (view.say("place")) }
                th scope="col" { (view.say("standing")) } th scope="col" { (view.say("progress")) } th.number scope="col" { (view.say("worse-off")) }
            } }
            tbody { @for one in all { tr {
                th scope="row" { a href={ "/updates/" (one.plan.name) } { (one.plan.name) } }
                td { (one.plan.release) }
                td { (place(view.words, &one.plan.scope)) }
                td { (badge(view.words, one.state)) }
                td { (progress(view, one)) }
                td.number { (one.counts.bad()) }
            } } }
        }
    }
}

fn badge(words: &Words, state: RolloutState) -> Markup {
    let (colour, text) = match state {
        RolloutState::Running => ("here", id("rollout-running")),
        RolloutState::Approval => ("wait", id("rollout-approval")),
        RolloutState::Paused => ("wait", id("rollout-paused")),
        RolloutState::Stopped => ("bad", id("rollout-stopped")),
        RolloutState::Done => ("good", id("rollout-done")),
    };
    html! { span class={ "badge " (colour) } { (words.say(text)) } }
}

/// A bar with its numbers, so that nobody has to see it.
fn progress(view: &View, one: &Rollout) -> Markup {
    let (done, all) = (one.counts.done.to_string(), one.counts.devices.to_string());
    let text = view
        .words
        .tell("done-of", &[("done", &done), ("all", &all)]);
    html! {
        progress max=(one.counts.devices.max(1)) value=(one.counts.done) aria-label=(text) {}
        " " (text)
    }
}

fn versions(view: &View, releases: &[StoredRelease]) -> Markup {
    html! {
        section.card.scroll aria-labelledby="releases" tabindex="0" {
            h2 #releases { (view.say("releases")) }
            @if releases.is_empty() { p.empty { (view.say("no-releases")) } } @else {
                table {
                    thead { tr {
                        th scope="col" { (view.say("release")) } th scope="col" { (view.say("hardware")) } th scope="col" { (view.say("since")) }
                    } }
                    tbody { @for one in releases { tr {
                        th scope="row" { (one.release.version) }
                        td { (one.release.compatible) }
                        td { (view.words.moment(one.added)) @if !one.stored { " " span.badge.bad { (view.say("bundle-missing")) } } }
                    } } }
                }
            }
        }
    }
}

fn beginning(view: &View, releases: &[StoredRelease]) -> Markup {
    let scope = view.caller().grants.first();
    let scope = scope.map_or("/", |grant| grant.scope.as_str());
    html! {
        form.card method="post" action="/updates" {
            (guard(view))
            h2 { (view.say("begin-a-rollout")) }
            label { (view.say("rollout")) input name="name" required autocapitalize="none" spellcheck="false" maxlength="60"; }
            label { (view.say("release")) select name="release" { @for one in releases { option { (one.release.version) } } } }
            label { (view.say("place")) input name="scope" required autocapitalize="none" spellcheck="false" value=(scope); }
            p.quiet { (view.say("waves-hint")) }
            button.main { (view.say("begin")) }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Begin {
    form: String,
    name: String,
    release: String,
    scope: String,
}

/// What the page begins: a few rooms are watched first, and people look before it comes to most.
fn waves() -> Vec<Wave> {
    let wave = |percent, soak_minutes, approval| Wave {
        percent,
        soak_minutes,
        approval,
    };
    vec![
        wave(1, 4 * 60, false),
        wave(10, 24 * 60, true),
        wave(100, 60, false),
    ]
}

pub(crate) async fn begin(
    State(app): State<Shared>,
    view: View,
    Form(typed): Form<Begin>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let begun = match read(&typed) {
        Ok(new) => start_for(&app, view.caller(), new).await,
        Err(problem) => Err(FleetError::Malformed(problem)),
    };
    match begun {
        Ok(rollout) => {
            let to = format!("/updates/{}", rollout.plan.name);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let page = page(&app, &view, Some(&error)).await?;
            Ok((crate::api::status(&error), page).into_response())
        }
    }
}

fn read(typed: &Begin) -> Result<NewRollout, String> {
    Ok(NewRollout {
        name: typed.name.trim().parse::<RolloutName>()?,
        release: typed.release.parse::<ReleaseName>()?,
        scope: typed.scope.trim().parse()?,
        waves: waves(),
        stop_at_percent: NewRollout::STOP_AT_PERCENT,
        needed_percent: NewRollout::NEEDED_PERCENT,
    })
}

pub(crate) async fn show(
    State(app): State<Shared>,
    view: View,
    Path(name): Path<RolloutName>,
) -> Result<Markup, Failed> {
    let found = one_rollout(&app, view.caller(), name, Role::Viewer).await;
    let rollout = found.map_err(|error| view.failed(error))?;
    let name = rollout.plan.name.clone();
    let devices = app
        .store
        .read(move |tx| rollouts::devices(tx, &name, SHOWN))
        .await;
    let devices = devices.map_err(|error| view.failed(error))?;
    let title = rollout.plan.name.to_string();
    let body = html! {
        div.head { h1 { (title) } p { (badge(view.words, rollout.state)) } }
        @if let Some(problem) = &rollout.problem { p.note.bad { (problem) } }
        div.columns {
            div {
                (standing(&view, &rollout))
                (rooms(&view, &devices))
            }
            div {
                (plan(&view, &rollout))
                @if !rollout.state.is_over() { (hands(&view, &rollout)) }
            }
        }
    };
    Ok(layout::page(&view, &title, true, &body))
}

fn standing(view: &View, rollout: &Rollout) -> Markup {
    let counts = &rollout.counts;
    let figures = [
        (view.say("let-in"), counts.let_in),
        (view.say("on-the-way"), counts.open()),
        (view.say("have-it"), counts.done),
        (view.say("update-failed"), counts.failed),
        (view.say("lost"), counts.lost),
        (view.say("not-well"), counts.ill),
    ];
    html! {
        section.card aria-labelledby="progress" {
            h2 #progress { (view.say("progress")) }
            p { (progress(view, rollout)) }
            dl {
                dt { (view.say("release")) } dd { (rollout.plan.release) }
                dt { (view.say("place")) } dd { (place(view.words, &rollout.plan.scope)) }
                @for (name, count) in figures { dt { (name) } dd { (count) } }
            }
        }
    }
}

fn plan(view: &View, rollout: &Rollout) -> Markup {
    html! {
        section.card.scroll aria-labelledby="waves" tabindex="0" {
            h2 #waves { (view.say("waves")) }
            table {
                thead { tr {
                    th scope="col" { (view.say("wave")) } th.number scope="col" { "%" } th.number scope="col" { (view.say("watched-minutes")) }
                } }
                tbody { @for (number, wave) in rollout.plan.waves.iter().enumerate() { tr {
                    th scope="row" {
                        (number + 1)
                        @if number == rollout.wave && !rollout.state.is_over() { " " span.badge.here { (view.say("now")) } }
                        @if wave.approval { " " span.badge { (view.say("with-approval")) } }
                    }
                    td.number { (wave.percent) }
                    td.number { (wave.soak_minutes) }
                } } }
            }
            @if let Some(since) = rollout.soaks_since { p.quiet { (view.say("watched-since")) " " (view.words.moment(since)) } }
        }
    }
}

fn hands(view: &View, rollout: &Rollout) -> Markup {
    let (scope, caller) = (&rollout.plan.scope, view.caller());
    let button = |what: &str, text: String, colour: &str| {
        html! {
            form method="post" action={ "/updates/" (rollout.plan.name) "/" (what) } { (guard(view)) button class=(colour) { (text) } }
        }
    };
    let state = rollout.state;
    html! {
        section.card aria-labelledby="hands" {
            h2 #hands { (view.say("change")) }
            div.inline {
                @if caller.may(Role::Administrator, scope) {
                    @if state == RolloutState::Approval { (button("approve", view.say("approve"), "main")) }
                    @if state == RolloutState::Paused { (button("resume", view.say("resume"), "main")) }
                }
                @if caller.may(Role::Operator, scope) {
                    @if state != RolloutState::Paused { (button("pause", view.say("pause"), "")) }
                    (button("stop", view.say("stop"), "danger"))
                }
            }
            p.quiet { (view.say("stop-hint")) }
        }
    }
}

fn rooms(view: &View, devices: &[RolloutDevice]) -> Markup {
    html! {
        section.card.scroll aria-labelledby="rooms" tabindex="0" {
            h2 #rooms { (view.say("rooms")) }
            @if devices.is_empty() { p.empty { (view.say("nobody-let-in")) } } @else {
                table {
                    thead { tr {
                        th scope="col" { (view.say("room")) } th scope="col" { (view.say("standing")) } th scope="col" { (view.say("since")) }
                    } }
                    tbody { @for one in devices { tr {
                        th scope="row" { a href={ "/rooms/" (encoded(one.device.as_str())) } {
                            (one.room.as_ref().map_or_else(|| one.device.to_string(), ToString::to_string))
                        } }
                        td { (step(view, one)) @if let Some(fetched) = one.fetched { p { (bytes_fetched(view, fetched)) } } @if let Some(problem) = &one.problem { p { (problem) } } }
                        td { (view.words.moment(one.since)) }
                    } } }
                }
            }
        }
    }
}

/// What came over the network: the rest was in the device.
pub(super) fn bytes_fetched(view: &View, bytes: u64) -> String {
    let mebibytes = bytes.div_ceil(1 << 20).to_string();
    let told = [("mebibytes", mebibytes.as_str())];
    view.words.tell(id("update-fetched"), &told)
}

fn step(view: &View, device: &RolloutDevice) -> String {
    use saal_fleet_protocol::fleet::update::Step;
    let percent = |message: &str, percent: u8| {
        view.words
            .tell(message, &[("percent", &percent.to_string())])
    };
    match &device.step {
        None => view.say("step-none"),
        Some(Step::Waits { why }) => wait(view, *why),
        Some(Step::Downloads { percent: at }) => percent(id("step-downloads"), *at),
        Some(Step::Installs { percent: at }) => percent(id("step-installs"), *at),
        Some(Step::Restarts {}) => view.say("step-restarts"),
        Some(Step::Tries {}) => view.say("step-tries"),
        Some(Step::Done {}) => view.say("step-done"),
        Some(Step::Failed { .. }) => view.say("step-failed"),
    }
}

fn wait(view: &View, why: saal_fleet_protocol::fleet::update::Wait) -> String {
    use saal_fleet_protocol::fleet::update::Wait;
    view.say(match why {
        Wait::Window => id("waits-window"),
        Wait::Meeting => id("waits-meeting"),
        Wait::MeetingSoon => id("waits-meeting-soon"),
        Wait::Configuration => id("waits-configuration"),
        Wait::Room => id("waits-room"),
        Wait::Network => id("waits-network"),
        Wait::Called => id("waits-called"),
        Wait::Distrust => id("waits-distrust"),
    })
}

#[derive(Deserialize)]
pub(crate) struct Sure {
    form: String,
}

async fn ordered(
    app: &Shared,
    view: &View,
    name: RolloutName,
    order: Order,
    form: &str,
) -> Result<Redirect, Failed> {
    view.check(form)?;
    let to = format!("/updates/{name}");
    let done = order_for(app, view.caller(), name, order).await;
    done.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&to))
}

macro_rules! orders {
    ($($name:ident = $order:ident,)*) => {
        $(pub(crate) async fn $name(
            State(app): State<Shared>,
            view: View,
            Path(name): Path<RolloutName>,
            Form(typed): Form<Sure>,
        ) -> Result<Redirect, Failed> {
            ordered(&app, &view, name, Order::$order, &typed.form).await
        })*
    };
}

orders! {
    pause = Pause,
    resume = Resume,
    approve = Approve,
    stop = Stop,
}
