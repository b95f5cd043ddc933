//! `./dev bench panel`: from a finger to the picture of a panel of 1280x800, on one core, and beside it the same things in
//! Chromium, in the same run. Prints what is wanted, what is, and what the peer needs.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints it and may panic"
)]

#[path = "../tests/panel/day_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod day_scenes;
#[path = "../tests/panel/examples.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod examples;
#[path = "../tests/panel/installed.rs"]
mod installed;
#[path = "../tests/panel/meeting_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod meeting_scenes;
#[path = "../tests/panel/scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod scenes;
#[path = "../tests/panel/settings_scenes.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod settings_scenes;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use saal_core::Muted;
use saal_fleet_protocol::config::Language;
use saal_hal::{Frame, Look, Part, Touch, TouchPhase, Turn, draw};
use saal_panel::{Console, Damage, Layout, Motion, Picture, Renderer, Screen, View, Way};

/// How often each thing is done; a hundredth of it is four.
const TURNS: usize = 400;
/// Bytes of a pixel of a display.
const PIXEL: usize = 4;
/// A frame at 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

fn main() {
    let (home, call) = (view(scenes::home()), view(scenes::call(Muted::default())));
    let mut glass = Glass::new();
    let touches = glass.touches(&call);
    let full = glass.full(&home, &call);
    let moves = glass.moves(&home, &call);
    let memory = own_memory();
    // Whatever there is to draw it with.
    glass.renderer = Renderer::with_fonts(&installed::fonts());
    let (worst, text) = hostile(&mut glass);
    let peer = beside(&mut glass, &home, &call);
    say_columns();
    let measured: [(&str, Option<f64>, f64, &str); 7] = [
        (
            "touch to picture, median",
            None,
            ms(touches[TURNS / 2]),
            "touch_50",
        ),
        (
            "touch to picture, 99 of 100",
            Some(8.0),
            ms(touches[TURNS * 99 / 100]),
            "touch_99",
        ),
        (
            "another screen, median",
            Some(16.0),
            ms(full[TURNS / 2]),
            "full_50",
        ),
        (
            "another screen, 99 of 100",
            None,
            ms(full[TURNS * 99 / 100]),
            "full_99",
        ),
        (
            "a picture of a motion, 99 of 100",
            Some(ms(FRAME)),
            ms(moves[moves.len() * 99 / 100]),
            "",
        ),
        (
            "hostile text, its first picture",
            Some(ms(FRAME)),
            ms(worst),
            "",
        ),
        ("memory, MB", None, memory, "memory"),
    ];
    for (what, goal, ours, key) in measured {
        say(what, goal, ours, peer.get(key).copied());
    }
    println!(
        "the slowest text begins with {text:?}; the goal of touch is 0.2 of Chromium (goals.md)"
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn say(what: &str, goal: Option<f64>, ours: f64, theirs: Option<f64>) {
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.1}"));
    let ratio = theirs.map_or("-".to_owned(), |theirs| format!("{:.2}", ours / theirs));
    let (goal, theirs) = (shown(goal), shown(theirs));
    println!("{what:34} {goal:>8} {ours:>8.1} {theirs:>9} {ratio:>6}");
}

/// What Chromium does with the same pages, where we are told where it is.
fn beside(glass: &mut Glass, home: &View, call: &View) -> BTreeMap<String, f64> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    match arguments.as_slice() {
        [node, modules, chromium] => peer(glass, &[home, call], [node, modules, chromium]),
        _ => BTreeMap::new(),
    }
}

fn say_columns() {
    println!("a panel of 1280x800, {TURNS} turns, on one core; times in ms");
    println!(
        "{:34} {:>8} {:>8} {:>9} {:>6}",
        "", "goal", "saal", "chromium", "ratio"
    );
}

fn view(screen: Screen) -> View {
    scenes::view(Language::De, screen)
}

/// A panel as the daemon has it: what is drawn is copied into the memory of a display.
struct Glass {
    renderer: Renderer,
    memory: Vec<u8>,
}

impl Glass {
    fn new() -> Self {
        Self {
            renderer: Renderer::new(),
            memory: vec![0; 1280 * 800 * PIXEL],
        }
    }

    fn show(&mut self, view: &View, pressed: Option<&str>) -> Layout {
        let layout = self.renderer.lay_out(view, pressed);
        let damage = self.renderer.draw(&layout);
        let picture = Arc::clone(self.renderer.picture());
        self.copy(&picture, damage);
        layout
    }

    /// What changed goes into the display's memory.
    fn copy(&mut self, picture: &Picture, damage: Damage) {
        let Damage::Within(part) = damage else {
            return;
        };
        let frame = Frame {
            rgb: picture.rgb(),
            size: (picture.width(), picture.height()),
            look: Look::default(),
        };
        let part = Part {
            x: u32::try_from(part.top_left.x).unwrap(),
            y: u32::try_from(part.top_left.y).unwrap(),
            width: part.size.width,
            height: part.size.height,
        };
        let turn = Turn::default();
        draw(&frame, part, turn, &mut self.memory, 1280 * PIXEL);
    }

