//! Whom people see on the television, and how they change it.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, config, config_text, participant};
use proptest::{prelude::*, test_runner::RngSeed};
use saal_core::{
    Arrange, Arrangement, Displays, Effect, Event, Intent, Stage, content_tiles, tiles,
};
use saal_fleet_protocol::config::{Layout, Television};
use saal_media_protocol::{MediaCommand, MediaEvent, Rect, SourceKind, Tile, TileSource};
use saal_meeting::{CallEvent, MeetingCommand, Participant, Watched};

fn inside(rect: Rect, width: u32, height: u32) -> bool {
    let fits = |start: i32, length: u32, room: u32| {
        u32::try_from(start).is_ok_and(|start| start + length <= room)
    };
    fits(rect.x, rect.width, width) && fits(rect.y, rect.height, height)
}

fn overlap(a: Rect, b: Rect) -> bool {
    let end = |start: i32, length: u32| i64::from(start) + i64::from(length);
    let apart =
        |a: i32, al: u32, b: i32, bl: u32| end(a, al) <= i64::from(b) || end(b, bl) <= i64::from(a);
    !apart(a.x, a.width, b.x, b.width) && !apart(a.y, a.height, b.y, b.height)
}

fn anybody() -> impl Strategy<Value = Participant> {
    ("[a-z]{1,4}", any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(id, camera, content)| {
        Participant {
            camera,
            content,
            ..participant(&id)
        }
    })
}

fn arrangement(layout: Layout, self_view: bool) -> Arrangement {
    Arrangement::of(&Television {
        layout,
        self_view,
        ..Television::default()
    })
}

fn shown(all: &[Participant], presenting: bool, how: &Arrangement) -> Vec<Tile> {
    let stage = Stage {
        participants: all,
        presenting,
        own: true,
        arrangement: how,
        displays: Displays::One,
        waits: false,
    };
    tiles(&stage, 1280, 720)
}

fn grid(all: &[Participant], presenting: bool) -> Vec<Tile> {
    shown(all, presenting, &arrangement(Layout::Grid, false))
}

fn check(stage: &Stage<'_>, width: u32, height: u32) {
    let tiles = tiles(stage, width, height);
    assert!(
        !tiles.is_empty() && tiles.len() <= 17,
        "{} tiles",
        tiles.len()
    );
    for (i, Tile { rect, .. }) in tiles.iter().enumerate() {
        assert!(inside(*rect, width, height), "{rect:?} in {width}x{height}");
        assert!(rect.width > 0 && rect.height > 0, "{rect:?}");
        let numbers = [
            rect.width,
            rect.height,
            rect.x.unsigned_abs(),
            rect.y.unsigned_abs(),
        ];
        assert!(numbers.iter().all(|n| n % 2 == 0), "{rect:?}");
        // Only the room's own picture may lie over another, where it has no place of its own.
        let others = tiles[i + 1..].iter();
        for other in others.filter(|t| t.source != TileSource::Own) {
            assert!(!overlap(*rect, other.rect), "{rect:?} {:?}", other.rect);
        }
    }
}

fn any_layout() -> impl Strategy<Value = Layout> {
    prop::sample::select(vec![Layout::Grid, Layout::Speaker, Layout::Content])
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn tiles_are_on_the_screen_and_beside_each_other(
        all in prop::collection::vec(anybody(), 0..40),
        layout in any_layout(),
        (self_view, own, presenting) in any::<(bool, bool, bool)>(),
        displays in prop::sample::select(vec![Displays::One, Displays::Two]),
        width in 160u32..=7680,
        height in 160u32..=7680,
    ) {
        let stage = Stage {
            participants: &all,
            presenting,
            own,
            arrangement: &arrangement(layout, self_view),
            displays,
            waits: false,
        };
        check(&stage, width, height);
        let apart = content_tiles(&stage, width, height);
        prop_assert!(apart.iter().all(|tile| inside(tile.rect, width, height)));
        let presents = presenting || all.iter().any(|p| p.content);
        prop_assert_eq!(apart.len(), usize::from(presents && displays == Displays::Two));
    }
}

