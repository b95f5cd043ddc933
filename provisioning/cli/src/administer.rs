//! What administrators give and take: secrets, tokens, access, webhooks, serial numbers.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{
        Access, Expected, IssuedAccess, IssuedToken, IssuedWebhook, NewAccess, NewPerson,
        NewSecret, NewToken, NewWebhook, Person, PersonChange, Serials, Token, Webhook, Welcome,
    },
};

use crate::{
    arguments::{AccessCommand, PersonCommand, Secret, TokenCommand, WebhookCommand},
    cli::{NOTHING, Session},
    text,
};

pub(crate) async fn secret(session: &Session, command: Secret) -> Result<String> {
    let new = match command {
        Secret::Set { scope, name } => {
            let mut content = String::new();
            std::io::stdin()
                .read_to_string(&mut content)
                .context("standard input")?;
            NewSecret {
                scope,
                name,
                content: Some(content),
            }
        }
        Secret::Unset { scope, name } => NewSecret {
            scope,
            name,
            content: None,
        },
    };
    session
        .send(Method::PUT, "secrets", &new, |(): &()| String::new())
        .await
}

pub(crate) async fn token(session: &Session, command: TokenCommand) -> Result<String> {
    match command {
        TokenCommand::List => {
            session
                .get::<Vec<Token>>("tokens", &[], |all| text::tokens(all))
                .await
        }
        TokenCommand::New {
            name,
            uses,
            hours,
            room,
        } => {
            let new = NewToken {
                name,
                uses,
                hours,
                room,
            };
            session
                .send::<IssuedToken>(Method::POST, "tokens", &new, text::issued)
                .await
        }
        TokenCommand::Remove { name } => remove(session, "tokens", &name).await,
    }
}

pub(crate) async fn expect(session: &Session, file: &std::path::Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let mut serials = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let place = || format!("{}, line {}", file.display(), number + 1);
        let (serial, room) = line
            .split_once(',')
            .map_or((line, None), |(serial, room)| (serial, Some(room)));
        let room = room.map(|room| room.trim().parse::<Scope>());
        let room = room
            .transpose()
            .map_err(anyhow::Error::msg)
            .with_context(place)?;
        serials.push(Expected {
            serial: serial.trim().to_owned(),
            room,
        });
    }
    let count = serials.len();
    let show = |(): &()| format!("{count} devices expected\n");
    session
        .send(Method::POST, "serials", &Serials { serials }, show)
        .await
}

pub(crate) async fn remove(session: &Session, what: &str, name: &str) -> Result<String> {
    let path = [what, name];
    let answer: () = session
        .fleet
        .ask_at(Method::DELETE, &path, &[], NOTHING)
        .await?;
    session.print(&answer, |()| String::new())
}

pub(crate) async fn access(session: &Session, command: AccessCommand) -> Result<String> {
    match command {
        AccessCommand::List => {
            let show = |all: &Vec<Access>| text::access(all);
            session.get("access", &[], show).await
        }
        AccessCommand::New {
            name,
            role,
            scope,
            days,
        } => {
            let new = NewAccess {
                name,
                role: role.into(),
                scope,
                days,
            };
            let show = |issued: &IssuedAccess| format!("{}\nThis is shown once.\n", issued.token);
            session.send(Method::POST, "access", &new, show).await
        }
        AccessCommand::Remove { name } => remove(session, "access", &name).await,
    }
}

pub(crate) async fn webhook(session: &Session, command: WebhookCommand) -> Result<String> {
    match command {
        WebhookCommand::List => {
            let show = |all: &Vec<Webhook>| text::webhooks(all);
            session.get("webhooks", &[], show).await
        }
        WebhookCommand::Add {
            name,
            url,
            scope,
            acts,
        } => {
            let new = NewWebhook {
                name,
                url,
                scope,
                acts,
            };
            let show = |issued: &IssuedWebhook| format!("{}\nThis is shown once.\n", issued.secret);
            session.send(Method::POST, "webhooks", &new, show).await
        }
        WebhookCommand::Remove { name } => remove(session, "webhooks", &name).await,
    }
}

pub(crate) async fn person(session: &Session, command: PersonCommand) -> Result<String> {
    match command {
        PersonCommand::List => {
            let show = |all: &Vec<Person>| text::people(all);
            session.get("people", &[], show).await
        }
        PersonCommand::Invite { name, grants } => {
            let new = NewPerson { name, grants };
            session
                .send::<Welcome>(Method::POST, "people", &new, text::welcome)
                .await
        }
        PersonCommand::Change {
            name,
            grants,
            invite,
        } => {
            let change = PersonChange { grants, invite };
            let path = ["people", &name];
            let answer: Welcome = session
                .fleet
                .ask_at(Method::PUT, &path, &[], Some(&change))
                .await?;
            session.print(&answer, text::welcome)
        }
        PersonCommand::Remove { name } => remove(session, "people", &name).await,
    }
}
