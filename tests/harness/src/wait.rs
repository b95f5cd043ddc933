//! Waiting for a condition, with a deadline and with the last state in the error.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};

/// Looks again and again (every 50 ms) until `done` accepts what `look` sees.
///
/// # Errors
/// [`Error::Deadline`] with what was seen last.
pub async fn until<T: Debug, E: std::fmt::Display>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> std::result::Result<T, E>,
    mut done: impl FnMut(&T) -> bool,
) -> Result<T> {
    let started = Instant::now();
    loop {
        let last = match look().await {
            Ok(value) if done(&value) => return Ok(value),
            Ok(value) => format!("{value:#?}"),
            Err(error) => error.to_string(),
        };
        if started.elapsed() > within {
            return Err(Error::Deadline {
                what: what.to_owned(),
                waited: within,
                last,
            });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
