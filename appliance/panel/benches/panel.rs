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

use nix::sys::resource::{UsageWho, getrusage};
use saal_core::Muted;
use saal_fleet_protocol::config::{Language, Theme};
use saal_hal::{Frame, Look, Part, Touch, TouchPhase, Turn, draw};
use saal_panel::{
    Call, Console, Damage, Layout, Motion, Picture, Renderer, Screen, Sheet, View, Way,
};

/// How often each thing is done; a hundredth of it is four.
const TURNS: usize = 400;
/// How often a first picture is tried where something else takes the core each time.
const TRIES: usize = 20;
/// Bytes of a pixel of a display.
const PIXEL: usize = 4;
/// A frame at 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// What is measured: what it is called, what is wanted in milliseconds, how long each turn took, and what the peer calls it.
struct Row {
    what: &'static str,
    goal: Option<f64>,
    turns: Turns,
    peer: &'static str,
}

impl Row {
    fn new(what: &'static str, goal: Option<f64>, mut turns: Turns, peer: &'static str) -> Self {
        if turns.times.is_empty() {
            turns.times.extend(turns.shortest);
        }
        turns.times.sort();
        Self {
            what,
            goal,
            turns,
            peer,
        }
    }

    /// The median and what 99 of 100 are below.
    fn say(&self, peer: &BTreeMap<String, f64>) {
        for (name, percent, goal) in [("median", 50, None), ("99 of 100", 99, self.goal)] {
            let times = &self.turns.times;
            let ours = ms(times[times.len() * percent / 100]);
            let theirs = peer.get(&format!("{}_{percent}", self.peer)).copied();
            say(&format!("{}, {name}", self.what), goal, ours, theirs);
        }
    }
}

fn main() {
    let (home, call) = (view(scenes::home()), view(scenes::call(Muted::default())));
    let mut glass = Glass::new();
    let rows = [
        Row::new("touch to picture", Some(8.0), glass.touches(&call), "touch"),
        Row::new(
            "another screen",
            Some(16.0),
            glass.turns([&home, &call]),
            "screen",
        ),
        Row::new(
            "full repaint",
            Some(16.0),
            glass.turns([&call, &dark(&call)]),
            "full",
        ),
        Row::new(
            "damaged repaint",
            None,
            glass.turns([&home, &later(&home)]),
            "damaged",
        ),
        Row::new(
            "a picture of a motion",
            Some(ms(FRAME)),
            glass.moves(&home, &call),
            "",
        ),
    ];
    let memory = own_memory();
    // Whatever there is to draw it with.
    glass.renderer = Renderer::with_fonts(&installed::fonts());
    let calls = hostile(names, None);
    let chats = hostile(lines, Some(Sheet::Chat));
    let worst = [("a call", &calls), ("a full chat", &chats)]
        .map(|(what, views)| (what, glass.worst(&home, views)));
    let peer = beside(&mut glass, [&home, &call], [&calls, &chats]);
    say_columns();
    let disturbed: usize = rows.iter().map(|row| row.turns.disturbed).sum();
    for row in rows {
        row.say(&peer);
    }
    for (what, (time, _)) in &worst {
        let theirs = peer.get(what.rsplit(' ').next().unwrap_or_default());
        let what = format!("hostile text in {what}, its first picture");
        say(&what, Some(ms(FRAME)), ms(*time), theirs.copied());
    }
    say("memory, MB", None, memory, peer.get("memory").copied());
    let [(_, (_, first)), (_, (_, second))] = worst;
    println!("{disturbed} turns in which something else had the core are left out, of ours alone");
    println!(
        "the slowest texts begin with {first:?} and {second:?}; the goal of touch is 0.2 of Chromium (goals.md)"
    );
}

/// The same in another theme: all pixels are others.
fn dark(view: &View) -> View {
    let mut view = view.clone();
    view.comfort.theme = Theme::Dark;
    view
}

/// The same a minute on: the clock and little else are others.
fn later(view: &View) -> View {
    let mut view = view.clone();
    view.now += Duration::from_secs(60);
    view
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn say(what: &str, goal: Option<f64>, ours: f64, theirs: Option<f64>) {
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.1}"));
    let ratio = theirs.map_or("-".to_owned(), |theirs| format!("{:.2}", ours / theirs));
    let (goal, theirs) = (shown(goal), shown(theirs));
    println!("{what:46} {goal:>8} {ours:>8.1} {theirs:>9} {ratio:>6}");
}

