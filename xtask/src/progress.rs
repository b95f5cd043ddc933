//! Runs a long step with its output in a log, and shows that it is alive.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::paths;

/// How often a terminal's line is redrawn, and how often a line is printed where there is none.
const REDRAW: Duration = Duration::from_millis(500);
const REPORT: Duration = Duration::from_secs(20);

/// Runs `command`; says `what` is going on, and when it fails what it said last and what to do (`advice`).
pub(crate) fn step(
    name: &str,
    what: &str,
    advice: &str,
    command: &mut Command,
) -> anyhow::Result<()> {
    let log = paths::log(name);
    std::fs::create_dir_all(log.parent().context("a log lies in a folder")?)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(&log)
        .with_context(|| format!("cannot write {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let program = command.get_program().display().to_string();
    let mut child = command
        .spawn()
        .with_context(|| format!("{what}: cannot run {program}. {advice}"))?;
    let started = Instant::now();
    let mut shown = Shown::new(what);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        shown.show(started.elapsed(), &log);
        sleep(Duration::from_millis(50));
    };
    shown.done(started.elapsed());
    if status.success() {
        return Ok(());
    }
    bail!(
        "{what} failed ({status}).\n{}\n{advice}\nThe whole log: {}",
        indent(&last_lines(&log, 15)),
        log.display()
    )
}

/// What of a step is on the screen.
struct Shown<'a> {
    what: &'a str,
    terminal: bool,
    next: Duration,
}

impl<'a> Shown<'a> {
    fn new(what: &'a str) -> Self {
        let terminal = std::io::stdout().is_terminal();
        if !terminal {
            println!("  {what} ...");
        }
        Self {
            what,
            terminal,
            next: if terminal { Duration::ZERO } else { REPORT },
        }
    }

    fn show(&mut self, elapsed: Duration, log: &Path) {
        if elapsed < self.next {
            return;
        }
        let said = last_lines(log, 1);
        let said: String = said.chars().filter(|c| !c.is_control()).take(60).collect();
        let seconds = elapsed.as_secs();
        if self.terminal {
            print!("\r\x1b[2K  {} ... {seconds} s  {said}", self.what);
            let _ = std::io::stdout().flush();
            self.next = elapsed + REDRAW;
        } else {
            println!("  {} ... {seconds} s  {said}", self.what);
            self.next = elapsed + REPORT;
        }
    }

    fn done(&self, elapsed: Duration) {
        let start = if self.terminal { "\r\x1b[2K" } else { "" };
        println!("{start}  {}: {:.1} s", self.what, elapsed.as_secs_f64());
    }
}

/// The last lines of a log.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
