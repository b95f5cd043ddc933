//! The list of rooms, as a page and as CSV; and how a new one comes in.

use axum::{
    Form,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{Claim, Device, Page};
use serde::Deserialize;

use super::{
    Failed, Shared, View,
    forms::{Standing, connection, encoded, guard, standing},
    layout, problems, room,
};
use crate::{
    api::claim_for,
    error::FleetError,
    fleet::{enrolment, listing},
};

/// Rooms on a page.
const ROWS: u64 = 50;

/// What stands behind the question mark; everything is text, as forms send it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    only: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    page: u64,
}

impl Asked {
    fn query(&self, after: u64, limit: u64) -> Result<listing::Query, FleetError> {
        let only = match self.only.as_str() {
            "" => "in_use",
            "all" => "",
            other => other,
        };
        let scope = match self.scope.trim() {
            "" => None,
            scope => Some(scope.parse().map_err(FleetError::Malformed)?),
        };
        Ok(listing::Query {
            search: self.search.clone(),
            sort: self.sort.clone(),
            only: only.to_owned(),
            scope,
            after,
            limit: Some(limit),
        })
    }

    /// The address of this list, sorted otherwise or on another page.
    fn address(&self, sort: &str, page: u64) -> String {
        let begin = "/rooms?";
        let mut address =
            url::form_urlencoded::Serializer::for_suffix(begin.to_owned(), begin.len());
        let pairs = [
            ("search", self.search.as_str()),
            ("scope", &self.scope),
            ("only", &self.only),
            ("sort", sort),
        ];
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            address.append_pair(name, value);
        }
        if page > 0 {
            address.append_pair("page", &page.to_string());
        }
        address.finish()
    }
}

async fn look(app: &Shared, view: &View, query: listing::Query) -> Result<Page<Device>, Failed> {
    let grants = view.caller().grants.clone();
    let found = app
        .store
        .read(move |tx| listing::list(tx, &grants, &query))
        .await;
    found.map_err(|error| view.failed(error))
}

pub(crate) async fn list(
    State(app): State<Shared>,
    view: View,
    Query(asked): Query<Asked>,
) -> Result<Markup, Failed> {
    let query = asked.query(asked.page.saturating_mul(ROWS), ROWS);
    let query = query.map_err(|error| view.failed(error))?;
    let found = look(&app, &view, query).await?;
    let title = view.say("rooms");
    let body = html! {
        div.head {
            h1 { (title) }
            p.quiet aria-live="polite" { (view.words.count("count-rooms", found.total)) }
        }
        (filter(&view, &asked))
        div.card.scroll {
            @if found.items.is_empty() { p.empty { (view.say("none-found")) } } @else { (table(&view, &asked, &found.items)) }
        }
        (pages(&view, &asked, found.total))
    };
    Ok(layout::page(&view, &title, true, &body))
}

fn filter(view: &View, asked: &Asked) -> Markup {
    let choices = [
        ("", view.say("only-in-use")),
        ("waits", view.say("only-waits")),
        ("problem", view.say("only-problem")),
        ("homeless", view.say("only-homeless")),
        ("revoked", view.say("only-revoked")),
        ("all", view.say("only-all")),
    ];
    html! {
        form.filter role="search" method="get" action="/rooms" {
            label { (view.say("search")) input type="search" name="search" value=(asked.search) placeholder=(view.say("search-hint")); }
            label { (view.say("place")) input name="scope" value=(asked.scope) placeholder="kassel/rathaus"; }
            label { (view.say("which"))
                select name="only" {
                    @for (value, name) in choices {
                        option value=(value) selected[value == asked.only] { (name) }
                    }
                }
            }
            input type="hidden" name="sort" value=(asked.sort);
            button { (view.say("show")) }
            a.button.quiet href=(asked.address(&asked.sort, 0).replacen("/rooms", "/rooms.csv", 1)) { (view.say("as-csv")) }
        }
    }
}

/// Heads of columns turn the order; screen readers hear which one it is.
fn head(asked: &Asked, column: &str, name: &str) -> Markup {
    let down = format!("-{column}");
    let now = if asked.sort.is_empty() {
        "room"
    } else {
        &asked.sort
    };
    let (state, next, arrow) = match now {
        sort if sort == column => (Some("ascending"), down.as_str(), "▲"),
        sort if sort == down => (Some("descending"), column, "▼"),
        _ => (None, column, ""),
    };
    html! {
        th scope="col" aria-sort=[state] {
            a href=(asked.address(next, 0)) { (name) @if !arrow.is_empty() { span aria-hidden="true" { " " (arrow) } } }
        }
    }
}

