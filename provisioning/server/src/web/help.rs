//! A room's panel on the dashboard: asked for on the room's page, seen and worked on its own.

use axum::{
    Form,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{AskHelp, Device, Role, RoomHelp, RoomHelpState, TouchPanel},
    help::{HelpEnd, Shown},
    wire::from_text,
};
use serde::Deserialize;

use super::{
    Failed, Shared, View, Words,
    forms::{guard, id},
    layout,
    room::{Only, name_of},
};
use crate::{
    api::{ask_for_help, end_help_for, look_for, one, touch_for},
    error::FleetError,
    fleet::helps,
};

/// What the room's page says of it, and where it is asked for.
pub(crate) fn card(view: &View, device: &Device, last: Option<&RoomHelp>) -> Markup {
    let own = |help: &&RoomHelp| !help.is_over() && help.by == view.caller().by;
    html! {
        section.card aria-labelledby="help" {
            h2 #help { (view.say("help")) }
            @if let Some(help) = last {
                p role="status" { strong { (help.by.name) } " · " (words_of(view.words, help)) }
            }
            @if last.filter(own).is_some() {
                p { a.button.main href={ "/rooms/" (device.device) "/help" } { (view.say("help-go-on")) } }
            } @else {
                p.quiet { (view.say("help-hint")) }
                form.inline method="post" action={ "/rooms/" (device.device) "/help" } {
                    (guard(view))
                    button name="touch" value="false" { (view.say("help-ask-look")) }
                    button name="touch" value="true" { (view.say("help-ask-touch")) }
                }
            }
        }
    }
}

/// How a help stands, in words.
pub(super) fn words_of(words: &Words, help: &RoomHelp) -> String {
    words.say(match help.state {
        RoomHelpState::Asked {} => id("help-asked"),
        RoomHelpState::Allowed {} if help.touch => id("help-allowed-touch"),
        RoomHelpState::Allowed {} => id("help-allowed-look"),
        RoomHelpState::Ended { why } => match why {
            HelpEnd::Refused => id("help-end-refused"),
            HelpEnd::Unanswered => id("help-end-unanswered"),
            HelpEnd::Unwanted => id("help-end-unwanted"),
            HelpEnd::Busy => id("help-end-busy"),
            HelpEnd::Stopped => id("help-end-stopped"),
            HelpEnd::Left => id("help-end-left"),
            HelpEnd::Over => id("help-end-over"),
            HelpEnd::Lost => id("help-end-lost"),
            HelpEnd::Older => id("help-end-older"),
        },
    })
}

#[derive(Deserialize)]
pub(crate) struct Asks {
    form: String,
    touch: bool,
}

pub(crate) async fn ask(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(asks): Form<Asks>,
) -> Result<Redirect, Failed> {
    view.check(&asks.form)?;
    let asked = AskHelp { touch: asks.touch };
    let asked = ask_for_help(&app, view.caller(), device.clone(), asked).await;
    asked.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}/help")))
}

/// The panel, for whoever asked for it.
pub(crate) async fn show(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
) -> Result<Markup, Failed> {
    let device = one(&app, view.caller(), device, Role::Operator).await;
    let device = device.map_err(|error| view.failed(error))?;
    let (name, now) = (device.device.clone(), view.now);
    let found = app.store.read(move |tx| helps::show(tx, &name, now)).await;
    let help = found.map_err(|error| view.failed(error))?;
    let room = name_of(&view, &device);
    let title = view.words.tell("help-title", &[("room", &room)]);
    let back = format!("/rooms/{}", device.device);
    let body = html! {
        nav.way aria-label=(view.say("way")) { ol {
            li { a href="/rooms" { (view.say("rooms")) } } li { a href=(back) { (room) } }
            li { span aria-current="page" { (view.say("help")) } }
        } }
        h1 { (title) }
        @match help {
            Some(help) if !help.is_over() && help.by == view.caller().by => (open(&view, &back, &help)),
            Some(help) => {
                p role="status" { strong { (help.by.name) } " · " (words_of(view.words, &help)) }
                p { a.button href=(back) { (view.say("help-back")) } }
            }
            None => p { a.button href=(back) { (view.say("help-back")) } },
        }
    };
    Ok(layout::page(&view, &title, false, &body))
}

