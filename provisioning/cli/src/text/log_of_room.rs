//! What a room's programs wrote.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::log::{Log, LogLine};

pub(crate) fn log_of_room(log: &Log) -> String {
    match log {
        Log::Failed { detail } => format!("{detail}\n"),
        Log::Lines { lines, .. } => lines.iter().map(line).collect(),
    }
}

fn line(line: &LogLine) -> String {
    let at = line.at.and_then(|at| Timestamp::from_second(at).ok());
    let at = at.map(|at| at.to_string());
    let by = Some(line.by.clone()).filter(|by| !by.is_empty());
    let parts = [at, by, Some(line.text.clone())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_is_known_of_it() {
        let whole = LogLine {
            at: Some(0),
            by: "saald".to_owned(),
            text: "up".to_owned(),
        };
        let bare = LogLine {
            at: None,
            by: String::new(),
            text: "x".to_owned(),
        };
        let log = Log::Lines {
            from: saal_fleet_protocol::fleet::log::LogSource::File,
            lines: vec![whole, bare],
        };
        assert_eq!(log_of_room(&log), "1970-01-01T00:00:00Z saald up\nx\n");
    }
}
