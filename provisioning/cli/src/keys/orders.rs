//! Signs orders that wait at the server: shown, then signed, with a key that never is there.

use std::{collections::BTreeMap, io::BufRead as _, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ed25519_dalek::SigningKey;
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{OrderKind, OrderToSign, SignaturesTaken, SignedOrder},
    order::Signed,
    update::UpdateOrder,
};

use super::file::{KeyFile, Phrase};
use crate::cli::{NOTHING, Session};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// Whose signature, and how.
#[derive(Args, Debug)]
pub(crate) struct SignOrders {
    /// What `new` made, of a key that the root names for configuration.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Asks nobody whether it should.
    #[arg(long)]
    yes: bool,
    /// Stays, and signs what comes.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    phrase: Phrase,
}

impl SignOrders {
    pub(super) async fn sign(&self, session: &Session) -> Result<String> {
        let key = KeyFile::read(&self.key)?.open(&self.phrase.asked()?)?;
        let (mut signed, mut shown) = (0, BTreeMap::new());
        loop {
            let waiting: Vec<OrderToSign> = session
                .fleet
                .ask(Method::GET, "keys/orders", &[], NOTHING)
                .await?;
            if waiting.is_empty() {
                if !self.watch {
                    return session.print(&signed, |signed| format!("{signed} orders signed\n"));
                }
                tokio::time::sleep(LOOK).await;
                continue;
            }
            for order in &waiting {
                eprint!("{}", show(order, &mut shown)?);
            }
            if !self.yes && !agreed(waiting.len())? {
                bail!("nothing more was signed");
            }
            let all: Vec<_> = waiting.iter().map(|order| sign(order, &key)).collect();
            let taken: SignaturesTaken = session
                .fleet
                .ask(Method::POST, "keys/orders", &[], Some(&all))
                .await?;
            signed += taken.taken;
        }
    }
}

/// What an order says, or what of it is another than in the one that was shown before.
fn show(order: &OrderToSign, shown: &mut BTreeMap<DeviceId, String>) -> Result<String> {
    let room = order.room.as_ref().map_or("no room", |room| room.as_str());
    let head = format!("{room} ({}), {}: ", order.device, order.number);
    match order.kind {
        OrderKind::Update => {
            let update = UpdateOrder::to_sign(&order.order)?;
            check(order, &update.device, update.number)?;
            let release = &update.release;
            Ok(format!(
                "{head}release {} {}\n",
                release.version, release.sha256
            ))
        }
        OrderKind::Configuration => {
            let said = Signed::to_sign(&order.order)?;
            check(order, &said.device, said.generation)?;
            let before = shown.insert(said.device.clone(), said.document.clone());
            let before = before.unwrap_or_default();
            let known: Vec<&str> = before.lines().collect();
            let now: Vec<&str> = said.document.lines().collect();
            let gone = known.iter().filter(|line| !now.contains(line));
            let new = now.iter().filter(|line| !known.contains(line));
            let lines = gone.map(|line| format!("  - {line}\n"));
            let lines: String = lines
                .chain(new.map(|line| format!("  + {line}\n")))
                .collect();
            let secrets: Vec<&str> = said.secrets.keys().map(|name| name.as_str()).collect();
            Ok(format!(
                "{head}configuration, secrets: {}\n{lines}",
                secrets.join(", ")
            ))
        }
    }
}

/// What stands beside a text is what stands in it: else somebody reads one thing and signs another.
fn check(order: &OrderToSign, device: &DeviceId, number: u64) -> Result<()> {
    if order.device == *device && order.number == number {
        return Ok(());
    }
    bail!(
        "the server shows order {} of {} and means {number} of {device}; nothing is signed",
        order.number,
        order.device
    )
}

fn sign(order: &OrderToSign, key: &SigningKey) -> SignedOrder {
    let signed = match order.kind {
        OrderKind::Configuration => Signed::of_text(&order.order, key),
        OrderKind::Update => UpdateOrder::of_text(&order.order, key),
    };
    SignedOrder {
        device: order.device.clone(),
        kind: order.kind,
        number: order.number,
        signature: signed.signature,
    }
}

fn agreed(count: usize) -> Result<bool> {
    eprint!("Sign these {count}? [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.context("nobody can be asked; --yes asks nobody")?;
    Ok(matches!(line.trim(), "y" | "yes"))
}
