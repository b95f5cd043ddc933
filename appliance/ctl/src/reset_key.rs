//! The way back to the factory state for who stands before a room whose panel does not help: Ctrl held while it starts.
//!
//! What lies on a keyboard, and a key that got stuck, holds it too; so it only counts when it is let go in time.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

/// So long it is held.
const HOLD: Duration = Duration::from_secs(10);
/// Then so long there is to let it go.
const LET_GO: Duration = Duration::from_secs(20);
/// A keyboard bounces.
const LOOK: Duration = Duration::from_millis(50);
/// The computer goes down by then; if nobody took the wish, the room starts as it is.
const TAKEN: Duration = Duration::from_secs(60);

/// How far somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Held on, for so many seconds yet.
    Keep(u64),
    /// Long enough: it is time to let go, within so many seconds.
    LetGo(u64),
    /// Let go in time.
    Reset,
    /// Let go too early.
    TooShort,
    /// Not let go: nobody's finger.
    Stuck,
}

/// What it is after this time, when the key was down all the while until now, and now is or isn't.
fn judge(held: Duration, down: bool) -> Hold {
    let until = |end: Duration| (end - held).as_secs() + 1;
    match (held, down) {
        (held, true) if held < HOLD => Hold::Keep(until(HOLD)),
        (held, true) if held < HOLD + LET_GO => Hold::LetGo(until(HOLD + LET_GO)),
        (_, true) => Hold::Stuck,
        (held, false) if held < HOLD => Hold::TooShort,
        (_, false) => Hold::Reset,
    }
}

/// One console for everybody: German, then English. Lines of 46 letters fit the smallest panel.
fn text(hold: Hold) -> String {
    let lines = match hold {
        Hold::Keep(seconds) => [
            format!("Strg noch {seconds} s halten: alles vergessen."),
            format!("Keep holding Ctrl ({seconds} s) to forget all."),
        ],
        Hold::LetGo(seconds) => [
            format!("Strg loslassen ({seconds} s): alles vergessen."),
            format!("Let go of Ctrl ({seconds} s) to forget all."),
        ],
        Hold::Reset => [
            "Dieser Raum startet neu und vergisst alles.".to_owned(),
            "This room starts anew and forgets all.".to_owned(),
        ],
        Hold::TooShort | Hold::Stuck => [
            "Nichts wird vergessen.".to_owned(),
            "Nothing is forgotten.".to_owned(),
        ],
    };
    let [german, english] = lines;
    // Of a console: clear, to the top, no cursor.
    format!("\x1b[2J\x1b[H\x1b[?25l\n\x1b[1m Saal\x1b[0m\n\n {german}\n {english}\n")
}

/// Looks whether Ctrl is held, and if so for as long as it is; then asks for the factory state as the panel does.
pub(crate) fn run(requests: &Path) -> ExitCode {
    let hold = watch(saal_hal_linux::is_control_down);
    if hold != Some(Hold::Reset) {
        return ExitCode::SUCCESS;
    }
    let wish = requests.join("factory-reset");
    if let Err(error) = File::create(&wish) {
        eprintln!("saalctl: can't write {}: {error}", wish.display());
        return ExitCode::FAILURE;
    }
    let asked = Instant::now();
    while asked.elapsed() < TAKEN {
        sleep(LOOK);
    }
    eprintln!("saalctl: nobody took {}", wish.display());
    ExitCode::FAILURE
}

/// `None`: it was not held at all.
fn watch(is_down: impl Fn() -> bool) -> Option<Hold> {
    if !is_down() {
        return None;
    }
    let begun = Instant::now();
    let mut shown = None;
    loop {
        let hold = judge(begun.elapsed(), is_down());
        if shown.replace(hold) != Some(hold) {
            // A computer without a console can be reset all the same.
            let _ = write!(io::stdout(), "{}", text(hold));
            let _ = io::stdout().flush();
        }
        if !matches!(hold, Hold::Keep(_) | Hold::LetGo(_)) {
            return shown;
        }
        sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64, down: bool) -> Hold {
        judge(Duration::from_secs(seconds), down)
    }

    #[test]
    fn only_who_holds_it_and_lets_go_resets_the_room() {
        assert_eq!(after(0, true), Hold::Keep(11));
        assert_eq!(after(9, false), Hold::TooShort);
        assert_eq!(after(12, true), Hold::LetGo(19));
        assert_eq!(after(12, false), Hold::Reset);
        assert_eq!(after(30, true), Hold::Stuck);
    }

    #[test]
    fn nothing_is_shown_or_waited_for_when_no_key_is_down() {
        assert_eq!(watch(|| false), None);
    }

    #[test]
    fn what_is_read_fits_a_small_panel() {
        for hold in [Hold::Keep(10), Hold::LetGo(20), Hold::Reset, Hold::TooShort] {
            for line in text(hold).lines() {
                assert!(line.chars().count() <= 48, "{line}");
            }
        }
    }
}
