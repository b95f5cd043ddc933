//! The panel as an executor: draws the room's view, turns touches and keys into intents, has said what is to be said.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use saal_core::{Intent, Now, Onlooker, Phase, Room};
use saal_hal::{Key, Touch};
use saal_hal_linux::system_fonts;
use saal_panel::{
    Console, Damage, Explored, LanguageFile, Layout, Motion, Place, Renderer, Utterance, View,
    Worked,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::{
    afar::{Afar, encode},
    comfort::ComfortFile,
    input::Inputs,
    voice::Voice,
};

/// Made once, by whoever asks first.
type Png = Arc<OnceLock<Arc<Vec<u8>>>>;

/// What the panel shows now, for everybody who looks.
#[derive(Clone)]
pub(crate) struct Picture {
    pixels: Arc<saal_panel::Picture>,
    /// Where it moves to.
    arrives: Arc<saal_panel::Picture>,
    /// All but the finger, which moves over it.
    tree: Arc<Map<String, Value>>,
    explored: Option<Explored>,
    /// What of it may be seen from afar; the same for all pictures of a motion.
    afar: Arc<Afar>,
    png: Png,
    moving: Png,
}

/// The tree of elements, as `/api/panel.json` gives it.
#[derive(Serialize)]
pub(crate) struct Tree<'a> {
    #[serde(flatten)]
    all: &'a Map<String, Value>,
    explored: Option<&'a Explored>,
}

impl Picture {
    pub(crate) fn new(pixels: Arc<saal_panel::Picture>, tree: Arc<Map<String, Value>>) -> Self {
        Self {
            arrives: Arc::clone(&pixels),
            pixels,
            tree,
            explored: None,
            afar: Arc::default(),
            png: Png::default(),
            moving: Png::default(),
        }
    }

    /// What is in it.
    pub(crate) fn tree(&self) -> Tree<'_> {
        Tree {
            all: &self.tree,
            explored: self.explored.as_ref(),
        }
    }

    /// The same with the finger there, or away.
    fn exploring(self, explored: Option<Explored>) -> Self {
        Self { explored, ..self }
    }

    /// On its way to another one.
    fn moving(self, now: saal_panel::Picture) -> Self {
        let pixels = Arc::new(now);
        Self { pixels, ..self }
    }

    /// What whoever helps from afar sees of it, made once.
    pub(crate) fn afar(&self) -> &Arc<Afar> {
        &self.afar
    }

    /// The picture itself.
    pub(crate) fn pixels(&self) -> &saal_panel::Picture {
        &self.pixels
    }

    /// Pixels: width, height.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.pixels.width() as usize, self.pixels.height() as usize)
    }

    /// Three bytes a pixel, rows from the top.
    pub(crate) fn rgb(&self) -> &[u8] {
        self.pixels.rgb()
    }

    /// The picture as PNG, where it stands still, made once for all who ask; blocks for milliseconds.
    pub(crate) fn png(&self) -> Arc<Vec<u8>> {
        self.png
            .get_or_init(|| Arc::new(encode(&self.arrives, png::Compression::Fast)))
            .clone()
    }

    /// The same of this moment, for who sees it move.
    pub(crate) fn moving_png(&self) -> Arc<Vec<u8>> {
        if Arc::ptr_eq(&self.pixels, &self.arrives) {
            return self.png();
        }
        self.moving
            .get_or_init(|| Arc::new(encode(&self.pixels, png::Compression::Fast)))
            .clone()
    }
}

/// What was said last is told to programs; more is remembered by nobody.
const MOST_SAID: usize = 50;

/// Draws, feels and speaks.
pub(crate) struct Panel {
    renderer: Renderer,
    layout: Option<Layout>,
    console: Console,
    comfort: ComfortFile,
    voice: Voice,
    /// What was said, with numbers that go on.
    said: VecDeque<(u64, Utterance)>,
    /// Pixels of the display that it is on, where it is on one.
    size: Option<(u32, u32)>,
    /// Where people were when it was drawn last.
    place: Option<Place>,
    motion: Option<Motion>,
    afar: Arc<Afar>,
    shown: watch::Sender<Arc<Picture>>,
}

