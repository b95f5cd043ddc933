//! One of many in a LiveKit room: it sends a camera and receives nobody.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use livekit_protocol::{self as proto, signal_request, signal_response};
use prost::Message as _;
use saal_media_protocol::{
    Candidate, Codec, DescriptionKind, SourceKind, TransportCommand, TransportEvent, TransportId,
    TransportRole, VideoLayer, VideoSend,
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::watch, task::JoinHandle};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::{LightEngine, Recording, Size, Traffic};
use crate::PATIENCE;

/// What it sends goes over the one, the server's side of the other has nothing but its channels.
const OUT: TransportId = TransportId(1);
const IN: TransportId = TransportId(2);
/// Its only track.
const TRACK: &str = "camera";
const PICTURES_PER_SECOND: u32 = 30;
/// The version of LiveKit's signalling that it speaks.
const PROTOCOL: u32 = 17;
/// More often than any server asks for.
const PING_EVERY: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Somebody with a small camera. Dropping it breaks the connection.
pub struct LightPublisher {
    traffic: Traffic,
    task: JoinHandle<anyhow::Result<()>>,
}

impl LightPublisher {
    /// Brings somebody into a room of the media server at this address (`ws://…`) and waits until the server has the camera.
    ///
    /// # Errors
    /// When the server does not let them in, or no media flow.
    pub async fn join(url: &str, token: &str, recording: Arc<Recording>) -> anyhow::Result<Self> {
        let url = format!("{url}/rtc?auto_subscribe=0&protocol={PROTOCOL}&access_token={token}");
        let (socket, _) = tokio_tungstenite::connect_async(&url).await?;
        let engine = LightEngine::new(recording);
        let traffic = engine.traffic().clone();
        let (tell, mut told) = watch::channel(false);
        let publisher = Publisher {
            socket,
            engine,
            tell,
        };
        let task = tokio::spawn(publisher.live());
        let mut joined = Self { traffic, task };
        let connected = told.wait_for(|sends| *sends);
        let connected = tokio::time::timeout(PATIENCE, connected)
            .await
            .context("a publisher is not connected in time")?
            .is_ok();
        if !connected {
            (&mut joined.task).await??;
            bail!("a publisher ended");
        }
        Ok(joined)
    }

    /// What it sent.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// It is still there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for LightPublisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Publisher {
    socket: Socket,
    engine: LightEngine,
    tell: watch::Sender<bool>,
}

