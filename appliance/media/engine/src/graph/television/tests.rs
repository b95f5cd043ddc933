//! Every picture that is composed while arrangements change.

use crate::graph::still::picture;
use std::{
    sync::{
        Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use gstreamer_app as gst_app;
use saal_media_protocol::{Ground, Place, SourceKind, TextLine};

use super::*;

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
const SETTINGS: Television = Television {
    width: WIDTH,
    height: HEIGHT,
    frames_per_second: 30,
    reduced_motion: false,
};
/// Longer than any machine needs for a picture.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place on a grid of eight by eight; all are 16:9.
const fn place(x: i32, y: i32, size: u32) -> Rect {
    Rect {
        x: x * 80,
        y: y * 45 / 2 * 2,
        width: size * 80,
        height: size * 45 / 2 * 2,
    }
}

fn source(name: char) -> TileSource {
    TileSource::Participant {
        participant: name.to_string(),
        source: SourceKind::Camera,
    }
}

/// Each has its own brightness, far from black.
fn luma(name: char) -> u8 {
    60 + 20 * (name as u8 - b'a')
}

/// The scaler rounds.
fn near(one: u8, other: u8) -> bool {
    one.abs_diff(other) <= 4
}

fn flat(luma: u8) -> gst::Sample {
    let (width, height) = (160, 90);
    let grey = vec![128; (width * height / 4) as usize];
    let luma = vec![luma; (width * height) as usize];
    picture(width, [&luma, &grey, &grey], &raw_caps(width, height))
}

/// So many pixels are looked at as one, so that no picture has to wait for the one before.
const STEP: usize = 4;

/// Brightness of a composed picture, of one pixel in each square of [`STEP`].
struct Composed(Vec<u8>);

impl Composed {
    fn at(&self, x: i32, y: i32) -> u8 {
        self.0[y as usize / STEP * (WIDTH as usize / STEP) + x as usize / STEP]
    }

    /// Which part of it is dark, or has that brightness.
    fn part(&self, is: impl Fn(u8) -> bool) -> f64 {
        let pixels = self.0.iter().filter(|luma| is(**luma)).count();
        pixels as f64 / self.0.len() as f64
    }

    /// Where pixels of this brightness are, but there where others fade and may have any brightness.
    fn extent(&self, luma: u8, fades: &[Rect]) -> Option<[i32; 4]> {
        let pixels = self.0.iter().enumerate();
        let of = pixels.filter(|(_, pixel)| near(**pixel, luma));
        let points = of.map(|(index, _)| {
            let row = WIDTH as usize / STEP;
            let middle = |n: usize| (n * STEP + STEP / 2) as i32;
            (middle(index % row), middle(index / row))
        });
        let mut points = points.filter(|(x, y)| !fades.iter().any(|rect| inside(rect, *x, *y)));
        let first = points.next().map(|(x, y)| [x, y, x, y]);
        let widen = |[left, top, right, bottom]: [i32; 4], (x, y): (i32, i32)| {
            [left.min(x), top.min(y), right.max(x), bottom.max(y)]
        };
        first.map(|first| points.fold(first, widen))
    }
}

type Layout = Vec<(char, Rect)>;

struct Room {
    output: TelevisionOutput,
    screen: Screen,
    composed: Receiver<Composed>,
    /// Whoever has it keeps the next picture from being composed, as a busy computer does.
    busy: Arc<Mutex<()>>,
    layout: Layout,
    events: tokio::sync::mpsc::UnboundedReceiver<crate::graph::GraphEvent>,
    _preview: watch::Receiver<Option<Picture>>,
}

impl Room {
    fn new(settings: Television) -> Self {
        let (events, said) = tokio::sync::mpsc::unbounded_channel();
        let graph = Graph::new(events).unwrap();
        let screen = Screen::new(&graph);
        let (preview, kept) = watch::channel(None);
        let output = TelevisionOutput::new(Role::People, settings, &screen, None, Some(preview));
        let mut output = output.unwrap();
        let busy = Arc::default();
        let composed = tap(&output, &busy);
        for name in 'a'..='h' {
            screen.push(&source(name), &flat(luma(name)));
        }
        output.set_preview(settings.frames_per_second).unwrap();
        Self {
            output,
            screen,
            composed,
            busy,
            layout: Vec::new(),
            events: said,
            _preview: kept,
        }
    }

    fn set(&mut self, layout: &[(char, Rect)]) {
        let tiles = layout.iter().map(|(name, rect)| Tile {
            source: source(*name),
            rect: *rect,
        });
        self.output.set_tiles(&tiles.collect::<Vec<_>>()).unwrap();
        self.layout = layout.to_vec();
    }

    fn next(&mut self) -> Composed {
        let composed = self.composed.recv_timeout(PATIENCE);
        composed.unwrap_or_else(|_| panic!("no picture; {:?}", self.events.try_recv()))
    }

    /// Pictures until one is exactly as wanted; that one is the last.
    fn until(&mut self, layout: &[(char, Rect)]) -> Vec<Composed> {
        let mut seen = Vec::new();
        loop {
            seen.push(self.next());
            if seen.last().is_some_and(|composed| is(composed, layout)) {
                return seen;
            }
            assert!(seen.len() < 600, "it never becomes {layout:?}");
        }
    }

    /// Goes from what is shown to another layout, and looks at each picture in between.
    fn change(&mut self, to: &[(char, Rect)]) -> usize {
        let from = self.layout.clone();
        self.set(to);
        let seen = self.until(to);
        for composed in &seen {
            check(composed, &from, to);
        }
        seen.len()
    }
}

/// Whatever the compositor makes.
fn tap(output: &TelevisionOutput, busy: &Arc<Mutex<()>>) -> Receiver<Composed> {
    let (to, composed) = channel();
    let busy = busy.clone();
    let sink = gst_app::AppSink::builder()
        .sync(false)
        .async_(false)
        .build();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        drop(busy.lock());
        let buffer = sample
            .buffer()
            .and_then(|buffer| buffer.map_readable().ok());
        let buffer = buffer.ok_or(gst::FlowError::Error)?;
        let rows = buffer
            .as_slice()
            .chunks(WIDTH as usize)
            .take(HEIGHT as usize);
        let rows = rows.skip(STEP / 2).step_by(STEP);
        let pixels = rows.flat_map(|row| row.iter().skip(STEP / 2).step_by(STEP));
        let _ = to.send(Composed(pixels.copied().collect()));
        Ok(gst::FlowSuccess::Ok)
    });
    sink.set_callbacks(callbacks.build());
    output.pipeline.add(&sink).unwrap();
    let peer = output.rate.static_pad("src").and_then(|pad| pad.peer());
    let fork = peer.and_then(|pad| pad.parent_element()).unwrap();
    fork.link(&sink).unwrap();
    composed
}

