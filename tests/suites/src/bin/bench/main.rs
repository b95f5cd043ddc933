//! `./dev bench NAME`: the room beside Chromium with Element Call, in turns, in one run, as ratios with their goals.
//!
//! Absolute figures mean little on a shared machine; the ratio of two subjects that took turns does. The far end is the
//! same for both, and light: it sends what was encoded before and decodes nothing.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod call;
mod echo;
mod invitation;
mod join;
mod media;
mod network;
mod recover;
mod report;
mod stand;
mod sync;

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use saal_harness::run;
use stand::{Call, Service};

/// Measures the room beside Chromium.
#[derive(Parser)]
#[command(name = "./dev bench")]
struct Arguments {
    /// What to measure.
    #[arg(value_enum)]
    name: Name,
    /// Which service's meetings.
    #[arg(long, value_enum, default_value_t = Service::Matrix)]
    service: Service,
    /// Media are encrypted end to end; Matrix only.
    #[arg(long)]
    encrypted: bool,
    /// How often each subject has its turn.
    #[arg(long, default_value_t = 10)]
    turns: u32,
    /// Length of a turn's measured part, for `call`.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Only a part of `media`.
    #[arg(long, value_enum)]
    part: Option<media::Part>,
    /// A Python with speechmos, for `echo`.
    #[arg(long)]
    python: Option<std::path::PathBuf>,
    /// Where `echo` leaves its sounds, to be listened to.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// From a tap on Join to the first remote picture.
    Join,
    /// Processor time per delivered picture, and memory, in a call of two.
    Call,
    /// From the death of a process to pictures again.
    Recover,
    /// Echo, noise and voices through the processing of a call.
    Echo,
    /// A bad network: loss, a drop of capacity, an outage, another address. Matrix only.
    Network,
    /// Encoding, decoding and composing, per stream; delays of pictures, and sound against picture. Matrix only.
    Media,
    /// From the room's start to today's meeting on its panel, with a year of history and without.
    Sync,
    /// Plays the sound by which `media` finds out what its loudspeaker adds.
    #[value(hide = true)]
    Player,
    /// From a late invitation to the room's panel, by CalDAV, feed and Matrix.
    Invitation,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        name,
        service,
        encrypted,
        turns,
        seconds,
        part,
        python,
        folder,
    } = Arguments::parse();
    if matches!(name, Name::Echo) {
        return echo::measure(python.as_deref(), folder.as_deref());
    }
    if matches!(name, Name::Player) {
        return media::play();
    }
    ensure!(
        !encrypted || service == Service::Matrix,
        "--encrypted is for --service matrix"
    );
    if matches!(name, Name::Network) {
        saal_network_sim::apart()?;
    }
    ensure!(
        part.is_none() || matches!(name, Name::Media),
        "--part is for media"
    );
    let call = Call { service, encrypted };
    let report = run(async {
        match name {
            Name::Join => join::measure(call, turns).await,
            Name::Call => call::measure(call, turns, seconds).await,
            Name::Recover => recover::measure(call, turns).await,
            Name::Echo | Name::Player => unreachable!("done above: they need no far end"),
            Name::Network => network::measure(turns, seconds).await,
            Name::Media => Box::pin(media::measure(turns, part)).await,
            Name::Sync => Box::pin(sync::measure(turns)).await,
            Name::Invitation => Box::pin(invitation::measure(turns)).await,
        }
    })?;
    println!("\n{report}");
    Ok(())
}