    /// One screen comes up over the other, again and again: each picture until it is in the display's memory.
    fn moves(&mut self, below: &View, above: &View) -> Vec<Duration> {
        let mut drawn = |view| {
            self.show(view, None);
            Arc::clone(self.renderer.picture())
        };
        let (from, to) = (drawn(below), drawn(above));
        let motion = Motion::begin(Arc::clone(&from), to, Way::Rises, Duration::ZERO).unwrap();
        let mut times = Vec::new();
        while times.len() < TURNS {
            let (mut now, mut before) = (Duration::ZERO, Picture::clone(&from));
            loop {
                let start = Instant::now();
                let Some(picture) = motion.at(now) else { break };
                self.copy(&picture, picture.damage_since(&before));
                times.push(start.elapsed());
                now = motion.next(now);
                before = picture;
            }
        }
        sorted(times)
    }

    /// A finger comes down on the microphone's button and goes up: each until its picture is in the display's memory.
    fn touches(&mut self, call: &View) -> Vec<Duration> {
        let mut console = Console::default();
        let mut layout = self.show(call, None);
        let (x, y) = layout.element("microphone").unwrap().rect.middle();
        let phases = [TouchPhase::Down, TouchPhase::Cancel].into_iter().cycle();
        let turns = phases.take(TURNS).map(|phase| {
            let start = Instant::now();
            let worked = console.touch(&layout, Touch { x, y, phase }, Duration::ZERO);
            assert!(worked.redraw, "the button is marked");
            layout = self.show(call, console.pressed());
            start.elapsed()
        });
        sorted(turns.collect())
    }

    /// Everything is another.
    fn full(&mut self, home: &View, call: &View) -> Vec<Duration> {
        let turns = [home, call].into_iter().cycle().take(TURNS).map(|view| {
            let start = Instant::now();
            self.show(view, None);
            start.elapsed()
        });
        sorted(turns.collect())
    }
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort();
    times
}

/// The longest that a text of an attacker takes until its first picture, and which one.
fn hostile(glass: &mut Glass) -> (Duration, String) {
    let texts = [
        "a\u{301}".repeat(10_000),
        format!("x{}", "\u{301}".repeat(10_000)),
        "\u{202e}\u{2067}\u{202d}".repeat(3_000),
        "\u{202e}gnitteem مرحبا بالعالم שלום עולם ".repeat(200),
        "👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈".repeat(500),
        "\u{fffd}".repeat(10_000),
        "ﷺ﷽".repeat(3_000),
        "W".repeat(10_240),
    ];
    let mut worst = (Duration::ZERO, String::new());
    for text in texts {
        let screen = scenes::call_with(|call| {
            text.clone_into(&mut call.title);
            for person in &mut call.participants {
                text.clone_into(&mut person.name);
            }
        });
        glass.show(&view(scenes::home()), None);
        let view = view(screen);
        let start = Instant::now();
        glass.show(&view, None);
        let begin = text.chars().take(8).collect();
        worst = worst.max((start.elapsed(), begin));
    }
    worst
}

/// What this process holds, in MB.
fn own_memory() -> f64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = pss.and_then(|pss| pss.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// The same in Chromium; what its driver says, a figure a line.
fn peer(
    glass: &mut Glass,
    views: &[&View],
    [node, modules, chromium]: [&String; 3],
) -> BTreeMap<String, f64> {
    let page = std::env::temp_dir().join(format!("saal-panel-{}.html", std::process::id()));
    fs::write(&page, html(glass, views)).unwrap();
    let driver = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/chromium.mjs");
    let output = Command::new(node)
        .arg(driver)
        .args([modules, chromium])
        .arg(&page)
        .arg(TURNS.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap();
    let _ = fs::remove_file(&page);
    let text = String::from_utf8(output.stdout).unwrap();
    let figures = text.lines().filter_map(|line| line.split_once(' '));
    figures
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect()
}

/// A page with the same things at the same places: words, buttons, cards, shadows.
fn html(glass: &mut Glass, views: &[&View]) -> String {
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><style>*{margin:0;box-sizing:border-box}\
         body{font:400 22px Inter,'DejaVu Sans',sans-serif;background:#f4f6f8}\
         section{position:absolute;inset:0;display:none}section.on{display:block}\
         div{position:absolute;overflow:hidden}\
         .button{background:#fff;border-radius:20px;box-shadow:0 4px 16px #0002;font-weight:600;\
         display:grid;place-content:center}.pressed{background:#cdd6df}</style>",
    );
    for view in views {
        let _ = write!(page, "<section>");
        for e in glass.show(view, None).elements() {
            let class = if e.is_touchable() { "button" } else { "" };
            let at = &e.rect;
            let words = e.label.replace('&', "&amp;").replace('<', "&lt;");
            let _ = write!(
                page,
                "<div id=\"{}\" class=\"{class}\" style=\"left:{}px;top:{}px;width:{}px;height:{}px\">{words}</div>",
                e.id, at.x, at.y, at.width, at.height
            );
        }
        let _ = write!(page, "</section>");
    }
    page
}