/// `help.js` fills it; without a script the picture is fetched with the page.
fn open(view: &View, back: &str, help: &RoomHelp) -> Markup {
    let allowed = help.state == (RoomHelpState::Allowed {});
    html! {
        div.head {
            p #help-state role="status" { (words_of(view.words, help)) }
            form #help-end method="post" action={ (back) "/help/end" } { (guard(view)) button.danger { (view.say("help-end")) } }
        }
        section.card #panel hidden aria-label=(view.say("help-panel"))
            data-live={ (back) "/help/live" } data-touch=[help.touch.then(|| format!("{back}/help/touch"))] data-back=(back)
            data-lost=(view.say("help-reconnects")) data-not-taken=(view.say("help-not-taken")) {
            img.panel alt=(view.say("help-panel")) hidden;
            p.note.wait #panel-hidden hidden { (view.say("help-hidden")) }
            @if help.touch {
                h2 #targets-title hidden { (view.say("help-targets")) }
                ul.targets aria-labelledby="targets-title" {}
            }
        }
        noscript {
            @if allowed { (without_script(view, back, help)) }
            p { a.button href={ (back) "/help" } { (view.say("help-look-again")) } }
        }
        script src="/assets/help.js" defer {}
    }
}

/// A browser says itself where such a picture was touched.
fn without_script(view: &View, back: &str, help: &RoomHelp) -> Markup {
    let picture = format!("{back}/help/picture");
    html! {
        div.scroll tabindex="0" role="group" aria-label=(view.say("help-panel")) {
            @if help.touch {
                form method="post" action={ (back) "/help/touch" } {
                    (guard(view))
                    input.picture type="image" name="at" src=(picture) alt=(view.say("help-panel"));
                }
            } @else { img src=(picture) alt=(view.say("help-panel")); }
        }
    }
}

pub(crate) async fn end(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(only): Form<Only>,
) -> Result<Redirect, Failed> {
    view.check(&only.form)?;
    let ended = end_help_for(&app, view.caller(), device.clone()).await;
    ended.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}")))
}

#[derive(Deserialize)]
pub(crate) struct Touched {
    form: String,
    #[serde(rename = "at.x")]
    x: u32,
    #[serde(rename = "at.y")]
    y: u32,
}

pub(crate) async fn touch(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
    Form(touched): Form<Touched>,
) -> Result<Redirect, Failed> {
    view.check(&touched.form)?;
    let at = TouchPanel {
        x: touched.x,
        y: touched.y,
    };
    let taken = touch_for(&app, view.caller(), device.clone(), at).await;
    taken.map_err(|error| view.failed(error))?;
    Ok(Redirect::to(&format!("/rooms/{device}/help")))
}

