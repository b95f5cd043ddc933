//! How the device comes into a fleet, and what it tells of whom it trusts there.

use saal_fleet_protocol::fleet::wire::{FromDevice, Membership};

use super::{Agent, AgentError, End};
use crate::{discovery::Search, identity, link::Link};

impl Agent {
    /// The server takes the device in, which looks first at who that is.
    pub(super) fn enrolled(&mut self, membership: Membership) -> Result<Option<End>, AgentError> {
        if let Err(problem) = self.roots.enrol()? {
            tracing::error!(%problem, "the device does not go into this fleet");
            return Ok(Some(End::Lost(format!(
                "not the fleet to be in: {problem}"
            ))));
        }
        self.join(membership)?;
        Ok(Some(End::Again))
    }

    /// It belongs to a fleet, or has another certificate there.
    pub(super) fn join(&mut self, mut membership: Membership) -> Result<(), AgentError> {
        tracing::info!(device = %membership.device, "belongs to the fleet");
        if self.search != Search::Nobody {
            // Before the membership: whoever belongs to a fleet looks for no other one.
            if let Some(server) = &self.settings.server {
                identity::keep_found(&self.folder, server)?;
            }
            self.search = Search::Own;
        }
        if let Some(own) = &self.membership
            && self.roots.is_before_roots()
        {
            // Another certificate does not bring other keys.
            membership.signing_keys.clone_from(&own.signing_keys);
        }
        identity::join(&self.folder, &membership)?;
        self.membership = Some(membership);
        self.code = None;
        Ok(())
    }

    /// Tells the server what the device trusts, where it does not know.
    pub(super) async fn tell_trust(&mut self, link: &mut Link) -> bool {
        let state = self.roots.state();
        if state == self.told_trust {
            return true;
        }
        self.told_trust = state.clone();
        link.say(&FromDevice::Trust(state)).await
    }
}