fn of(id: &str, source: SourceKind) -> TileSource {
    TileSource::Participant {
        participant: id.to_owned(),
        source,
    }
}

fn camera(id: &str) -> TileSource {
    of(id, SourceKind::Camera)
}

fn sources(tiles: &[Tile]) -> Vec<&TileSource> {
    tiles.iter().map(|tile| &tile.source).collect()
}

/// Everybody with a camera.
fn people(names: &[&str]) -> Vec<Participant> {
    names.iter().map(|name| participant(name)).collect()
}

const SCREEN: Rect = Rect {
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
};

#[test]
fn a_room_alone_sees_itself() {
    let tiles = grid(&[], false);
    assert_eq!(sources(&tiles), [&TileSource::Own]);
    assert_eq!(tiles[0].rect, SCREEN);
}

#[test]
fn people_whose_cameras_are_all_off_have_places_for_their_names() {
    let mut all = people(&["a", "b"]);
    for person in &mut all {
        person.camera = false;
    }
    assert_eq!(sources(&grid(&all, false)), [&camera("a"), &camera("b")]);
    all[1].camera = true;
    assert_eq!(
        sources(&grid(&all, false)),
        [&camera("b")],
        "pictures have the place, once there are any"
    );
}

#[test]
fn one_person_fills_the_screen_and_four_share_it() {
    let all = people(&["a", "b", "c", "d"]);
    assert_eq!(grid(&all[..1], false)[0].rect, SCREEN);
    let four = grid(&all, false);
    assert!(
        four.iter()
            .all(|t| (t.rect.width, t.rect.height) == (640, 360)),
        "{four:?}"
    );
    assert_eq!(four[0].source, camera("a"), "in the order given");
}

#[test]
fn content_is_large_and_people_are_beside_it() {
    let mut all = people(&["a", "b"]);
    all[1].content = true;
    let tiles = grid(&all, false);
    assert_eq!(tiles[0].source, of("b", SourceKind::Content));
    assert_eq!(tiles[0].rect.width, 1024);
    assert_eq!(tiles.len(), 3);
    let alone = shown(&all, false, &arrangement(Layout::Content, false));
    assert_eq!(sources(&alone), [&of("b", SourceKind::Content)]);
    assert_eq!(alone[0].rect, SCREEN);
}

#[test]
fn what_the_room_presents_is_large_here_too_unless_somebody_else_presents() {
    let mut all = people(&["a", "b"]);
    let own = grid(&all, true);
    assert_eq!(own[0].source, TileSource::OwnContent);
    assert_eq!((own[0].rect.width, own.len()), (1024, 3));
    all[1].content = true;
    let theirs = grid(&all, true);
    assert_eq!(theirs[0].source, of("b", SourceKind::Content));
    assert_eq!(theirs.len(), 3);
}

/// In a call with so many people, p0 first.
fn crowded(count: usize) -> (Bench, Vec<Participant>) {
    let mut bench = Bench::in_call();
    let all: Vec<_> = (0..count).map(|n| participant(&format!("p{n}"))).collect();
    tell(&mut bench, &all);
    (bench, all)
}

fn tell(bench: &mut Bench, all: &[Participant]) -> Vec<Effect> {
    let call = bench.call();
    let people = CallEvent::Participants(all.to_vec());
    bench.tell(Event::Call(call, people))
}

/// Only these speak, from now on.
fn speak(bench: &mut Bench, all: &[Participant], who: &[usize]) -> Vec<Tile> {
    bench.turn(Duration::from_secs(1));
    let mut all = all.to_vec();
    for at in who {
        all[*at].speaking = true;
    }
    arranged(&tell(bench, &all))
}

