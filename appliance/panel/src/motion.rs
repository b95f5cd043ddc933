//! Motion where it explains something: what is opened comes up, what is closed goes down, a button lets go. It lasts
//! 150 ms and then everything stands still. Nothing waits for it: what is touched is what the last layout says.

use std::{
    mem::{Discriminant, discriminant},
    sync::Arc,
    time::Duration,
};

use embedded_graphics::{
    prelude::{Dimensions, Point, Size},
    primitives::Rectangle,
};

use crate::{Damage, Picture, Screen, Sheet, View};

/// From one picture to the next.
pub(crate) const LENGTH: Duration = Duration::from_millis(150);
/// Between two pictures: 60 of them a second.
pub(crate) const FRAME: Duration = Duration::from_micros(16_667);
/// How far something comes up, in pixels of a panel that is 800 pixels high.
const WAY: f32 = 24.0;

/// How a picture becomes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It lies over what was there.
    Rises,
    /// It was below.
    Falls,
    /// In its place.
    Fades,
}

/// Where people are, as far as motion tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    screen: Discriminant<Screen>,
    sheet: Option<Sheet>,
    pressed: Option<String>,
    still: bool,
}

impl Place {
    /// Where people are who see this, with a finger on this element.
    #[must_use]
    pub fn of(view: &View, pressed: Option<&str>) -> Self {
        Self {
            screen: discriminant(&view.screen),
            sheet: view.navigation.sheet().cloned(),
            pressed: pressed.map(str::to_owned),
            still: view.comfort.reduced_motion,
        }
    }

    /// What moves when people come from here to there; `None`: nothing, or people want that nothing does.
    #[must_use]
    pub fn way_to(&self, next: &Self) -> Option<Way> {
        if next.still {
            return None;
        }
        if self.screen != next.screen {
            return Some(Way::Fades);
        }
        match (&self.sheet, &next.sheet) {
            (Some(_), None) => return Some(Way::Falls),
            (before, Some(sheet)) if before.as_ref() != Some(sheet) => return Some(Way::Rises),
            _ => {}
        }
        // A finger is answered at once, and only letting go takes its time.
        let lets_go = self.pressed.is_some() && next.pressed.is_none();
        lets_go.then_some(Way::Fades)
    }
}

/// A picture on its way to another.
#[derive(Clone, Debug)]
pub struct Motion {
    from: Arc<Picture>,
    to: Arc<Picture>,
    part: Rectangle,
    way: Way,
    since: Duration,
}

impl Motion {
    /// From what is seen now to another picture, from a monotonic moment on; `None` where both are the same, or of different sizes.
    #[must_use]
    pub fn begin(from: Arc<Picture>, to: Arc<Picture>, way: Way, now: Duration) -> Option<Self> {
        let same_size = (from.width(), from.height()) == (to.width(), to.height());
        let Damage::Within(part) = to.damage_since(&from) else {
            return None;
        };
        same_size.then_some(Self {
            from,
            to,
            part,
            way,
            since: now,
        })
    }

    /// Goes on to another picture than it began for.
    pub fn turn_to(&mut self, to: Arc<Picture>) {
        if let Damage::Within(part) = to.damage_since(&self.from) {
            self.part = part;
        }
        self.to = to;
    }

    /// When the next picture is due (monotonic).
    #[must_use]
    pub fn next(&self, now: Duration) -> Duration {
        let shown = now.saturating_sub(self.since).as_micros() / FRAME.as_micros();
        let shown = u32::try_from(shown).unwrap_or(u32::MAX);
        self.since + FRAME.saturating_mul(shown.saturating_add(1))
    }

