//! What the loop does about the room's computer.

use saal_control::{Reply, SystemRequest};
use saal_core::Event;

use super::Daemon;
use crate::{status, system};

impl Daemon {
    pub(super) fn look_at_system(&self) {
        if let Some(config) = self.room.config() {
            system::look(config, &self.state, &self.requests, &self.inputs);
        }
    }

    /// Whoever may use the control socket has the right to.
    pub(super) async fn ask_system(&mut self, request: SystemRequest) -> Reply {
        if !self.requests.are_taken() {
            return status::no_system();
        }
        let request = status::system_request(request);
        self.tell(Event::AskSystem(request)).await;
        Reply::Done {}
    }
}
