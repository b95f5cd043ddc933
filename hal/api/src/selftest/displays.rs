//! Displays: televisions and the panel's glass.

use super::{Finding, IN_USE, LEFT, REPLUG, Section, Trial, not_listed};
use crate::{Display, DisplayError, Displays};

/// Takes every display and gives it back; it may flicker.
#[must_use]
pub fn displays(of: &dyn Displays) -> Section {
    let findings = match of.list() {
        Ok(all) => all.iter().map(|display| finding(of, display)).collect(),
        Err(error) => vec![not_listed("displays", &error.to_string())],
    };
    Section {
        title: "Displays".to_owned(),
        findings,
        rules: None,
        if_none:
            "plug one in and turn it on; `cat /sys/class/drm/*/status` should have one that is \
                  connected, and this user may need the groups video and render"
                .to_owned(),
    }
}

fn finding(of: &dyn Displays, display: &Display) -> Finding {
    let picture = match of.check(display) {
        Ok(()) => Trial::works("picture", ""),
        Err(error @ DisplayError::Busy { .. }) => {
            Trial::untried("picture", error.to_string(), IN_USE)
        }
        Err(error @ DisplayError::NotFound { .. }) => {
            Trial::failed("picture", error.to_string(), LEFT)
        }
        Err(error @ DisplayError::Device { .. }) => {
            Trial::failed("picture", error.to_string(), REPLUG)
        }
    };
    Finding {
        device: display.name.clone(),
        id: display.id.clone(),
        trials: vec![modes(display), picture],
    }
}

/// The first mode is the one that it is made for.
fn modes(display: &Display) -> Trial {
    let Some(first) = display.modes.first() else {
        return Trial::failed("modes", "it offers none", REPLUG);
    };
    let (width, height, hertz, count) =
        (first.width, first.height, first.hertz, display.modes.len());
    let size = display.millimetres.map(|(width, height)| {
        let (width, height) = (width / 10, height / 10);
        format!("; the glass is {width} x {height} cm")
    });
    let size = size.unwrap_or_default();
    Trial::works(
        "modes",
        format!("{count}, made for {width}x{height} at {hertz}/s{size}"),
    )
}