    /// The picture of this moment; `None` when it has arrived.
    #[must_use]
    pub fn at(&self, now: Duration) -> Option<Picture> {
        // The first picture shows that something happens.
        let gone = now.saturating_sub(self.since) + FRAME;
        if gone >= LENGTH {
            return None;
        }
        let left = 1.0 - gone.as_secs_f32() / LENGTH.as_secs_f32();
        // Quick at first, slow at its end.
        let left = left * left;
        let over = ((1.0 - left) * 256.0) as u16;
        let way = (WAY * left * self.to.height() as f32 / 800.0).round() as i32;
        let mut picture = Picture::clone(&self.from);
        match self.way {
            Way::Rises => picture.mix(&self.to, &self.part, (way, over)),
            Way::Fades => picture.mix(&self.to, &self.part, (0, over)),
            Way::Falls => {
                let end = WAY * self.to.height() as f32 / 800.0;
                picture = Picture::clone(&self.to);
                let down = (end * (1.0 - left)).round() as i32;
                picture.mix(&self.from, &self.part, (down, 256 - over));
            }
        }
        Some(picture)
    }
}

impl Picture {
    /// Lays a part of another one over this, so many pixels lower, as so many of 256 parts.
    fn mix(&mut self, other: &Self, part: &Rectangle, (lower, over): (i32, u16)) {
        let part = part.intersection(&self.bounding_box());
        // What is small would come up out of nowhere.
        let lower = lower.min(part.size.height as i32 / 4);
        let down = Point::new(0, lower);
        let moved = Rectangle::new(part.top_left + down, part.size).intersection(&part);
        let Size { width, height } = moved.size;
        let (left, top) = (moved.top_left.x as usize, moved.top_left.y as usize);
        let row = self.width() as usize * 3;
        let bytes = width as usize * 3;
        for y in top..top + height as usize {
            let at = y * row + left * 3;
            let from = at - lower as usize * row;
            let (below, above) = (&mut self.rgb_mut()[at..at + bytes], &other.rgb()[from..]);
            for (below, above) in below.iter_mut().zip(above) {
                let mixed = u16::from(*below) * (256 - over) + u16::from(*above) * over;
                *below = (mixed >> 8) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::{pixelcolor::Rgb888, prelude::RgbColor};

    use super::*;

    fn filled(colour: Rgb888) -> Arc<Picture> {
        let mut picture = Picture::new(4, 400);
        for y in 0..400 {
            for x in 0..4 {
                picture.blend(x, y, colour, u8::MAX);
            }
        }
        Arc::new(picture)
    }

    const BEGIN: Duration = Duration::from_secs(5);

    fn begun(way: Way) -> Motion {
        Motion::begin(filled(Rgb888::BLACK), filled(Rgb888::WHITE), way, BEGIN).unwrap()
    }

    fn brightness(picture: &Picture) -> u64 {
        picture.rgb().iter().map(|byte| u64::from(*byte)).sum()
    }

    #[test]
    fn each_picture_is_nearer_to_the_last_and_after_150_ms_all_is_still() {
        for way in [Way::Rises, Way::Falls, Way::Fades] {
            let motion = begun(way);
            let (mut now, mut seen) = (BEGIN, vec![0]);
            while let Some(picture) = motion.at(now) {
                seen.push(brightness(&picture));
                assert!(motion.next(now) > now);
                now = motion.next(now);
            }
            assert!(seen.is_sorted_by(|a, b| a < b), "{way:?}: {seen:?}");
            assert!(now - BEGIN <= LENGTH, "{way:?}: {now:?}");
            assert!(seen.len() > 7, "{way:?}: {} pictures", seen.len());
        }
    }

    #[test]
    fn what_did_not_change_does_not_move() {
        let mut after = Picture::clone(&filled(Rgb888::BLACK));
        after.blend(1, 200, Rgb888::WHITE, u8::MAX);
        let motion = Motion::begin(filled(Rgb888::BLACK), Arc::new(after), Way::Rises, BEGIN);
        let picture = motion.unwrap().at(BEGIN).unwrap();
        let same = filled(Rgb888::BLACK);
        let Damage::Within(part) = picture.damage_since(&same) else {
            panic!("the first picture shows that something happens");
        };
        assert_eq!(part, Rectangle::new(Point::new(1, 200), Size::new(1, 1)));
        assert!(Motion::begin(same.clone(), same, Way::Fades, BEGIN).is_none());
    }
}
