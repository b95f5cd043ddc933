//! Who may do what where.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{Grant, NewPerson, Person, PersonChange, Role, Welcome};
use serde::Deserialize;

use super::{
    Failed, Shared, View,
    forms::{encoded, guard, place, role},
    layout, problems,
};
use crate::{
    api::{change_person_for, invite_for, remove_person_for},
    error::FleetError,
    fleet::people,
};

pub(crate) async fn list(State(app): State<Shared>, view: View) -> Result<Markup, Failed> {
    page(&app, &view, None, None).await
}

async fn page(
    app: &Shared,
    view: &View,
    welcome: Option<(&str, &Welcome)>,
    problem: Option<&FleetError>,
) -> Result<Markup, Failed> {
    let caller = view.caller().clone();
    let all = app.store.read(move |tx| people::list(tx, &caller)).await;
    let all = all.map_err(|error| view.failed(error))?;
    let title = view.say("people");
    let body = html! {
        h1 { (title) }
        @if let Some(problem) = problem { p.note.bad role="alert" { (problems::told(view.words, problem)) } }
        @if let Some((name, Welcome { link: Some(link), .. })) = welcome {
            section.card.preview role="status" {
                h2 { (view.words.tell("invited", &[("name", name)])) }
                p { (view.say("link-hint")) }
                p { input.link readonly aria-label=(view.say("link")) value=(link); }
            }
        }
        div.card.scroll {
            @if all.is_empty() { p.empty { (view.say("no-people")) } } @else {
                table {
                    caption.hidden { (title) }
                    thead { tr {
                        th scope="col" { (view.say("person-name")) } th scope="col" { (view.say("may")) } th scope="col" { (view.say("last-sign-in")) }
                        th scope="col" { span.hidden { (view.say("change")) } }
                    } }
                    tbody { @for person in &all { (row(view, person)) } }
                }
            }
        }
        (invitation(view))
    };
    Ok(layout::page(view, &title, false, &body))
}

fn row(view: &View, person: &Person) -> Markup {
    let last = match person.last_sign_in {
        Some(at) => view.words.moment(at),
        None if person.ready => "–".to_owned(),
        None => view.say("not-yet-there"),
    };
    html! {
        tr {
            th scope="row" { (person.name) }
            td { @for grant in &person.grants { div { (role(view.words, grant.role)) " · " (place(view.words, &grant.scope)) } } }
            td { (last) }
            td.acts {
                @let address = format!("/people/{}", encoded(&person.name));
                @let (anew, remove) = (view.say("invite-anew"), view.say("remove"));
                form method="post" action=(address) {
                    (guard(view))
                    button.link aria-label={ (anew) " " (person.name) } { (anew) }
                }
                a href={ (address) "/remove" } aria-label={ (remove) " " (person.name) } { (remove) }
            }
        }
    }
}

fn invitation(view: &View) -> Markup {
    let roles = [
        ("viewer", Role::Viewer),
        ("operator", Role::Operator),
        ("administrator", Role::Administrator),
    ];
    html! {
        form.card.editor method="post" action="/people" {
            (guard(view))
            h2 { (view.say("invite-somebody")) }
            div.fields {
                label { (view.say("person-name")) input name="name" autocapitalize="none" spellcheck="false" required placeholder="anna.schmidt"; }
                label { (view.say("role")) select name="role" { @for (value, name) in roles { option value=(value) { (role(view.words, name)) } } } }
                label { (view.say("place")) input name="scope" autocapitalize="none" spellcheck="false" required placeholder="kassel" value=(view.caller().grants.first().map_or("/", |grant| grant.scope.as_str())); }
                button.main { (view.say("invite")) }
            }
            p.quiet { (view.say("invite-hint")) }
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Invite {
    form: String,
    name: String,
    role: Role,
    scope: String,
}

pub(crate) async fn invite(
    State(app): State<Shared>,
    view: View,
    Form(typed): Form<Invite>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let name = typed.name.trim().to_lowercase();
    let invited = match typed.scope.trim().parse() {
        Ok(scope) => {
            let grants = vec![Grant {
                role: typed.role,
                scope,
            }];
            let new = NewPerson {
                name: name.clone(),
                grants,
            };
            invite_for(&app, view.caller(), new).await
        }
        Err(error) => Err(FleetError::Malformed(error)),
    };
    answer(&app, &view, &name, invited.as_ref()).await
}

async fn answer(
    app: &Shared,
    view: &View,
    name: &str,
    done: Result<&Welcome, &FleetError>,
) -> Result<Response, Failed> {
    match done {
        Ok(welcome) => Ok(page(app, view, Some((name, welcome)), None)
            .await?
            .into_response()),
        Err(error) => {
            let page = page(app, view, None, Some(error)).await?;
            Ok((crate::api::status(error), page).into_response())
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Sure {
    form: String,
}

/// Invites somebody anew.
pub(crate) async fn change(
    State(app): State<Shared>,
    view: View,
    Path(name): Path<String>,
    Form(typed): Form<Sure>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let asked = name.clone();
    let grants = app.store.read(move |tx| people::grants(tx, &asked)).await;
    let grants = grants.map_err(|error| view.failed(error))?;
    let change = PersonChange {
        grants,
        invite: true,
    };
    let done = change_person_for(&app, view.caller(), name.clone(), change).await;
    answer(&app, &view, &name, done.as_ref()).await
}

/// Asks whether somebody is to be removed: that can't be taken back.
pub(crate) async fn ask_to_remove(view: View, Path(name): Path<String>) -> Result<Markup, Failed> {
    let hint = view.say("remove-hint");
    Ok(layout::removal(&view, "people", &name, &hint))
}

pub(crate) async fn remove(
    State(app): State<Shared>,
    view: View,
    Path(name): Path<String>,
    Form(typed): Form<Sure>,
) -> Result<Response, Failed> {
    view.check(&typed.form)?;
    let gone = remove_person_for(&app, view.caller(), name).await;
    gone.map_err(|error| view.failed(error))?;
    Ok(Redirect::to("/people").into_response())
}