fn arranged(effects: &[Effect]) -> Vec<Tile> {
    let tiles = effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetTiles { tiles }) => Some(tiles.clone()),
        _ => None,
    });
    tiles.expect("the television is arranged")
}

fn arrange(bench: &mut Bench, how: Arrange) -> Vec<Tile> {
    arranged(&bench.touch(Intent::Arrange(how)))
}

fn shows(tiles: &[Tile], who: usize) -> bool {
    sources(tiles).contains(&&camera(&format!("p{who}")))
}

#[test]
fn of_many_people_who_speaks_is_seen_and_the_others_are_on_later_pages() {
    let (mut bench, all) = crowded(49);
    let before = speak(&mut bench, &all, &[]);
    assert_eq!(before.len(), 16);
    assert!(shows(&before, 0) && shows(&before, 15) && !shows(&before, 16));
    let tiles = speak(&mut bench, &all, &[40]);
    assert_eq!(tiles.len(), 16);
    assert!(shows(&tiles, 40) && !shows(&tiles, 15), "{tiles:?}");
    let moved = before.iter().zip(&tiles).filter(|(was, is)| was != is);
    assert_eq!(moved.count(), 1, "nobody else moves");
    let quiet = speak(&mut bench, &all, &[]);
    assert!(shows(&quiet, 40), "who spoke stays");
    let mut seen = vec![quiet];
    for page in 1..4 {
        seen.push(arrange(&mut bench, Arrange::Page(page)));
    }
    let lengths: Vec<usize> = seen.iter().map(Vec::len).collect();
    assert_eq!(lengths, [16, 16, 16, 1]);
    for who in 0..49 {
        let pages = seen.iter().filter(|tiles| shows(tiles, who));
        assert_eq!(pages.count(), 1, "p{who} is on one page");
    }
    let behind = bench.touch(Intent::Arrange(Arrange::Page(99)));
    assert_eq!(arranged(&behind), seen[3], "behind the last is the last");
    let few = tell(&mut bench, &all[..4]);
    assert_eq!(arranged(&few).len(), 4, "nobody is lost with their page");
}

#[test]
fn who_speaks_is_large_until_somebody_else_does() {
    let (mut bench, all) = crowded(8);
    let tiles = arrange(&mut bench, Arrange::Layout(Layout::Speaker));
    assert_eq!(tiles[0].source, camera("p0"), "nobody spoke: the first");
    assert_eq!(tiles.len(), 6, "and five beside");
    assert!(tiles[0].rect.width > 3 * tiles[1].rect.width, "{tiles:?}");
    let large = |tiles: Vec<Tile>| tiles[0].source.clone();
    assert_eq!(large(speak(&mut bench, &all, &[6])), camera("p6"));
    assert_eq!(
        large(speak(&mut bench, &all, &[2, 6])),
        camera("p6"),
        "who has the word keeps it"
    );
    let both = speak(&mut bench, &all, &[2]);
    assert_eq!(both[0].source, camera("p2"));
    assert!(shows(&both[1..], 6), "who spoke before is beside");
    assert_eq!(large(speak(&mut bench, &all, &[])), camera("p2"));
    let gone = tell(&mut bench, &all[..2]);
    assert_eq!(large(arranged(&gone)), camera("p0"));
}

#[test]
fn beside_a_presentation_the_speaker_stands_alone() {
    let (mut bench, mut all) = crowded(8);
    arrange(&mut bench, Arrange::Layout(Layout::Speaker));
    all[1].content = true;
    let tiles = speak(&mut bench, &all, &[5]);
    assert_eq!(
        sources(&tiles),
        [&of("p1", SourceKind::Content), &camera("p5")]
    );
}

fn apart(effects: &[Effect]) -> Option<Vec<Tile>> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetContentTiles { tiles }) => Some(tiles.clone()),
        _ => None,
    })
}

