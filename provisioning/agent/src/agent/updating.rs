//! The agent's part in updates: who asks for them, and who hears of them.

use std::time::Duration;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    order::Signed,
    update::{System, UpdateOrder},
    wire::FromDevice,
};

use super::{Agent, AgentError, End, refused};
use crate::{
    link::Link,
    trial::Look,
    update::{Scene, Updater, installer::Installer},
};

impl Agent {
    /// Lets the fleet update the system.
    ///
    /// # Errors
    /// [`AgentError::Update`]: the system does not say what it is.
    pub async fn with_installer(
        mut self,
        installer: Box<dyn Installer>,
    ) -> Result<Self, AgentError> {
        let patience = Duration::from_secs(u64::from(self.settings.update_seconds));
        let updater = Updater::open(
            self.folder.clone(),
            &self.settings.state,
            installer,
            patience,
        )
        .await?;
        self.updater = Some(updater);
        Ok(self)
    }

    pub(super) fn system(&self) -> Option<System> {
        self.updater.as_ref().map(Updater::system)
    }

    /// The server says which release to have.
    pub(super) fn update(&mut self, signed: &Signed) -> Result<Option<End>, AgentError> {
        self.reached();
        let (Some(own), Some(updater)) = (&self.membership, &mut self.updater) else {
            return Ok(None);
        };
        let order = match UpdateOrder::verify(signed, &self.roots.keys()) {
            Ok(order) if order.device == own.device => order,
            Ok(order) => return Ok(Some(refused(&format!("an update for {}", order.device)))),
            Err(error) => return Ok(Some(refused(&error.to_string()))),
        };
        match updater.order(order, signed)? {
            Ok(()) => Ok(None),
            Err(problem) => Ok(Some(refused(&problem))),
        }
    }

    pub(super) fn call_back(&mut self) {
        self.reached();
        if let Some(updater) = &mut self.updater {
            updater.call_back();
        }
    }

    pub(super) async fn look_at_updates(&mut self, look: Option<&Look>) -> Result<(), AgentError> {
        let credentials = self.credentials()?;
        let Some(updater) = &mut self.updater else {
            return Ok(());
        };
        // It is asked anew each time: a list may come, or its time may pass.
        let listed = match updater.release() {
            Some((release, runs)) => self.roots.allows(release, runs, Timestamp::now()),
            None => {
                self.roots.no_update();
                true
            }
        };
        let scene = Scene {
            listed,
            settings: &self.settings,
            room: &self.room,
            look,
            trying: self.trying.is_some(),
            credentials,
        };
        Ok(Box::pin(updater.look(&scene)).await?)
    }

    /// Tells the server how the system is, where it does not know.
    pub(super) async fn tell_system(&mut self, link: &mut Link) -> bool {
        let system = self.system();
        if system.is_none() || system == self.told_system {
            return true;
        }
        self.told_system.clone_from(&system);
        match system {
            Some(system) => link.say(&FromDevice::System(Box::new(system))).await,
            None => true,
        }
    }
}
