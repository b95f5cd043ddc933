//! The fleet's certificate authority below IT's.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use reqwest::Method;
use saal_fleet_protocol::fleet::api::{AuthorityInForce, AuthorityRequest, NewAuthority};

use crate::{cli::Session, text};

/// Who vouches for the server and for devices.
#[derive(Subcommand, Debug)]
pub(crate) enum AuthorityCommand {
    /// Tells whose certificates count, and until when.
    Show,
    /// Prints what IT is to sign (PKCS #10, PEM): an authority below which there is none (pathLen 0), for the fleet's key.
    Request,
    /// Checks what IT signed and puts it into force; servers take it with their next start.
    Install {
        /// Certificates in PEM: the fleet's first, IT's root last. With the fleet's ca.pem it is its own authority again.
        chain: PathBuf,
        /// A name or address of another server of the fleet, which devices have to believe too; may be given several times. Those of
        /// the server that is asked are looked at anyway.
        #[arg(long = "name", value_name = "NAME")]
        names: Vec<String>,
    },
}

pub(crate) async fn authority(session: &Session, command: AuthorityCommand) -> Result<String> {
    match command {
        AuthorityCommand::Show => {
            session
                .get::<AuthorityInForce>("authority", &[], text::authority)
                .await
        }
        AuthorityCommand::Request => {
            let show = |asked: &AuthorityRequest| asked.request.clone();
            session.get("authority/request", &[], show).await
        }
        AuthorityCommand::Install { chain, names } => {
            let place = || chain.display().to_string();
            let pem = std::fs::read_to_string(&chain).with_context(place)?;
            let new = NewAuthority { chain: pem, names };
            session
                .send::<AuthorityInForce>(Method::POST, "authority", &new, text::authority)
                .await
                .with_context(place)
        }
    }
}
