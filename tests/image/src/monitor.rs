//! QEMU's monitor protocol (QMP): looking at displays and touching them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::pixels::Pixels;

/// The far edge of a touch screen (`INPUT_EVENT_ABS_MAX`).
const EDGE: u32 = 0x7fff;

/// A connection to it.
#[derive(Debug)]
pub struct Monitor {
    lines: BufReader<UnixStream>,
    file: PathBuf,
    inside: String,
}

impl Monitor {
    pub(crate) fn connect(socket: &Path, folder: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("QEMU's monitor is not there")?;
        let name = folder
            .file_name()
            .context("a folder has a name")?
            .to_string_lossy()
            .into_owned();
        let mut monitor = Self {
            lines: BufReader::new(stream),
            file: folder.join("screen.ppm"),
            inside: format!("/work/vm/{name}/screen.ppm"),
        };
        monitor.answer("QMP")?;
        monitor.order("qmp_capabilities", &json!({}))?;
        Ok(monitor)
    }

    /// What the display of this number, from 0, shows now.
    ///
    /// # Errors
    /// When QEMU has nothing to show.
    pub fn pixels(&mut self, display: u32) -> Result<Pixels> {
        let arguments = json!({"filename": self.inside, "device": format!("card{display}")});
        self.order("screendump", &arguments)?;
        Pixels::of_ppm(&std::fs::read(&self.file)?).context("QEMU's picture is not in its format")
    }

    /// A finger touches the glass at these hundred-thousandths of its width and height, and is lifted again.
    ///
    /// # Errors
    /// When QEMU knows no touch screen.
    pub fn tap(&mut self, x: u32, y: u32) -> Result<()> {
        let event = |kind: &str, id: i32, axis: &str, value: u32| json!({"type": "mtt", "data": {"type": kind, "slot": 0, "tracking-id": id, "axis": axis, "value": value}});
        let along = |part: u32| part * (EDGE / 100) / 1_000;
        let down = [
            event("begin", 1, "x", 0),
            event("data", 1, "x", along(x)),
            event("data", 1, "y", along(y)),
        ];
        self.order("input-send-event", &json!({"events": down}))?;
        self.order(
            "input-send-event",
            &json!({"events": [event("end", -1, "x", 0)]}),
        )
    }

    /// Somebody plugs in a stick with what is in this file (as the build root names it).
    ///
    /// # Errors
    /// When QEMU can't read it.
    pub fn plug(&mut self, file: &str, name: &str) -> Result<()> {
        let medium = json!({"driver": "file", "filename": file, "read-only": true});
        let node = json!({"driver": "raw", "node-name": name, "read-only": true, "file": medium});
        self.order("blockdev-add", &node)?;
        let stick = json!({"driver": "usb-storage", "id": name, "bus": "usb.0", "drive": name, "removable": true});
        self.order("device_add", &stick)
    }

    /// Somebody pulls it out again.
    ///
    /// # Errors
    /// When it was not there.
    pub fn unplug(&mut self, name: &str) -> Result<()> {
        self.order("device_del", &json!({"id": name}))
    }

    /// The network cable is in its socket, or hangs beside it.
    ///
    /// # Errors
    /// When QEMU knows no cable.
    pub fn cable(&mut self, is_in: bool) -> Result<()> {
        self.order("set_link", &json!({"name": "cable", "up": is_in}))
    }

    /// A key of the keyboard, by QEMU's name, goes down or comes up.
    ///
    /// # Errors
    /// When QEMU knows no such key.
    pub fn key(&mut self, name: &str, is_down: bool) -> Result<()> {
        let key = json!({"type": "qcode", "data": name});
        let event = json!({"type": "key", "data": {"down": is_down, "key": key}});
        self.order("input-send-event", &json!({"events": [event]}))
    }

    /// The plug is pulled, and QEMU has ended when this returns.
    ///
    /// # Errors
    /// When QEMU was gone.
    pub fn pull_the_plug(mut self) -> Result<()> {
        self.order("quit", &json!({}))?;
        // Until nobody is there any more, which QEMU says in one way or another.
        let mut rest = String::new();
        while self.lines.read_line(&mut rest).is_ok_and(|read| read > 0) {}
        Ok(())
    }

    fn order(&mut self, command: &str, arguments: &Value) -> Result<()> {
        let line = json!({"execute": command, "arguments": arguments}).to_string() + "\n";
        self.lines.get_mut().write_all(line.as_bytes())?;
        self.answer("return").with_context(|| command.to_owned())
    }

    /// The line that has this key; others tell of events.
    fn answer(&mut self, key: &str) -> Result<()> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said.get(key).is_some() {
                return Ok(());
            }
            if let Some(error) = said.get("error") {
                bail!("QEMU refuses: {error}");
            }
            line.clear();
        }
        bail!("QEMU is gone")
    }
}