/// What Chromium does with the same pages, where we are told where it is.
fn beside(
    glass: &mut Glass,
    views: [&View; 2],
    hostile: [&[(String, View)]; 2],
) -> BTreeMap<String, f64> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    match arguments.as_slice() {
        [node, modules, chromium] => {
            let page = html(glass, views, hostile);
            peer(&page, [node, modules, chromium])
        }
        _ => BTreeMap::new(),
    }
}

fn say_columns() {
    println!("a panel of 1280x800, {TURNS} turns, on one core; times in ms");
    println!(
        "{:46} {:>8} {:>8} {:>9} {:>6}",
        "", "goal", "saal", "chromium", "ratio"
    );
}

fn view(screen: Screen) -> View {
    scenes::view(Language::De, screen)
}

/// Turns of the panel alone: those in which the kernel gave the core to something else are none, as a panel has it for
/// itself, and are only counted.
#[derive(Default)]
struct Turns {
    times: Vec<Duration>,
    disturbed: usize,
    /// Of all turns, also those.
    shortest: Option<Duration>,
}

impl Turns {
    /// Until there are enough, or it is clear that there never will be.
    fn go_on(&self) -> bool {
        self.times.len() < TURNS && self.disturbed < 2 * TURNS
    }

    fn time<T>(&mut self, turn: impl FnOnce() -> T) -> T {
        let (before, start) = (taken_away(), Instant::now());
        let done = turn();
        let time = start.elapsed();
        self.shortest = Some(self.shortest.map_or(time, |shortest| shortest.min(time)));
        if taken_away() == before {
            self.times.push(time);
        } else {
            self.disturbed += 1;
        }
        done
    }
}

/// How often the core was taken away from this thread.
fn taken_away() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    usage.involuntary_context_switches()
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
    fn moves(&mut self, below: &View, above: &View) -> Turns {
        let mut drawn = |view| {
            self.show(view, None);
            Arc::clone(self.renderer.picture())
        };
        let (from, to) = (drawn(below), drawn(above));
        let motion = Motion::begin(Arc::clone(&from), to, Way::Rises, Duration::ZERO).unwrap();
        let mut turns = Turns::default();
        while turns.go_on() {
            let (mut now, mut before) = (Duration::ZERO, Picture::clone(&from));
            while motion.at(now).is_some() {
                before = turns.time(|| {
                    let picture = motion.at(now).unwrap();
                    self.copy(&picture, picture.damage_since(&before));
                    picture
                });
                now = motion.next(now);
            }
        }
        turns
    }

    /// A finger comes down on the microphone's button and goes up: each until its picture is in the display's memory.
    fn touches(&mut self, call: &View) -> Turns {
        let mut console = Console::default();
        let mut layout = self.show(call, None);
        let (x, y) = layout.element("microphone").unwrap().rect.middle();
        let mut phases = [TouchPhase::Down, TouchPhase::Cancel].into_iter().cycle();
        let mut turns = Turns::default();
        while turns.go_on() {
            let phase = phases.next().unwrap();
            layout = turns.time(|| {
                let worked = console.touch(&layout, Touch { x, y, phase }, Duration::ZERO);
                assert!(worked.redraw, "the button is marked");
                self.show(call, console.pressed())
            });
        }
        turns
    }

    /// One view in the place of the other, again and again.
    fn turns(&mut self, views: [&View; 2]) -> Turns {
        let mut turns = Turns::default();
        for view in views.into_iter().cycle() {
            if !turns.go_on() {
                break;
            }
            turns.time(|| self.show(view, None));
        }
        turns
    }

    /// The longest that one of these takes until its first picture, and which one.
    fn worst(&mut self, before: &View, views: &[(String, View)]) -> (Duration, String) {
        let times = views.iter().map(|(text, view)| {
            let mut turns = Turns::default();
            while turns.times.is_empty() && turns.disturbed < TRIES {
                // Nothing of it is known before.
                self.renderer = Renderer::with_fonts(&installed::fonts());
                self.show(before, None);
                turns.time(|| self.show(view, None));
            }
            (turns.shortest.unwrap(), text.clone())
        });
        times.max().unwrap_or_default()
    }
}