fn table(view: &View, asked: &Asked, devices: &[Device]) -> Markup {
    html! {
        table.rooms {
            caption.hidden { (view.say("rooms")) }
            thead { tr {
                (head(asked, "room", &view.say("room")))
                th scope="col" { (view.say("standing")) }
                th scope="col" { (view.say("connection")) }
                (head(asked, "serial", &view.say("serial")))
                (head(asked, "model", &view.say("model")))
                (head(asked, "generation", &view.say("generation")))
                (head(asked, "last_seen", &view.say("last-seen")))
            } }
            tbody {
                @for device in devices { (row(view, device)) }
            }
        }
    }
}

fn row(view: &View, device: &Device) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href={ "/rooms/" (device.device) } { (room::name_of(view, device)) }
            }
            td { (standing(view.words, device)) }
            td { (connection(view.words, device)) }
            td { (device.serial) }
            td { (device.model) }
            td.number { (device.generation) "/" (device.wanted) }
            td { @if let Some(at) = device.last_seen { time datetime=(at) { (view.words.moment(at)) } } @else { "–" } }
        }
    }
}

fn pages(view: &View, asked: &Asked, total: u64) -> Markup {
    let last = total.saturating_sub(1) / ROWS;
    html! {
        @if last > 0 {
            nav.pages aria-label=(view.say("pages")) {
                @if asked.page > 0 { a.button rel="prev" href=(asked.address(&asked.sort, asked.page - 1)) { (view.say("previous")) } }
                span { (view.words.tell("page-of", &[("page", &(asked.page + 1).to_string()), ("pages", &(last + 1).to_string())])) }
                @if asked.page < last { a.button rel="next" href=(asked.address(&asked.sort, asked.page + 1)) { (view.say("next")) } }
            }
        }
    }
}

/// What makes a spreadsheet calculate when a cell begins with it, as OWASP lists them; the wide ones in East Asian settings.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell of CSV (RFC 4180); what a spreadsheet would take for a formula is text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(FORMULA);
    let text = text.replace('"', "\"\"");
    if formula {
        format!("\"'{text}\"")
    } else {
        format!("\"{text}\"")
    }
}

/// All that the list shows, not only a page of it.
pub(crate) async fn csv(
    State(app): State<Shared>,
    view: View,
    Query(asked): Query<Asked>,
) -> Result<Response, Failed> {
    let names = [
        "room",
        "standing",
        "connection",
        "serial",
        "model",
        "generation",
        "wanted",
        "last_seen",
        "agent",
        "device",
    ];
    let mut text = names.map(cell).join(",") + "\r\n";
    let mut after = 0;
    loop {
        let query = asked
            .query(after, listing::LARGEST)
            .map_err(|error| view.failed(error))?;
        let page = look(&app, &view, query).await?;
        if page.items.is_empty() {
            break;
        }
        after += page.items.len() as u64;
        for device in &page.items {
            text += &line(&view, device);
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"rooms.csv\"",
        ),
    ];
    Ok((headers, text).into_response())
}

fn line(view: &View, device: &Device) -> String {
    let text = |value: Option<String>| value.unwrap_or_default();
    let cells = [
        text(device.room.as_ref().map(ToString::to_string)),
        Standing::of(device).words(view.words),
        view.say(if device.online { "online" } else { "offline" }),
        device.serial.clone(),
        device.model.clone(),
        device.generation.to_string(),
        device.wanted.to_string(),
        text(device.last_seen.map(|at| at.to_string())),
        text(device.agent.clone()),
        device.device.to_string(),
    ];
    cells.map(|text| cell(&text)).join(",") + "\r\n"
}

pub(crate) async fn claim_form(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    claim_page(&app, &view, &Typed::default(), None).await
}