impl Publisher {
    async fn live(mut self) -> anyhow::Result<()> {
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            tokio::select! {
                message = self.socket.next() => {
                    let message = message.context("the server closed")??;
                    if let Message::Binary(bytes) = message {
                        let response = proto::SignalResponse::decode(bytes)?;
                        if let Some(response) = response.message {
                            self.hear(response).await?;
                        }
                    }
                }
                event = self.engine.next() => self.tell(event).await?,
                _ = ping.tick() => {
                    let timestamp = crate::now_ms();
                    self.say(signal_request::Message::PingReq(proto::Ping { timestamp, rtt: 0 })).await?;
                }
            }
        }
    }

    async fn say(&mut self, message: signal_request::Message) -> anyhow::Result<()> {
        let request = proto::SignalRequest {
            message: Some(message),
        };
        let bytes = request.encode_to_vec();
        Ok(self.socket.send(Message::Binary(bytes.into())).await?)
    }

    async fn hear(&mut self, response: signal_response::Message) -> anyhow::Result<()> {
        use signal_response::Message as Response;
        let describe = |transport, kind, sdp| TransportCommand::Describe {
            transport,
            kind,
            sdp,
        };
        match response {
            Response::Join(_) => {
                for (transport, role) in [
                    (OUT, TransportRole::Publisher),
                    (IN, TransportRole::Subscriber),
                ] {
                    self.engine.perform(TransportCommand::Open {
                        transport,
                        role,
                        ice_servers: Vec::new(),
                    });
                }
                self.say(signal_request::Message::AddTrack(add_track()))
                    .await?;
            }
            Response::TrackPublished(_) => self.engine.perform(TransportCommand::Publish {
                transport: OUT,
                track: TRACK.to_owned(),
                source: SourceKind::Camera,
                video: Some(video()),
            }),
            Response::Answer(answer) => {
                self.engine
                    .perform(describe(OUT, DescriptionKind::Answer, answer.sdp));
            }
            Response::Offer(offer) => {
                self.engine
                    .perform(describe(IN, DescriptionKind::Offer, offer.sdp));
            }
            Response::Trickle(trickle) => self.candidate(&trickle)?,
            Response::SubscribedQualityUpdate(update) => {
                self.engine.perform(TransportCommand::SetActiveLayers {
                    transport: OUT,
                    track: TRACK.to_owned(),
                    active: vec![is_wanted(&update)],
                });
            }
            Response::Leave(leave) => bail!("the server sends it away: {leave:?}"),
            _ => {}
        }
        Ok(())
    }

    fn candidate(&mut self, trickle: &proto::TrickleRequest) -> anyhow::Result<()> {
        let init: Value = serde_json::from_str(&trickle.candidate_init)?;
        let text = |key: &str| init.get(key).and_then(Value::as_str).map(str::to_owned);
        let transport = match trickle.target() {
            proto::SignalTarget::Publisher => OUT,
            proto::SignalTarget::Subscriber => IN,
        };
        if let Some(candidate) = text("candidate").filter(|candidate| !candidate.is_empty()) {
            let mid = text("sdpMid");
            let candidate = Candidate { candidate, mid };
            self.engine.perform(TransportCommand::AddCandidate {
                transport,
                candidate,
            });
        }
        Ok(())
    }

    async fn tell(&mut self, event: TransportEvent) -> anyhow::Result<()> {
        use signal_request::Message as Request;
        match event {
            TransportEvent::Description { kind, sdp, .. } => {
                let (r#type, id, mid_to_track_id) = (kind_name(kind), 0, Default::default());
                let description = proto::SessionDescription {
                    r#type,
                    sdp,
                    id,
                    mid_to_track_id,
                };
                self.say(match kind {
                    DescriptionKind::Offer => Request::Offer(description),
                    DescriptionKind::Answer => Request::Answer(description),
                })
                .await?;
            }
            TransportEvent::Candidate {
                transport,
                candidate,
            } => {
                let mid = candidate.mid.unwrap_or_else(|| "0".to_owned());
                let init =
                    json!({ "candidate": candidate.candidate, "sdpMid": mid, "sdpMLineIndex": 0 });
                let target = match transport {
                    OUT => proto::SignalTarget::Publisher,
                    _ => proto::SignalTarget::Subscriber,
                };
                self.say(Request::Trickle(proto::TrickleRequest {
                    candidate_init: init.to_string(),
                    target: target.into(),
                    r#final: false,
                }))
                .await?;
            }
            TransportEvent::State {
                transport: OUT,
                state: saal_media_protocol::TransportState::Connected,
            } => {
                self.tell.send_replace(true);
            }
            _ => {}
        }
        Ok(())
    }
}

fn kind_name(kind: DescriptionKind) -> String {
    match kind {
        DescriptionKind::Offer => "offer",
        DescriptionKind::Answer => "answer",
    }
    .to_owned()
}

fn video() -> VideoSend {
    let (width, height) = Size::Small.pixels();
    VideoSend {
        codec: Codec::Vp8,
        frames_per_second: PICTURES_PER_SECOND,
        layers: vec![VideoLayer {
            rid: String::new(),
            width,
            height,
            max_bitrate: Size::Small.bitrate(),
        }],
    }
}

fn add_track() -> proto::AddTrackRequest {
    let (width, height) = Size::Small.pixels();
    let layers = vec![proto::VideoLayer {
        quality: proto::VideoQuality::High.into(),
        width,
        height,
        bitrate: Size::Small.bitrate(),
        ..Default::default()
    }];
    proto::AddTrackRequest {
        cid: TRACK.to_owned(),
        r#type: proto::TrackType::Video.into(),
        source: proto::TrackSource::Camera.into(),
        width,
        height,
        simulcast_codecs: vec![proto::SimulcastCodec {
            codec: "vp8".to_owned(),
            cid: TRACK.to_owned(),
            layers: layers.clone(),
            ..Default::default()
        }],
        layers,
        ..Default::default()
    }
}

/// Whether anybody receives the one layer.
fn is_wanted(update: &proto::SubscribedQualityUpdate) -> bool {
    let of_codecs = update.subscribed_codecs.iter();
    of_codecs
        .flat_map(|codec| &codec.qualities)
        .any(|quality| quality.enabled)
}
