//! The device's log, for whoever helps: read where it is, and freed of what nobody else is to read before it leaves.

mod redact;

use std::{
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use jiff::Timestamp;
use saal_fleet_protocol::fleet::log::{
    LARGEST_LOG, Log, LogLine, LogSent, LogSource, LogWanted, MOST_LINES,
};
use serde_json::Value;
use tokio::process::Command;

use redact::redacted;

/// The room's programs, and what updates it (systemd.unit(5)); each media engine is a unit of its own.
const UNITS: [&str; 6] = [
    "saald.service",
    "saal-media@*.service",
    "saal-agent.service",
    "saal-config.service",
    "saal-update.service",
    "rauc.service",
];
/// A journal of a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);
/// A line of a file has hardly more bytes on average.
const LONGEST_LINE: u64 = 512;
/// A line has at most so many characters.
const LONGEST_TEXT: usize = 2000;

/// Answers whoever asks for the log: of a file, or of the system's journal where none is named.
pub(crate) async fn answer(file: Option<PathBuf>, wanted: LogWanted) -> LogSent {
    let lines = wanted.lines.clamp(1, MOST_LINES);
    let (from, read) = match file {
        Some(path) => {
            let read = tokio::task::spawn_blocking(move || tail(&path, lines)).await;
            (LogSource::File, read.unwrap_or_else(|e| Err(e.to_string())))
        }
        None => (LogSource::Journal, journal(lines).await),
    };
    let log = match read {
        Ok(lines) => Log::Lines {
            from,
            lines: bounded(lines),
        },
        Err(detail) => {
            tracing::warn!(detail, "no log for whoever asks");
            Log::Failed { detail }
        }
    };
    let number = wanted.number;
    LogSent { number, log }
}

/// The newest that fit, without what nobody else is to read.
fn bounded(lines: Vec<LogLine>) -> Vec<LogLine> {
    let mut left = LARGEST_LOG;
    let newest = lines.into_iter().rev().map(|line| LogLine {
        text: redacted(&short(&line.text)),
        ..line
    });
    let fits = newest.take_while(|line| {
        let fits = line.text.len() <= left;
        left = left.saturating_sub(line.text.len() + line.by.len());
        fits
    });
    let mut fits: Vec<LogLine> = fits.collect();
    fits.reverse();
    fits
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The newest lines of a file.
fn tail(path: &Path, lines: u32) -> Result<Vec<LogLine>, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let all = file.metadata()?.len();
        let from = all.saturating_sub(u64::from(lines) * LONGEST_LINE);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(all - from).read_to_end(&mut bytes)?;
        if from > 0 {
            // It began somewhere in a line.
            let whole = bytes.iter().position(|byte| *byte == b'\n');
            bytes.drain(..whole.map_or(bytes.len(), |at| at + 1));
        }
        Ok(bytes)
    };
    let bytes = read().map_err(|e| format!("{}: {e}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<LogLine> = text.lines().map(line_of_file).collect();
    let older = all.len().saturating_sub(lines as usize);
    Ok(all.into_iter().skip(older).collect())
}

/// Our programs begin a line with its time.
fn line_of_file(line: &str) -> LogLine {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let at = first.parse::<Timestamp>().ok();
    LogLine {
        at: at.map(|at| at.as_second()),
        by: String::new(),
        text: if at.is_some() {
            rest.trim_start()
        } else {
            line
        }
        .to_owned(),
    }
}

async fn journal(lines: u32) -> Result<Vec<LogLine>, String> {
    let mut ask = Command::new("journalctl");
    ask.args(["--quiet", "--no-pager", "--all", "--output=json"])
        .arg(format!("--lines={lines}"))
        .args(UNITS.map(|unit| format!("--unit={unit}")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let asked = tokio::time::timeout(PATIENCE, ask.output()).await;
    let done = asked
        .map_err(|_| "journalctl does not answer".to_owned())?
        .map_err(|e| {
            format!("journalctl: {e}; where there is no journal the agent's file names a log_file")
        })?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("journalctl: {}", redacted(said.trim())));
    }
    let text = String::from_utf8_lossy(&done.stdout);
    Ok(text.lines().filter_map(line_of_journal).collect())
}

/// An entry as `journalctl --output=json` writes it (systemd.journal-fields(7)). A message that is no text comes as numbers.
fn line_of_journal(line: &str) -> Option<LogLine> {
    let entry: Value = serde_json::from_str(line).ok()?;
    let text = match &entry["MESSAGE"] {
        Value::String(text) => text.clone(),
        Value::Array(bytes) => {
            let bytes = bytes.iter().filter_map(Value::as_u64);
            let bytes: Vec<u8> = bytes.filter_map(|byte| byte.try_into().ok()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => return None,
    };
    let micros = entry["__REALTIME_TIMESTAMP"].as_str();
    let micros = micros.and_then(|text| text.parse::<i64>().ok());
    let by = entry["SYSLOG_IDENTIFIER"].as_str().unwrap_or_default();
    Some(LogLine {
        at: micros.map(|micros| micros / 1_000_000),
        by: by.to_owned(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn the_newest_lines_of_a_file_come_with_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("saald.log");
        let old = "x\n".repeat(100_000);
        let new = "2026-11-27T10:00:00.5Z  INFO saald: up\nno time here\n";
        std::fs::write(&path, format!("{old}{new}")).unwrap();
        let read = tail(&path, 3).unwrap();
        assert_eq!(text(&read), ["x", "INFO saald: up", "no time here"]);
        assert_eq!(
            (read[1].at, read[2].at),
            (Some(1_795_773_600), None),
            "as `date -d 2026-11-27T10:00:00Z +%s` says"
        );
        assert!(
            tail(&folder.path().join("none"), 3)
                .unwrap_err()
                .contains("none")
        );
    }

    #[test]
    fn an_entry_of_the_journal_is_a_line() {
        let entry = r#"{"MESSAGE":"up","__REALTIME_TIMESTAMP":"1795773600500000","SYSLOG_IDENTIFIER":"saald","PRIORITY":"6"}"#;
        let line = line_of_journal(entry).unwrap();
        assert_eq!(
            (line.at, line.by.as_str(), line.text.as_str()),
            (Some(1_795_773_600), "saald", "up")
        );
        let bytes = r#"{"MESSAGE":[117,112,255]}"#;
        assert_eq!(line_of_journal(bytes).unwrap().text, "up\u{fffd}");
        assert_eq!(line_of_journal("{}"), None);
        assert_eq!(line_of_journal("no JSON"), None);
    }

    #[tokio::test]
    async fn what_is_too_much_loses_its_oldest_lines_and_what_is_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("saald.log");
        let long = "wort ".repeat(80);
        let mut all: String = (0..900).map(|n| format!("{n} {long}\n")).collect();
        all += "signs in with access_token=syt_cm9vbQ_abcdefgh\n";
        std::fs::write(&path, all).unwrap();
        let wanted = LogWanted {
            number: 7,
            lines: 1000,
        };
        let sent = answer(Some(path), wanted).await;
        assert_eq!(sent.number, 7);
        let Log::Lines { from, lines } = sent.log else {
            panic!("there is a log")
        };
        assert_eq!(from, LogSource::File);
        let size: usize = lines.iter().map(|line| line.text.len()).sum();
        assert!(size <= LARGEST_LOG && size > LARGEST_LOG / 2, "{size}");
        assert!(lines[lines.len() - 2].text.starts_with("899 "));
        assert_eq!(lines.last().unwrap().text, "signs in with access_token=…");
    }
}
