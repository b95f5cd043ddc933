//! Who is where on the television.

use saal_fleet_protocol::config::Layout;
use saal_media_protocol::{Rect, SourceKind, Tile, TileSource};
use saal_meeting::Participant;

use crate::arrangement::{Arrangement, Seen};

/// More tiles than this are too small to recognise anybody from the back of a room.
const MOST_TILES: usize = 16;
/// People beside content, or beside the one who speaks: one below the other, each as wide as the
/// column.
const MOST_BESIDE: usize = 5;
/// The room's own picture over others is a sixth as wide as they.
const OWN: u32 = 6;

/// How many displays show the meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Displays {
    /// The television alone.
    #[default]
    One,
    /// A second one shows what is presented.
    Two,
}

/// Who could be on the television, and how people want to see them.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// All others.
    pub participants: &'a [Participant],
    /// The room presents.
    pub presenting: bool,
    /// The room's own picture is there to be shown.
    pub own: bool,
    /// How people want to see them.
    pub arrangement: &'a Arrangement,
    /// What is presented is on the television, or on a display of its own.
    pub displays: Displays,
    /// The room is not in yet.
    pub waits: bool,
}

impl<'a> Stage<'a> {
    /// Those who have a place in the grid or the column; many have it on pages.
    #[must_use]
    pub fn seen(&self) -> Seen<'a> {
        let people = self.people();
        let places = match self.shape() {
            Shape::Everybody => MOST_TILES,
            Shape::Beside(_) => MOST_BESIDE,
        };
        let own = usize::from(self.shows_own() && people.len() > 1);
        self.arrangement.seen(people, places - own)
    }

    fn shows_own(&self) -> bool {
        self.own && self.arrangement.self_view
    }

    /// What is presented on the television.
    fn content(&self) -> Option<TileSource> {
        match self.displays {
            Displays::One => self.presented(),
            Displays::Two => None,
        }
    }

    fn presented(&self) -> Option<TileSource> {
        let theirs = self.participants.iter().find(|p| p.content);
        theirs
            .map(|p| source(p, SourceKind::Content))
            .or(self.presenting.then_some(TileSource::OwnContent))
    }

    fn shape(&self) -> Shape {
        let speaks = self.arrangement.layout == Layout::Speaker;
        match self.content() {
            Some(content) => Shape::Beside(content),
            None if !speaks => Shape::Everybody,
            None => match self.arrangement.speaker(self.participants) {
                Some(speaker) => Shape::Beside(source(speaker, SourceKind::Camera)),
                None => Shape::Everybody,
            },
        }
    }

    /// Who could stand in the grid or the column: those with pictures, or all where nobody has one
    /// and nothing else is there to look at.
    fn people(&self) -> Vec<&'a Participant> {
        let all = self.participants;
        let seen: Vec<&Participant> = all.iter().filter(|p| p.camera).collect();
        let content = self.content().is_some();
        let speaker = self.arrangement.speaker(all);
        let speaks = |p: &&Participant| speaker.is_some_and(|speaker| speaker.id == p.id);
        match (self.arrangement.layout, content) {
            (Layout::Content, true) => Vec::new(),
            (Layout::Speaker, true) => seen.into_iter().filter(speaks).collect(),
            (Layout::Speaker, false) => seen.into_iter().filter(|p| !speaks(p)).collect(),
            (Layout::Grid | Layout::Content, _) if seen.is_empty() && !content => {
                all.iter().collect()
            }
            (Layout::Grid | Layout::Content, _) => seen,
        }
    }
}

/// What the television looks like from afar.
enum Shape {
    /// Equal tiles.
    Everybody,
    /// One that is large, and a column.
    Beside(TileSource),
}

/// Arranges a television of this size. Content stands beside people, unless people want it alone;
/// what the room itself presents is content too, unless somebody else presents: people here see
/// their own on what they present from. People stand in a grid of equal tiles, or beside the one
/// who speaks. The room sees itself alone, or where people want it. On its way in it sees how far it is, and itself before
/// others do.
#[must_use]
pub fn tiles(stage: &Stage<'_>, width: u32, height: u32) -> Vec<Tile> {
    let screen = Rect {
        x: 0,
        y: 0,
        width: even(width),
        height: even(height),
    };
    let people = stage.seen().people;
    let mut small: Vec<TileSource> = people
        .into_iter()
        .map(|p| source(p, SourceKind::Camera))
        .collect();
    let shape = stage.shape();
    let alone = matches!(shape, Shape::Everybody) && small.is_empty();
    if alone && stage.waits {
        let still = Tile {
            source: TileSource::Still,
            rect: screen,
        };
        return [Some(still), stage.own.then(|| own_over(screen))]
            .into_iter()
            .flatten()
            .collect();
    }
    // Nobody is covered by the room while there is a place for it.
    let company = match shape {
        Shape::Everybody => small.len() > 1,
        Shape::Beside(_) => !small.is_empty(),
    };
    if alone || (stage.shows_own() && company) {
        small.push(TileSource::Own);
    }
    let mut all = match shape {
        Shape::Everybody => grid(small, screen),
        Shape::Beside(large) => {
            let (rect, column) = split(screen, !small.is_empty());
            let large = Tile {
                source: large,
                rect,
            };
            let small = column.map(|rect| grid(small, rect));
            [large]
                .into_iter()
                .chain(small.unwrap_or_default())
                .collect()
        }
    };
    all.extend((stage.shows_own() && !company && !alone).then(|| own_over(screen)));
    all
}

/// What a display of this size for what is presented shows, where there is one: that alone, as large as it can be.
#[must_use]
pub fn content_tiles(stage: &Stage<'_>, width: u32, height: u32) -> Vec<Tile> {
    let presented = match stage.displays {
        Displays::One => None,
        Displays::Two => stage.presented(),
    };
    let rect = Rect {
        x: 0,
        y: 0,
        width: even(width),
        height: even(height),
    };
    let tile = presented.map(|source| Tile { source, rect });
    tile.into_iter().collect()
}

/// In the lower right corner, over what is there.
fn own_over(screen: Rect) -> Tile {
    let width = even(screen.width / OWN);
    let height = even(width * 9 / 16);
    let inset = screen.height / 40;
    let rect = Rect {
        x: screen
            .x
            .saturating_add_unsigned(even(screen.width.saturating_sub(width + inset))),
        y: screen
            .y
            .saturating_add_unsigned(even(screen.height.saturating_sub(height + inset))),
        width,
        height,
    };
    Tile {
        source: TileSource::Own,
        rect,
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
