//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use saal_fleet_protocol::fleet::{
    ClaimCode, DeviceId, FileName, Key, ReleaseName, RolloutName, Scope,
    api::{Act, Grant, Role, Wave},
    log::USUAL_LINES,
};

use crate::{
    alerts::AlertCommand, authority::AuthorityCommand, keys::KeysCommand, panel::PanelCommand,
};

/// Looks after a fleet of rooms.
#[derive(Parser, Debug)]
#[command(version)]
pub(crate) struct Arguments {
    /// Which fleet: the file that `saal-fleet serve` writes as access.toml; else $SAAL_FLEET_ACCESS.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) access: Option<PathBuf>,
    /// Print the server's answer as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Lists devices.
    Devices(Devices),
    /// Tells all about a device.
    Show { device: DeviceId },
    /// Lists devices that nobody has claimed.
    Waiting,
    /// Takes a device into the fleet by the code on its panel.
    Claim {
        code: ClaimCode,
        /// Where it is: site/group/room.
        #[arg(long)]
        room: Scope,
        /// Revoke the device that has this serial number or this room.
        #[arg(long)]
        replace: bool,
    },
    /// Throws a device out, at once and for good.
    Revoke { device: DeviceId },
    /// Puts a device into another room.
    Move { device: DeviceId, room: Scope },
    /// Asks a room for its log, without what is secret or private, and prints it.
    Logs {
        /// site/group/room.
        room: Scope,
        /// So many of the newest lines, 1000 at most.
        #[arg(long, default_value_t = USUAL_LINES)]
        lines: u32,
    },
    /// A room's panel, seen and worked with leave of the people there.
    #[command(subcommand)]
    Panel(PanelCommand),
    /// What the layers say: `/`, site, site/group, site/group/room.
    #[command(subcommand)]
    Config(Config),
    /// Tells which layer a place's values come from.
    Explain { scope: Scope, key: Option<Key> },
    /// Secrets that lie beside the configuration, as its *_file keys name them.
    #[command(subcommand)]
    Secret(Secret),
    /// Tokens that enrol devices.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Programs that have access to the API.
    #[command(subcommand)]
    Access(AccessCommand),
    /// People who sign in at the dashboard.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Other systems that are told of what happens.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// What is wrong, and who is told of it.
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Keys that sign what devices believe, see docs/keys.md.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The fleet's own certificate authority below IT's, see docs/fleet.md.
    #[command(subcommand)]
    Authority(AuthorityCommand),
    /// Releases of the system that the server has.
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Brings releases to devices, in waves.
    #[command(subcommand)]
    Rollout(RolloutCommand),
    /// Tells what was done, by whom and when.
    Audit(Audit),
    /// Writes the completion of a shell to standard output.
    Completion { shell: clap_complete::Shell },
    /// Expects devices by serial number: a file with a line `serial` or `serial,site/group/room` for each.
    Expect { file: PathBuf },
}

