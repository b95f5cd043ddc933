//! A configuration of the fleet: believed, tried when nobody is in a meeting, and taken back if the room is not well with it.

use saal_fleet_protocol::fleet::{order::Signed, wire::Failure};
use tokio::time::Instant;

use super::{Agent, AgentError, End, Trying, digest, patience, refused};
use crate::{ledger::Stale, room::Reload, trial::Watch, update::Updater};

impl Agent {
    pub(super) async fn order(&mut self, signed: &Signed) -> Result<Option<End>, AgentError> {
        let Some(own) = &self.membership else {
            return Ok(None);
        };
        let order = match signed.verify(&self.roots.keys()) {
            Ok(order) if order.device == own.device => order,
            Ok(order) => return Ok(Some(refused(&format!("an order for {}", order.device)))),
            Err(error) => {
                self.roots.doubt_order(&error.to_string());
                return Ok(Some(refused(&error.to_string())));
            }
        };
        self.roots.believe_order();
        let digest = digest(&signed.order);
        match self.ledger.is_new(order.generation, &digest) {
            Ok(()) => {}
            Err(Stale::Known) => return Ok(None),
            Err(Stale::Refused(reason)) => return Ok(Some(refused(&reason))),
        }
        self.waiting = Some((order, digest));
        self.try_waiting().await
    }

    /// Lets the room try what waits, unless somebody is in a meeting or another trial is on.
    pub(super) async fn try_waiting(&mut self) -> Result<Option<End>, AgentError> {
        let busy = self.updater.as_ref().is_some_and(Updater::is_busy);
        if self.waiting.is_none() || self.trying.is_some() || busy {
            return Ok(None);
        }
        let before = self.room.look().await;
        if before.as_ref().is_some_and(|look| !look.is_idle()) {
            return Ok(None);
        }
        let (Ok(identity), Some((order, digest))) = (&self.identity, self.waiting.take()) else {
            return Ok(None);
        };
        let generation = order.generation;
        let files = match identity.files(&order) {
            Ok(files) => files,
            Err(error) => {
                self.ledger.refuse(generation, &digest, error.to_string())?;
                return Ok(None);
            }
        };
        tracing::info!(generation, "tries a configuration");
        self.ledger.try_out(generation, &digest, &files)?;
        match self.room.reload().await {
            Reload::Refused(reason) => {
                self.back(Failure::Document, reason).await?;
                Ok(None)
            }
            Reload::Taken | Reload::Silent => {
                self.trying = Some(Trying {
                    watch: Watch::new(before.as_ref(), patience(&self.settings)),
                    since: Instant::now(),
                });
                // Only a connection that is opened with it shows that the server is still reached.
                Ok(Some(End::Again))
            }
        }
    }

    pub(super) async fn back(&mut self, why: Failure, detail: String) -> Result<(), AgentError> {
        tracing::warn!(?why, detail, "the configuration is taken back");
        self.trying = None;
        self.ledger.roll_back(why, detail)?;
        self.room.reload().await;
        Ok(())
    }
}