fn inside(rect: &Rect, x: i32, y: i32) -> bool {
    (rect.x..rect.x + rect.width as i32).contains(&x)
        && (rect.y..rect.y + rect.height as i32).contains(&y)
}

/// Which name is on top there, if any.
fn on_top(layout: &[(char, Rect)], x: i32, y: i32) -> Option<char> {
    let found = layout.iter().rev().find(|(_, rect)| inside(rect, x, y));
    found.map(|(name, _)| *name)
}

fn is(composed: &Composed, layout: &[(char, Rect)]) -> bool {
    let points = (4..HEIGHT as i32).step_by(9);
    let points = points.flat_map(|y| (4..WIDTH as i32).step_by(10).map(move |x| (x, y)));
    points.into_iter().all(|(x, y)| {
        let wanted = on_top(layout, x, y).map_or(16, luma);
        near(composed.at(x, y), wanted)
    })
}

fn dark(layout: &[(char, Rect)]) -> f64 {
    let of = |(x, y)| on_top(layout, x, y).is_none();
    let points = (0..64 * 36).map(|n| (n % 64 * 10 + 4, n / 64 * 10 + 4));
    points.clone().filter(|point| of(*point)).count() as f64 / points.count() as f64
}

/// In a picture between two layouts nothing is black that is not in one of them, but what those who move leave
/// free; who stays is seen all the time, and nobody is anywhere else than on the way.
fn check(composed: &Composed, from: &[(char, Rect)], to: &[(char, Rect)]) {
    let allowed = dark(from).max(dark(to)) + 0.3;
    let black = composed.part(|luma| luma <= 20);
    assert!(
        black <= allowed.min(0.95),
        "{black} of it is black, {from:?} to {to:?}"
    );
    let of = |layout: &[(char, Rect)], name| {
        let found = layout.iter().find(|(of, _)| *of == name);
        found.map(|(_, rect)| *rect)
    };
    let only_in = |one: &[(char, Rect)], other: &[(char, Rect)]| {
        let fades = one.iter().filter(|(name, _)| of(other, *name).is_none());
        fades.map(|(_, rect)| *rect).collect::<Vec<_>>()
    };
    let fades = [only_in(from, to), only_in(to, from)].concat();
    for (name, there) in to {
        let Some(here) = of(from, *name) else {
            continue;
        };
        let area = |rect: Rect| f64::from(rect.width * rect.height);
        let seen = composed.part(|pixel| near(pixel, luma(*name)));
        let least = area(here).min(area(*there)) / f64::from(WIDTH * HEIGHT);
        assert!(seen > least * 0.5, "{name} is missing: {seen} of {least}");
        let Some(extent) = composed.extent(luma(*name), &fades) else {
            continue;
        };
        let [left, top, right, bottom] = extent;
        let (x, y) = (here.x.min(there.x), here.y.min(there.y));
        let ends = |rect: Rect| (rect.x + rect.width as i32, rect.y + rect.height as i32);
        let (one, other) = (ends(here), ends(*there));
        let (far, low) = (one.0.max(other.0), one.1.max(other.1));
        // Where pictures meet, pixels are in between.
        let edge = 2 * STEP as i32;
        let is_inside =
            left >= x - edge && top >= y - edge && right < far + edge && bottom < low + edge;
        assert!(is_inside, "{name} is at {extent:?}, {from:?} to {to:?}");
    }
}