#[derive(clap::Args, Debug)]
pub(crate) struct Devices {
    /// In serial number, room, model or name.
    #[arg(long, default_value = "")]
    pub(crate) search: String,
    /// room, serial, model, generation or last_seen; -room the other way round.
    #[arg(long, default_value = "room", allow_hyphen_values = true)]
    pub(crate) sort: String,
    /// in_use, problem, waits, homeless or revoked; else all.
    #[arg(long, default_value = "")]
    pub(crate) only: String,
    /// Only there and below.
    #[arg(long, default_value = "/")]
    pub(crate) scope: Scope,
    /// Leave out so many.
    #[arg(long, default_value_t = 0)]
    pub(crate) after: u64,
    /// List so many.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u64,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Lists what a layer says.
    Get { scope: Scope },
    /// Sets a key; a value that is no TOML is text.
    Set {
        scope: Scope,
        key: Key,
        value: String,
        /// Layers below can't say otherwise.
        #[arg(long)]
        lock: bool,
        /// Only tell which rooms would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Lets a layer say nothing of a key.
    Unset {
        scope: Scope,
        key: Key,
        #[arg(long)]
        dry_run: bool,
    },
    /// Sets all keys of a file (a part of a configuration, TOML) at once.
    Apply {
        scope: Scope,
        file: PathBuf,
        #[arg(long)]
        lock: bool,
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Secret {
    /// Sets a secret from standard input.
    Set { scope: Scope, name: FileName },
    /// Takes a secret away.
    Unset { scope: Scope, name: FileName },
}

#[derive(Subcommand, Debug)]
pub(crate) enum TokenCommand {
    /// Lists tokens.
    List,
    /// Makes a token and shows it, once.
    New {
        /// For people.
        name: String,
        /// How many devices it may enrol.
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// How many hours it is good.
        #[arg(long, default_value_t = 24)]
        hours: u32,
        /// The room of its one device.
        #[arg(long)]
        room: Option<Scope>,
    },
    /// Makes a token useless.
    Remove { name: String },
}

#[derive(Subcommand, Debug)]
pub(crate) enum AccessCommand {
    /// Lists programs.
    List,
    /// Gives a program access and shows its token, once.
    New {
        /// For people.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleName,
        /// Where.
        #[arg(long, default_value = "/")]
        scope: Scope,
        /// For how many days; else until it is taken away.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Takes a program's access away.
    Remove { name: String },
}

/// A role as people type it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleName {
    /// Look.
    Viewer,
    /// Claim devices, move them, change rooms.
    Operator,
    /// Everything.
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Operator => Self::Operator,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum PersonCommand {
    /// Lists people, and what they may do.
    List,
    /// Invites somebody and shows their link, once.
    Invite {
        /// What they sign in with.
        name: String,
        /// What they may do, ROLE:PLACE; may be given several times.
        #[arg(long = "may", value_name = "ROLE:PLACE", required = true, value_parser = grant)]
        grants: Vec<Grant>,
    },
    /// Lets somebody do something else.
    Change {
        name: String,
        /// What they may do from now on, ROLE:PLACE; may be given several times.
        #[arg(long = "may", value_name = "ROLE:PLACE", required = true, value_parser = grant)]
        grants: Vec<Grant>,
        /// Forget their password and authenticator, and show another link.
        #[arg(long)]
        invite: bool,
    },
    /// Removes somebody, who is signed out at once.
    Remove { name: String },
}

/// `operator:kassel`.
fn grant(text: &str) -> Result<Grant, String> {
    let problem = "write ROLE:PLACE, as in operator:kassel or administrator:/";
    let (role, scope) = text.split_once(':').ok_or(problem)?;
    Ok(Grant {
        role: RoleName::from_str(role, true)?.into(),
        scope: scope.parse()?,
    })
}

#[derive(Subcommand, Debug)]
pub(crate) enum WebhookCommand {
    /// Lists systems, and how far each has got.
    List,
    /// Adds a system and shows the secret that signs what it is told, once.
    Add {
        /// For people.
        name: String,
        /// https://…
        url: String,
        /// What happens there.
        #[arg(long, default_value = "/")]
        scope: Scope,
        /// Only this, as `audit` calls it; may be given several times.
        #[arg(long = "act")]
        acts: Vec<Act>,
    },
    /// Takes a system away.
    Remove { name: String },
}

#[derive(Subcommand, Debug)]
pub(crate) enum ReleaseCommand {
    /// Lists releases.
    List,
    /// Adds a release: its bundle (RAUC, format verity) says itself what it is.
    Add { file: PathBuf },
    /// Takes a release away that no rollout is about.
    Remove { version: ReleaseName },
    /// Tells how much of a bundle a device fetches that has another one; asks no server.
    Compare {
        /// What it has: a bundle, or a slot's partition.
        last: PathBuf,
        /// What it is to have.
        new: PathBuf,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum RolloutCommand {
    /// Lists rollouts.
    List,
    /// Begins to bring a release to devices.
    Start {
        /// For people.
        name: RolloutName,
        /// Which.
        #[arg(long)]
        release: ReleaseName,
        /// To devices there and below.
        #[arg(long, default_value = "/")]
        scope: Scope,
        /// PERCENT[:MINUTES][:approval], percent of all devices with those of the waves before, so long watched, begun only when
        /// somebody allows it; may be given several times. Else all devices at once.
        #[arg(long = "wave", value_name = "WAVE", value_parser = wave)]
        waves: Vec<Wave>,
        /// It stops by itself when more than so many of those that were let in are worse off, percent.
        #[arg(long, default_value_t = 2)]
        stop_at: u8,
        /// The next wave comes when so many of those that were let in have it, percent.
        #[arg(long, default_value_t = 90)]
        needed: u8,
        /// Show how it goes on until it is over or wants somebody.
        #[arg(long)]
        watch: bool,
    },
    /// Tells how a rollout stands.
    Show {
        name: RolloutName,
        /// Show how it goes on until it is over or wants somebody.
        #[arg(long)]
        watch: bool,
        /// List its devices instead, those that want somebody first.
        #[arg(long, conflicts_with = "watch")]
        devices: bool,
    },
    /// Holds a rollout; devices that have not begun to write do not.
    Pause { name: RolloutName },
    /// Lets a rollout go on that was held.
    Resume { name: RolloutName },
    /// Allows the next wave.
    Approve { name: RolloutName },
    /// Ends a rollout; devices that have not begun to write do not.
    Stop { name: RolloutName },
}

/// `10:240:approval`.
fn wave(text: &str) -> Result<Wave, String> {
    let problem = || "write PERCENT, PERCENT:MINUTES or PERCENT:MINUTES:approval".to_owned();
    let mut parts = text.split(':');
    let percent = parts.next().and_then(|percent| percent.parse().ok());
    let mut wave = Wave {
        percent: percent.ok_or_else(problem)?,
        soak_minutes: 0,
        approval: false,
    };
    for part in parts {
        match part.parse() {
            Ok(minutes) => wave.soak_minutes = minutes,
            Err(_) if part == "approval" => wave.approval = true,
            Err(_) => return Err(problem()),
        }
    }
    Ok(wave)
}

#[derive(clap::Args, Debug)]
pub(crate) struct Audit {
    /// In who did it and to what.
    #[arg(long, default_value = "")]
    pub(crate) search: String,
    /// Only this: setting_set, device_claimed, …
    #[arg(long)]
    pub(crate) act: Option<Act>,
    /// Only there and below.
    #[arg(long, default_value = "/")]
    pub(crate) scope: Scope,
    /// Only lines before this number.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) older_than: Option<u64>,
    /// List so many.
    #[arg(long, default_value_t = 30)]
    pub(crate) limit: u64,
    /// Tell whether nobody has changed the log, and its last line's hash, instead.
    #[arg(long)]
    pub(crate) check: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_percents_with_a_time_and_whether_somebody_allows_it() {
        let fine = wave("10:240:approval").unwrap();
        assert_eq!(
            (fine.percent, fine.soak_minutes, fine.approval),
            (10, 240, true)
        );
        let short = wave("100").unwrap();
        assert_eq!(
            (short.percent, short.soak_minutes, short.approval),
            (100, 0, false)
        );
        assert!(wave("x").is_err() && wave("10:y").is_err() && wave("").is_err());
    }

    #[test]
    fn a_grant_is_a_role_at_a_place() {
        let fine = grant("operator:kassel/rathaus").unwrap();
        assert_eq!(
            (fine.role, fine.scope.as_str()),
            (Role::Operator, "kassel/rathaus")
        );
        assert!(
            grant("operator").is_err() && grant("king:/").is_err() && grant("viewer:A").is_err()
        );
    }
}
