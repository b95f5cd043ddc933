//! A device's connection: one WebSocket, from the challenge to the end.

mod certifying;
mod helping;
mod proof;
mod seeing;
mod trusting;

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::{
    extract::{
        ConnectInfo, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    help::HelpEnd,
    update::System,
    wire::{
        Enrol, FromDevice, FromServer, Hello, KeyProof, LARGEST_MESSAGE, Outcome, Refusal, Span,
        encode, to_text,
    },
};
use tokio::sync::watch;

use self::proof::{check, proves};
use crate::{
    error::FleetError,
    fleet::{
        devices::{self, DeviceRow},
        enrolment::{self, Entry},
        helps, logs, orders, presence, rooms,
        updates::{self, Due},
    },
    hub::{Seat, Wake, Who},
    server::App,
    tls::Peer,
};

/// A device that says nothing is asked after so long whether it is there.
const PULSE: Duration = Duration::from_secs(50);
/// A connection holds so many bytes for what comes, always, and there are many connections. What is longer comes in
/// several parts, from what TLS holds anyway.
const READS: usize = 512;

type Flow = ControlFlow<()>;

/// Opens a device's connection.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade
        .max_message_size(LARGEST_MESSAGE)
        .read_buffer_size(READS)
        .write_buffer_size(0);
    upgrade.on_upgrade(move |socket| async move {
        let nonce = match crate::random::<32>() {
            Ok(random) => to_text(&random),
            Err(error) => return tracing::error!(%error, "no challenge"),
        };
        let mut connection = Connection {
            app: &app,
            peer,
            nonce,
            socket,
            quiet: false,
            told: 0,
            update: None,
            log: 0,
            help: seeing::Help::default(),
            trusts: None,
        };
        connection.talk().await;
    })
}

struct Connection<'a> {
    app: &'a Arc<App>,
    peer: Peer,
    nonce: String,
    socket: WebSocket,
    /// It was asked and has not answered.
    quiet: bool,
    /// The order's generation that it was told last: it may have had no time to answer.
    told: u64,
    /// What it was told of releases.
    update: Option<Due>,
    /// The number of the last request for its log that it was told.
    log: u64,
    /// Somebody who helps its room.
    help: seeing::Help,
    /// The newest root and list of releases that it was told; `None`: it is from before there were roots.
    trusts: Option<(u64, u64)>,
}