async fn claim_page(
    app: &Shared,
    view: &View,
    typed: &Typed,
    problem: Option<&FleetError>,
) -> Result<Markup, Failed> {
    let now = view.now;
    let waiting = app.store.read(move |tx| enrolment::waiting(tx, now)).await;
    let waiting = waiting.map_err(|error| view.failed(error))?;
    let title = view.say("claim-a-device");
    let taken = matches!(problem, Some(FleetError::Taken { .. }));
    let body = html! {
        div.columns {
            form.card method="post" action="/claim" {
                (guard(view))
                h1 { (title) }
                p { (view.say("claim-hint")) }
                @if let Some(problem) = problem { p.note.bad role="alert" { (problems::told(view.words, problem)) } }
                label { (view.say("code"))
                    input.code name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="BCDF-GHJK"
                        required autofocus value=(typed.code);
                }
                label { (view.say("claim-room"))
                    input name="room" autocapitalize="none" spellcheck="false" placeholder="kassel/rathaus/lahn" required value=(typed.room);
                }
                label.check { input type="checkbox" name="replace" value="yes" checked[taken && typed.replace.is_some()]; (view.say("claim-replace")) }
                button.main { (view.say("claim-it")) }
            }
            section.card.scroll aria-labelledby="waiting" tabindex="0" {
                h2 #waiting { (view.say("new-devices")) }
                @if waiting.is_empty() { p.empty { (view.say("nobody-waits")) } } @else {
                    table {
                        thead { tr { th scope="col" { (view.say("serial")) } th scope="col" { (view.say("model")) } th scope="col" { (view.say("since")) } } }
                        tbody { @for device in &waiting {
                            tr { th scope="row" { (device.serial) } td { (device.model) } td { (view.words.moment(device.since)) } }
                        } }
                    }
                }
            }
        }
    };
    Ok(layout::page(view, &title, false, &body))
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    form: String,
    code: String,
    room: String,
    #[serde(default)]
    replace: Option<String>,
}

pub(crate) async fn claim(
    State(app): State<Shared>,
    view: View,
    Form(typed): Form<Typed>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let read = || -> Result<Claim, FleetError> {
        let code = typed.code.trim().parse().map_err(FleetError::Malformed)?;
        let room = typed.room.trim().parse().map_err(FleetError::Malformed)?;
        let replace = typed.replace.is_some();
        Ok(Claim {
            code,
            room,
            replace,
        })
    };
    let done = match read() {
        Ok(claim) => claim_for(&app, view.caller(), claim).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(device) => Ok(
            Redirect::to(&format!("/rooms/{}", encoded(device.device.as_str()))).into_response(),
        ),
        Err(error) => {
            let page = claim_page(&app, &view, &typed, Some(&error)).await?;
            Ok((crate::api::status(&error), page).into_response())
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    /// The cells of a line as RFC 4180 has them, and what is left behind its end.
    fn read(mut text: &str) -> (Vec<String>, &str) {
        let mut cells = Vec::new();
        loop {
            text = text.strip_prefix('"').expect("each cell is quoted");
            let mut cell = String::new();
            loop {
                let (before, after) = text.split_once('"').expect("each cell ends");
                cell += before;
                text = after;
                match text.strip_prefix('"') {
                    Some(rest) => text = rest,
                    None => break,
                }
                cell.push('"');
            }
            cells.push(cell);
            match text.strip_prefix(',') {
                Some(rest) => text = rest,
                None => return (cells, text.strip_prefix("\r\n").expect("the line ends")),
            }
        }
    }

    /// Serial number and model are what a stranger's device says.
    #[test]
    fn whatever_a_device_says_stays_in_its_cell_and_is_no_formula() {
        let bodies = [
            "HYPERLINK(\"http://example.org\",\"x\")",
            "1,2\",=3",
            "a\r\n=b,\"\"",
            "\"",
            "",
        ];
        let starts = FORMULA.iter().map(ToString::to_string);
        for start in starts.chain([String::new(), "Raum ".to_owned()]) {
            for body in bodies {
                let said = format!("{start}{body}");
                let line = [said.as_str(), "next"].map(cell).join(",") + "\r\n";
                let (cells, rest) = read(&line);
                assert_eq!((cells.len(), rest), (2, ""), "{said:?}");
                assert!(!cells[0].starts_with(FORMULA), "{said:?}");
                assert_eq!(cells[0].trim_start_matches('\''), said);
                assert_eq!(cells[1], "next");
            }
        }
        assert_eq!(cell("Lahn"), "\"Lahn\"", "nothing is added to other cells");
    }

    #[test]
    fn an_address_keeps_what_was_asked() {
        let asked = Asked {
            search: "a b&c".to_owned(),
            only: "waits".to_owned(),
            ..Asked::default()
        };
        assert_eq!(
            asked.address("-room", 2),
            "/rooms?search=a+b%26c&only=waits&sort=-room&page=2"
        );
        assert_eq!(Asked::default().address("", 0), "/rooms?");
    }
}
