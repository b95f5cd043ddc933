//! Who is where on the television.

use saal_media_protocol::{Rect, SourceKind, Tile, TileSource};
use saal_meeting::Participant;

/// More tiles than this are too small to recognise anybody from the back of a room.
const MOST_TILES: usize = 16;

/// Arranges the participants on a television of this size: content beside people, people in a
/// grid of equal tiles in the order given, the room's own picture while nobody else is there. What
/// the room itself presents is content too, unless somebody else presents: people here see their
/// own on what they present from.
#[must_use]
pub fn tiles(participants: &[Participant], presenting: bool, width: u32, height: u32) -> Vec<Tile> {
    let screen = Rect {
        x: 0,
        y: 0,
        width: even(width),
        height: even(height),
    };
    let theirs = participants.iter().find(|p| p.content);
    let content = theirs
        .map(|p| source(p, SourceKind::Content))
        .or(presenting.then_some(TileSource::OwnContent));
    let cameras: Vec<TileSource> = participants
        .iter()
        .filter(|p| p.camera)
        .take(MOST_TILES)
        .map(|p| source(p, SourceKind::Camera))
        .collect();
    match (content, cameras.is_empty()) {
        (None, true) => vec![Tile {
            source: TileSource::Own,
            rect: screen,
        }],
        (None, false) => grid(cameras, screen),
        (Some(content), _) => {
            let (main, side) = split(screen, !cameras.is_empty());
            let mut all = vec![Tile {
                source: content,
                rect: main,
            }];
            all.extend(side.map(|rect| grid(cameras, rect)).unwrap_or_default());
            all
        }
    }
}

fn source(participant: &Participant, source: SourceKind) -> TileSource {
    TileSource::Participant {
        participant: participant.id.clone(),
        source,
    }
}

/// Four fifths for content, a column for people.
fn split(screen: Rect, with_people: bool) -> (Rect, Option<Rect>) {
    if !with_people {
        return (screen, None);
    }
    let main = even(screen.width * 4 / 5);
    let x = screen.x.saturating_add_unsigned(main);
    let side = Rect {
        x,
        width: screen.width - main,
        ..screen
    };
    (
        Rect {
            width: main,
            ..screen
        },
        Some(side),
    )
}

/// The columns whose tiles are largest, side by side where that is the same; positions and sizes are even, as 4:2:0 wants.
fn grid(sources: Vec<TileSource>, area: Rect) -> Vec<Tile> {
    let count = u32::try_from(sources.len()).expect("at most MOST_TILES");
    let columns = (1..=count)
        .max_by_key(|c| (tile_area(area, *c, count), *c))
        .unwrap_or(1);
    let rows = count.div_ceil(columns);
    let (width, height) = (even(area.width / columns), even(area.height / rows));
    let place = |index: u32| {
        let (row, column) = (index / columns, index % columns);
        let in_row = if row + 1 == rows {
            count - row * columns
        } else {
            columns
        };
        let indent = even((area.width - in_row * width) / 2);
        Rect {
            x: area.x.saturating_add_unsigned(indent + column * width),
            y: area.y.saturating_add_unsigned(row * height),
            width,
            height,
        }
    };
    (0..count)
        .zip(sources)
        .map(|(i, source)| Tile {
            source,
            rect: place(i),
        })
        .collect()
}

/// Pixels of a 16:9 picture in one tile.
fn tile_area(area: Rect, columns: u32, count: u32) -> u32 {
    let (width, height) = (area.width / columns, area.height / count.div_ceil(columns));
    let picture = picture_in(Rect {
        width,
        height,
        ..area
    });
    picture.width * picture.height
}

/// Where a 16:9 picture, as most are, is in a tile: as large as it can be, in the middle.
pub(crate) fn picture_in(tile: Rect) -> Rect {
    let width = tile.width.min(tile.height * 16 / 9);
    let height = width * 9 / 16;
    Rect {
        x: tile.x.saturating_add_unsigned((tile.width - width) / 2),
        y: tile.y.saturating_add_unsigned((tile.height - height) / 2),
        width,
        height,
    }
}

pub(crate) fn even(n: u32) -> u32 {
    n & !1
}
