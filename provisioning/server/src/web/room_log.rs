//! A room's log on its page, for those who may help there.

use axum::{
    Form,
    extract::{Path, State},
    response::Redirect,
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    DeviceId, Scope,
    api::{AskLog, Device, Role, RoomLog},
    log::{Log, LogLine, LogSource},
};

use super::{Failed, Shared, View, forms::guard, room::Only};
use crate::api::ask_for_log;

/// Whether somebody may ask a device for its log, and read it.
pub(crate) fn may(view: &View, device: &Device) -> bool {
    let place = device.room.clone().unwrap_or_else(Scope::organisation);
    !device.revoked && view.caller().may(Role::Operator, &place)
}

pub(crate) fn card(view: &View, device: &Device, log: Option<&RoomLog>) -> Markup {
    html! {
        section.card aria-labelledby="room-log" {
            div.head {
                h2 #room-log { (view.say("room-log")) }
                form method="post" action={ "/rooms/" (device.device) "/log" } {
                    (guard(view))
                    button { (view.say("ask-for-log")) }
                }
            }
            @match log {
                None => p.empty { (view.say("room-log-hint")) },
                Some(log) => (answer(view, device, log)),
            }
        }
    }
}

fn answer(view: &View, device: &Device, log: &RoomLog) -> Markup {
    let asked = view.words.moment(log.asked);
    html! {
        @match (&log.log, log.came) {
            (Some(Log::Lines { from, lines }), came) => {
                @let came = came.unwrap_or(log.asked);
                p { (view.words.tell("room-log-came", &[("when", &view.words.moment(came)), ("from", &source(view, *from))])) }
                @if lines.is_empty() { p.empty { (view.say("room-log-empty")) } }
                @else { (lines_of(view, lines)) }
            }
            (Some(Log::Failed { detail }), _) => p.note.bad { (view.say("room-log-failed")) " " code { (detail) } },
            (None, _) if device.online => p role="status" { (view.words.tell("room-log-waits", &[("when", &asked)])) },
            (None, _) => p role="status" { (view.words.tell("room-log-away", &[("when", &asked)])) },
        }
    }
}

fn source(view: &View, from: LogSource) -> String {
    view.say(match from {
        LogSource::Journal => super::forms::id("room-log-journal"),
        LogSource::File => super::forms::id("room-log-file"),
    })
}

/// It scrolls, so keys reach it.
fn lines_of(view: &View, lines: &[LogLine]) -> Markup {
    html! {
        div.lines tabindex="0" role="group" aria-labelledby="room-log" {
            ol.plain {
                @for line in lines {
                    li {
                        @if let Some(at) = line.at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
                            time datetime=(at) { (view.words.moment(at)) } " "
                        }
                        @if !line.by.is_empty() { strong { (line.by) } " " }
                        code { (line.text) }
                    }
                }
            }
        }
    }
}

pub(crate) async fn ask(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(only): Form<Only>,
) -> Result<Redirect, Failed> {
    view.check(&only.form)?;
    let asked = ask_for_log(&app, view.caller(), device.clone(), AskLog::default()).await;
    asked.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}#room-log")))
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use saal_fleet_protocol::fleet::log::LogSent;

    use super::*;
    use crate::{
        fleet::{enrolment, logs},
        web::tests::Fleet,
    };

    async fn device(fleet: &Fleet) -> DeviceId {
        let work = |tx: &crate::store::Tx<'_>| enrolment::in_kassel(tx, jiff::Timestamp::now());
        fleet.store.run(work).await.unwrap().device
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_may_help_there_asks_for_a_log_and_reads_it() {
        let fleet = Fleet::start().await;
        let device = device(&fleet).await;
        fleet.person("otto", Role::Operator, "kassel").await;
        fleet.person("vera", Role::Viewer, "kassel").await;
        fleet.person("emil", Role::Operator, "fulda").await;
        let (otto, form) = fleet.session("otto").await;
        let page = format!("/rooms/{device}");
        let (_, text) = fleet.get(&page, Some(&otto)).await;
        assert!(text.contains("newest lines"), "{text}");

        let ask = format!("{page}/log");
        let fields = [("form", form.as_str())];
        let (status, _) = fleet
            .send(Method::POST, &ask, Some(&otto), &fields, &[])
            .await;
        assert!(status.is_redirection(), "{status}");
        let (_, text) = fleet.get(&page, Some(&otto)).await;
        assert!(text.contains("is not connected"), "{text}");

        let line = LogLine {
            at: Some(1_795_773_600),
            by: "saald".to_owned(),
            text: "<up>".to_owned(),
        };
        let log = Log::Lines {
            from: LogSource::Journal,
            lines: vec![line],
        };
        let (sent, of) = (LogSent { number: 1, log }, device.clone());
        let came =
            move |tx: &crate::store::Tx<'_>| logs::came(tx, &of, &sent, jiff::Timestamp::now());
        fleet.store.run(came).await.unwrap();
        let (_, text) = fleet.get(&page, Some(&otto)).await;
        assert!(
            text.contains("from the system&#39;s journal")
                || text.contains("from the system's journal"),
            "{text}"
        );
        assert!(text.contains("<code>&lt;up&gt;</code>"), "{text}");

        let (vera, _) = fleet.session("vera").await;
        let (_, text) = fleet.get(&page, Some(&vera)).await;
        assert!(
            !text.contains("&lt;up&gt;") && !text.contains("room-log"),
            "{text}"
        );
        let (emil, form) = fleet.session("emil").await;
        let fields = [("form", form.as_str())];
        let (status, _) = fleet
            .send(Method::POST, &ask, Some(&emil), &fields, &[])
            .await;
        assert_eq!(status, reqwest::StatusCode::FORBIDDEN);
    }
}
