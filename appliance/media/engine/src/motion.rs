//! How what is on a display goes from one arrangement to the next: places and opacities at a time. Pure; the time is that
//! of the picture that is composed.
//!
//! What stays glides, what comes fades in, what goes fades out behind it, so that between two arrangements there is always
//! something to see. Whatever changes meanwhile begins from where things are.

use std::time::Duration;

use saal_media_protocol::Rect;

/// Where something is, and how much of it is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placing {
    /// Pixels of the display; even while it moves, as 4:2:0 wants.
    pub rect: Rect,
    /// 0: nothing, 1: nothing behind it.
    pub opacity: f64,
}

/// A part of the time since a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    after: Duration,
    lasts: Duration,
}

impl Span {
    const fn millis(after: u64, lasts: u64) -> Self {
        Self {
            after: Duration::from_millis(after),
            lasts: Duration::from_millis(lasts),
        }
    }

    fn end(self) -> Duration {
        self.after + self.lasts
    }

    /// How much of the way is done, from 0 to 1: slow at both ends.
    fn done(self, since: Duration) -> f64 {
        if since >= self.end() {
            return 1.0;
        }
        if since <= self.after {
            return 0.0;
        }
        let part = since.saturating_sub(self.after).as_secs_f64() / self.lasts.as_secs_f64();
        part * part * (3.0 - 2.0 * part)
    }
}

/// How fast things change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    moves: Span,
    comes: Span,
    goes: Span,
}

impl Pace {
    /// Long enough to see who went where, and short enough that nobody waits for it.
    pub const GENTLE: Self = Self {
        moves: Span::millis(0, 220),
        comes: Span::millis(0, 160),
        goes: Span::millis(80, 140),
    };
    /// Without motion. What goes stays behind the new for a picture or two, which may come a little late.
    pub const AT_ONCE: Self = Self {
        moves: Span::millis(0, 0),
        comes: Span::millis(0, 0),
        goes: Span::millis(60, 0),
    };
    /// Text, while the pictures that it belongs to move.
    pub const ARRIVES_LATER: Self = Self {
        moves: Span::millis(0, 0),
        comes: Span::millis(120, 100),
        goes: Span::millis(0, 80),
    };
}

#[derive(Clone, Copy, Debug)]
struct Course {
    from: Placing,
    to: Placing,
    moves: Span,
    fades: Span,
}

impl Course {
    fn at(&self, since: Duration) -> Placing {
        let (moved, faded) = (self.moves.done(since), self.fades.done(since));
        Placing {
            rect: between(self.from.rect, self.to.rect, moved),
            opacity: self.from.opacity + (self.to.opacity - self.from.opacity) * faded,
        }
    }

    fn end(&self) -> Duration {
        self.moves.end().max(self.fades.end())
    }
}

/// What one thing is doing.
#[derive(Debug)]
struct Piece<T> {
    what: T,
    now: Placing,
    /// None: it stays. When it began, once it has.
    course: Option<(Course, Option<Duration>)>,
    leaves: bool,
}

/// All that is on a display, and on its way.
#[derive(Debug)]
pub struct Scene<T> {
    pieces: Vec<Piece<T>>,
    left: Vec<T>,
}

impl<T> Default for Scene<T> {
    fn default() -> Self {
        Self {
            pieces: Vec::new(),
            left: Vec::new(),
        }
    }
}

impl<T: PartialEq + Clone> Scene<T> {
    /// These are wanted, there, and nothing else; it begins with the next picture that has all of them.
    pub fn arrange(&mut self, wanted: &[(T, Rect)], pace: Pace) {
        for (what, rect) in wanted {
            let to = Placing {
                rect: *rect,
                opacity: 1.0,
            };
            match self.pieces.iter_mut().find(|piece| piece.what == *what) {
                Some(piece) => piece.go(to, pace.moves, pace.comes, false),
                None => self.pieces.push(Piece::new(what.clone(), to, pace)),
            }
        }
        for piece in &mut self.pieces {
            if !wanted.iter().any(|(what, _)| *what == piece.what) {
                let to = Placing {
                    opacity: 0.0,
                    ..piece.now
                };
                piece.go(to, pace.moves, pace.goes, true);
            }
        }
    }

