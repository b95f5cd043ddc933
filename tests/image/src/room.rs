//! The room in the machine, by its web view: what IT's browser would ask.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::pixels::Pixels;

/// An emulated machine takes its time for a picture.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// A room that can be asked.
#[derive(Debug)]
pub struct Room {
    port: u16,
    token: String,
}

impl Room {
    pub(crate) fn at(port: u16, token: &str) -> Self {
        Self {
            port,
            token: token.to_owned(),
        }
    }

    /// Whether its web view answers.
    pub(crate) fn answers(&self) -> bool {
        self.get("/api/panel.json").is_ok()
    }

    /// What the panel draws.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn panel(&self) -> Result<Pixels> {
        Pixels::of_png(&self.get("/panel.png")?)
    }

    /// What stands on the panel.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn tree(&self) -> Result<Value> {
        serde_json::from_slice(&self.get("/api/panel.json")?).context("no JSON")
    }

    /// How the room is doing.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn status(&self) -> Result<Value> {
        serde_json::from_slice(&self.get("/api/status")?).context("no JSON")
    }

    /// RFC 9112, one request a connection.
    fn get(&self, path: &str) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(ANSWERED_WITHIN))?;
        let request = format!(
            "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.port, self.token
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.context("the room said nothing")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let line = head.lines().next().unwrap_or_default();
        if line.split(' ').nth(1) != Some("200") {
            bail!("{path}: {line}");
        }
        Ok(answer.split_off(end + 4))
    }
}
