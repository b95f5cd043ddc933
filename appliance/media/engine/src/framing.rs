//! Digital framing: which part of a camera's picture is shown, and how the view gets there. Pure.
//!
//! The view eases towards its target: each step takes away the same share of the distance per time, so that it starts
//! at once, slows down, and never goes too far.

use std::time::Duration;

use saal_media_protocol::CameraView;

/// The narrowest view is this part of the picture: a quarter of 4K is what is sent at most, and of 1080p it is still a person.
const NARROWEST: f64 = 0.25;
/// Time in which two thirds of the distance are gone.
const EASE: Duration = Duration::from_millis(250);
/// Distances below this part of the picture can't be seen.
const THERE: f64 = 0.000_5;

/// A part of a picture with the picture's own shape: its centre and its size, all in parts of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Centre from the left.
    x: f64,
    /// Centre from the top.
    y: f64,
    /// Width of the picture's width, height of its height.
    size: f64,
}

/// Pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    /// From the left edge; even, as 4:2:0 wants.
    pub x: u32,
    /// From the top edge; even.
    pub y: u32,
    /// Even, above zero.
    pub width: u32,
    /// Even, above zero.
    pub height: u32,
}

impl Frame {
    /// All of the picture.
    pub const WHOLE: Self = Self {
        x: 0.5,
        y: 0.5,
        size: 1.0,
    };

    /// What this view shows. Pan and tilt go as far as the picture does, so that nothing is to be seen there of a whole one.
    #[must_use]
    pub fn of(view: CameraView) -> Self {
        let view = view.within();
        let part = |thousandths: i32| f64::from(thousandths) / 1_000.0;
        // Even steps of zoom look even when each makes things larger by the same factor.
        let size = NARROWEST.powf(part(view.zoom));
        let way = (1.0 - size) / 2.0;
        Self {
            x: 0.5 + part(view.pan) * way,
            y: 0.5 - part(view.tilt) * way,
            size,
        }
    }

    /// After so much time on the way to `target`.
    #[must_use]
    pub fn eased(self, target: Self, after: Duration) -> Self {
        let left = (-after.as_secs_f64() / EASE.as_secs_f64()).exp();
        let toward = |from: f64, to: f64| to + (from - to) * left;
        let next = Self {
            x: toward(self.x, target.x),
            y: toward(self.y, target.y),
            size: toward(self.size, target.size),
        };
        if next.distance(target) < THERE {
            target
        } else {
            next
        }
    }

    fn distance(self, other: Self) -> f64 {
        let along = [self.x - other.x, self.y - other.y, self.size - other.size];
        along.into_iter().map(f64::abs).fold(0.0, f64::max)
    }

    /// In pixels of a picture of at least 2x2.
    #[must_use]
    pub fn crop(self, width: u32, height: u32) -> Crop {
        let (width, height) = (width.max(2), height.max(2));
        let length = |whole: u32| even(f64::from(whole) * self.size).clamp(2, whole & !1);
        let (across, down) = (length(width), length(height));
        let start = |centre: f64, length: u32, whole: u32| {
            let wanted = even(f64::from(whole) * centre - f64::from(length) / 2.0);
            wanted.min((whole - length) & !1)
        };
        Crop {
            x: start(self.x, across, width),
            y: start(self.y, down, height),
            width: across,
            height: down,
        }
    }
}

/// The nearest even number that is not below zero.
fn even(pixels: f64) -> u32 {
    // Beyond the range of pictures the cast stays at its end.
    2 * (pixels.max(0.0) / 2.0).round() as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn views() -> impl Strategy<Value = CameraView> {
        (-10_i32..1_100, -1_100_i32..1_100, -1_100_i32..1_100)
            .prop_map(|(zoom, pan, tilt)| CameraView { zoom, pan, tilt })
    }

    #[test]
    fn the_widest_view_is_the_whole_picture_wherever_it_looks() {
        let view = CameraView {
            zoom: 0,
            pan: 1_000,
            tilt: -1_000,
        };
        assert_eq!(Frame::of(view), Frame::WHOLE);
        let whole = Crop {
            x: 0,
            y: 0,
            width: 1280,
            height: 720,
        };
        assert_eq!(Frame::WHOLE.crop(1280, 720), whole);
    }

    #[test]
    fn the_narrowest_view_reaches_all_corners() {
        let corner = |pan, tilt| {
            let zoom = 1_000;
            Frame::of(CameraView { zoom, pan, tilt }).crop(1920, 1080)
        };
        let (width, height) = (480, 270);
        let at = |x, y| Crop {
            x,
            y,
            width,
            height,
        };
        assert_eq!(corner(-1_000, 1_000), at(0, 0));
        assert_eq!(corner(1_000, -1_000), at(1_440, 810));
        assert_eq!(corner(0, 0), at(720, 406));
    }

    proptest! {
        #[test]
        fn a_crop_lies_inside_and_keeps_the_shape(
            view in views(), from in views(), width in 16_u32..4_000, height in 16_u32..4_000, ms in 0_u64..5_000,
        ) {
            let frame = Frame::of(from).eased(Frame::of(view), Duration::from_millis(ms));
            let crop = frame.crop(width, height);
            prop_assert!(crop.width >= 2 && crop.height >= 2);
            prop_assert!(crop.x + crop.width <= width && crop.y + crop.height <= height, "{crop:?}");
            for pixels in [crop.x, crop.y, crop.width, crop.height] {
                prop_assert_eq!(pixels % 2, 0);
            }
            let part = |length: u32, whole: u32| f64::from(length) / f64::from(whole);
            let bent = (part(crop.width, width) - part(crop.height, height)).abs();
            prop_assert!(bent <= 2.0 / f64::from(width.min(height)) + 0.001, "{crop:?}");
        }

        #[test]
        fn the_view_only_comes_nearer_and_arrives(from in views(), to in views(), step_ms in 1_u64..200) {
            let (mut frame, target) = (Frame::of(from), Frame::of(to));
            let mut left = frame.distance(target);
            for _ in 0..10_000 / step_ms {
                frame = frame.eased(target, Duration::from_millis(step_ms));
                let now = frame.distance(target);
                prop_assert!(now <= left);
                left = now;
            }
            prop_assert_eq!(frame, target);
        }

        /// Whatever the camera's rate, the way takes the same time.
        #[test]
        fn two_steps_are_one_of_both(from in views(), to in views(), a in 0_u64..400, b in 0_u64..400) {
            let (frame, target) = (Frame::of(from), Frame::of(to));
            let ms = Duration::from_millis;
            let twice = frame.eased(target, ms(a)).eased(target, ms(b));
            let once = frame.eased(target, ms(a + b));
            prop_assert!(twice.distance(once) <= THERE);
        }
    }
}