    /// Where things are in a picture of this time: those that are elsewhere than in the one before. What is new has to be
    /// there before anything begins.
    pub fn at(&mut self, now: Duration, is_there: impl Fn(&T) -> bool) -> Vec<(T, Placing)> {
        let waits = |piece: &Piece<T>| matches!(piece.course, Some((_, None)));
        let all_there = !(self.pieces.iter()).any(|p| waits(p) && !is_there(&p.what));
        let mut changed = Vec::new();
        for piece in &mut self.pieces {
            if piece.advance(now, all_there) {
                changed.push((piece.what.clone(), piece.now));
            }
        }
        self.part();
        changed
    }

    /// All are where they are to be, at once, as nobody looks; and that is there.
    pub fn finish(&mut self) -> Vec<(T, Placing)> {
        for piece in &mut self.pieces {
            if let Some((course, _)) = piece.course.take() {
                piece.now = course.to;
            }
        }
        self.part();
        let pieces = self.pieces.iter();
        pieces
            .map(|piece| (piece.what.clone(), piece.now))
            .collect()
    }

    /// Nothing is on its way.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.pieces.iter().all(|piece| piece.course.is_none())
    }

    /// Those that are not seen any more.
    pub fn take_left(&mut self) -> Vec<T> {
        std::mem::take(&mut self.left)
    }

    /// Forgets what has left.
    fn part(&mut self) {
        let left = |piece: &mut Piece<T>| piece.leaves && piece.course.is_none();
        let left = self.pieces.extract_if(.., left);
        self.left.extend(left.map(|piece| piece.what));
    }
}

impl<T> Piece<T> {
    fn new(what: T, to: Placing, pace: Pace) -> Self {
        let from = Placing { opacity: 0.0, ..to };
        let course = Course {
            from,
            to,
            moves: pace.moves,
            fades: pace.comes,
        };
        Self {
            what,
            now: from,
            course: Some((course, None)),
            leaves: false,
        }
    }

    /// One that goes there already does not begin anew.
    fn go(&mut self, to: Placing, moves: Span, fades: Span, leaves: bool) {
        self.leaves = leaves;
        let goal = self.course.map_or(self.now, |(course, _)| course.to);
        // What fades out stays where it is, wherever that was when it began.
        let same = goal == to || (leaves && goal.opacity == to.opacity);
        if same {
            return;
        }
        let course = Course {
            from: self.now,
            to,
            moves,
            fades,
        };
        self.course = Some((course, None));
    }

    /// True when it is elsewhere than before.
    fn advance(&mut self, now: Duration, may_begin: bool) -> bool {
        let Some((course, begun)) = &mut self.course else {
            return false;
        };
        if begun.is_none() && !may_begin {
            return false;
        }
        let since = now.saturating_sub(*begun.get_or_insert(now));
        let placing = course.at(since);
        if since >= course.end() {
            self.course = None;
        }
        std::mem::replace(&mut self.now, placing) != placing
    }
}