fn layouts() -> Vec<Layout> {
    let quarters = [
        ('a', place(0, 0, 4)),
        ('b', place(4, 0, 4)),
        ('c', place(0, 4, 4)),
        ('d', place(4, 4, 4)),
    ];
    vec![
        vec![('a', place(0, 2, 4)), ('b', place(4, 2, 4))],
        quarters.to_vec(),
        // Somebody speaks, or shares.
        vec![
            ('c', place(0, 1, 6)),
            ('a', place(6, 0, 2)),
            ('b', place(6, 2, 2)),
            ('d', place(6, 4, 2)),
        ],
        // Another page.
        vec![
            ('e', place(0, 0, 4)),
            ('f', place(4, 0, 4)),
            ('g', place(0, 4, 4)),
            ('h', place(4, 4, 4)),
        ],
        vec![('h', place(0, 0, 8))],
        vec![('a', place(0, 0, 8)), ('h', place(6, 6, 1))],
    ]
}

#[test]
fn no_picture_is_black_or_has_a_hole_while_tiles_come_go_and_move() {
    let mut room = Room::new(SETTINGS);
    room.set(&[('a', place(0, 0, 8))]);
    room.until(&[('a', place(0, 0, 8))]);
    for layout in layouts() {
        let pictures = room.change(&layout);
        assert!(pictures > 3, "{pictures} pictures: it jumps");
    }
}

