//! Text on the television, as somebody sees it who looks at the picture.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media_protocol::{Ground, Label, MediaCommand, Place, Rect, TextLine, Tile, TileSource};
use support::{Daemon, simulated};

const SCREEN: Rect = Rect {
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
};
const CHAT: Rect = Rect {
    x: 896,
    y: 0,
    width: 384,
    height: 720,
};
const CAPTIONS: Rect = Rect {
    x: 44,
    y: 540,
    width: 808,
    height: 160,
};

fn label(area: Rect, place: Place, line_height: u32, lines: &[(&str, &str)]) -> Label {
    let line = |(who, text): &(&str, &str)| TextLine {
        who: (*who).to_owned(),
        text: (*text).to_owned(),
    };
    Label {
        area,
        place,
        line_height,
        lines: lines.iter().map(line).collect(),
        ground: Ground::Dark,
    }
}

fn chat(lines: &[(&str, &str)]) -> Label {
    label(CHAT, Place::Fill, 30, lines)
}

fn captions(lines: &[(&str, &str)]) -> Label {
    label(CAPTIONS, Place::BottomCentre, 45, lines)
}

/// A room whose own moving picture is on the television, looked at. It is larger than the
/// television, so that its black and white code is above what is seen.
async fn television() -> Daemon {
    let mut daemon = Daemon::engine(simulated()).await;
    let tiles = vec![Tile {
        source: TileSource::Own,
        rect: Rect {
            y: -500,
            width: 2222,
            height: 1250,
            ..SCREEN
        },
    }];
    daemon.show(tiles).await;
    daemon
}

/// Parts of a rectangle, in thousandths, that are as dark as a label's ground and as light as its
/// letters.
async fn ground_and_ink(daemon: &mut Daemon, rect: Rect) -> (usize, usize) {
    let (luma, width, _) = support::luma_of(&daemon.picture().await);
    let stride = (width as usize).next_multiple_of(4);
    let (x, y) = (rect.x as usize, rect.y as usize);
    let rows = luma.chunks(stride).skip(y).take(rect.height as usize);
    let pixels: Vec<u8> = rows
        .flat_map(|row| row[x..x + rect.width as usize].to_vec())
        .collect();
    let part = |is: fn(&&u8) -> bool| pixels.iter().filter(is).count() * 1000 / pixels.len();
    (part(|p| **p < 45), part(|p| **p > 190))
}

async fn until(daemon: &mut Daemon, rect: Rect, wanted: impl Fn(usize, usize) -> bool) {
    let look = async {
        loop {
            let (ground, ink) = ground_and_ink(daemon, rect).await;
            if wanted(ground, ink) {
                return;
            }
        }
    };
    tokio::time::timeout(support::DEADLINE, look)
        .await
        .expect("the television shows it");
}

async fn show(daemon: &mut Daemon, labels: Vec<Label>) {
    daemon.send(MediaCommand::SetText { labels }).await;
}

#[tokio::test]
async fn text_comes_changes_and_goes() {
    let mut daemon = television().await;
    until(&mut daemon, CHAT, |ground, _| ground < 300).await;
    let written = [
        (
            "Ada Lovelace",
            "Does everybody see the second page of the draft?",
        ),
        ("עדה", "שלום לכולם, אני רואה את זה"),
        ("Grace Hopper", "Yes 👍"),
    ];
    let said = "So the machine might compose elaborate pieces of music of any complexity.";
    show(
        &mut daemon,
        vec![
            chat(&written),
            captions(&[("Ada", said), ("Grace", "Indeed.")]),
        ],
    )
    .await;
    until(&mut daemon, CHAT, |ground, ink| ground > 850 && ink > 15).await;
    let captioned = |ground, ink| ground > 500 && ink > 30;
    until(&mut daemon, CAPTIONS, captioned).await;
    show(&mut daemon, vec![chat(&[])]).await;
    until(&mut daemon, CHAT, |ground, ink| ground > 990 && ink == 0).await;
    until(&mut daemon, CAPTIONS, |ground, _| ground < 500).await;
    show(&mut daemon, Vec::new()).await;
    until(&mut daemon, CHAT, |ground, _| ground < 300).await;
}

#[tokio::test]
async fn text_is_there_for_who_begins_to_look_later() {
    let mut daemon = television().await;
    let off = MediaCommand::SetPreview {
        pictures_per_second: 0,
    };
    daemon.send(off).await;
    show(&mut daemon, vec![chat(&[("Ada", "Hello")])]).await;
    let on = MediaCommand::SetPreview {
        pictures_per_second: 10,
    };
    daemon.send(on).await;
    let end = Rect {
        y: 660,
        height: 60,
        ..CHAT
    };
    until(&mut daemon, end, |ground, ink| ground > 700 && ink > 10).await;
}
