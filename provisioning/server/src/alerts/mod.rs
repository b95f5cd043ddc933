//! Tells people what is wrong: what [`crate::fleet::alerts`] has for them, by the channel of each rule.

mod mail;
mod matrix;
mod smtp;
#[cfg(test)]
mod tests;
mod webhook;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::{AlertChannel, AlertMessage};
use tokio::task::JoinSet;

use crate::{
    error::FleetError,
    fleet::alerts::{self, Delivery},
    server::App,
    web::alert_told,
};

/// Between two looks. Messages gather for longer.
const LOOK: Duration = Duration::from_secs(2);
/// A look takes a twentieth of the time at most, however many devices there are.
const SHARE: u32 = 20;
/// However slow a server is.
const WITHIN: Duration = Duration::from_secs(60);

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let watched = Timestamp::now();
    let (mut sending, mut busy) = (JoinSet::new(), BTreeSet::new());
    loop {
        let began = Instant::now();
        match look(&app, watched).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "nobody is told just now what is wrong"),
        }
        if let Err(error) = send(&app, &mut sending, &mut busy).await {
            tracing::error!(%error, "alerts are not sent just now");
        }
        let rest = LOOK.max(began.elapsed() * SHARE);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            Some(done) = sending.join_next() => match done {
                Ok(name) => {
                    busy.remove(&name);
                }
                // It broke, and nobody knows which it was.
                Err(_) => busy.clear(),
            }
        }
    }
}

/// One look; whether there is more to do at once.
async fn look(app: &Arc<App>, watched: Timestamp) -> Result<bool, FleetError> {
    if !app.store.read(alerts::any).await? {
        return Ok(false);
    }
    let now = Timestamp::now();
    // A look at all devices is no reason for writers to wait.
    let wrong = app
        .store
        .read(move |tx| alerts::wrong(tx, watched, now))
        .await?;
    app.store
        .run_quietly(move |tx| alerts::step(tx, &wrong, now))
        .await
}

/// Sends what waits, each on its own: who waits for a slow server does not keep others from being told.
async fn send(
    app: &Arc<App>,
    sending: &mut JoinSet<String>,
    busy: &mut BTreeSet<String>,
) -> Result<(), FleetError> {
    let (keys, now) = (app.keys.clone(), Timestamp::now());
    let due = app
        .store
        .read(move |tx| alerts::due(tx, &keys, now))
        .await?;
    for delivery in due {
        if busy.insert(delivery.plan.name.clone()) {
            sending.spawn(sent(app.clone(), delivery));
        }
    }
    Ok(())
}

async fn sent(app: Arc<App>, delivery: Delivery) -> String {
    let rule = delivery.plan.name.clone();
    let (name, id) = (rule.clone(), delivery.message.id.clone());
    let outcome = deliver(&app.url, &delivery).await;
    let now = Timestamp::now();
    let noted = app.store.run(move |tx| {
        let which = (name.as_str(), id.as_str());
        match outcome {
            Ok(refused) => alerts::took(tx, which, refused.as_deref(), now),
            Err(problem) => {
                tracing::warn!(name, problem, "nobody took an alert");
                let [random] = crate::random::<1>()?;
                alerts::failed(tx, which, &problem, (now, random))
            }
        }
    });
    if let Err(error) = noted.await {
        tracing::error!(%error, "nobody knows whether an alert was taken");
    }
    rule
}

/// Sends a message to see whether it arrives.
///
/// # Errors
/// [`FleetError::NotDelivered`], or that there is no such rule.
pub(crate) async fn trial(
    app: &App,
    name: String,
    caller: &crate::fleet::access::Caller,
) -> Result<(), FleetError> {
    let (keys, caller, now) = (app.keys.clone(), caller.clone(), Timestamp::now());
    let delivery = app
        .store
        .read(move |tx| alerts::trial(tx, &keys, &name, &caller, now))
        .await?;
    match deliver(&app.url, &delivery).await {
        Ok(None) => Ok(()),
        Ok(Some(problem)) | Err(problem) => Err(FleetError::NotDelivered(problem)),
    }
}

/// Sends one; what came of it: for which receivers it was refused, if it reached others.
async fn deliver(url: &str, delivery: &Delivery) -> Result<Option<String>, String> {
    let Delivery {
        plan,
        secret,
        message,
    } = delivery;
    let (subject, text) = alert_told(plan, message, url);
    let told = AlertMessage {
        id: message.id.clone(),
        rule: plan.name.clone(),
        at: message.at,
        subject,
        text,
        began: message.began.clone(),
        over: message.over.clone(),
    };
    let secret = secret.as_deref().unwrap_or_default();
    let sending = async {
        match &plan.channel {
            AlertChannel::Mail { .. } => mail::send(&plan.channel, secret, &told).await,
            AlertChannel::Matrix { .. } => matrix::send(&plan.channel, secret, &told).await,
            AlertChannel::Webhook { url, authority } => {
                webhook::send(url, authority.as_deref(), secret, &told).await
            }
        }
    };
    let done = tokio::time::timeout(WITHIN, sending).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {} s", WITHIN.as_secs())))
}

/// A client that believes an authority of its own, if there is one, and is led nowhere else.
pub(crate) fn http(authority: Option<&str>) -> Result<reqwest::Client, String> {
    let mut client = reqwest::Client::builder()
        .timeout(crate::hooks::ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("saal-fleet/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = authority {
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
        client = client.tls_certs_only(certificates.map_err(|e| e.to_string())?);
    }
    client.build().map_err(|e| e.to_string())
}

/// Why a request failed, with its cause and without its address.
pub(crate) fn failed(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
