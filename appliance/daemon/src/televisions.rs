//! Televisions woken and put to stand-by over their cables.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::Duration,
};

use saal_core::TelevisionWish;
use saal_hal::{CecAdapter, CecAdapters, CecError};

use crate::output::in_a_thread;

/// A television that sleeps deeply takes the first message for nothing but a reason to wake.
const TRIES: u32 = 3;
/// Between them; the kernel itself repeats a message for half a second.
const PAUSE: Duration = Duration::from_secs(2);

/// What is wanted, and the display that is the panel's: nobody puts that to stand-by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Order {
    wish: TelevisionWish,
    panel: Option<String>,
}

/// Tells them in a thread of its own, which may wait for them.
pub(crate) struct Televisions {
    orders: Sender<Order>,
}

impl Televisions {
    pub(crate) fn start(adapters: Box<dyn CecAdapters>) -> Self {
        let (orders, taken) = mpsc::channel();
        in_a_thread("televisions", move || follow(&*adapters, &taken, PAUSE));
        Self { orders }
    }

    /// Has all televisions follow; `panel` is the id of the display that is none.
    pub(crate) fn tell(&self, wish: TelevisionWish, panel: Option<String>) {
        // Without the thread, which is in the log, there is nobody to tell.
        let _ = self.orders.send(Order { wish, panel });
    }
}

fn follow(adapters: &dyn CecAdapters, orders: &Receiver<Order>, pause: Duration) {
    let mut next = orders.recv().ok();
    while let Some(order) = next {
        // Only what is wanted last counts.
        let order = orders.try_iter().last().unwrap_or(order);
        next = match carry_out(adapters, &order, orders, pause) {
            Some(newer) => Some(newer),
            None => orders.recv().ok(),
        };
    }
}

/// Tells each television, some of them more than once; gives an order that came meanwhile.
fn carry_out(
    adapters: &dyn CecAdapters,
    order: &Order,
    orders: &Receiver<Order>,
    pause: Duration,
) -> Option<Order> {
    let mut left = adapters
        .list()
        .inspect_err(|error| tracing::warn!(%error, "televisions can't be found"))
        .unwrap_or_default();
    left.retain(|adapter| adapter.display.is_none() || adapter.display != order.panel);
    for attempt in 1..=TRIES {
        left.retain(|adapter| {
            let told = tell(adapters, adapter, order.wish);
            if let (Err(error), true) = (&told, attempt == TRIES) {
                tracing::info!(%error, wish = ?order.wish, "a television does not follow");
            }
            matches!(told, Err(CecError::NoTelevision { .. }))
        });
        if left.is_empty() || attempt == TRIES {
            return None;
        }
        match orders.recv_timeout(pause) {
            Ok(newer) => return Some(newer),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

fn tell(
    adapters: &dyn CecAdapters,
    adapter: &CecAdapter,
    wish: TelevisionWish,
) -> Result<(), CecError> {
    let name = &adapter.name;
    match wish {
        TelevisionWish::Wake => {
            adapters.wake(adapter)?;
            tracing::info!(name, "the television is woken");
        }
        TelevisionWish::StandBy => match adapters.stand_by(adapter)? {
            true => tracing::info!(name, "the television is put to stand-by"),
            false => tracing::info!(name, "the television shows something else and stays on"),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use saal_hal::TelevisionPower::{On, StandBy};
    use saal_hal_sim::SimulatedCecAdapters;

    use super::*;

    /// Carries out all that is ordered, in this order, each before the next is told.
    fn told(adapters: &SimulatedCecAdapters, wishes: &[TelevisionWish], panel: Option<&str>) {
        let (orders, taken) = mpsc::channel();
        for wish in wishes {
            let panel = panel.map(str::to_owned);
            orders.send(Order { wish: *wish, panel }).unwrap();
        }
        drop(orders);
        follow(adapters, &taken, Duration::ZERO);
    }

    #[test]
    fn all_televisions_wake_and_rest_and_the_panel_does_not() {
        let adapters = SimulatedCecAdapters::default();
        adapters.plug("usb", None);
        adapters.plug("hdmi", Some("pci/HDMI-A-1"));
        adapters.plug("panel", Some("pci/HDMI-A-2"));
        let power = |id| adapters.television(id).unwrap().0;
        told(&adapters, &[TelevisionWish::Wake], Some("pci/HDMI-A-2"));
        assert_eq!(
            [power("usb"), power("hdmi"), power("panel")],
            [On, On, StandBy]
        );
        told(&adapters, &[TelevisionWish::StandBy], Some("pci/HDMI-A-2"));
        assert_eq!([power("usb"), power("hdmi")], [StandBy, StandBy]);
        told(
            &adapters,
            &[TelevisionWish::StandBy, TelevisionWish::Wake],
            None,
        );
        assert_eq!(power("panel"), On, "what is wanted last counts");
    }

    #[test]
    fn what_somebody_looks_at_stays_on_and_one_that_is_deaf_keeps_nobody_from_the_others() {
        let adapters = SimulatedCecAdapters::default();
        adapters.plug("a", None);
        adapters.plug("b", None);
        adapters.set_deaf("a", true);
        told(&adapters, &[TelevisionWish::Wake], None);
        assert_eq!(adapters.television("a"), Some((StandBy, true)));
        assert_eq!(adapters.television("b"), Some((On, true)));
        adapters.watch_something_else("b");
        told(&adapters, &[TelevisionWish::StandBy], None);
        assert_eq!(adapters.television("b"), Some((On, false)));
    }
}
