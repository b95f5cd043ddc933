//! What text on a television of 1920x1080 costs: when it changes, and while it stays.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use saal_media::lettering::Lettering;
use saal_media_protocol::{Ground, Label, MediaCommand, Place, Rect, TextLine, Tile, TileSource};
use support::{Daemon, simulated};

const TURNS: usize = 30;

fn label(area: (i32, i32, u32, u32), place: Place, line_height: u32, text: &str) -> Label {
    let (x, y, width, height) = area;
    let line = TextLine {
        who: "Ada Lovelace".to_owned(),
        text: text.to_owned(),
    };
    Label {
        area: Rect {
            x,
            y,
            width,
            height,
        },
        place,
        line_height,
        lines: vec![line],
        ground: Ground::Dark,
    }
}

fn names() -> Vec<Label> {
    let name = |n: i32| {
        let area = (n % 3 * 640, 450 + n / 3 * 540, 640, 67);
        label(area, Place::BottomLeft, 45, &format!("of room {n}"))
    };
    (0..6).map(name).collect()
}

fn caption(text: &str) -> Label {
    label((96, 900, 1728, 156), Place::BottomCentre, 63, text)
}

/// As long as lines may be that somebody else wrote: sixteen of 400 characters of twelve points.
fn worst() -> Label {
    let character = format!("W{}", "\u{301}".repeat(11));
    let mut chat = label((1344, 0, 576, 1080), Place::Fill, 49, "");
    chat.lines = vec![
        TextLine {
            who: "Eve".to_owned(),
            text: character.repeat(400),
        };
        20
    ];
    chat
}

fn main() {
    let text = "So the machine might compose elaborate pieces of music of any complexity.";
    let first = time(|| drop(black_box(Lettering::default().show(&names()))));
    println!("fonts and six names, the first time   {first:9.2?}");
    let mut lettering = Lettering::default();
    let mut labels = names();
    labels.push(caption(text));
    lettering.show(&labels);
    report("nothing changed", || drop(lettering.show(&labels)));
    let mut words = 0;
    report("another word in a caption", || {
        words += 1;
        *labels.last_mut().unwrap() = caption(&format!("{text} {words}"));
        drop(lettering.show(&labels));
    });
    let worst = time(|| drop(black_box(lettering.show(&[worst()]))));
    println!("the most that others can write        {worst:9.2?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(composition());
}

fn report(what: &str, mut work: impl FnMut()) {
    let mut turns: Vec<Duration> = (0..TURNS).map(|_| time(&mut work)).collect();
    turns.sort();
    println!("{what:37} {:9.2?}", turns[TURNS / 2]);
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The same picture composed with text and without, in turns.
async fn composition() {
    let mut daemon = Daemon::engine(simulated()).await;
    let rect = Rect {
        x: 0,
        y: 0,
        width: 1280,
        height: 720,
    };
    let tiles = vec![Tile {
        source: TileSource::Own,
        rect,
    }];
    daemon.send(MediaCommand::SetTiles { tiles }).await;
    let pictures_per_second = 30;
    let preview = MediaCommand::SetPreview {
        pictures_per_second,
    };
    daemon.send(preview).await;
    let mut costs = [Vec::new(), Vec::new()];
    for turn in 0..12 {
        let labels = if turn % 2 == 0 { Vec::new() } else { names() };
        daemon.send(MediaCommand::SetText { labels }).await;
        // Until what changed is on its way.
        pictures(&mut daemon, 10).await;
        let before = cpu_ticks();
        pictures(&mut daemon, 150).await;
        costs[turn % 2].push((cpu_ticks() - before) as f64 * 10.0 / 150.0);
    }
    for (what, costs) in ["without text", "with six names"].iter().zip(&mut costs) {
        costs.sort_by(f64::total_cmp);
        println!(
            "a picture {what:15} {:6.2} ms of CPU ({:.2} to {:.2})",
            costs[costs.len() / 2],
            costs[0],
            costs[costs.len() - 1]
        );
    }
}

async fn pictures(daemon: &mut Daemon, count: usize) {
    for _ in 0..count {
        black_box(daemon.picture().await);
    }
}

/// Of this process, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    // utime and stime, proc(5).
    fields
        .skip(11)
        .take(2)
        .map(|n| n.parse::<u64>().unwrap())
        .sum()
}
