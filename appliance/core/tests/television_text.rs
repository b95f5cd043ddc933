//! What people read on the television.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, participant};
use saal_core::{Effect, EngineEvent, Event, Intent};
use saal_media_protocol::{Label, MediaCommand, Place, Rect, TextLine};
use saal_meeting::{CallEvent, Caption, ChatLine, EndReason, MeetingState, Participant};

/// The text that the television shows after this; `None`: as before.
fn shown(effects: &[Effect]) -> Option<Vec<Label>> {
    let mut texts = effects.iter().filter_map(|effect| match effect {
        Effect::Media(MediaCommand::SetText { labels }) => Some(labels.clone()),
        _ => None,
    });
    let last = texts.next_back();
    assert_eq!(texts.next_back(), None, "one text at a time");
    last
}

fn hears(bench: &mut Bench, event: CallEvent) -> Option<Vec<Label>> {
    let call = bench.call();
    shown(&bench.tell(Event::Call(call, event)))
}

fn caption(id: &str, text: &str) -> CallEvent {
    CallEvent::Caption(Caption {
        id: id.to_owned(),
        speaker: "Ada".to_owned(),
        text: text.to_owned(),
        is_final: false,
    })
}

fn chat(id: &str, author: &str, text: &str) -> CallEvent {
    CallEvent::Chat(ChatLine {
        id: id.to_owned(),
        author: author.to_owned(),
        text: text.to_owned(),
        private: false,
    })
}

fn at(labels: &[Label], place: Place) -> Vec<&Label> {
    labels.iter().filter(|label| label.place == place).collect()
}

fn line(who: &str, text: &str) -> TextLine {
    TextLine {
        who: who.to_owned(),
        text: text.to_owned(),
    }
}

fn inside(rect: Rect, width: u32, height: u32) -> bool {
    let fits = |start: i32, length: u32, room: u32| {
        u32::try_from(start).is_ok_and(|start| start + length <= room)
    };
    fits(rect.x, rect.width, width) && fits(rect.y, rect.height, height)
}

#[test]
fn pictures_have_names_and_who_is_silent_a_mark() {
    let mut bench = Bench::in_call();
    let silent = Participant {
        microphone: false,
        ..participant("bob")
    };
    let people = vec![participant("ada"), silent];
    let labels = hears(&mut bench, CallEvent::Participants(people)).unwrap();
    let names: Vec<_> = labels.iter().map(|l| l.lines[0].text.as_str()).collect();
    assert_eq!(names, ["ADA", "🔇 BOB"]);
    assert!(labels.iter().all(|l| l.place == Place::BottomLeft));
    assert_eq!(
        (labels[0].area.x, labels[1].area.x),
        (0, 640),
        "each on its own picture"
    );
}

#[test]
fn captions_follow_who_speaks_and_go_by_themselves() {
    let mut bench = Bench::in_call();
    let first = hears(&mut bench, caption("1", "Good")).unwrap();
    assert_eq!(
        at(&first, Place::BottomCentre)[0].lines,
        [line("Ada", "Good")]
    );
    let more = hears(&mut bench, caption("1", "Good morning")).unwrap();
    let captions = at(&more, Place::BottomCentre);
    assert_eq!(captions[0].lines, [line("Ada", "Good morning")]);
    assert!(
        captions[0].line_height >= 720 / 16,
        "from the back of a room"
    );
    let names = at(&more, Place::BottomLeft);
    let bottom = captions[0].area.y + captions[0].area.height as i32;
    assert!(bottom <= names[0].area.y, "they hide no name");
    let later = shown(&bench.wait(Duration::from_secs(7), true)).unwrap();
    assert_eq!(at(&later, Place::BottomCentre), [] as [&Label; 0]);
}

#[test]
fn a_long_caption_keeps_its_end() {
    let mut bench = Bench::in_call();
    let long = format!("{}the end", "word ".repeat(500));
    let labels = hears(&mut bench, caption("1", &long)).unwrap();
    let text = &at(&labels, Place::BottomCentre)[0].lines[0].text;
    assert!(text.starts_with('…') && text.ends_with("the end"), "{text}");
    assert!(text.chars().count() < 300);
}