#[test]
fn with_reduced_motion_it_changes_from_one_picture_to_the_next() {
    let mut room = Room::new(Television {
        reduced_motion: true,
        ..SETTINGS
    });
    room.set(&[('a', place(0, 0, 8))]);
    room.until(&[('a', place(0, 0, 8))]);
    for layout in layouts() {
        let from = room.layout.clone();
        room.set(&layout);
        let seen = room.until(&layout);
        for composed in &seen {
            check(composed, &from, &layout);
            let whole = |pixel: u8| pixel <= 20 || ('a'..='h').any(|name| near(pixel, luma(name)));
            let blended = composed.part(|pixel| !whole(pixel));
            assert!(blended < 0.02, "{blended} of it is between two pictures");
        }
    }
}

/// Longer than anything takes to leave.
const LATE: Duration = Duration::from_millis(400);

#[test]
fn while_composition_is_late_nothing_leaves_before_what_comes_is_seen() {
    for reduced_motion in [false, true] {
        let mut room = Room::new(Television {
            reduced_motion,
            ..SETTINGS
        });
        let [one, other] = [[('a', place(0, 0, 8))], [('b', place(0, 0, 8))]];
        room.set(&one);
        room.until(&one);
        let busy = room.busy.clone();
        let lock = busy.lock();
        std::thread::sleep(LATE);
        room.set(&other);
        drop(lock);
        for composed in room.until(&other) {
            check(&composed, &one, &other);
        }
    }
}

#[test]
fn a_change_in_the_middle_of_a_change_jumps_nowhere() {
    let mut room = Room::new(SETTINGS);
    let [pair, quarters] = [layouts()[0].clone(), layouts()[1].clone()];
    room.set(&pair);
    room.until(&pair);
    room.set(&quarters);
    for _ in 0..3 {
        check(&room.next(), &pair, &quarters);
    }
    room.set(&pair);
    for composed in room.until(&pair) {
        check(&composed, &pair, &quarters);
    }
}

#[test]
fn who_has_no_picture_yet_has_a_card_until_it_comes() {
    let mut room = Room::new(SETTINGS);
    let whole = place(0, 0, 8);
    room.set(&[('a', whole)]);
    room.until(&[('a', whole)]);
    let late = source('z');
    let tiles = [Tile {
        source: late.clone(),
        rect: whole,
    }];
    room.output.set_tiles(&tiles).unwrap();
    loop {
        let composed = room.next();
        assert!(composed.part(|luma| luma <= 20) < 0.01, "black");
        if composed.part(|luma| luma == 40) > 0.99 {
            break;
        }
    }
    room.screen.push(&late, &flat(200));
    while room.next().part(|luma| luma == 200) < 0.99 {}
}

#[test]
fn nothing_is_asked_of_anybody_while_nothing_moves() {
    let mut room = Room::new(SETTINGS);
    let [pair, quarters] = [layouts()[0].clone(), layouts()[1].clone()];
    room.set(&pair);
    room.until(&pair);
    room.change(&quarters);
    // The motion ends with a picture that shows nothing new.
    while room.output.stage.asks() {
        room.next();
    }
    room.set(&quarters);
    assert!(!room.output.stage.asks());
    let tiles = room.output.tiles.len();
    assert_eq!(tiles, 4, "and nobody who left is kept");
}

#[test]
fn a_text_that_gives_way_to_another_leaves_no_gap() {
    let mut room = Room::new(SETTINGS);
    let label = |text: &str| Label {
        area: Rect {
            x: 40,
            y: 280,
            width: 560,
            height: 60,
        },
        place: Place::BottomCentre,
        line_height: 40,
        lines: vec![TextLine {
            who: String::new(),
            text: text.to_owned(),
        }],
        ground: Ground::Dark,
    };
    let whole = place(0, 0, 8);
    room.set(&[('h', whole)]);
    room.until(&[('h', whole)]);
    let written = |composed: &Composed| composed.at(320, 336) == 28;
    room.output.set_text(&[label("One")]).unwrap();
    while !written(&room.next()) {}
    for text in ["One more", "One more word", "No"] {
        room.output.set_text(&[label(text)]).unwrap();
        for _ in 0..5 {
            assert!(written(&room.next()), "no text for a picture");
        }
    }
}