impl Panel {
    pub(crate) fn new(state: &Path, inputs: &Inputs) -> Self {
        let nothing = Picture::new(Arc::new(saal_panel::Picture::new(1, 1)), Arc::default());
        let comfort = ComfortFile::open(state);
        let mut console = Console::default();
        if let Some(comfort) = comfort.saved() {
            console.remember(comfort);
        }
        Self {
            renderer: Renderer::with_fonts(&system_fonts()),
            layout: None,
            console,
            comfort,
            voice: Voice::start(inputs),
            said: VecDeque::new(),
            size: None,
            place: None,
            motion: None,
            afar: Arc::default(),
            shown: watch::Sender::new(Arc::new(nothing)),
        }
    }

    /// Speaks and writes in these words, or in the room's language.
    pub(crate) fn use_words(&mut self, file: Option<LanguageFile>) {
        self.console.use_words(file);
    }

    /// Follows what the panel shows.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Picture>> {
        self.shown.subscribe()
    }

    /// Draws the room as it is; who looks is told only when a pixel or an element changed.
    pub(crate) fn draw(&mut self, room: &Room, now: Now) {
        self.console.follow(room, now.mono);
        let (mut view, mut layout) = self.lay_out(room, now);
        if self.console.shown(&view, &layout) {
            (view, layout) = self.lay_out(room, now);
        }
        self.speak();
        self.comfort.save(self.console.navigation().comfort());
        let damage = self.renderer.draw(&layout);
        for script in self.renderer.lacking() {
            tracing::warn!(
                script,
                "no font draws this script; docs/operations.md lists the packages"
            );
        }
        let tree = self.tree(room, &view, &layout);
        let afar = self.seen_from_afar(&view, &layout);
        self.layout = Some(layout);
        self.follow_motion(&view, damage, now.mono);
        let explored = self.layout.as_ref().and_then(|l| self.console.explored(l));
        let shown = Picture::clone(&self.shown.borrow());
        let same = damage == Damage::Unchanged && *shown.tree == tree;
        let looked_at = !same || afar.is_seen() != self.afar.is_seen();
        if looked_at {
            self.afar = Arc::new(afar);
        }
        if looked_at || shown.explored != explored {
            self.show(Arc::new(tree), explored, now.mono);
        }
    }

    /// Nothing while nobody helps: what people touch doesn't wait for it.
    fn seen_from_afar(&self, view: &View, layout: &Layout) -> Afar {
        let number = self.afar.number();
        match view.onlooker {
            Onlooker::Helps(_) => Afar::new(number + 1, view, layout, self.renderer.picture()),
            _ => Afar::hidden(number),
        }
    }

    /// Begins a motion where people came to another place, from what they see now.
    fn follow_motion(&mut self, view: &View, damage: Damage, now: Duration) {
        let place = Place::of(view, self.console.pressed());
        let before = self.place.replace(place.clone());
        let picture = self.renderer.picture();
        let way = before.and_then(|before| before.way_to(&place));
        if let Some(way) = way.filter(|_| damage != Damage::Unchanged) {
            let from = Arc::clone(&self.shown.borrow().pixels);
            self.motion = Motion::begin(from, Arc::clone(picture), way, now);
        } else if view.comfort.reduced_motion {
            self.motion = None;
        } else if let Some(motion) = &mut self.motion {
            motion.turn_to(Arc::clone(picture));
        }
    }

    /// The picture of this moment and what is in it, for everybody who looks.
    fn show(&mut self, tree: Arc<Map<String, Value>>, explored: Option<Explored>, now: Duration) {
        let mut still = Picture::new(Arc::clone(self.renderer.picture()), tree).exploring(explored);
        still.afar = Arc::clone(&self.afar);
        let moving = self.motion.as_ref().and_then(|motion| motion.at(now));
        let picture = match moving {
            Some(moving) => still.moving(moving),
            None => {
                self.motion = None;
                still
            }
        };
        self.shown.send_replace(Arc::new(picture));
    }

    /// The next picture of a motion, if it is due.
    pub(crate) fn move_on(&mut self, now: Now) {
        if self.motion.is_some() {
            let shown = Picture::clone(&self.shown.borrow());
            self.show(shown.tree, shown.explored, now.mono);
        }
    }

    /// When [`Self::move_on`] has something to do, if nothing else happens (monotonic).
    pub(crate) fn next_picture(&self, now: Now) -> Option<Duration> {
        self.motion.as_ref().map(|motion| motion.next(now.mono))
    }

    fn lay_out(&mut self, room: &Room, now: Now) -> (View, Layout) {
        let mut view = View::of(room, now, self.console.navigation());
        if let Some(size) = self.size {
            (view.width, view.height) = size;
        }
        let layout = self.renderer.lay_out(&view, self.console.pressed());
        (view, layout)
    }

    fn tree(&self, room: &Room, view: &View, layout: &Layout) -> Map<String, Value> {
        let said = self.said.iter().map(|(number, said)| {
            json!({
                "number": number,
                "text": said.text,
                "voice": said.voice,
                "priority": said.priority,
                "element": said.element,
            })
        });
        let tree = json!({
            "width": layout.width(),
            "height": layout.height(),
            "room": view.room,
            "language": view.language,
            "screen": screen(room),
            "comfort": view.comfort,
            "focus": view.navigation.focus(),
            "said": said.collect::<Vec<_>>(),
            "elements": layout.elements(),
        });
        match tree {
            Value::Object(tree) => tree,
            _ => Map::new(),
        }
    }

    fn speak(&mut self) {
        while let Some(utterance) = self.console.next_utterance() {
            let number = self.said.back().map_or(1, |(last, _)| last + 1);
            if self.said.len() == MOST_SAID {
                self.said.pop_front();
            }
            self.said.push_back((number, utterance.clone()));
            self.voice.say(utterance);
        }
    }

    /// Draws for a display of this size from now on, or as the configuration says.
    pub(crate) fn set_size(&mut self, size: Option<(u32, u32)>) {
        self.size = size;
    }

    /// A finger on what the panel shows now.
    pub(crate) fn touch(&mut self, touch: Touch, now: Now) -> Worked {
        self.work(|console, layout| console.touch(layout, touch, now.mono))
    }

    /// A key, of a keyboard or a switch.
    pub(crate) fn key(&mut self, key: Key, now: Now) -> Worked {
        self.work(|console, layout| console.key(layout, key, now.mono))
    }

    /// Time passed.
    pub(crate) fn tick(&mut self, now: Now) -> Worked {
        self.work(|console, layout| console.tick(layout, now.mono))
    }

    fn work(&mut self, how: impl FnOnce(&mut Console, &Layout) -> Worked) -> Worked {
        let Some(layout) = &self.layout else {
            return Worked::default();
        };
        let worked = how(&mut self.console, layout);
        let explored = (!worked.redraw).then(|| self.console.explored(layout));
        self.speak();
        // What is drawn anyway says so then.
        if let Some(explored) = explored {
            self.tell_explored(explored);
        }
        worked
    }

    /// Nothing looks another way, but a finger that listens is elsewhere: tens of times a second, so that picture and tree
    /// stay the same ones.
    fn tell_explored(&mut self, explored: Option<Explored>) {
        let shown = Picture::clone(&self.shown.borrow());
        if shown.explored != explored {
            self.shown.send_replace(Arc::new(shown.exploring(explored)));
        }
    }

    /// What people left, and nobody may find.
    pub(crate) fn left(&self, room: &Room) -> Option<Intent> {
        self.console.left(room)
    }

    /// When [`Self::tick`] has something to do; a monotonic moment of the core.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.layout.as_ref().and_then(|_| self.console.deadline())
    }
}

