//! What nodes say to each other. Each of it only says where to look; so what is lost costs a look at everything. Pictures of
//! panels alone are said themselves, sealed, as they are kept nowhere; the next one makes good for one that is lost.

use std::{sync::Arc, time::Duration};

use saal_fleet_protocol::fleet::DeviceId;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, interval, sleep, sleep_until},
};

use super::{
    frames::Frame,
    nats::{Broken, Connection, Way},
};
use crate::{
    hub::{Wake, Who},
    server::App,
};

/// A crowd of devices writes all the time.
const BETWEEN_NEWS: Duration = Duration::from_millis(200);
/// How often it is asked whether it is there.
const PULSE: Duration = Duration::from_secs(10);
/// A server that is silent for so long is gone.
const SILENT: Duration = Duration::from_secs(30);
/// Between two attempts.
const AGAIN: Duration = Duration::from_secs(2);
/// So many devices are named at once: a message stays far below the 1 MiB that NATS takes.
const NAMED: usize = 2000;
/// Looking at everything is done at so many connections at once, and then again after a while.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Said to all other nodes of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// Something was written.
    News,
    /// There is news for these devices.
    Wake(Vec<DeviceId>),
    /// A device that waited was claimed, by its key.
    Claimed(String),
    /// These devices are connected here now; whoever held them before does not.
    Came(Vec<DeviceId>),
    /// Something may not have been said: everybody looks.
    Look,
    /// How the panel of a room looks that somebody helps, sealed (`panels.rs`).
    Panel(DeviceId, String),
}

impl Said {
    /// In parts that NATS takes.
    pub(super) fn parts(self) -> Vec<Self> {
        let cut = |devices: Vec<DeviceId>, of: fn(Vec<DeviceId>) -> Self| {
            let parts = devices.chunks(NAMED);
            parts.map(|part| of(part.to_vec())).collect()
        };
        match self {
            Self::Wake(devices) => cut(devices, Self::Wake),
            Self::Came(devices) => cut(devices, Self::Came),
            other => vec![other],
        }
    }
}

/// Speaks and listens for as long as the server runs.
pub(super) async fn run(app: &Arc<App>, way: &Way, said: &mut UnboundedReceiver<Said>) {
    let mut missed = false;
    let mut problem = String::new();
    loop {
        let broken = match way.open().await {
            Ok(mut connection) => {
                tracing::info!("other nodes hear this one");
                talk(app, &mut connection, said, missed).await
            }
            Err(broken) => broken,
        };
        // Once, not with each attempt.
        if broken.to_string() != problem {
            problem = broken.to_string();
            tracing::error!(problem, "NATS is away: other nodes hear nothing");
        }
        missed = true;
        // Whatever was to be said is in the database, and everybody will look there.
        let pause = sleep(AGAIN);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                _ = said.recv() => {}
                () = &mut pause => break,
            }
        }
    }
}

async fn talk(
    app: &Arc<App>,
    connection: &mut Connection,
    said: &mut UnboundedReceiver<Said>,
    missed: bool,
) -> Broken {
    let talking = async {
        if missed {
            connection.publish(&encode(&Said::Look)).await?;
            look(app.clone());
        }
        let mut wrote = app.store.wrote();
        let (mut pulse, mut not_before) = (interval(PULSE), Instant::now());
        loop {
            let news = async {
                sleep_until(not_before).await;
                let _ = wrote.changed().await;
            };
            tokio::select! {
                frame = connection.next() => match frame? {
                    Frame::Message(body) => read(app, &body),
                    Frame::Ping => connection.pong().await?,
                    Frame::Refused(why) => return Err(Broken::Refused(why)),
                    Frame::Info(_) | Frame::Pong | Frame::Done => {}
                },
                said = said.recv() => for part in said.into_iter().flat_map(Said::parts) {
                    connection.publish(&encode(&part)).await?;
                },
                () = news => {
                    not_before = Instant::now() + BETWEEN_NEWS;
                    connection.publish(&encode(&Said::News)).await?;
                }
                _ = pulse.tick() => {
                    if connection.silent() > SILENT {
                        return Err(Broken::Late);
                    }
                    connection.ping().await?;
                }
            }
        }
    };
    let ended: Result<std::convert::Infallible, Broken> = talking.await;
    match ended {
        Err(broken) => broken,
        Ok(never) => match never {},
    }
}

pub(super) fn encode(said: &Said) -> Vec<u8> {
    serde_json::to_vec(said).expect("plain data is JSON")
}

/// Another node said something.
fn read(app: &Arc<App>, body: &[u8]) {
    match serde_json::from_slice(body) {
        Ok(said) => hear(app, said),
        // A newer release says more; what it says is in the database as well.
        Err(error) => {
            tracing::warn!(%error, "another node is not understood");
            look(app.clone());
        }
    }
}

/// Passes on what another node said.
pub(super) fn hear(app: &Arc<App>, said: Said) {
    let all = |devices: Vec<DeviceId>, wake| {
        for device in devices {
            app.hub.tell(&Who::Member(device), wake);
        }
    };
    match said {
        Said::News => app.store.hear(),
        Said::Wake(devices) => all(devices, Wake::News),
        Said::Came(devices) => all(devices, Wake::Replaced),
        Said::Claimed(key) => {
            app.hub.tell(&Who::Waiting(key), Wake::News);
        }
        Said::Look => look(app.clone()),
        Said::Panel(device, sealed) => app.panels.hear(&app.keys, &device, &sealed),
    }
}

/// Lets all connections of this node look whether there is news, in turns.
pub(super) fn look(app: Arc<App>) {
    tokio::spawn(async move {
        app.store.hear();
        for some in app.hub.everybody().chunks(LOOKS) {
            for who in some {
                app.hub.tell(who, Wake::News);
            }
            sleep(BETWEEN_LOOKS).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nodes_say_is_of_one_form_and_fits_into_a_message() {
        let device = DeviceId::from_random([7; 8]);
        let all = Said::Wake(vec![device.clone(); 2 * NAMED + 1]).parts();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|part| encode(part).len() < 128 * 1024));
        for (said, text) in [
            (Said::News, "\"news\"".to_owned()),
            (Said::Look, "\"look\"".to_owned()),
            (
                Said::Claimed("k".to_owned()),
                "{\"claimed\":\"k\"}".to_owned(),
            ),
            (
                Said::Came(vec![device.clone()]),
                format!("{{\"came\":[\"{device}\"]}}"),
            ),
        ] {
            assert_eq!(String::from_utf8(encode(&said)).unwrap(), text);
            assert_eq!(serde_json::from_str::<Said>(&text).unwrap(), said);
        }
    }
}
