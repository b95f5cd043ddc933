//! ICE candidates between server and engine.

use livekit_protocol::{self as proto, signal_request::Message as Request};
use saal_media_protocol::{Candidate, IceServer, TransportCommand, TransportId};
use serde::{Deserialize, Serialize};

use super::Session;

/// A candidate as browsers write it (RTCIceCandidateInit).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CandidateInit {
    candidate: String,
    #[serde(default)]
    sdp_mid: Option<String>,
    #[serde(default, rename = "sdpMLineIndex")]
    sdp_mline_index: Option<u16>,
}

/// A STUN or TURN server as the engine takes it.
pub(super) fn ice_server(server: proto::IceServer) -> IceServer {
    IceServer {
        urls: server.urls,
        username: server.username,
        credential: server.credential,
    }
}

impl Session {
    pub(super) fn trickled(&mut self, trickle: &proto::TrickleRequest) {
        let transport = match trickle.target() {
            proto::SignalTarget::Subscriber => Some(self.setup.subscriber),
            proto::SignalTarget::Publisher => self.setup.publisher.as_ref().map(|p| p.transport),
        };
        let init = serde_json::from_str::<CandidateInit>(&trickle.candidate_init);
        match (transport, init) {
            (Some(transport), Ok(init)) if !init.candidate.is_empty() => {
                let candidate = Candidate {
                    candidate: init.candidate,
                    mid: init.sdp_mid,
                };
                self.command(TransportCommand::AddCandidate {
                    transport,
                    candidate,
                });
            }
            (_, Err(error)) => tracing::warn!(%error, "the server sent a malformed candidate"),
            _ => {}
        }
    }

    pub(super) fn found_candidate(&mut self, transport: TransportId, candidate: Candidate) {
        let target = if transport == self.setup.subscriber {
            proto::SignalTarget::Subscriber
        } else {
            proto::SignalTarget::Publisher
        };
        let init = CandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.mid.or_else(|| Some("0".to_owned())),
            sdp_mline_index: Some(0),
        };
        self.request(Request::Trickle(proto::TrickleRequest {
            candidate_init: serde_json::to_string(&init).expect("strings are always JSON"),
            target: target as i32,
            r#final: false,
        }));
    }
}
