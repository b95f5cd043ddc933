//! The golden pictures of the panel: every example in every language and theme, and a selection of sizes, scales and hands
//! in which each pair of them comes up; and of the television between meetings. No pixel may differ from what was accepted.
//!
//! ```text
//! golden [FILTER]        compares, as a test; FILTER: only examples whose name has it
//! golden changes FOLDER  writes FOLDER/changed.txt and what is drawn now into FOLDER/after
//! golden draw FOLDER     draws what FOLDER/changed.txt names into FOLDER/before (called in the clone that was accepted)
//! golden beside FOLDER   puts before and after side by side, and prints the table
//! golden accept          what is drawn now is right: goldens/ and docs/panel.md
//! ```
//! People call `./dev golden`, which does the middle three.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test reads and writes files, prints and may panic; the crate does none of it"
)]

#[path = "../panel/day_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod day_scenes;
#[path = "../panel/examples.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod examples;
#[path = "../panel/meeting_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod meeting_scenes;
#[path = "../panel/scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod scenes;
#[path = "../panel/settings_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod settings_scenes;
#[path = "../panel/still_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests of the tree")]
mod still_scenes;

mod accepted;
mod changes;
mod drawing;
mod guide;
mod looks;
mod pictures;
mod shown;
mod stills;

use std::{path::Path, process::ExitCode};

use drawing::Gallery;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What cargo passes to tests that have a harness.
    let words: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let gallery = Gallery::new();
    match words.as_slice() {
        _ if arguments.iter().any(|word| word == "--list") => ExitCode::SUCCESS,
        ["changes", folder] => changes::write(&gallery, Path::new(folder)),
        ["draw", folder] => changes::draw_before(&gallery, Path::new(folder)),
        ["beside", folder] => changes::beside(Path::new(folder)),
        ["accept"] => {
            accepted::accept(&gallery);
            ExitCode::SUCCESS
        }
        filter => accepted::check(&gallery, filter.first().copied().unwrap_or_default()),
    }
}
