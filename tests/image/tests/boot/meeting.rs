//! A meeting on servers of this computer, and another room in it.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use saal_harness::{JitsiOptions, JitsiServers, Room, RoomOptions, run};

/// Each frame costs an emulated machine a second or more.
const SEEN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// In pixels: what is not asked for is not encoded.
const SMALL: (u32, u32) = (320, 180);
/// Pictures that one might be lucky with.
const LUCK: u64 = 5;
const NAME: &str = "daily";

/// The servers of a meeting.
pub(crate) struct Meeting {
    servers: JitsiServers,
}

/// Another room.
pub(crate) struct Other(Room);

impl Meeting {
    /// Somewhere to meet, with nobody there.
    pub(crate) fn start() -> Result<Self> {
        let options = JitsiOptions {
            also_at: Some(saal_image_tests::HOST.parse()?),
            // Only on the room's own computer http would do.
            https: vec!["127.0.0.1".to_owned(), saal_image_tests::HOST.to_owned()],
            ..JitsiOptions::default()
        };
        let servers = run(JitsiServers::start(options))?;
        Ok(Self { servers })
    }

    /// Its link, as the machine reaches it.
    pub(crate) fn link(&self) -> String {
        self.servers
            .link(NAME)
            .replacen("127.0.0.1", saal_image_tests::HOST, 1)
    }

    /// The authority that vouches for it, PEM.
    pub(crate) fn authority(&self) -> Result<String> {
        let file = self.servers.authority().context("it has TLS")?;
        fs::read_to_string(file).context("the authority's certificate")
    }

    /// Another room joins.
    pub(crate) fn another_joins(&self) -> Result<Other> {
        let options = RoomOptions {
            name: "Raum Fulda".to_owned(),
            television: SMALL,
            more: format!(
                "[network]\nauthorities_file = {:?}\n",
                self.servers.authority().context("it has TLS")?
            ),
            ..RoomOptions::default()
        };
        let options = options.with_meeting("Daily", &self.servers.link(NAME));
        run(async {
            let room = Room::standing(self.servers.folder(), &options).await?;
            room.touch_element("Join").await?;
            Ok(Other(room))
        })
    }
}

impl Other {
    /// Waits until it has decoded pictures of the machine.
    pub(crate) fn sees_somebody(&self) -> Result<()> {
        let seen = self
            .0
            .status_is("the machine's picture", SEEN_WITHIN, |status| {
                let mut pictures = status.media.iter().flat_map(|media| &media.received_video);
                pictures.any(|picture| picture.frames_decoded > LUCK)
            });
        run(seen)?;
        Ok(())
    }

    pub(crate) fn stop(self) {
        run(self.0.stop());
    }
}
