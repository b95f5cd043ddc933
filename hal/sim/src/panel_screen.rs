//! Displays that are the panel, and the glass that a test looks at.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use saal_hal::{
    Display, DisplayError, Displays, Frame, Look, PanelScreen, PanelScreens, Part, Turn,
    conformance::Glass, draw,
};

use crate::SimulatedDisplays;

/// Simulated displays that can be the panel. Those who clone it share its displays.
#[derive(Clone, Debug, Default)]
pub struct SimulatedPanelScreens(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    displays: SimulatedDisplays,
    shown: BTreeMap<String, Shown>,
}

/// What a display shows.
#[derive(Debug)]
struct Shown {
    size: (u32, u32),
    memory: Vec<u8>,
    brightness: u8,
}

impl SimulatedPanelScreens {
    /// Does something to the displays: plugs, unplugs, has another program take one.
    pub fn change(&self, change: impl FnOnce(&mut SimulatedDisplays)) {
        change(&mut self.state().displays);
    }

    /// What a display shows, as it is made; `None` when it is dark.
    #[must_use]
    pub fn glass(&self, id: &str) -> Option<Glass> {
        let state = self.state();
        let shown = state.shown.get(id)?;
        Some(Glass {
            size: shown.size,
            memory: shown.memory.clone(),
            pitch: shown.size.0 as usize * 4,
        })
    }

    /// Percent of the light behind it; `None` when it is dark.
    #[must_use]
    pub fn brightness(&self, id: &str) -> Option<u8> {
        self.state().shown.get(id).map(|shown| shown.brightness)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Displays for SimulatedPanelScreens {
    fn list(&self) -> Result<Vec<Display>, DisplayError> {
        self.state().displays.list()
    }

    fn check(&self, display: &Display) -> Result<(), DisplayError> {
        let state = self.state();
        state.displays.check(display)?;
        if state.shown.contains_key(&display.id) {
            return Err(DisplayError::Busy {
                display: display.name.clone(),
            });
        }
        Ok(())
    }
}

impl PanelScreens for SimulatedPanelScreens {
    fn open(
        &self,
        display: &Display,
        size: (u32, u32),
        turn: Turn,
    ) -> Result<Box<dyn PanelScreen>, DisplayError> {
        self.check(display)?;
        let (width, height) = turn.size(size);
        let mode = display
            .mode_for(width, height)
            .ok_or_else(|| failed(&display.name, "choose a mode", "it has none"))?;
        let size = (mode.width, mode.height);
        let shown = Shown {
            size,
            memory: vec![0; size.0 as usize * size.1 as usize * 4],
            brightness: 100,
        };
        self.state().shown.insert(display.id.clone(), shown);
        Ok(Box::new(SimulatedPanelScreen {
            all: self.clone(),
            display: display.clone(),
            turn,
            size: turn.size(size),
            look: Look::default(),
        }))
    }
}

struct SimulatedPanelScreen {
    all: SimulatedPanelScreens,
    display: Display,
    turn: Turn,
    size: (u32, u32),
    look: Look,
}

impl PanelScreen for SimulatedPanelScreen {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn present(&mut self, frame: &Frame<'_>, changed: Part) -> Result<(), DisplayError> {
        if frame.size != self.size {
            return Err(failed(
                &self.display.name,
                "show",
                "the picture has another size",
            ));
        }
        let mut state = self.all.state();
        state.displays.find(&self.display.id)?;
        let Some(shown) = state.shown.get_mut(&self.display.id) else {
            return Err(failed(&self.display.name, "show", "it is not open"));
        };
        let moved = std::mem::replace(&mut self.look, frame.look).shift != frame.look.shift;
        let part = if moved {
            Part::whole(self.size)
        } else {
            changed
        };
        // Its light dims; the pixels stay.
        shown.brightness = frame.look.brightness;
        let pixels = Frame {
            look: Look {
                brightness: 100,
                ..frame.look
            },
            ..*frame
        };
        let pitch = shown.size.0 as usize * 4;
        draw(&pixels, part, self.turn, &mut shown.memory, pitch);
        Ok(())
    }
}

impl Drop for SimulatedPanelScreen {
    fn drop(&mut self) {
        self.all.state().shown.remove(&self.display.id);
    }
}

fn failed(display: &str, operation: &str, reason: &str) -> DisplayError {
    DisplayError::Device {
        display: display.to_owned(),
        operation: operation.to_owned(),
        reason: reason.to_owned(),
    }
}
