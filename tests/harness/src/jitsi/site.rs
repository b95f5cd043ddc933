//! An installation that somebody else runs: it can be joined, with the web client's library that it serves, and no more.

use std::path::Path;

use serde_json::{Value, json};
use url::Url;

use crate::error::{Error, Result};
use crate::farend::{FarEnd, FarEndOptions};
use crate::run_folder::RunFolder;
use crate::tools::{Tools, far_end_sources};

use super::caller::{JitsiCaller, JitsiJoin};

/// An installation that somebody else runs.
#[derive(Debug)]
pub struct JitsiSite {
    tools: Tools,
    base: String,
    host: String,
    folder: RunFolder,
}

impl JitsiSite {
    /// Takes its address, `https://meet.example.org`; nothing is asked yet.
    ///
    /// # Errors
    /// When that is no address, or the set-up is missing.
    pub fn new(address: &str) -> Result<Self> {
        let bad = |answer: String| Error::Answer {
            what: format!("the server's address {address:?}"),
            answer,
        };
        let url = Url::parse(address).map_err(|error| bad(error.to_string()))?;
        let host = url
            .host_str()
            .ok_or_else(|| bad("it names no host".to_owned()))?;
        Ok(Self {
            tools: Tools::find()?,
            base: address.trim_end_matches('/').to_owned(),
            host: host.to_owned(),
            folder: RunFolder::new()?,
        })
    }

    /// Starts a browser for participants; beside this machine it finds only this installation.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of the driver's log.
    pub async fn browser(&self, options: &FarEndOptions) -> Result<FarEnd> {
        let hosts = [self.host.as_str()];
        FarEnd::start_in(&self.tools, self.folder.path(), &self.base, &hosts, options).await
    }

    /// Brings a participant into a room, or as far as it gets.
    ///
    /// # Errors
    /// When the page does not load or has no connection.
    pub async fn join(
        &self,
        browser: &FarEnd,
        room: &str,
        options: &JitsiJoin,
    ) -> Result<JitsiCaller> {
        JitsiCaller::join(browser, &self.base, self.cover(), room, options).await
    }

    /// The page is ours, the library the installation's own.
    fn cover(&self) -> Value {
        let (base, sources) = (&self.base, far_end_sources());
        let at = |path: &str| format!("{base}/{path}");
        json!({
            "files": {
                at("client.html"): sources.join("jitsi.html"),
                at("jitsi.js"): sources.join("jitsi.js"),
            },
            "elsewhere": { at("lib-jitsi-meet.min.js"): at("libs/lib-jitsi-meet.min.js") },
        })
    }

    /// The link of a meeting, as an invitation has it.
    #[must_use]
    pub fn link(&self, room: &str) -> String {
        format!("{}/{room}", self.base)
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The programs that are not ours.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}
