//! What people read on the television.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, participant};
use saal_core::{Arrange, Effect, EngineEvent, Event, Intent};
use saal_fleet_protocol::config::Language;
use saal_hal_sim::{I420Picture, pattern};
use saal_media_protocol::{
    Ground, Label, MediaCommand, MediaEvent, MediaStats, Place, ReceivedVideo, Rect, SourceKind,
    TextLine, Tile,
};
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

/// Where pictures are after this, if that changed.
fn arranged(effects: &[Effect]) -> Option<Vec<Tile>> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles.clone()),
        _ => None,
    })
}

/// In a meeting with a chat.
fn chatting() -> Bench {
    let mut bench = Bench::in_call();
    let state = MeetingState {
        chat: true,
        ..MeetingState::default()
    };
    hears(&mut bench, CallEvent::State(Box::new(state)));
    bench
}

fn crowd(count: usize) -> Vec<Participant> {
    (0..count).map(|n| participant(&format!("p{n}"))).collect()
}

fn bottom(rect: Rect) -> i32 {
    rect.y + i32::try_from(rect.height).unwrap()
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
fn pictures_have_names_and_who_is_silent_or_waves_a_mark() {
    let mut bench = Bench::in_call();
    let silent = Participant {
        microphone: false,
        ..participant("bob")
    };
    let waving = Participant {
        hand_raised: true,
        ..silent.clone()
    };
    let named = |labels: &[Label]| -> Vec<String> {
        labels.iter().map(|l| l.lines[0].text.clone()).collect()
    };
    let people = vec![participant("ada"), silent];
    let labels = hears(&mut bench, CallEvent::Participants(people)).unwrap();
    assert_eq!(named(&labels), ["ADA", "🔇 BOB"]);
    assert!(labels.iter().all(|l| l.place == Place::BottomLeft));
    assert_eq!(
        (labels[0].area.x, labels[1].area.x),
        (0, 640),
        "each on its own picture"
    );
    let people = vec![participant("ada"), waving];
    let labels = hears(&mut bench, CallEvent::Participants(people)).unwrap();
    assert_eq!(named(&labels), ["ADA", "✋ 🔇 BOB"]);
}

#[test]
fn a_picture_that_waits_for_a_key_says_so_in_the_rooms_language() {
    let mut bench = Bench::in_call();
    let locked = Participant {
        key_missing: true,
        hand_raised: true,
        ..participant("ada")
    };
    let nameless = Participant {
        name: String::new(),
        id: "p".to_owned(),
        key_missing: true,
        ..participant("bob")
    };
    let people = vec![locked, nameless];
    let labels = hears(&mut bench, CallEvent::Participants(people)).unwrap();
    assert_eq!(
        labels[0].lines[0].text,
        "✋ Warten auf den Schlüssel von ADA"
    );
    assert_eq!(labels[1].lines[0].text, "Warten auf einen Schlüssel");
    let mut config = common::plain_config();
    config.room.language = Language::En;
    let labels = shown(&bench.tell(Event::Config(config))).unwrap();
    assert_eq!(labels[0].lines[0].text, "✋ Waiting for the key of ADA");
    let labels = hears(
        &mut bench,
        CallEvent::Participants(vec![participant("ada"), participant("bob")]),
    );
    assert_eq!(labels.unwrap()[0].lines[0].text, "ADA");
}

#[test]
fn a_picture_that_is_too_large_says_so_until_it_is_not() {
    let mut bench = Bench::in_call();
    let people = vec![participant("ada"), participant("bob")];
    hears(&mut bench, CallEvent::Participants(people)).unwrap();
    let mut tell = |too_large| {
        let video = ReceivedVideo {
            participant: "ada".to_owned(),
            source: SourceKind::Camera,
            frames_decoded: 0,
            width: 0,
            height: 0,
            too_large,
            freeze_count: 0,
            total_freezes_duration_ms: 0,
            jitter_buffer_delay_ms: 0,
            jitter_buffer_target_delay_ms: 0,
            jitter_buffer_emitted_count: 0,
            estimated_playout_timestamp_ms: None,
        };
        let stats = MediaStats {
            received_video: vec![video],
            ..MediaStats::default()
        };
        shown(&bench.tell(Event::Media(MediaEvent::Stats(stats))))
    };
    let labels = tell(true).unwrap();
    assert_eq!(labels[0].lines[0].text, "Das Bild ist zu groß: ADA");
    assert_eq!(labels[1].lines[0].text, "BOB");
    assert_eq!(tell(true), None, "nothing new");
    assert_eq!(tell(false).unwrap()[0].lines[0].text, "ADA");
}

#[test]
fn a_presentation_that_waits_for_a_key_is_written_on() {
    let mut bench = Bench::in_call();
    let presenter = Participant {
        content: true,
        camera: false,
        key_missing: true,
        ..participant("ada")
    };
    let labels = hears(&mut bench, CallEvent::Participants(vec![presenter])).unwrap();
    assert_eq!(labels[0].lines[0].text, "Warten auf den Schlüssel von ADA");
}

#[test]
fn a_name_hides_no_picture_that_leaves_room_for_it() {
    let mut bench = Bench::in_call();
    let alone = hears(
        &mut bench,
        CallEvent::Participants(vec![participant("a b")]),
    )
    .unwrap();
    let area = alone[0].area;
    assert_eq!(bottom(area), 720 - 9, "on the picture, which fills all");
    let two = hears(&mut bench, CallEvent::Participants(crowd(2))).unwrap();
    // Pictures of 640x360 in the middle of the television's height.
    assert_eq!(two[0].area.y, 540, "below the picture");
    let presenter = Participant {
        content: true,
        camera: false,
        ..participant("ada")
    };
    let content = hears(&mut bench, CallEvent::Participants(vec![presenter]));
    assert_eq!(content.unwrap(), [], "content is not written on");
}

#[test]
fn a_hand_without_a_picture_is_seen_until_it_is_lowered() {
    let mut bench = Bench::in_call();
    let mut dora = Participant {
        camera: false,
        hand_raised: true,
        ..participant("dora")
    };
    let people =
        |dora: &Participant| CallEvent::Participants(vec![participant("ada"), dora.clone()]);
    let labels = hears(&mut bench, people(&dora)).unwrap();
    let hand = [line("✋", "DORA")];
    assert!(labels.iter().any(|l| l.lines == hand), "{labels:?}");
    assert_eq!(shown(&bench.wait(Duration::from_secs(90), true)), None);
    dora.hand_raised = false;
    let labels = hears(&mut bench, people(&dora)).unwrap();
    assert!(labels.iter().all(|l| l.lines != hand));
}

#[test]
fn names_are_large_enough_to_be_read() {
    let mut bench = Bench::in_call();
    let mut people = crowd(16);
    let sixteen = hears(&mut bench, CallEvent::Participants(people.clone())).unwrap();
    assert_eq!(sixteen.len(), 16);
    let smallest = sixteen.iter().map(|l| l.line_height).min().unwrap();
    assert!(smallest >= 720 / 36, "{smallest}");
    people[0].content = true;
    let column = hears(&mut bench, CallEvent::Participants(people.clone())).unwrap();
    let smallest = column.iter().map(|l| l.line_height).min().unwrap();
    assert!(smallest >= 720 / 36, "{smallest}");
    let names = at(&column, Place::BottomLeft);
    assert_eq!(names.len(), 6, "the presenter's, and five beside");
    // A column beside the chat is too narrow for names.
    let state = MeetingState {
        chat: true,
        ..MeetingState::default()
    };
    hears(&mut bench, CallEvent::State(Box::new(state)));
    let narrow = shown(&bench.touch(Intent::ShowChat(true))).unwrap();
    assert_eq!(at(&narrow, Place::BottomLeft).len(), 1);
}

#[test]
fn who_speaks_has_a_green_name_or_is_named_where_there_is_no_picture() {
    let mut bench = Bench::in_call();
    let speaking = |id: &str, camera: bool| Participant {
        speaking: true,
        camera,
        ..participant(id)
    };
    let people = vec![
        speaking("ada", true),
        participant("bob"),
        speaking("dora", false),
    ];
    let labels = hears(&mut bench, CallEvent::Participants(people)).unwrap();
    let green: Vec<&str> = labels
        .iter()
        .filter(|l| l.ground == Ground::Green)
        .map(|l| l.lines[0].text.as_str())
        .collect();
    assert_eq!(green, ["ADA"]);
    assert!(
        labels.iter().any(|l| l.lines == [line("🔊", "DORA")]),
        "{labels:?}"
    );
}

#[test]
fn which_of_many_people_are_seen_stands_in_the_corner() {
    let mut bench = Bench::in_call();
    let labels = hears(&mut bench, CallEvent::Participants(crowd(49))).unwrap();
    let corner = at(&labels, Place::TopRight);
    assert_eq!(corner[0].lines, [line("", "1–16 / 49")]);
    let state = MeetingState {
        recording: true,
        ..MeetingState::default()
    };
    let marked = hears(&mut bench, CallEvent::State(Box::new(state))).unwrap();
    let corner = at(&marked, Place::TopRight);
    assert_eq!(corner.len(), 2);
    assert!(bottom(corner[0].area) <= corner[1].area.y, "below the mark");
    let last = shown(&bench.touch(Intent::Arrange(Arrange::Page(3)))).unwrap();
    let corner = at(&last, Place::TopRight);
    assert_eq!(corner[1].lines, [line("", "49 / 49")]);
}

#[test]
fn a_lost_connection_is_told_on_the_picture_that_stands_still() {
    let mut bench = Bench::in_call();
    let lost = CallEvent::Reconnecting {
        reason: String::new(),
    };
    let labels = hears(&mut bench, lost).unwrap();
    let told: Vec<&Label> = labels.iter().filter(|l| l.ground == Ground::Red).collect();
    assert_eq!(
        told[0].lines[0].text,
        "Verbindung unterbrochen – wird wiederhergestellt"
    );
    let back = hears(&mut bench, CallEvent::Joined).unwrap();
    assert!(back.iter().all(|l| l.ground != Ground::Red), "{back:?}");
}

#[test]
fn captions_have_a_place_of_their_own_and_go_by_themselves() {
    let mut bench = Bench::in_call();
    let call = bench.call();
    let effects = bench.tell(Event::Call(call, caption("1", "Good")));
    let first = shown(&effects).unwrap();
    let captions = at(&first, Place::BottomCentre)[0];
    assert_eq!(captions.lines, [line("Ada", "Good")]);
    assert!(captions.line_height >= 720 / 20, "from the back of a room");
    let tiles = arranged(&effects).expect("pictures make room");
    assert!(tiles.iter().all(|t| bottom(t.rect) <= captions.area.y));
    assert!(
        at(&first, Place::BottomLeft)
            .iter()
            .all(|n| bottom(n.area) <= captions.area.y)
    );

    let more = bench.tell(Event::Call(call, caption("1", "Good morning")));
    assert_eq!(arranged(&more), None, "nothing jumps");
    let captions = shown(&more).unwrap();
    let captions = at(&captions, Place::BottomCentre);
    assert_eq!(captions[0].lines, [line("Ada", "Good morning")]);
    let pause = bench.wait(Duration::from_secs(7), true);
    let after = shown(&pause).unwrap();
    assert_eq!(at(&after, Place::BottomCentre), [] as [&Label; 0]);
    assert_eq!(arranged(&pause), None, "nothing jumps in a pause either");
    let end = bench.wait(Duration::from_secs(60), true);
    assert_eq!(
        bottom(arranged(&end).expect("pictures are large again")[0].rect),
        720
    );
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
    let mut bench = chatting();
    assert_eq!(
        hears(&mut bench, chat("1", "Ada", "Hello")),
        None,
        "not asked for"
    );
    let effects = bench.touch(Intent::ShowChat(true));
    let labels = shown(&effects).unwrap();
    let column = at(&labels, Place::Fill)[0];
    assert_eq!(column.lines, [line("Ada", "Hello")]);
    let picture = arranged(&effects).unwrap()[0].rect;
    assert_eq!(picture.width as i32, column.area.x, "nobody is hidden");
    let more = hears(&mut bench, chat("2", "Bob", "Hi\nthere")).unwrap();
    assert_eq!(at(&more, Place::Fill)[0].lines[1], line("Bob", "Hi there"));
    let whispered = CallEvent::Chat(ChatLine {
        id: "3".to_owned(),
        author: "Bob".to_owned(),
        text: "Louder".to_owned(),
        private: true,
    });
    let more = hears(&mut bench, whispered).unwrap();
    assert_eq!(at(&more, Place::Fill)[0].lines[2], line("🔒 Bob", "Louder"));
    let more = hears(&mut bench, chat("4", "Ada", "")).unwrap();
    let unreadable = line("Ada", "Eine Nachricht, die sich nicht anzeigen lässt");
    assert_eq!(at(&more, Place::Fill)[0].lines[3], unreadable);
    assert_eq!(bench.touch(Intent::ShowChat(true)), []);
    let off = bench.touch(Intent::ShowChat(false));
    assert_eq!(at(&shown(&off).unwrap(), Place::Fill), [] as [&Label; 0]);
}

#[test]
fn where_nobody_can_write_no_chat_is_shown() {
    let mut bench = Bench::in_call();
    assert_eq!(bench.touch(Intent::ShowChat(true)), []);
}

#[test]
fn of_much_chat_the_last_lines_are_shown() {
    let mut bench = chatting();
    bench.touch(Intent::ShowChat(true));
    for n in 0..30 {
        hears(&mut bench, chat(&n.to_string(), "Ada", &n.to_string()));
    }
    let labels = hears(&mut bench, chat("30", "Ada", "30")).unwrap();
    let lines = &at(&labels, Place::Fill)[0].lines;
    assert_eq!((lines.len(), lines.last()), (20, Some(&line("Ada", "30"))));
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
    let marks = at(&labels, Place::TopRight)[0].clone();
    assert_eq!(marks.lines, [line("", "● REC   ✎ TEXT")]);
    assert_eq!(marks.ground, Ground::Red);

    // Whatever else happens, until it is over.
    let reconnecting = CallEvent::Reconnecting {
        reason: "link lost".to_owned(),
    };
    let people = CallEvent::Participants(crowd(5));
    for event in [
        caption("1", "Good"),
        people,
        reconnecting,
        CallEvent::Joined,
    ] {
        if let Some(labels) = hears(&mut bench, event) {
            assert_eq!(at(&labels, Place::TopRight), [&marks]);
        }
    }
    for _ in 0..8 {
        if let Some(labels) = shown(&bench.wait(Duration::from_secs(1), true)) {
            assert_eq!(at(&labels, Place::TopRight), [&marks]);
        }
    }
    let over = CallEvent::State(Box::default());
    let labels = hears(&mut bench, over).unwrap();
    assert_eq!(at(&labels, Place::TopRight), [] as [&Label; 0]);
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
    let mut bench = chatting();
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

/// Darkens where labels may be.
fn cover(picture: &mut [u8], stride: u32, labels: &[Label]) {
    for area in labels.iter().map(|label| label.area) {
        let (left, right) = (area.x.unsigned_abs(), area.x.unsigned_abs() + area.width);
        for row in area.y.unsigned_abs()..area.y.unsigned_abs() + area.height {
            let row = (row * stride) as usize;
            picture[row + left as usize..row + right as usize].fill(28);
        }
    }
}

/// The tests' far ends say in a part of the picture which one it is: names stand elsewhere, however
/// large the tile is.
#[test]
fn names_leave_the_simulated_pictures_readable() {
    let code = pattern::Code {
        frame: 0xAAAA_5555,
        time_ms: 0x0F0F_F0F0,
    };
    for (count, chat, content) in (1..=16).flat_map(|n| {
        [
            (n, false, false),
            (n, true, false),
            (n, false, true),
            (n, true, true),
        ]
    }) {
        let mut bench = chatting();
        bench.touch(Intent::ShowChat(chat));
        let mut people = crowd(count);
        people[0].content = content;
        let call = bench.call();
        let effects = bench.tell(Event::Call(call, CallEvent::Participants(people)));
        let (tiles, labels) = (
            arranged(&effects).unwrap(),
            shown(&effects).unwrap_or_default(),
        );
        let names: Vec<Label> = labels
            .into_iter()
            .filter(|l| l.place == Place::BottomLeft)
            .collect();
        for tile in tiles {
            // As the compositor fits it.
            let width = tile.rect.width.min(tile.rect.height * 16 / 9);
            let height = width * 9 / 16;
            let mut drawn = I420Picture::new(width, height);
            pattern::draw(code, 3, &mut drawn.as_mut());
            let mut television = vec![16; 1280 * 720];
            let left = tile.rect.x.unsigned_abs() + (tile.rect.width - width) / 2;
            let top = tile.rect.y.unsigned_abs() + (tile.rect.height - height) / 2;
            for row in 0..height {
                let from = &drawn.data()[(row * width) as usize..][..width as usize];
                let to = ((top + row) * 1280 + left) as usize;
                television[to..to + width as usize].copy_from_slice(from);
            }
            cover(&mut television, 1280, &names);
            let luma = saal_hal_sim::Luma {
                data: &television,
                stride: 1280,
                width: 1280,
                height: 720,
            };
            let read = pattern::read(&luma.part(left, top, width, height).unwrap());
            assert_eq!(
                read,
                Some(code),
                "{count} people, chat {chat}, content {content}: {tile:?}"
            );
        }
    }
}
