//! Pictures of panels on their way to whoever looks: in memory, the last one of each room, for as long as somebody looks.
//!
//! The device may be connected to another node than the one whose page somebody has open. So a picture is said to the other
//! nodes, sealed with the fleet's own key: whoever listens between them sees nothing (docs/adr/0079).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use saal_fleet_protocol::fleet::{
    DeviceId,
    help::PanelPicture,
    wire::{from_text, to_text},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{error::FleetError, keys::Keys, nodes::Said};

/// A picture of one help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) number: u64,
    pub(crate) panel: PanelPicture,
}

type Last = watch::Sender<Option<Arc<Seen>>>;

/// What is looked at at this node.
#[derive(Debug, Default)]
pub(crate) struct Panels(Mutex<HashMap<DeviceId, Last>>);

/// Somebody looks. Nothing is kept once nobody does.
pub(crate) struct Eye {
    panels: Arc<Panels>,
    device: DeviceId,
    last: watch::Receiver<Option<Arc<Seen>>>,
}

impl Panels {
    fn all(&self) -> MutexGuard<'_, HashMap<DeviceId, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a room's panel.
    pub(crate) fn look(self: &Arc<Self>, device: &DeviceId) -> Eye {
        let last = self.all().entry(device.clone()).or_default().subscribe();
        Eye {
            panels: Arc::clone(self),
            device: device.clone(),
            last,
        }
    }

    /// A picture came, for those who look here.
    pub(crate) fn show(&self, device: &DeviceId, seen: Seen) {
        if let Some(last) = self.all().get(device) {
            last.send_replace(Some(Arc::new(seen)));
        }
    }

    /// The same from another node.
    pub(crate) fn hear(&self, keys: &Keys, device: &DeviceId, sealed: &str) {
        if !self.all().contains_key(device) {
            return;
        }
        match opened(keys, device, sealed) {
            Ok(seen) => self.show(device, seen),
            Err(error) => tracing::warn!(%error, "another node's picture"),
        }
    }
}

impl Eye {
    /// The next picture of this help, or the one that is there.
    pub(crate) async fn next(&mut self, number: u64) -> Arc<Seen> {
        loop {
            if self.last.changed().await.is_err() {
                return std::future::pending().await;
            }
            let seen = self.last.borrow_and_update().clone();
            if let Some(seen) = seen.filter(|seen| seen.number == number) {
                return seen;
            }
        }
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        let mut all = self.panels.all();
        // This one is still counted.
        let alone = all
            .get(&self.device)
            .is_some_and(|last| last.receiver_count() <= 1);
        if alone {
            all.remove(&self.device);
        }
    }
}

/// Where a sealed picture belongs.
fn place(device: &DeviceId) -> String {
    format!("panel\n{device}")
}

/// For other nodes.
///
/// # Errors
/// [`FleetError::Crypto`].
pub(crate) fn sealed(keys: &Keys, device: &DeviceId, seen: &Seen) -> Result<Said, FleetError> {
    let plain = serde_json::to_vec(seen).expect("plain data is JSON");
    let sealed = keys.seal(&place(device), &plain)?;
    Ok(Said::Panel(device.clone(), to_text(&sealed)))
}

fn opened(keys: &Keys, device: &DeviceId, sealed: &str) -> Result<Seen, FleetError> {
    let sealed = from_text(sealed).unwrap_or_default();
    let plain = keys.open_sealed(&place(device), &sealed)?;
    serde_json::from_slice(&plain).map_err(|e| FleetError::Crypto(e.to_string()))
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::fleet::help::{LARGEST_PICTURE, Shown};

    use super::*;

    fn seen(number: u64, letters: usize) -> Seen {
        let shown = Shown::Picture {
            png: "A".repeat(letters),
            targets: Vec::new(),
        };
        let (width, height) = (1280, 800);
        Seen {
            number,
            panel: PanelPicture {
                width,
                height,
                shown,
            },
        }
    }

    #[tokio::test]
    async fn a_picture_is_there_for_who_looks_and_gone_with_them() {
        let panels = Arc::<Panels>::default();
        let device = DeviceId::from_random([1; 8]);
        panels.show(&device, seen(1, 4));
        let mut eye = panels.look(&device);
        panels.show(&device, seen(1, 8));
        panels.show(&device, seen(2, 4));
        assert_eq!(*eye.next(2).await, seen(2, 4), "of the help that goes on");
        let second = panels.look(&device);
        drop(eye);
        assert!(panels.all().contains_key(&device), "somebody looks");
        drop(second);
        assert!(panels.all().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn other_nodes_get_it_sealed_and_it_fits_into_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let device = DeviceId::from_random([1; 8]);
        let large = seen(7, LARGEST_PICTURE.div_ceil(3) * 4);
        let Said::Panel(of, text) = sealed(&keys, &device, &large).unwrap() else {
            panic!("a picture is said");
        };
        assert!(!text.contains("AAAAAAAA"));
        assert!(text.len() < 1000 * 1000, "NATS takes it: {}", text.len());
        let panels = Arc::<Panels>::default();
        panels.hear(&keys, &of, &text);
        assert!(panels.all().is_empty(), "nobody looks here");
        let mut eye = panels.look(&device);
        let other = DeviceId::from_random([2; 8]);
        let elsewhere = panels.look(&other);
        panels.hear(&keys, &other, &text);
        panels.hear(&keys, &device, &text);
        assert_eq!(*eye.next(7).await, large);
        assert!(
            !elsewhere.last.has_changed().unwrap(),
            "it belongs to one device"
        );
    }
}