/// What an attacker writes.
fn hostile_texts() -> [String; 10] {
    [
        "a\u{301}".repeat(10_000),
        format!("x{}", "\u{301}".repeat(10_000)),
        "\u{202e}\u{2067}\u{202d}".repeat(3_000),
        "\u{202e}gnitteem مرحبا بالعالم שלום עולם ".repeat(200),
        "👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈".repeat(500),
        "\u{fffd}".repeat(10_000),
        "ﷺ﷽".repeat(3_000),
        "क्ष्म्य".repeat(1_500),
        "\u{10ffff}\u{e000}\u{1f1e6}".repeat(1_000),
        "W".repeat(10_240),
    ]
}

/// Views that an attacker filled, by how the text begins.
fn hostile(fill: impl Fn(&mut Call, &str), sheet: Option<Sheet>) -> Vec<(String, View)> {
    let views = hostile_texts().into_iter().map(|text| {
        let mut view = view(scenes::call_with(|call| fill(call, &text)));
        view.navigation = sheet.clone().map(scenes::at_sheet).unwrap_or_default();
        (text.chars().take(8).collect(), view)
    });
    views.collect()
}

/// The meeting's title, and everybody's name.
fn names(call: &mut Call, text: &str) {
    text.clone_into(&mut call.title);
    for person in &mut call.participants {
        text.clone_into(&mut person.name);
    }
}

/// All that people write to each other, and who they are.
fn lines(call: &mut Call, text: &str) {
    meeting_scenes::chatting(call);
    for line in &mut call.chat {
        text.clone_into(&mut line.author);
        text.clone_into(&mut line.text);
    }
}

/// What this process holds, in MB.
fn own_memory() -> f64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = pss.and_then(|pss| pss.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// The same in Chromium; what its driver says, a figure a line.
fn peer(html: &str, [node, modules, chromium]: [&String; 3]) -> BTreeMap<String, f64> {
    let page = std::env::temp_dir().join(format!("saal-panel-{}.html", std::process::id()));
    fs::write(&page, html).unwrap();
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

/// A page with the same things at the same places, words, buttons, cards, shadows: the home screen, the same a minute on,
/// the call, and what an attacker filled.
fn html(
    glass: &mut Glass,
    [home, call]: [&View; 2],
    [calls, chats]: [&[(String, View)]; 2],
) -> String {
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><style>*{margin:0;box-sizing:border-box}\
         body{font:400 22px Inter,'DejaVu Sans',sans-serif;background:#f4f6f8}\
         body.dark{background:#0c1317;color:#eef4f6}\
         section{position:absolute;inset:0;display:none}section.on{display:block}\
         div{position:absolute;overflow:hidden}\
         .button{background:#fff;border-radius:20px;box-shadow:0 4px 16px #0002;font-weight:600;\
         display:grid;place-content:center}.dark .button{background:#26343c}.pressed{background:#cdd6df}</style>",
    );
    section(glass, &mut page, home, "home");
    section(glass, &mut page, call, "call");
    for (class, views) in [("hostile-call", calls), ("hostile-chat", chats)] {
        for (_, view) in views {
            section(glass, &mut page, view, class);
        }
    }
    // What a minute changes of the home screen.
    let later = glass.show(&later(home), None);
    for e in later.elements() {
        let words = escaped(&e.label);
        let _ = write!(page, "<template data-of=\"{}\">{words}</template>", e.id);
    }
    page
}

fn section(glass: &mut Glass, page: &mut String, view: &View, class: &str) {
    let _ = write!(page, "<section class=\"{class}\">");
    for e in glass.show(view, None).elements() {
        let class = if e.is_touchable() { "button" } else { "" };
        let at = &e.rect;
        let words = escaped(&e.label);
        let _ = write!(
            page,
            "<div id=\"{}\" class=\"{class}\" style=\"left:{}px;top:{}px;width:{}px;height:{}px\">{words}</div>",
            e.id, at.x, at.y, at.width, at.height
        );
    }
    let _ = write!(page, "</section>");
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;")
}
