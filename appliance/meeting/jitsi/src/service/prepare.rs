//! From a link to everything that a stay is made from: what the installation says about itself, and
//! the room's login there.

use std::time::{SystemTime, UNIX_EPOCH};

use saal_media_protocol::{Codec, SourceKind};
use saal_meeting::{EndReason, Secret};

use super::Join;
use crate::{
    link::ConferenceLink,
    protocol::{ConferenceSetup, Credentials, Predecessor},
    server_config::{Login as LoginKind, ServerConfig},
    settings::{JitsiSettings, Login},
    token::{self, Place},
    transport::http,
};

/// Pictures that the engine decodes.
const CODECS: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

/// A stay, ready to begin.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) link: ConferenceLink,
    pub(super) config: ServerConfig,
    pub(super) setup: ConferenceSetup,
    /// What the installation or the link wants quiet at first, though people had it on.
    pub(super) silenced: Vec<SourceKind>,
}

/// Reads the link, asks the installation, finds the login.
///
/// # Errors
/// Why there is no stay.
pub(super) async fn prepare(
    settings: &JitsiSettings,
    client: &reqwest::Client,
    join: Join,
) -> Result<Prepared, EndReason> {
    let link = ConferenceLink::parse(&join.link).map_err(|error| EndReason::BadLink {
        reason: error.to_string(),
    })?;
    let config = server_config(client, &link).await?.with_link(&link);
    let token = log_in(settings, &join, &link, &config).await?;
    let login = match token {
        Some(_) => LoginKind::Member,
        None => LoginKind::Guest,
    };
    let silenced = silenced(&join, &config);
    let on = |source, wanted: bool| wanted && !silenced.contains(&source);
    let setup = ConferenceSetup {
        call: join.call,
        room: link.room.clone(),
        hosts: config.hosts(&link, login),
        credentials: Credentials::Anonymous,
        token,
        password: join.password,
        name: join.name,
        microphone: on(SourceKind::Microphone, join.microphone),
        camera: on(SourceKind::Camera, join.camera),
        codecs: CODECS.to_vec(),
        encodes: join.encodes,
        peer_to_peer: config.peer_to_peer,
        peer_to_peer_after: config.peer_to_peer_after,
        seed: fastrand::u64(..),
        unix_ms: unix_ms(),
        machine_uid: settings.machine_uid.clone(),
        consent: config.consent,
        predecessor: join.resume.as_ref().and_then(Predecessor::read),
    };
    Ok(Prepared {
        link,
        config,
        setup,
        silenced,
    })
}

fn silenced(join: &Join, config: &ServerConfig) -> Vec<SourceKind> {
    let wishes = [
        (
            SourceKind::Microphone,
            join.microphone && config.start_muted,
        ),
        (
            SourceKind::Camera,
            join.camera && config.start_without_camera,
        ),
    ];
    let silent = wishes.into_iter().filter(|(_, silent)| *silent);
    silent.map(|(source, _)| source).collect()
}

/// What the installation says about itself. One that says nothing readable is no Jitsi.
async fn server_config(
    client: &reqwest::Client,
    link: &ConferenceLink,
) -> Result<ServerConfig, EndReason> {
    let unreachable = |reason: String| EndReason::Failed { reason };
    let host = link.base.host_str().unwrap_or_default();
    let url = link.base.join("config.js");
    let url = url.map_err(|e| unreachable(e.to_string()))?;
    let (status, text) =
        http::get(client, url)
            .await
            .map_err(|e| match (e.reason, e.untrusted) {
                (reason, false) => unreachable(format!("{host} does not answer: {reason}")),
                (reason, true) => EndReason::Untrusted {
                    server: host.to_owned(),
                    reason,
                },
            })?;
    match status {
        200 => ServerConfig::read(&text).map_err(|error| EndReason::BadLink {
            reason: format!("{host} is no Jitsi installation: {error}"),
        }),
        404 => Err(EndReason::BadLink {
            reason: format!("{host} is no Jitsi installation: it has no config.js"),
        }),
        _ => Err(unreachable(format!(
            "{host} answers {status} for config.js"
        ))),
    }
}

/// The token that the room enters with: the link's own, the Matrix room's, or the installation's.
async fn log_in(
    settings: &JitsiSettings,
    join: &Join,
    link: &ConferenceLink,
    config: &ServerConfig,
) -> Result<Option<Secret>, EndReason> {
    if let Some(token) = &link.token {
        return Ok(Some(token.clone()));
    }
    let host = link.base.host_str().unwrap_or_default();
    let place = Place {
        domain: &config.domain,
        room: &link.room,
        name: &join.name,
    };
    if let Some(matrix_room) = &join.matrix_room {
        let needed = |reason: String| EndReason::LoginNeeded { reason };
        let proof = settings.matrix.as_ref();
        let proof = proof.ok_or_else(|| needed("the room has no Matrix account".to_owned()))?;
        let openid = proof.ask().await.map_err(needed)?;
        return Ok(Some(token::of_matrix(&openid, matrix_room, &place)));
    }
    let server = settings
        .servers
        .iter()
        .find(|s| s.host.eq_ignore_ascii_case(host));
    Ok(server.map(|server| match &server.login {
        Login::Token(token) => token.clone(),
        Login::Key { app_id, key } => token::of_room(app_id, key, &place, unix_ms() / 1000),
    }))
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use saal_meeting::{CallId, MeetingLink};

    use super::*;

    #[test]
    fn what_starts_quietly_is_told_and_what_was_off_is_not() {
        let join = Join {
            call: CallId(1),
            link: MeetingLink::new("https://meet.example.org/lahn"),
            password: None,
            matrix_room: None,
            name: "Raum Lahn".to_owned(),
            microphone: true,
            camera: false,
            resume: None,
            encodes: vec![Codec::Vp8],
        };
        let quiet = ServerConfig {
            start_muted: true,
            start_without_camera: true,
            ..ServerConfig::default()
        };
        assert_eq!(silenced(&join, &quiet), [SourceKind::Microphone]);
        assert_eq!(silenced(&join, &ServerConfig::default()), []);
    }
}
