//! How the television shows the others, by people's choice.

use super::Room;
use crate::{Arrange, Effect};

impl Room {
    pub(super) fn arrange(&mut self, how: Arrange) {
        let Some(call) = self.phase.in_call_mut() else {
            return;
        };
        let before = call.arrangement.clone();
        match how {
            Arrange::Layout(layout) => {
                call.arrangement.layout = layout;
                // Pages of another layout are others.
                call.arrangement.turn(0);
            }
            Arrange::SelfView(on) => call.arrangement.self_view = on,
            Arrange::Page(page) => call.arrangement.turn(page),
        }
        if call.arrangement != before {
            self.send_tiles();
            self.effect(Effect::Redraw);
        }
    }
}
