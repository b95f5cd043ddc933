//! The agenda and the television: pure functions that people look at all day.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::{at, meeting, participant};
use proptest::{prelude::*, test_runner::RngSeed};
use saal_core::{Agenda, tiles};
use saal_media_protocol::{Rect, SourceKind, Tile, TileSource};
use saal_meeting::{Meeting, Participant};

const NINE: &str = "2026-11-23T09:00:00Z";
const TEN: &str = "2026-11-23T10:00:00Z";

fn ids<'a>(meetings: &[&'a Meeting]) -> Vec<&'a str> {
    meetings.iter().map(|m| m.id.0.as_str()).collect()
}

#[test]
fn the_day_is_in_order_and_what_is_over_is_gone() {
    let all = [
        meeting("b", Some(TEN), None, 0),
        meeting(
            "over",
            Some("2026-11-23T07:00:00Z"),
            Some("2026-11-23T08:00:00Z"),
            0,
        ),
        meeting(
            "overrun",
            Some("2026-11-23T07:00:00Z"),
            Some("2026-11-23T08:00:00Z"),
            2,
        ),
        meeting("now", Some(NINE), Some(TEN), 0),
        meeting("a", Some(TEN), None, 0),
        meeting("call", None, None, 1),
        meeting("early", Some("2026-11-23T12:00:00Z"), None, 1),
    ];
    let agenda = Agenda::at(at(NINE), &all);
    assert_eq!(ids(&agenda.under_way), ["call", "overrun", "now", "early"]);
    assert_eq!(ids(&agenda.next), ["a", "b"]);
}

#[test]
fn a_meeting_is_over_at_its_end_and_not_before() {
    let all = [meeting("m", Some(NINE), Some(TEN), 0)];
    let shown = |now| !Agenda::at(at(now), &all).under_way.is_empty();
    assert!(shown("2026-11-23T09:59:59Z"));
    assert!(!shown(TEN));
    assert!(!Agenda::can_join(at(TEN), &all[0]));
}

#[test]
fn joining_opens_ten_minutes_before() {
    let m = meeting("m", Some(NINE), Some(TEN), 0);
    assert!(!Agenda::can_join(at("2026-11-23T08:49:59Z"), &m));
    assert!(Agenda::can_join(at("2026-11-23T08:50:00Z"), &m));
    let busy = Meeting { in_call: 1, ..m };
    assert!(
        Agenda::can_join(at("2026-11-23T01:00:00Z"), &busy),
        "somebody is there"
    );
}

#[test]
fn times_at_the_ends_of_time_break_nothing() {
    for now in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        let m = meeting("m", Some(NINE), Some(TEN), 0);
        assert!(!Agenda::can_join(now, &m));
    }
}

fn inside(rect: Rect, width: u32, height: u32) -> bool {
    let (x, y) = (u32::try_from(rect.x), u32::try_from(rect.y));
    let (Ok(x), Ok(y)) = (x, y) else { return false };
    x + rect.width <= width && y + rect.height <= height
}

fn overlap(a: Rect, b: Rect) -> bool {
    let right = |r: Rect| r.x + i32::try_from(r.width).unwrap();
    let bottom = |r: Rect| r.y + i32::try_from(r.height).unwrap();
    a.x < right(b) && b.x < right(a) && a.y < bottom(b) && b.y < bottom(a)
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

fn check(all: &[Participant], width: u32, height: u32) {
    let tiles = tiles(all, false, width, height);
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
        for other in &tiles[i + 1..] {
            assert!(!overlap(*rect, other.rect), "{rect:?} {:?}", other.rect);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn tiles_are_on_the_screen_and_beside_each_other(
        all in prop::collection::vec(anybody(), 0..40),
        width in 160u32..=7680,
        height in 160u32..=7680,
    ) {
        check(&all, width, height);
    }
}

fn of(id: &str, source: SourceKind) -> TileSource {
    TileSource::Participant {
        participant: id.to_owned(),
        source,
    }
}

#[test]
fn a_room_alone_sees_itself() {
    let silent = Participant {
        camera: false,
        ..participant("ada")
    };
    for all in [vec![], vec![silent]] {
        let tiles = tiles(&all, false, 1280, 720);
        assert_eq!(tiles.len(), 1);
        assert_eq!(tiles[0].source, TileSource::Own);
        let rect = Rect {
            x: 0,
            y: 0,
            width: 1280,
            height: 720,
        };
        assert_eq!(tiles[0].rect, rect);
    }
}

#[test]
fn one_person_fills_the_screen_and_four_share_it() {
    let all: Vec<_> = ["a", "b", "c", "d"].map(participant).into();
    let one = tiles(&all[..1], false, 1280, 720);
    assert_eq!((one[0].rect.width, one[0].rect.height), (1280, 720));
    let four = tiles(&all, false, 1280, 720);
    assert!(
        four.iter()
            .all(|t| (t.rect.width, t.rect.height) == (640, 360)),
        "{four:?}"
    );
    assert_eq!(
        four[0].source,
        of("a", SourceKind::Camera),
        "in the order given"
    );
}

#[test]
fn content_is_large_and_people_are_beside_it() {
    let mut all: Vec<_> = ["a", "b"].map(participant).into();
    all[1].content = true;
    let tiles = tiles(&all, false, 1280, 720);
    assert_eq!(tiles[0].source, of("b", SourceKind::Content));
    assert_eq!(tiles[0].rect.width, 1024);
    assert_eq!(tiles.len(), 3);
}

#[test]
fn what_the_room_presents_is_large_here_too_unless_somebody_else_presents() {
    let mut all: Vec<_> = ["a", "b"].map(participant).into();
    let own = tiles(&all, true, 1280, 720);
    assert_eq!(own[0].source, TileSource::OwnContent);
    assert_eq!((own[0].rect.width, own.len()), (1024, 3));
    all[1].content = true;
    let theirs = tiles(&all, true, 1280, 720);
    assert_eq!(theirs[0].source, of("b", SourceKind::Content));
    assert_eq!(theirs.len(), 3);
}

#[test]
fn of_very_many_people_the_first_sixteen_are_shown() {
    let all: Vec<_> = (0..40).map(|i| participant(&i.to_string())).collect();
    assert_eq!(tiles(&all, false, 1920, 1080).len(), 16);
}