impl Connection<'_> {
    async fn talk(&mut self) {
        let challenge = FromServer::Challenge {
            nonce: self.nonce.clone(),
        };
        if self.say(&challenge).await.is_break() {
            return;
        }
        let flow = match self.peer.key.clone() {
            None => Box::pin(self.stranger()).await,
            Some(key) => self.member(&key).await,
        };
        tracing::debug!(from = %self.peer.address, ?flow, "a device's connection ended");
    }

    async fn say(&mut self, message: &FromServer) -> Flow {
        let sent = self
            .socket
            .send(Message::Text(encode(message).into()))
            .await;
        if sent.is_err() {
            Flow::Break(())
        } else {
            Flow::Continue(())
        }
    }

    async fn refuse(&mut self, why: Refusal, message: &str) -> Flow {
        tracing::info!(from = %self.peer.address, ?why, message, "refused");
        let message = message.to_owned();
        let _ = self.say(&FromServer::Refused { why, message }).await;
        Flow::Break(())
    }

    async fn fail(&mut self, error: &FleetError) -> Flow {
        tracing::error!(%error, "a device's request failed");
        self.refuse(
            Refusal::Failed,
            "the server has a fault; its log tells more",
        )
        .await
    }

    /// The next message; `None` at the end. Cancelling it loses nothing.
    async fn hear(&mut self) -> Option<FromDevice> {
        loop {
            let heard = tokio::time::timeout(PULSE, self.socket.recv()).await;
            let message = match heard {
                Ok(Some(Ok(message))) => message,
                Ok(_) => return None,
                Err(_) if self.quiet => return None,
                Err(_) => {
                    self.quiet = true;
                    self.socket
                        .send(Message::Ping(Vec::new().into()))
                        .await
                        .ok()?;
                    continue;
                }
            };
            self.quiet = false;
            match message {
                Message::Text(text) => match serde_json::from_str(&text) {
                    Ok(message) => return Some(message),
                    Err(error) => {
                        let reason = format!("not understood: {error}");
                        let _ = self.refuse(Refusal::Malformed, &reason).await;
                        return None;
                    }
                },
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Binary(_) | Message::Close(_) => return None,
            }
        }
    }

    /// Without a certificate a device may only enrol.
    async fn stranger(&mut self) -> Flow {
        let mut stopping = self.app.stopping.clone();
        let heard = tokio::select! {
            heard = self.hear() => heard,
            () = stopped(&mut stopping) => return Flow::Break(()),
        };
        let Some(FromDevice::Enrol(enrol)) = heard else {
            return self
                .refuse(
                    Refusal::Certificate,
                    "without a certificate a device enrols first",
                )
                .await;
        };
        if let Err(problem) = check(&enrol, &self.nonce) {
            return self.refuse(Refusal::Proof, problem).await;
        }
        let app = self.app;
        let mut seat = app.hub.enter(Who::Waiting(enrol.key.key.clone()));
        self.ask(&enrol).await?;
        loop {
            tokio::select! {
                woken = seat.woken() => match woken {
                    Wake::News => self.ask(&enrol).await?,
                    Wake::Replaced => return Flow::Break(()),
                },
                heard = self.hear() => if heard.is_some() {
                    return self.refuse(Refusal::Malformed, "wait to be claimed").await;
                } else {
                    return Flow::Break(());
                },
                () = stopped(&mut stopping) => return Flow::Break(()),
            }
        }
    }

    async fn ask(&mut self, enrol: &Enrol) -> Flow {
        let now = Timestamp::now();
        let asked = enrol.clone();
        match self
            .app
            .store
            .run(move |tx| enrolment::ask(tx, &asked, now))
            .await
        {
            Ok(Entry::Waits(code)) => self.say(&FromServer::Waiting { code }).await,
            Ok(Entry::Revoked) => {
                let message = "this device was revoked; reset it to enrol it as a new one";
                self.refuse(Refusal::Revoked, message).await
            }
            Ok(Entry::Member(row)) => {
                let device = row.device.clone();
                match self.certificate(&device, &enrol.key.key).await {
                    Ok(certificate) => {
                        tracing::info!(%device, serial = enrol.serial, "enrolled");
                        let membership = Self::membership(device, certificate);
                        self.trusts = enrol.root.map(|root| (root, 0));
                        self.show_roots().await?;
                        let _ = self.say(&FromServer::Enrolled(Box::new(membership))).await;
                        Flow::Break(())
                    }
                    Err(error) => self.fail(&error).await,
                }
            }
            Err(error) => self.fail(&error).await,
        }
    }

    /// A device with a certificate; whether it still belongs here is the database's word.
    async fn member(&mut self, key: &str) -> Flow {
        let row = match Box::pin(find(self.app, key)).await {
            Ok(Some(row)) if !row.revoked => row,
            Ok(_) => {
                return self
                    .refuse(Refusal::Revoked, "this device was revoked")
                    .await;
            }
            Err(error) => return self.fail(&error).await,
        };
        let app = self.app;
        let seat = app.hub.enter(Who::Member(row.device.clone()));
        let flow = self.serve(&row, seat).await;
        Box::pin(self.stop_help(&row)).await;
        let (device, now) = (row.device, Timestamp::now());
        let leaving = app.store.run(move |tx| devices::left(tx, &device, now));
        if let Err(error) = Box::pin(leaving).await {
            tracing::warn!(%error, "nobody knows when a device left");
        }
        flow
    }

    async fn serve(&mut self, row: &DeviceRow, mut seat: Seat<'_>) -> Flow {
        let mut stopping = self.app.stopping.clone();
        loop {
            tokio::select! {
                woken = seat.woken() => match woken {
                    // What is rare has memory of its own: of what a connection holds there are 70,000.
                    Wake::News => Box::pin(self.news(row)).await?,
                    Wake::Replaced => return Flow::Break(()),
                },
                heard = self.hear() => match heard {
                    Some(message) => Box::pin(self.take(row, message)).await?,
                    None => return Flow::Break(()),
                },
                () = stopped(&mut stopping) => return Flow::Break(()),
            }
        }
    }

    async fn take(&mut self, row: &DeviceRow, message: FromDevice) -> Flow {
        match message {
            FromDevice::Hello(hello) => self.greet(row, *hello).await,
            FromDevice::Reach { nonce } => self.say(&FromServer::Here { nonce }).await,
            FromDevice::Renew(proof) => self.renew(row, &proof).await,
            FromDevice::Report(report) => {
                let (device, now) = (row.device.clone(), Timestamp::now());
                match report.outcome {
                    Outcome::Confirmed {} => tracing::debug!(%device, ?report, "told"),
                    _ => tracing::info!(%device, ?report, "told"),
                }
                self.write(move |tx| devices::report(tx, &device, &report, now))
                    .await
            }
            FromDevice::Room(state) => {
                let (device, now) = (row.device.clone(), Timestamp::now());
                self.write(move |tx| devices::room_state(tx, &device, &state, now))
                    .await
            }
            FromDevice::OtherRooms(span) => self.other_rooms(row, span).await,
            FromDevice::System(system) => self.system(row, *system).await,
            FromDevice::Log(log) => self.log_came(row, *log).await,
            FromDevice::Help(said) => self.help_said(row, *said).await,
            FromDevice::Trust(state) => self.trust_said(row, state).await,
            FromDevice::Enrol(_) => {
                self.refuse(
                    Refusal::Malformed,
                    "this device has a certificate; it renews it",
                )
                .await
            }
        }
    }

    /// A device without a room is nowhere, so nothing is near.
    async fn other_rooms(&mut self, row: &DeviceRow, span: Span) -> Flow {
        let key = row.key.clone();
        let found = self
            .app
            .store
            .run(move |tx| {
                // It may have been moved since it came.
                let room = devices::by_key(tx, &key)?.and_then(|row| row.room);
                match room {
                    Some(room) => {
                        rooms::free(tx, &room, span, |device| presence::is_online(tx, device))
                    }
                    None => Ok(Vec::new()),
                }
            })
            .await;
        match found {
            Ok(rooms) => self.say(&FromServer::OtherRooms { rooms }).await,
            Err(error) => self.fail(&error).await,
        }
    }

    async fn write(
        &mut self,
        work: impl FnOnce(&crate::store::Tx<'_>) -> Result<(), FleetError> + Send + 'static,
    ) -> Flow {
        match self.app.store.run(work).await {
            Ok(()) => Flow::Continue(()),
            Err(error) => self.fail(&error).await,
        }
    }

    /// One round trip: how it stands, and what it missed.
    async fn greet(&mut self, row: &DeviceRow, hello: Hello) -> Flow {
        let generation = hello.generation;
        self.help.can_be_told(hello.helps);
        let trust = hello.trust.as_ref();
        self.trusts = trust.map(|trust| (trust.root, trust.releases));
        let (device, keys, now) = (row.device.clone(), self.app.keys.clone(), Timestamp::now());
        let greeted = self.app.store.run(move |tx| {
            devices::hello(tx, &keys, &device, &hello, now)?;
            // What went on before this connection is over.
            helps::noticed(tx, &device, None, (HelpEnd::Lost, now))?;
            let order = orders::due(tx, &keys, &device, now)?;
            Ok((
                order,
                updates::due(tx, &device)?,
                logs::due(tx, &device, now)?,
            ))
        });
        match greeted.await {
            Ok((order, update, log)) => {
                self.show_roots().await?;
                match order {
                    Some((generation, order)) => {
                        self.told = generation;
                        self.say(&FromServer::Order(order)).await?;
                    }
                    None => self.say(&FromServer::Current { generation }).await?,
                }
                self.update(update).await?;
                self.ask_for_log(log).await
            }
            Err(error) => self.fail(&error).await,
        }
    }

    /// Something about this device has changed. Whoever changed it has written down what the device is to be told.
    async fn news(&mut self, row: &DeviceRow) -> Flow {
        let (device, now) = (row.device.clone(), Timestamp::now());
        let looked = self.app.store.read(move |tx| {
            let row = devices::get(tx, &device)?;
            if row.revoked {
                return Ok(None);
            }
            Ok(Some((
                orders::unseen(tx, &row)?,
                updates::due(tx, &device)?,
                logs::due(tx, &device, now)?,
                helps::due(tx, &device)?,
            )))
        });
        match looked.await {
            Ok(Some((order, update, log, help))) => {
                self.show_roots().await?;
                if let Some((generation, order)) = order.filter(|(new, _)| *new != self.told) {
                    self.told = generation;
                    self.say(&FromServer::Order(order)).await?;
                }
                self.update(update).await?;
                self.ask_for_log(log).await?;
                self.help(row, help).await
            }
            Ok(None) => {
                self.refuse(Refusal::Revoked, "this device was revoked")
                    .await
            }
            Err(error) => self.fail(&error).await,
        }
    }

    /// Which release to have, where that is news on this connection.
    async fn update(&mut self, due: Option<Due>) -> Flow {
        if due == self.update {
            return Flow::Continue(());
        }
        self.update.clone_from(&due);
        match due {
            Some(Due::Update(signed)) => self.say(&FromServer::Update(signed)).await,
            Some(Due::None) => self.say(&FromServer::NoUpdate {}).await,
            None => Flow::Continue(()),
        }
    }

    /// What became of its system may change what it is to be told.
    async fn system(&mut self, row: &DeviceRow, system: System) -> Flow {
        let (device, keys, now) = (row.device.clone(), self.app.keys.clone(), Timestamp::now());
        let told = self.app.store.run(move |tx| {
            updates::told(tx, &keys, &device, &system, now)?;
            updates::due(tx, &device)
        });
        match told.await {
            Ok(due) => self.update(due).await,
            Err(error) => self.fail(&error).await,
        }
    }

    /// The key stays, so that revoking it is one row.
    async fn renew(&mut self, row: &DeviceRow, proof: &KeyProof) -> Flow {
        if proof.key != row.key || !proves(proof, &self.nonce, &row.seal_key) {
            return self
                .refuse(Refusal::Proof, "the proof does not fit this device's key")
                .await;
        }
        match self.certificate(&row.device, &row.key).await {
            Ok(certificate) => {
                let membership = Self::membership(row.device.clone(), certificate);
                self.say(&FromServer::Renewed(Box::new(membership))).await
            }
            Err(error) => self.fail(&error).await,
        }
    }
}

async fn find(app: &App, key: &str) -> Result<Option<DeviceRow>, FleetError> {
    let key = key.to_owned();
    app.store.read(move |tx| devices::by_key(tx, &key)).await
}

/// Until the server goes down.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}
