//! The ceremony of keys: made and used where people are, carried on a stick, put into force at the server.

mod edit;
mod file;
mod orders;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Digest, ReleaseName,
    api::KeysInForce,
    trust::{Metadata, Releases, RoleName, Root},
};

use self::{
    edit::{Edit, FromTo},
    file::{KeyFile, Phrase},
};
use crate::{
    cli::{NOTHING, Session},
    text,
};

/// Keys that sign what devices believe.
#[derive(Subcommand, Debug)]
pub(crate) enum KeysCommand {
    /// Tells what is in force; with a file what stands in it and who signed it, without a server.
    Show { file: Option<PathBuf> },
    /// Makes a key, sealed with a pass phrase, and FILE.pub beside it for others. Needs no server.
    New {
        file: PathBuf,
        #[command(flatten)]
        phrase: Phrase,
    },
    /// Saves the root that is in force.
    Fetch { file: PathBuf },
    /// Makes the next root from one that is in force, for people to sign; without --from a first one. Needs no server.
    Edit(Edit),
    /// Saves the list of all releases that the server has, for people to sign.
    Releases {
        file: PathBuf,
        /// RELEASE=MINIMUM: a device has to run MINIMUM or a later one to take RELEASE; may be given several times.
        #[arg(long = "minimum", value_name = "RELEASE=MINIMUM", value_parser = edit::from_to::<ReleaseName, ReleaseName>)]
        minimums: Vec<FromTo<ReleaseName, ReleaseName>>,
    },
    /// Shows a root or a list of releases, and signs it. Needs no server.
    Sign {
        file: PathBuf,
        /// What `new` made.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        phrase: Phrase,
    },
    /// Puts a root or a list of releases into force.
    Publish { file: PathBuf },
    /// Signs orders that wait at the server, with a key that is not there.
    SignOrders(orders::SignOrders),
}

/// What needs no server; `None`: it does.
pub(crate) fn alone(command: &KeysCommand) -> Option<Result<String>> {
    match command {
        KeysCommand::Show { file: Some(file) } => Some(shown(file)),
        KeysCommand::New { file, phrase } => Some(new(file, phrase)),
        KeysCommand::Edit(edit) => Some(edit.make()),
        KeysCommand::Sign { file, key, phrase } => Some(sign(file, key, phrase)),
        KeysCommand::Show { file: None }
        | KeysCommand::Fetch { .. }
        | KeysCommand::Releases { .. }
        | KeysCommand::Publish { .. }
        | KeysCommand::SignOrders(_) => None,
    }
}

/// The rest.
pub(crate) async fn keys(session: &Session, command: KeysCommand) -> Result<String> {
    if let Some(done) = alone(&command) {
        return done;
    }
    match command {
        KeysCommand::Fetch { file } => {
            let all: Vec<Metadata> = session
                .fleet
                .ask(Method::GET, "keys/roots", &[], NOTHING)
                .await?;
            let root = all.last().context("the server has no root; update it")?;
            save(&file, root)?;
            told(root)
        }
        KeysCommand::Releases { file, minimums } => {
            let list: Metadata = session
                .fleet
                .ask(Method::GET, "keys/releases", &[], NOTHING)
                .await?;
            let mut list = Releases::read(&list)?;
            for FromTo(release, minimum) in minimums {
                let mut all = list.targets.values_mut();
                let target = all.find(|target| target.custom.version == release);
                let target = target.with_context(|| format!("the server has no {release}"))?;
                target.custom.minimum = Some(minimum);
            }
            let list = Metadata::unsigned(&list);
            save(&file, &list)?;
            told(&list)
        }
        KeysCommand::Publish { file } => {
            let document = read(&file)?;
            let path = match Document::of(&document)? {
                Document::Root(_) => "keys/roots",
                Document::Releases(_) => "keys/releases",
            };
            session
                .send::<KeysInForce>(Method::POST, path, &document, text::keys)
                .await
        }
        KeysCommand::SignOrders(wanted) => wanted.sign(session).await,
        _ => session.get::<KeysInForce>("keys", &[], text::keys).await,
    }
}

/// What people sign.
enum Document {
    Root(Root),
    Releases(Releases),
}

impl Document {
    fn of(metadata: &Metadata) -> Result<Self> {
        match metadata.signed["_type"].as_str() {
            Some("root") => Ok(Self::Root(Root::read(metadata)?)),
            Some("targets") => Ok(Self::Releases(Releases::read(metadata)?)),
            _ => bail!("this is neither a root nor a list of releases"),
        }
    }
}

fn read(path: &Path) -> Result<Metadata> {
    let place = || path.display().to_string();
    let bytes = std::fs::read(path).with_context(place)?;
    Metadata::read(&bytes).with_context(place)
}

/// Whole or not at all: a stick is pulled at any time.
fn save(path: &Path, document: &Metadata) -> Result<()> {
    let place = || path.display().to_string();
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = std::fs::File::create(&new).with_context(place)?;
    file.write_all(document.to_text().as_bytes())
        .with_context(place)?;
    file.sync_all().with_context(place)?;
    std::fs::rename(&new, path).with_context(place)
}

fn shown(path: &Path) -> Result<String> {
    told(&read(path)?)
}

/// A document as people read it.
fn told(metadata: &Metadata) -> Result<String> {
    let fingerprint = metadata.fingerprint()?;
    let signers: Vec<&Digest> = metadata.signatures.iter().map(|one| &one.keyid).collect();
    Ok(match Document::of(metadata)? {
        Document::Root(root) => {
            let own = root.check_signed(RoleName::Root, metadata).err();
            text::root(&root, &fingerprint, &signers, own.as_ref())
        }
        Document::Releases(list) => text::list(&list, &fingerprint, &signers),
    })
}

fn new(path: &Path, phrase: &Phrase) -> Result<String> {
    let key = KeyFile::make(path, &phrase.chosen()?)?;
    Ok(format!(
        "{}\nKeep {} and its pass phrase apart. {}.pub is for others.\n",
        key.id(),
        path.display(),
        path.display()
    ))
}

fn sign(path: &Path, key: &Path, phrase: &Phrase) -> Result<String> {
    let mut document = read(path)?;
    // Before the pass phrase: what somebody signs they have read.
    eprint!("{}", told(&document)?);
    let key = KeyFile::read(key)?;
    let names = match Document::of(&document)? {
        Document::Root(root) => root.keys.contains_key(&key.id()),
        Document::Releases(_) => true,
    };
    if !names {
        eprintln!(
            "This root does not name {}: it signs as a key of the root before.",
            key.id()
        );
    }
    document.sign(&key.open(&phrase.asked()?)?)?;
    save(path, &document)?;
    Ok(format!("signed by {}\n", key.id()))
}

#[cfg(test)]
mod tests;