#[test]
fn the_chat_stands_beside_the_pictures_when_people_want_it() {
    let mut bench = Bench::in_call();
    assert_eq!(
        hears(&mut bench, chat("1", "Ada", "Hello")),
        None,
        "not asked for"
    );
    let effects = bench.touch(Intent::ShowChat(true));
    let labels = shown(&effects).unwrap();
    let column = at(&labels, Place::Fill)[0];
    assert_eq!(column.lines, [line("Ada", "Hello")]);
    let tiles = effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles),
        _ => None,
    });
    let picture = tiles.unwrap()[0].rect;
    assert_eq!(picture.width as i32, column.area.x, "nobody is hidden");
    let more = hears(&mut bench, chat("2", "Bob", "Hi\nthere")).unwrap();
    assert_eq!(at(&more, Place::Fill)[0].lines[1], line("Bob", "Hi there"));
    assert_eq!(bench.touch(Intent::ShowChat(true)), []);
    let off = bench.touch(Intent::ShowChat(false));
    assert_eq!(at(&shown(&off).unwrap(), Place::Fill), [] as [&Label; 0]);
}

#[test]
fn of_much_chat_the_last_lines_are_shown() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::ShowChat(true));
    for n in 0..30 {
        hears(&mut bench, chat(&n.to_string(), "Ada", &n.to_string()));
    }
    let labels = hears(&mut bench, chat("30", "Ada", "30")).unwrap();
    let lines = &at(&labels, Place::Fill)[0].lines;
    assert_eq!((lines.len(), lines.last()), (16, Some(&line("Ada", "30"))));
}

#[test]
fn signs_and_marks_are_shown() {
    let mut bench = Bench::in_call();
    let reaction = CallEvent::Reaction {
        from: "Ada".to_owned(),
        emoji: "👏".to_owned(),
    };
    let labels = hears(&mut bench, reaction).unwrap();
    assert!(labels.iter().any(|l| l.lines == [line("👏", "Ada")]));
    let state = MeetingState {
        recording: true,
        transcription: true,
        ..MeetingState::default()
    };
    let labels = hears(&mut bench, CallEvent::State(Box::new(state))).unwrap();
    assert_eq!(
        at(&labels, Place::TopRight)[0].lines,
        [line("", "● REC   ✎ TEXT")]
    );
}

#[test]
fn nothing_of_it_stays_after_the_meeting() {
    let mut bench = Bench::in_call();
    hears(&mut bench, caption("1", "secret"));
    assert_eq!(shown(&bench.touch(Intent::Leave)), Some(Vec::new()));
    assert_eq!(hears(&mut bench, CallEvent::Ended(EndReason::Left)), None);
}

#[test]
fn an_engine_that_was_restarted_is_told_again() {
    let mut bench = Bench::in_call();
    let before = hears(&mut bench, caption("1", "Good morning")).unwrap();
    let reason = "killed".to_owned();
    let effects = bench.tell(Event::Engine(EngineEvent::Lost { reason }));
    assert_eq!(shown(&effects), Some(before));
}

#[test]
fn hostile_text_is_cut_before_it_is_sent() {
    let mut bench = Bench::in_call();
    bench.touch(Intent::ShowChat(true));
    let marks = format!("Z{}", "\u{301}".repeat(10_000));
    let steering = "\u{202e}evil\u{0}\u{7}\u{2066}\u{200b} name\r\n";
    let long = "y".repeat(100_000);
    for (index, text) in [marks.as_str(), steering, &long].into_iter().enumerate() {
        let id = index.to_string();
        let person = Participant {
            name: text.to_owned(),
            ..participant("eve")
        };
        hears(&mut bench, CallEvent::Participants(vec![person]));
        hears(&mut bench, chat(&id, text, text));
        let from = text.to_owned();
        let emoji = text.to_owned();
        hears(&mut bench, CallEvent::Reaction { from, emoji });
        let labels = hears(&mut bench, caption(&id, text)).unwrap();
        for label in &labels {
            assert!(inside(label.area, 1280, 720), "{:?}", label.area);
            for line in &label.lines {
                assert!(line.text.chars().count() <= 450, "{}", line.text.len());
                assert!(line.who.chars().count() <= 100, "{}", line.who.len());
                let all = line.who.clone() + &line.text;
                let steers = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                assert!(!all.contains(steers), "{all:?}");
            }
        }
        if text == steering {
            assert!(labels.iter().any(|l| l.lines[0].text == "evil name"));
        }
    }
}
