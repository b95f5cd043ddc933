//! Where a camera looks, and what its controls have to be for that. Pure.

use saal_hal::{Control, ControlState};
use saal_media_protocol::{CameraMoves, CameraView};

/// Zoom, pan and tilt in thousandths of what the controls say, and which of them can be set.
#[must_use]
pub fn view_of(controls: &[ControlState]) -> (CameraView, CameraMoves) {
    let of = |control| controls.iter().find(|c| c.control == control && movable(c));
    let (zoom, pan, tilt) = (of(Control::Zoom), of(Control::Pan), of(Control::Tilt));
    let view = CameraView {
        zoom: zoom.map_or(0, |c| thousandths(c, 0)),
        pan: pan.map_or(0, |c| thousandths(c, -1_000)),
        tilt: tilt.map_or(0, |c| thousandths(c, -1_000)),
    };
    let moves = CameraMoves {
        zoom: zoom.is_some(),
        pan: pan.is_some(),
        tilt: tilt.is_some(),
    };
    (view, moves)
}

/// The controls that have to change for this view, with their new values.
#[must_use]
pub fn turns(controls: &[ControlState], view: CameraView) -> Vec<(Control, i32)> {
    let view = view.within();
    let wanted = [
        (Control::Zoom, view.zoom, 0),
        (Control::Pan, view.pan, -1_000),
        (Control::Tilt, view.tilt, -1_000),
    ];
    let turn = |(control, place, least): (Control, i32, i32)| {
        let state = controls
            .iter()
            .find(|c| c.control == control && movable(c))?;
        let value = state.nearest(value_at(state, place, least));
        (value != state.value).then_some((control, value))
    };
    wanted.into_iter().filter_map(turn).collect()
}

fn movable(state: &ControlState) -> bool {
    state.settable && state.least < state.most
}

/// From the range of the control to `least..=1000`. The middle of what goes both ways need not be the middle of the range:
/// a camera looks straight ahead at 0.
fn thousandths(state: &ControlState, least: i32) -> i32 {
    let [low, middle, high, value] = places(state, least, state.value);
    let (from, to, start) = if value < middle {
        (low, middle, i64::from(least))
    } else {
        (middle, high, 0)
    };
    let span = if value < middle {
        -i64::from(least)
    } else {
        1_000
    };
    let there = start + rounded((value - from) * span, to - from);
    i32::try_from(there).unwrap_or(0)
}

/// And back.
fn value_at(state: &ControlState, place: i32, least: i32) -> i32 {
    let [low, middle, high, _] = places(state, least, 0);
    let place = i64::from(place);
    let value = if place < 0 {
        middle + rounded(place * (middle - low), 1_000)
    } else {
        middle + rounded(place * (high - middle), 1_000)
    };
    i32::try_from(value).unwrap_or(state.value)
}

/// Least, what stands for 0, most, and the value.
fn places(state: &ControlState, least: i32, value: i32) -> [i64; 4] {
    let goes_both_ways = least < 0 && state.least < 0 && state.most > 0;
    let middle = match (least < 0, goes_both_ways) {
        (false, _) => i64::from(state.least),
        (true, true) => 0,
        (true, false) => i64::midpoint(i64::from(state.least), i64::from(state.most)),
    };
    [
        i64::from(state.least),
        middle,
        i64::from(state.most),
        i64::from(value),
    ]
}

fn rounded(numerator: i64, denominator: i64) -> i64 {
    if denominator == 0 {
        return 0;
    }
    let half = denominator.abs() / 2;
    (numerator + half * numerator.signum()) / denominator
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(control: Control, least: i32, most: i32, step: i32, value: i32) -> ControlState {
        ControlState {
            control,
            least,
            most,
            step,
            normal: value,
            value,
            settable: true,
        }
    }

    /// As a conference camera has them: further up than down.
    fn conference() -> Vec<ControlState> {
        vec![
            state(Control::Zoom, 100, 500, 1, 100),
            state(Control::Pan, -612_000, 612_000, 3_600, 0),
            state(Control::Tilt, -108_000, 324_000, 3_600, 0),
        ]
    }

    #[test]
    fn a_fresh_camera_looks_straight_ahead_as_wide_as_it_can() {
        let (view, moves) = view_of(&conference());
        assert_eq!(view, CameraView::default());
        assert!(moves.zoom && moves.pan && moves.tilt);
        assert_eq!(turns(&conference(), view), []);
    }

    #[test]
    fn the_ends_of_the_ranges_are_reached() {
        let corner = CameraView {
            zoom: 1_000,
            pan: -1_000,
            tilt: -1_000,
        };
        let expected = [
            (Control::Zoom, 500),
            (Control::Pan, -612_000),
            (Control::Tilt, -108_000),
        ];
        assert_eq!(turns(&conference(), corner), expected);
        let beyond = CameraView {
            zoom: i32::MAX,
            pan: i32::MIN,
            tilt: i32::MIN,
        };
        assert_eq!(turns(&conference(), beyond), expected);
    }

    #[test]
    fn what_can_not_be_set_does_not_move() {
        let mut fixed = conference();
        fixed[0].settable = false;
        fixed[1].most = fixed[1].least;
        let (_, moves) = view_of(&fixed);
        let only_tilt = CameraMoves {
            tilt: true,
            ..CameraMoves::default()
        };
        assert_eq!(moves, only_tilt);
        assert_eq!(view_of(&[]), Default::default());
    }

    proptest! {
        /// A view that was saved is found again: as exactly as the camera's steps allow.
        #[test]
        fn a_view_comes_back(
            least in -700_000_i32..0, most in 1_i32..700_000, step in 1_i32..4_000,
            zoom in 0_i32..=1_000, pan in -1_000_i32..=1_000,
        ) {
            let mut controls = vec![
                state(Control::Zoom, 0, most, step, 0),
                state(Control::Pan, least, most, step, 0),
            ];
            let wanted = CameraView { zoom, pan, tilt: 0 };
            for (control, value) in turns(&controls, wanted) {
                for state in controls.iter_mut().filter(|c| c.control == control) {
                    prop_assert!((state.least..=state.most).contains(&value));
                    state.value = value;
                }
            }
            let (view, _) = view_of(&controls);
            let error = |range: i32| 1_000 * step / range.max(1) + 1;
            prop_assert!((view.zoom - zoom).abs() <= error(most), "{view:?}");
            prop_assert!((view.pan - pan).abs() <= error(most.min(-least)), "{view:?}");
            // Going there again changes nothing: presets do not creep.
            prop_assert_eq!(turns(&controls, view).len(), 0);
        }
    }
}