/// The picture as a file, for pages without a script.
pub(crate) async fn picture(
    State(app): State<Shared>,
    view: View,
    Path(device): Path<DeviceId>,
) -> Result<Response, Failed> {
    let looked = look_for(&app, view.caller(), device).await;
    let (_, seen) = looked.map_err(|error| view.failed(error))?;
    let png = seen.as_deref().and_then(|seen| match &seen.panel.shown {
        Shown::Picture { png, .. } => from_text(png),
        Shown::Hidden {} => None,
    });
    let Some(png) = png else {
        let nothing = FleetError::NotFound {
            what: view.say("help-hidden"),
        };
        return Err(view.failed(nothing));
    };
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "image/png")], png).into_response())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use reqwest::Method;
    use saal_fleet_protocol::fleet::help::HelpNews;

    use super::*;
    use crate::{
        fleet::{enrolment, presence},
        store::Tx,
        web::tests::Fleet,
    };

    /// A device in a room, connected as far as anybody knows.
    async fn device(fleet: &Fleet) -> DeviceId {
        let work = |tx: &Tx<'_>| {
            let row = enrolment::in_kassel(tx, Timestamp::now())?;
            presence::note(tx, 0, std::slice::from_ref(&row.device), &[])?;
            Ok(row.device)
        };
        fleet.store.run(work).await.unwrap()
    }

    async fn said(fleet: &Fleet, device: &DeviceId, news: HelpNews) {
        let of = device.clone();
        let work = move |tx: &Tx<'_>| helps::said(tx, &of, (1, &news), Timestamp::now());
        fleet.store.run(work).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_may_help_there_asks_on_the_room_s_page_and_sees_how_it_stands() {
        let fleet = Fleet::start().await;
        let device = device(&fleet).await;
        fleet.person("otto", Role::Operator, "kassel").await;
        fleet.person("olga", Role::Operator, "kassel").await;
        fleet.person("vera", Role::Viewer, "kassel").await;
        fleet.person("emil", Role::Operator, "fulda").await;
        let (otto, form) = fleet.session("otto").await;
        let (room, help) = (format!("/rooms/{device}"), format!("/rooms/{device}/help"));
        let (_, text) = fleet.get(&room, Some(&otto)).await;
        assert!(text.contains("Ask to see and work it"), "{text}");
        let ask = async |cookie: &str, form: &str| {
            let fields = [("form", form), ("touch", "true")];
            fleet
                .send(Method::POST, &help, Some(cookie), &fields, &[])
                .await
        };
        let (status, _) = ask(&otto, &form).await;
        assert!(status.is_redirection(), "{status}");
        let german = [("accept-language", "de")];
        let (_, text) = fleet
            .send(Method::GET, &help, Some(&otto), &[], &german)
            .await;
        assert!(text.contains("Sie haben eine Minute"), "{text}");
        assert!(!text.contains("/help/picture"), "nobody has allowed it");
        said(&fleet, &device, HelpNews::Allowed {}).await;
        let (_, text) = fleet.get(&help, Some(&otto)).await;
        assert!(
            text.contains("can be worked") && text.contains("/help/picture"),
            "{text}"
        );

        // One at a time, and nobody else's picture.
        let (olga, form) = fleet.session("olga").await;
        let (status, text) = ask(&olga, &form).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(text.contains("otto helps this room"), "{text}");
        for path in ["live", "picture"] {
            let (status, _) = fleet.get(&format!("{help}/{path}"), Some(&olga)).await;
            assert_eq!(status, StatusCode::CONFLICT, "{path}");
        }
        let (_, text) = fleet.get(&help, Some(&olga)).await;
        assert!(!text.contains("/help/live"), "{text}");
        let (vera, form) = fleet.session("vera").await;
        let (_, text) = fleet.get(&room, Some(&vera)).await;
        assert!(!text.contains("/help"), "a viewer only looks: {text}");
        assert_eq!(ask(&vera, &form).await.0, StatusCode::FORBIDDEN);
        let (emil, form) = fleet.session("emil").await;
        assert_eq!(ask(&emil, &form).await.0, StatusCode::FORBIDDEN);

        let why = HelpEnd::Stopped;
        said(&fleet, &device, HelpNews::Ended { why }).await;
        for (cookie, path) in [(&otto, &help), (&otto, &room), (&olga, &room)] {
            let (_, text) = fleet.get(path, Some(cookie)).await;
            assert!(text.contains("People in the room ended it"), "{text}");
        }
    }

    #[test]
    fn a_browser_says_where_a_picture_was_touched() {
        let read: Touched = as_a_form("form=x&at.x=640&at.y=400");
        assert_eq!((read.x, read.y, read.form.as_str()), (640, 400, "x"));
    }

    /// As axum reads a form.
    fn as_a_form(text: &str) -> Touched {
        let uri: axum::http::Uri = format!("/?{text}").parse().unwrap();
        axum::extract::Query::<Touched>::try_from_uri(&uri)
            .unwrap()
            .0
    }
}
