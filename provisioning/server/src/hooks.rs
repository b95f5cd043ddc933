//! Tells other systems what happens: what [`crate::fleet::hooks`] says is due, signed.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::task::JoinSet;

use crate::{
    error::FleetError,
    fleet::hooks::{self, Delivery},
    server::App,
};

/// A system that takes longer has not taken it.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks, however much happens.
const BREATH: Duration = Duration::from_millis(200);
/// How often those that failed are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let http = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        // What is signed for one address is not for another.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("saal-fleet/", env!("CARGO_PKG_VERSION")))
        .build();
    let http = match http {
        Ok(http) => http,
        Err(error) => return tracing::error!(%error, "webhooks are not told"),
    };
    let mut news = app.store.news();
    loop {
        news.mark_unchanged();
        match round(&app, &http).await {
            Ok(0) => {
                // Something was written, or a pause may be over. A crowd of devices writes all the time.
                let _ = tokio::time::timeout(LOOK_AGAIN, news.changed()).await;
                tokio::time::sleep(BREATH).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "webhooks are not told just now");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }
}

/// One line to each system that is to get one; how many there were.
async fn round(app: &Arc<App>, http: &reqwest::Client) -> Result<usize, FleetError> {
    if !app.store.read(hooks::any).await? {
        return Ok(0);
    }
    let (keys, now) = (app.keys.clone(), Timestamp::now());
    let due = app
        .store
        .run_quietly(move |tx| hooks::due(tx, &keys, now))
        .await?;
    let count = due.len();
    let mut telling = JoinSet::new();
    for delivery in due {
        telling.spawn(told(http.clone(), delivery));
    }
    while let Some(done) = telling.join_next().await {
        let Ok((name, number, outcome)) = done else {
            continue;
        };
        let now = Timestamp::now();
        let noted = app.store.run_quietly(move |tx| match outcome {
            Ok(()) => hooks::took(tx, &name, number),
            Err(problem) => {
                tracing::warn!(name, number, problem, "a webhook was not taken");
                hooks::failed(tx, &name, &problem, now)
            }
        });
        noted.await?;
    }
    Ok(count)
}

async fn told(http: reqwest::Client, delivery: Delivery) -> (String, u64, Result<(), String>) {
    let number = delivery.entry.number;
    let body = serde_json::to_string(&delivery.entry).expect("plain data is JSON");
    let signature = signature(&delivery.secret, Timestamp::now().as_second(), &body);
    let request = http
        .post(&delivery.url)
        .header("content-type", "application/json")
        .header("saal-signature", signature)
        .body(body);
    let outcome = match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("it answers {}", answer.status())),
        Err(error) => Err(error.without_url().to_string()),
    };
    (delivery.name, number, outcome)
}

/// `t=SECONDS,v1=HEX`: the time is signed too, so that a recorded message can be told from a new one.
pub(crate) fn signature(secret: &[u8], seconds: i64, body: &str) -> String {
    use std::fmt::Write as _;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let mut text = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_time_and_body() {
        // printf '%s' '1700000000.{"number":1}' | openssl dgst -sha256 -hmac geheim
        assert_eq!(
            signature(b"geheim", 1_700_000_000, r#"{"number":1}"#),
            "t=1700000000,v1=778bcb0fd1ce33582cd8ebbb276bad675588bc7610131d9412ad436422ac2658"
        );
    }
}
