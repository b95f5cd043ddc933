//! What stands beside or above every page of a screen that is turned.

use saal_core::{Onlooker, ViewerId};
use saal_fleet_protocol::config::{Language, ScalePercent};
use saal_media_protocol::RoomPicture;
use saal_panel::{Layout, Renderer};

use crate::{
    examples::{self, pages},
    scenes,
};

/// Pages of a screen with text of twice the size on a small panel.
fn largest(example: &str, (width, height): (u32, u32), onlooker: Option<Onlooker>) -> Vec<Layout> {
    let all = examples::all().into_iter();
    let example = all.into_iter().find(|e| e.name == example).unwrap();
    let mut view = example.view(Language::De);
    (view.width, view.height) = (width, height);
    view.comfort.scale = *ScalePercent::ALL.last().unwrap();
    view.troubles = scenes::all_troubles();
    view.onlooker = onlooker.unwrap_or(view.onlooker);
    pages(&mut Renderer::new(), &view)
}

#[test]
fn who_looks_or_asks_to_is_told_on_every_page() {
    let (viewer, of) = (ViewerId(1), RoomPicture::Television);
    let cases = [
        (Onlooker::Looks(of), "end-view"),
        (Onlooker::Asks { viewer, of }, "allow-view"),
        (scenes::helps(true), "end-view"),
        (scenes::asks_to_help(true), "refuse-view"),
    ];
    for name in ["home", "call", "more", "settings-look", "notices"] {
        for size in [(800, 480), (480, 800)] {
            for (onlooker, button) in &cases {
                let pages = largest(name, size, Some(onlooker.clone()));
                assert!(pages.len() > 1, "{name} {size:?} is turned");
                // A question that takes half of the panel is on its first page.
                let asks = button == &"allow-view" || button == &"refuse-view";
                let most = if asks { 1 } else { pages.len() };
                for (number, page) in pages.iter().enumerate().take(most) {
                    let button = page.element(button).map(|e| e.rect);
                    let first = pages[0].element("view-asks").or(pages[0].element("seen"));
                    let whole = button.filter(|rect| rect.height >= 64);
                    assert!(
                        whole.is_some(),
                        "{name} {size:?}, page {number}: {button:?}"
                    );
                    let same = page.element("view-asks").or(page.element("seen"));
                    assert_eq!(
                        first.map(|e| e.rect),
                        same.map(|e| e.rect),
                        "it stands still"
                    );
                }
            }
        }
    }
}

#[test]
fn the_way_out_of_a_code_stands_beside_every_page() {
    for (name, out) in [
        ("laptop-code", "cancel"),
        ("sign-in-code", "cancel"),
        ("verify-scan", "close-verification"),
    ] {
        for size in [(800, 480), (480, 800)] {
            let pages = largest(name, size, None);
            assert!(pages.len() > 1, "{name} {size:?} is turned");
            for (number, page) in pages.iter().enumerate() {
                let count = page
                    .elements()
                    .iter()
                    .filter(|e| e.id == out && e.is_touchable());
                assert_eq!(count.count(), 1, "{name} {size:?}, page {number}");
            }
        }
    }
}
