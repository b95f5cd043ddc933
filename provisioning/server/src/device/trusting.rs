//! A device hears who may sign what before it hears anything that was signed.

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    trust::{Releases, Root, TrustState},
    wire::FromServer,
};

use super::{Connection, Flow};
use crate::{
    fleet::{devices::DeviceRow, lists, roots},
    store::Tx,
};

impl Connection<'_> {
    /// What it trusts; there may be a list now that comes after the one that it knows.
    pub(super) async fn trust_said(&mut self, row: &DeviceRow, state: TrustState) -> Flow {
        let (device, now) = (row.device.clone(), Timestamp::now());
        let keys = self.app.keys.clone();
        self.write(move |tx| roots::told(tx, &keys, &device, Some(&state), now))
            .await?;
        self.show_roots().await
    }

    /// The roots and the list of releases that it does not know yet.
    pub(super) async fn show_roots(&mut self) -> Flow {
        let Some((root, list)) = self.trusts else {
            return Flow::Continue(());
        };
        let work = move |tx: &Tx<'_>| Ok((roots::newer(tx, root)?, lists::newer(tx, list)?));
        let (new, list) = match self.app.store.read(work).await {
            Ok(found) => found,
            Err(error) => return self.fail(&error).await,
        };
        for next in new {
            let version = Root::read(&next).map_or(root, |next| next.version);
            self.say(&FromServer::Root(next)).await?;
            self.trusts = self.trusts.map(|(_, list)| (version, list));
        }
        if let Some(list) = list {
            let version = Releases::read(&list).map_or(0, |list| list.version);
            self.say(&FromServer::Releases(list)).await?;
            self.trusts = self.trusts.map(|(root, _)| (root, version));
        }
        Flow::Continue(())
    }
}