fn between(from: Rect, to: Rect, part: f64) -> Rect {
    if part >= 1.0 || from == to {
        return to;
    }
    let mix = |from: f64, to: f64| 2.0 * ((from + (to - from) * part) / 2.0).round();
    let pixels = |from: u32, to: u32| mix(from.into(), to.into()) as u32;
    Rect {
        x: mix(from.x.into(), to.x.into()) as i32,
        y: mix(from.y.into(), to.y.into()) as i32,
        width: pixels(from.width, to.width).max(2),
        height: pixels(from.height, to.height).max(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rect(x: i32, y: i32, width: u32, height: u32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    const WHOLE: Rect = rect(0, 0, 1280, 720);
    const LEFT: Rect = rect(0, 0, 640, 720);
    const RIGHT: Rect = rect(640, 0, 640, 720);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A scene in which these have been for long.
    fn settled(wanted: &[(char, Rect)]) -> Scene<char> {
        let mut scene = Scene::default();
        scene.arrange(wanted, Pace::GENTLE);
        scene.finish();
        scene
    }

    /// Where all are at the times of pictures.
    fn watch(scene: &mut Scene<char>, times: &[u64]) -> Vec<Vec<(char, Placing)>> {
        let look = |time: &u64| scene.at(ms(*time), |_| true);
        times.iter().map(look).collect()
    }

    #[test]
    fn one_that_stays_glides_while_another_fades_in() {
        let mut scene = settled(&[('a', WHOLE)]);
        scene.arrange(&[('a', LEFT), ('b', RIGHT)], Pace::GENTLE);
        let seen = watch(&mut scene, &[1_000, 1_110, 1_220]);
        assert!(
            seen[0].is_empty(),
            "it begins from where things are: {seen:?}"
        );
        let half = seen[1].iter().map(|(_, placing)| *placing);
        let half: Vec<Placing> = half.collect();
        assert_eq!(half[0].rect, rect(0, 0, 960, 720));
        assert!(half[1].opacity > 0.5 && half[1].opacity < 1.0, "{half:?}");
        assert!(half.iter().all(|placing| placing.rect.width % 2 == 0));
        let ends = |what, rect| (what, Placing { rect, opacity: 1.0 });
        assert_eq!(seen[2], [ends('a', LEFT), ends('b', RIGHT)]);
        assert!(scene.is_still());
        assert!(scene.at(ms(1_250), |_| true).is_empty(), "nothing to do");
    }

    #[test]
    fn nothing_begins_before_what_is_new_is_there() {
        let mut scene = settled(&[('a', WHOLE)]);
        scene.arrange(&[('b', WHOLE)], Pace::GENTLE);
        for time in [0, 100, 5_000] {
            assert!(scene.at(ms(time), |what| *what != 'b').is_empty());
        }
        watch(&mut scene, &[5_033]);
        let seen = watch(&mut scene, &[5_113, 5_253]);
        let of = |seen: &[(char, Placing)], wanted| {
            let found = seen.iter().find(|(what, _)| *what == wanted);
            found.map(|(_, placing)| placing.opacity)
        };
        assert_eq!(of(&seen[0], 'a'), None, "the old is whole behind the new");
        assert_eq!(
            (of(&seen[1], 'a'), of(&seen[1], 'b')),
            (Some(0.0), Some(1.0))
        );
        assert_eq!(scene.take_left(), ['a']);
    }

    #[test]
    fn a_change_of_mind_goes_on_from_where_things_are() {
        let mut scene = settled(&[('a', LEFT), ('b', RIGHT)]);
        scene.arrange(&[('a', WHOLE)], Pace::GENTLE);
        watch(&mut scene, &[0, 110, 150]);
        let before = scene.pieces[1].now;
        assert!(before.opacity > 0.0 && before.opacity < 1.0);
        scene.arrange(&[('a', LEFT), ('b', RIGHT)], Pace::GENTLE);
        assert!(watch(&mut scene, &[183])[0].is_empty(), "no jump");
        scene.arrange(&[('a', LEFT), ('b', RIGHT)], Pace::GENTLE);
        watch(&mut scene, &[403]);
        assert!(scene.is_still() && scene.take_left().is_empty());
        assert_eq!(scene.pieces[0].now.rect, LEFT);
        assert_eq!(scene.pieces[1].now.opacity.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn without_motion_the_new_is_there_at_once_and_the_old_behind_it_for_a_moment() {
        let mut scene = settled(&[('a', LEFT), ('b', RIGHT)]);
        scene.arrange(&[('a', WHOLE), ('c', LEFT)], Pace::AT_ONCE);
        let seen = watch(&mut scene, &[0, 33, 66]);
        assert_eq!(seen[0].len(), 2, "a and c");
        assert!(seen[1].is_empty());
        assert_eq!(scene.take_left(), ['b']);
    }

    #[test]
    fn what_leaves_while_it_moves_fades_where_it_is() {
        let mut scene = settled(&[('a', WHOLE), ('b', RIGHT)]);
        scene.arrange(&[('a', WHOLE), ('b', LEFT)], Pace::GENTLE);
        watch(&mut scene, &[0, 110]);
        for _ in 0..3 {
            scene.arrange(&[('a', WHOLE)], Pace::GENTLE);
        }
        let seen = watch(&mut scene, &[143, 283, 363]);
        let (_, last) = seen[2].last().unwrap();
        assert_eq!((last.rect, last.opacity), (rect(320, 0, 640, 720), 0.0));
        assert!(scene.is_still());
    }
}