/// What the room is doing, or that somebody calls it.
fn screen(room: &Room) -> &'static str {
    match room.phase() {
        Phase::Home if !room.rings().is_empty() => "ringing",
        phase => phase.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use saal_core::Event;
    use saal_fleet_protocol::config::parse;
    use saal_hal::TouchPhase;

    use super::*;

    const CONFIG: &str = r#"
version = 1
[room]
name = "Raum Lahn"
time_zone = "Europe/Berlin"
[[meetings]]
title = "Weekly"
link = "https://meet.example.org/weekly"
[panel]
"#;

    /// A panel at home, its room, and the moment.
    fn at_home(panel: &str) -> (Panel, Room, Now) {
        let state = tempfile::tempdir().unwrap();
        let (inputs, _) = Inputs::channel();
        let mut room = Room::new();
        let now = Now {
            wall: "2026-11-23T13:05:00Z".parse().unwrap(),
            mono: Duration::from_secs(5),
        };
        let config = parse(&format!("{CONFIG}{panel}")).unwrap();
        room.handle(now, Event::Config(Box::new(config)));
        let mut shown = Panel::new(state.path(), &inputs);
        shown.draw(&room, now);
        (shown, room, now)
    }

    /// A finger on the button that opens the sheet; the pictures until all is still, and how long each is seen.
    fn opened(panel: &str) -> Vec<(Arc<Picture>, Duration)> {
        let (mut panel, room, mut now) = at_home(panel);
        let at = panel.layout.as_ref().unwrap().element("access");
        let (x, y) = at.unwrap().rect.middle();
        for phase in [TouchPhase::Down, TouchPhase::Up] {
            panel.touch(Touch { x, y, phase }, now);
        }
        panel.draw(&room, now);
        let mut pictures = Vec::new();
        while let Some(next) = panel.next_picture(now) {
            pictures.push((panel.watch().borrow().clone(), next - now.mono));
            now.mono = next;
            panel.move_on(now);
        }
        pictures.push((panel.watch().borrow().clone(), Duration::ZERO));
        pictures
    }

    #[tokio::test]
    async fn a_sheet_comes_up_in_sixty_pictures_a_second() {
        let pictures = opened("");
        assert!((8..=10).contains(&pictures.len()), "{}", pictures.len());
        let (last, moving) = pictures.split_last().unwrap();
        for (picture, seen) in moving {
            assert_ne!(picture.rgb(), last.0.rgb());
            assert_eq!(
                picture.tree, last.0.tree,
                "what is touched is there at once"
            );
            assert!(*seen < Duration::from_millis(17));
        }
        assert_eq!(moving[0].0.png(), last.0.png(), "scripts see where it ends");
        assert_ne!(moving[0].0.moving_png(), last.0.moving_png());
    }

    #[tokio::test]
    async fn who_wants_no_motion_sees_the_sheet_at_once() {
        assert_eq!(opened("reduced_motion = true").len(), 1);
    }

    #[tokio::test]
    async fn a_finger_that_explores_copies_neither_the_tree_nor_the_picture() {
        let (mut panel, room, mut now) = at_home("spoken = true");
        let at = panel.layout.as_ref().unwrap().element("access");
        let (x, y) = at.unwrap().rect.middle();
        let mut touch = |panel: &mut Panel, x, phase| {
            let felt = panel.touch(Touch { x, y, phase }, now);
            now.mono += Duration::from_millis(500);
            let waited = panel.tick(now);
            if felt.redraw || waited.redraw {
                panel.draw(&room, now);
            }
            panel.watch().borrow().clone()
        };
        let seen = |picture: &Picture| serde_json::to_value(picture.tree()).unwrap();
        let before = touch(&mut panel, x, TouchPhase::Down);
        let png = before.png();
        for x in [x + 1, x + 2] {
            let after = touch(&mut panel, x, TouchPhase::Move);
            assert_eq!(seen(&after)["explored"]["x"], x);
            assert_eq!(seen(&after)["room"], "Raum Lahn");
            assert!(Arc::ptr_eq(&before.tree, &after.tree));
            assert!(Arc::ptr_eq(&png, &after.png()), "nor encodes it");
        }
        let gone = touch(&mut panel, x, TouchPhase::Up);
        assert_eq!(seen(&gone)["explored"], Value::Null);
    }
}
