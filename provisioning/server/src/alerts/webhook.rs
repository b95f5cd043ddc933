//! Alerts for other systems: one `POST` each, signed as the log's lines are.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::AlertMessage;

use super::{failed, http};
use crate::hooks::signature;

pub(super) async fn send(
    url: &str,
    authority: Option<&str>,
    secret: &str,
    told: &AlertMessage,
) -> Result<Option<String>, String> {
    let body = serde_json::to_string(told).expect("plain data is JSON");
    let signature = signature(secret.as_bytes(), Timestamp::now().as_second(), &body);
    let request = http(authority)?
        .post(url)
        .header("content-type", "application/json")
        .header("saal-signature", signature)
        .body(body);
    let answer = request.send().await.map_err(failed)?;
    if answer.status().is_success() {
        return Ok(None);
    }
    Err(format!("it answers {}", answer.status()))
}
