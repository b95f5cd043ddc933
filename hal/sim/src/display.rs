//! Displays that a test plugs, occupies and unplugs.

use saal_hal::{Display, DisplayError, DisplayMode, Displays};

use crate::plugged::Plugged;

/// Simulated displays; the list is what was plugged, in that order.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisplays(Plugged<Display>);

impl SimulatedDisplays {
    /// One television.
    #[must_use]
    pub fn one() -> Self {
        let mut displays = Self::default();
        displays.plug("simulated:television", "Simulated television");
        displays
    }

    /// Connects a display; one with this id that is there already is replaced.
    pub fn plug(&mut self, id: &str, name: &str) {
        let mode = |width, height| DisplayMode {
            width,
            height,
            hertz: 60,
        };
        let display = Display {
            id: id.to_owned(),
            name: name.to_owned(),
            connector: String::new(),
            node: String::new(),
            modes: vec![mode(1920, 1080), mode(1280, 720)],
            millimetres: None,
        };
        self.0.plug(id, display);
    }

    /// Disconnects the display with this id; nobody needs to know whether it was there.
    pub fn unplug(&mut self, id: &str) {
        self.0.unplug(id);
    }

    /// Has another program take the display, or give it back.
    pub fn set_busy(&mut self, id: &str, busy: bool) {
        self.0.set_busy(id, busy);
    }
}

impl Displays for SimulatedDisplays {
    fn list(&self) -> Result<Vec<Display>, DisplayError> {
        Ok(self.0.iter().cloned().collect())
    }

    fn check(&self, display: &Display) -> Result<(), DisplayError> {
        self.find(&display.id)?;
        if self.0.is_busy(&display.id) {
            return Err(DisplayError::Busy {
                display: display.name.clone(),
            });
        }
        Ok(())
    }
}
