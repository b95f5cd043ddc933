//! The television between meetings: what fits, what moves and what is said.

use saal_fleet_protocol::config::{Language, Theme};
use saal_panel::{Layout, Renderer, Signage, StillView};

use crate::{
    scenes,
    still_scenes::{self, Beside, DAY, SIZE, StillExample},
};

fn laid_out(name: &str, still: &StillView) -> Layout {
    let layout = Renderer::new().lay_out_still(still);
    let size = (layout.width(), layout.height());
    assert!(!layout.overflows(), "{name} does not fit on {size:?}");
    let broken = layout.broken().iter().find(|s| s.is_ours());
    let broken = broken.map(|words| &words.text);
    assert_eq!(broken, None, "{name} breaks a word on {size:?}");
    layout
}

/// The larger a television, the larger its letters; all fits on each.
#[test]
fn it_is_the_same_on_every_television() {
    let sizes = [SIZE, (1920, 1080), (3840, 2160), (1024, 768), (1080, 1920)];
    for example in still_scenes::all() {
        for size in sizes {
            for language in [Language::De, Language::En] {
                laid_out(example.name, &example.view(language, Theme::Light, size));
            }
        }
    }
}

#[test]
fn beside_a_page_stands_only_what_comes_today() {
    let example = StillExample::new("page", scenes::upcoming(), DAY).beside(Beside::Page);
    let meetings = |now: &str| {
        let mut still = example.view(Language::En, Theme::Light, SIZE);
        still.view_mut().now = now.parse().unwrap();
        let layout = laid_out(example.name, &still);
        let ids = layout.elements().iter().map(|e| e.id.as_str());
        ids.filter(|id| id.starts_with("meeting:")).count()
    };
    assert_eq!(meetings("2026-11-23T13:05:00Z"), 1);
    assert_eq!(
        meetings("2026-11-22T13:05:00Z"),
        0,
        "it has a time and no day"
    );
}

#[test]
fn it_drifts_from_minute_to_minute_and_stays_within_one() {
    let example = StillExample::new("day", scenes::home(), DAY);
    let at = |now: &str| {
        let mut still = example.view(Language::En, Theme::Light, SIZE);
        still.view_mut().now = now.parse().unwrap();
        let still = StillView::new(still.view_mut().clone(), Signage::default(), DAY);
        let layout = laid_out(example.name, &still);
        let room = layout.elements().iter().find(|e| e.id == "room").unwrap();
        (still, (room.rect.x, room.rect.y))
    };
    let minutes = ["13:05:00", "13:06:00", "13:07:00", "13:08:00", "13:09:00"];
    let places = minutes.map(|minute| at(&format!("2026-11-23T{minute}Z")).1);
    for pair in places.windows(2) {
        let ((x, y), (x2, y2)) = (pair[0], pair[1]);
        let way = x.abs_diff(x2) + y.abs_diff(y2);
        assert!((1..=8).contains(&way), "{places:?}");
    }
    let (early, late) = (at("2026-11-23T13:05:01Z").0, at("2026-11-23T13:05:59Z").0);
    assert!(early == late, "nothing is drawn anew within a minute");
}
