//! The rules for the panel's displays.

use crate::{Display, DisplayError, Frame, Look, PanelScreen, PanelScreens, Part, Turn};

/// What a display shows, as it is made, not as it is turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass {
    /// Pixels: width, height.
    pub size: (u32, u32),
    /// Four bytes a pixel, as [`crate::draw`] writes them.
    pub memory: Vec<u8>,
    /// Bytes from one row to the next.
    pub pitch: usize,
}

/// A picture in which every pixel is told from its neighbours.
struct Picture {
    size: (u32, u32),
    rgb: Vec<u8>,
}

impl Picture {
    fn new(size: (u32, u32)) -> Self {
        let pixel = |at: u32| {
            let (x, y) = (at % size.0, at / size.0);
            [x, y, x / 256 * 16 + y / 256].map(|part| part.to_le_bytes()[0])
        };
        let rgb = (0..size.0 * size.1).flat_map(pixel).collect();
        Self { size, rgb }
    }

    /// White over a part.
    fn fill(&mut self, part: Part) {
        let row = self.size.0 as usize * 3;
        for y in part.y..part.y + part.height {
            let start = y as usize * row + part.x as usize * 3;
            self.rgb[start..start + part.width as usize * 3].fill(255);
        }
    }

    fn frame(&self, look: Look) -> Frame<'_> {
        Frame {
            size: self.size,
            rgb: &self.rgb,
            look,
        }
    }
}

/// What stands at a point of a display, told without the arithmetic that is under test.
fn expected(picture: &Picture, look: Look, turn: Turn, x: u32, y: u32) -> [u8; 3] {
    let (width, height) = picture.size;
    let (x, y) = match turn {
        Turn::Upright => (x, y),
        Turn::Quarter => (y, height - 1 - x),
        Turn::Half => (width - 1 - x, height - 1 - y),
        Turn::ThreeQuarters => (width - 1 - y, x),
    };
    let moved = |at: u32, by: i32, most: u32| {
        let at = i64::from(at) - i64::from(by);
        usize::try_from(at.clamp(0, i64::from(most) - 1)).unwrap_or(0)
    };
    let (x, y) = (
        moved(x, look.shift.0, width),
        moved(y, look.shift.1, height),
    );
    let at = (y * width as usize + x) * 3;
    [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
}

/// Runs the rules for displays that can be the panel, each turned in every way; returns how many there were. They
/// flicker.
///
/// # Panics
/// When a rule is broken.
pub fn panel_screens(under_test: &dyn PanelScreens, glass: &dyn Fn(&Display) -> Glass) -> usize {
    let all = under_test.list().expect("listing displays works");
    for display in &all {
        let sizes = display.modes.iter().map(|mode| (mode.width, mode.height));
        // The smallest: the rules are the same, and each pixel is looked at.
        let mode = sizes.min_by_key(|(width, height)| width * height);
        let mode = mode.expect("a display has a mode");
        for turn in Turn::ALL {
            let size = turn.size(mode);
            let opened = under_test.open(display, size, turn);
            let mut screen = opened.expect("a connected display can be the panel");
            assert_eq!(screen.size(), size, "it has such a mode");
            let busy = under_test.check(display);
            assert!(
                matches!(busy, Err(DisplayError::Busy { .. })),
                "it is ours: {busy:?}"
            );
            pictures(screen.as_mut(), turn, &|| glass(display));
        }
        assert_eq!(under_test.check(display), Ok(()), "given back");
    }
    all.len()
}

/// Turn, parts, look and size of what is shown.
fn pictures(screen: &mut dyn PanelScreen, turn: Turn, glass: &dyn Fn() -> Glass) {
    let size = screen.size();
    let mut picture = Picture::new(size);
    let mut show = |picture: &Picture, look, changed| {
        let shown = screen.present(&picture.frame(look), changed);
        shown.expect("a picture of the right size is shown");
        shows(picture, look, turn, &glass());
    };
    let normal = Look::default();
    show(&picture, normal, Part::whole(size));
    // As many as a display may have buffers, and more.
    for step in 0..4 {
        let changed = Part {
            x: 8 + step * 16,
            y: 16 + step * 4,
            width: 12,
            height: 20 - step,
        };
        picture.fill(changed);
        show(&picture, normal, changed);
    }
    let nothing = Part::whole((0, 0));
    for shift in [(2, -1), (-3, 2), (0, 0)] {
        let look = Look { shift, ..normal };
        show(&picture, look, nothing);
    }
    let dark = Look {
        brightness: 30,
        ..normal
    };
    let dimmed = screen.present(&picture.frame(dark), nothing);
    dimmed.expect("it can be dimmed");
    let dim = glass().memory;
    let brighter = screen.present(&picture.frame(normal), nothing);
    brighter.expect("and be bright again");
    let bright = glass().memory;
    let darker = dim.iter().zip(&bright).all(|(dim, bright)| dim <= bright);
    assert!(darker, "dimmed, no pixel is brighter");
    let wrong = Picture::new((size.0 - 1, size.1));
    let refused = screen.present(&wrong.frame(normal), Part::whole(wrong.size));
    assert!(refused.is_err(), "a picture of another size is refused");
    shows(&picture, normal, turn, &glass());
}

fn shows(picture: &Picture, look: Look, turn: Turn, glass: &Glass) {
    assert_eq!(turn.size(glass.size), picture.size, "the display's size");
    for (y, row) in (0..glass.size.1).zip(glass.memory.chunks_exact(glass.pitch)) {
        for (x, [blue, green, red, _]) in (0..glass.size.0).zip(row.as_chunks::<4>().0) {
            let wanted = expected(picture, look, turn, x, y);
            let here = || format!("turned {turn:?}, {look:?}: at {x}, {y} of the display");
            assert_eq!([*red, *green, *blue], wanted, "{}", here());
        }
    }
}
