//! Televisions at the end of a cable.

use super::{Finding, REPLUG, Section, Trial, not_listed};
use crate::{CecAdapter, CecAdapters, CecError, TelevisionPower};

const TURN_ON: &str = "plug a television in and turn CEC on in its menu (Anynet+, Bravia Sync, Simplink, EasyLink, \
                       VIERA Link, Aquos Link)";

/// Asks every television how it is; none is woken.
#[must_use]
pub fn televisions(of: &dyn CecAdapters) -> Section {
    let findings = match of.list() {
        Ok(all) => all.iter().map(|adapter| finding(of, adapter)).collect(),
        Err(error) => vec![not_listed("televisions", &error.to_string())],
    };
    Section {
        title: "Televisions that can be woken (HDMI-CEC)".to_owned(),
        findings,
        rules: None,
        if_none: "this is no fault: many graphics cards have no CEC line; a USB adapter on the cable is one, and this \
                  user may need to be allowed to open /dev/cec* (group video)"
            .to_owned(),
    }
}

fn finding(of: &dyn CecAdapters, adapter: &CecAdapter) -> Finding {
    let display = adapter.display.as_deref();
    let display = display.map(|display| Trial::works("display", display));
    let power = match of.power(adapter) {
        Ok(TelevisionPower::On) => Trial::works("television", "it is on"),
        Ok(TelevisionPower::StandBy) => Trial::works("television", "it is in stand-by"),
        Ok(TelevisionPower::TurningOn) => Trial::works("television", "it turns on"),
        Ok(TelevisionPower::TurningOff) => Trial::works("television", "it goes to stand-by"),
        Err(error @ (CecError::NoTelevision { .. } | CecError::NoAnswer { .. })) => {
            Trial::untried("television", error.to_string(), TURN_ON)
        }
        Err(error @ CecError::Failed { .. }) => {
            Trial::failed("television", error.to_string(), REPLUG)
        }
    };
    Finding {
        device: adapter.name.clone(),
        id: adapter.id.clone(),
        trials: display.into_iter().chain([power]).collect(),
    }
}