#[test]
fn with_two_displays_people_and_what_is_presented_have_one_each() {
    let (mut bench, mut all) = crowded(3);
    arrange(&mut bench, Arrange::Layout(Layout::Content));
    let plugged = bench.tell(Event::Media(MediaEvent::ContentDisplay { shows: true }));
    assert_eq!(arranged(&plugged).len(), 3);
    assert_eq!(apart(&plugged), None, "nothing is presented yet");

    all[1].content = true;
    let presented = tell(&mut bench, &all);
    assert_eq!(arranged(&presented).len(), 3, "people stay where they are");
    let content = Tile {
        source: of("p1", SourceKind::Content),
        rect: SCREEN,
    };
    assert_eq!(apart(&presented), Some(vec![content.clone()]));
    let asked = presented.iter().rev().find_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Watch { pictures, .. }) => Some(pictures.clone()),
        _ => None,
    });
    let height = |p: &Watched| (p.source == SourceKind::Content).then_some(p.height);
    let heights: Vec<u32> = asked.unwrap().iter().filter_map(height).collect();
    assert_eq!(heights, [720], "as large as it is shown");

    let pulled = bench.tell(Event::Media(MediaEvent::ContentDisplay { shows: false }));
    assert_eq!(
        sources(&arranged(&pulled)),
        [&content.source],
        "alone, as chosen"
    );
    assert_eq!(apart(&pulled), Some(Vec::new()));
}

#[test]
fn the_room_sees_itself_by_choice_and_only_while_its_camera_is_on() {
    let (mut bench, all) = crowded(3);
    let tiles = arrange(&mut bench, Arrange::SelfView(true));
    assert_eq!(tiles.len(), 4, "a tile as the others have");
    assert_eq!(tiles[3].source, TileSource::Own);
    assert_eq!(tiles[3].rect.width, tiles[0].rect.width);
    let off = bench.touch(Intent::SetMuted(SourceKind::Camera, true));
    assert_eq!(arranged(&off).len(), 3);
    let on = bench.touch(Intent::SetMuted(SourceKind::Camera, false));
    assert_eq!(arranged(&on).len(), 4);
    let one = arranged(&tell(&mut bench, &all[..1]));
    assert_eq!(one[0].rect, SCREEN, "one who fills the screen still does");
    assert_eq!(one[1].source, TileSource::Own);
    assert!(one[1].rect.width * 5 < SCREEN.width, "the room is small");
}

#[test]
fn a_call_begins_as_configured_and_the_choice_is_gone_with_it() {
    let mut bench = Bench::at_home();
    let text = config_text() + "\n[television]\nlayout = \"speaker\"\n";
    bench.tell(Event::Config(config(&text)));
    bench.touch_join("weekly");
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Joined));
    let layout = |bench: &Bench| bench.room.phase().in_call().unwrap().arrangement.layout;
    assert_eq!(layout(&bench), Layout::Speaker);
    bench.touch(Intent::Arrange(Arrange::Layout(Layout::Grid)));
    assert_eq!(layout(&bench), Layout::Grid);
    bench.touch(Intent::Leave);
    bench.tell(Event::Call(
        call,
        CallEvent::Ended(saal_meeting::EndReason::Left),
    ));
    bench.touch_join("weekly");
    let call = bench.call();
    bench.tell(Event::Call(call, CallEvent::Joined));
    assert_eq!(layout(&bench), Layout::Speaker);
}

#[test]
fn servers_send_the_page_that_is_shown() {
    let (mut bench, _) = crowded(20);
    let effects = bench.touch(Intent::Arrange(Arrange::Page(1)));
    let watched = effects.iter().find_map(|effect| match effect {
        Effect::Meeting(MeetingCommand::Watch { pictures, .. }) => Some(pictures),
        _ => None,
    });
    let names: Vec<&str> = watched
        .unwrap()
        .iter()
        .map(|w| w.participant.as_str())
        .collect();
    assert_eq!(names, ["p16", "p17", "p18", "p19"]);
}
