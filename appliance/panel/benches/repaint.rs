//! How long a panel of 1280x800 takes to show a change: goals.md wants a full repaint in 16 ms.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints it and may panic"
)]

#[path = "../tests/panel/scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod scenes;

#[path = "../tests/panel/meeting_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod meeting_scenes;

use std::time::{Duration, Instant};

use saal_core::Muted;
use saal_fleet_protocol::config::Language;
use saal_panel::{Renderer, Screen, View};

const TURNS: usize = 60;
const GOAL: Duration = Duration::from_millis(16);

fn main() {
    println!("full repaint of 1280x800, median of {TURNS}; goal {GOAL:?}");
    for (name, screen) in [
        ("home", scenes::home()),
        ("home, full day", scenes::full()),
        ("call", scenes::call(Muted::default())),
    ] {
        report(name, &scenes::view(Language::De, screen));
    }
    for (name, screen, navigation) in meeting_scenes::all() {
        if ["password", "more-all", "people-moderator", "chat"].contains(&name) {
            let mut view = scenes::view(Language::De, screen);
            view.navigation = navigation;
            report(name, &view);
        }
    }
}

fn report(name: &str, view: &View) {
    let mut renderer = Renderer::new();
    let first = time(|| show(&mut renderer, view));
    let blank = View {
        screen: Screen::Starting,
        ..view.clone()
    };
    let mut turns: Vec<Duration> = (0..TURNS)
        .map(|_| {
            show(&mut renderer, &blank);
            time(|| show(&mut renderer, view))
        })
        .collect();
    turns.sort();
    let same = time(|| show(&mut renderer, view));
    let (median, worst) = (turns[TURNS / 2], turns[TURNS - 1]);
    let verdict = if median <= GOAL { "met" } else { "MISSED" };
    println!(
        "{name:16} {median:9.2?} ({verdict})  worst {worst:9.2?}  first ever {first:9.2?}  unchanged {same:9.2?}"
    );
}

fn show(renderer: &mut Renderer, view: &View) {
    let layout = renderer.lay_out(view, None);
    renderer.draw(&layout);
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
