//! A peer connection without session descriptions: every stream is declared by its SSRC (Jitsi).
//!
//! Received packets are put together by str0m, one of its media sections for each SSRC; a stream
//! that moves to another SSRC changes one entry of [`incoming`]. Sent packets are made here, since
//! a bridge reads descriptors that str0m does not write ([`vp8`], docs/adr/0007).

mod channel;
mod config;
mod h264;
mod incoming;
mod outgoing;
mod tones;
mod vp8;

use std::time::Instant;

use channel::Channel;
use incoming::Incoming;
use outgoing::Outgoing;
use saal_media_protocol::{
    Declared, DtlsSetup, IceCredentials, LocalTransport, PayloadType, RemoteTransport, TransportId,
};
use str0m::{Event, IceCreds, Input, media::Mid, net::Receive};

use super::{
    ToTransport,
    peer::{Link, PeerError, PeerEvent, clock},
    sockets::Datagram,
};

pub(super) struct DeclaredPeer {
    pub(super) link: Link,
    payload_types: Vec<PayloadType>,
    setup: DtlsSetup,
    /// The other side's transport is known.
    paired: bool,
    /// Keys are agreed; before, nothing can be sent.
    connected: bool,
    incoming: Incoming,
    outgoing: Outgoing,
    channel: Option<Channel>,
}

impl DeclaredPeer {
    /// `started` is the zero of all frame times.
    pub(super) fn new(
        id: TransportId,
        declared: &Declared,
        started: Instant,
        now: Instant,
    ) -> Result<Self, PeerError> {
        let setup = our_setup(declared.remote.as_ref());
        let mut rtc = config::rtc(declared, setup, now)?;
        rtc.direct_api().set_ice_controlling(declared.controlling);
        let mut peer = Self {
            link: Link::new(id, rtc, started),
            payload_types: declared.payload_types.clone(),
            setup,
            paired: false,
            connected: false,
            incoming: Incoming::default(),
            outgoing: Outgoing::new(declared.telephone_event),
            channel: declared.channel.clone().map(Channel::new),
        };
        if let Some(remote) = &declared.remote {
            peer.connect(remote)?;
        }
        Ok(peer)
    }

    /// What the service needs to answer the other side with.
    pub(super) fn local(&mut self) -> LocalTransport {
        let api = self.link.rtc.direct_api();
        let IceCreds { ufrag, pass } = api.local_ice_credentials();
        LocalTransport {
            ice: IceCredentials { ufrag, pwd: pass },
            fingerprint: config::fingerprint_text(api.local_dtls_fingerprint()),
            setup: self.setup,
        }
    }

    /// Carries out an order other than descriptions and candidates.
    pub(super) fn obey(&mut self, order: ToTransport) -> Result<(), PeerError> {
        let rtc = &mut self.link.rtc;
        match order {
            ToTransport::Write {
                track,
                layer,
                frame,
            } => {
                if self.connected {
                    let at = self.link.started + frame.at;
                    self.outgoing.write(rtc, &track, layer, &frame, at);
                }
            }
            ToTransport::RequestKeyFrame { track } => self.incoming.request_key_frame(rtc, &track),
            ToTransport::Receive {
                track,
                stream,
                picture,
            } => {
                if self.outgoing.uses(stream.ssrc) {
                    return Err(PeerError::SsrcInUse(stream.ssrc));
                }
                self.incoming.receive(rtc, track, stream, picture);
            }
            ToTransport::Forget { track } => self.incoming.forget(rtc, &track),
            order => return self.negotiate(order),
        }
        Ok(())
    }

    fn negotiate(&mut self, order: ToTransport) -> Result<(), PeerError> {
        let rtc = &mut self.link.rtc;
        match order {
            ToTransport::Send {
                track,
                source,
                video,
                streams,
            } => {
                if let Some(taken) = streams.iter().find(|s| self.incoming.uses(s.ssrc)) {
                    return Err(PeerError::SsrcInUse(taken.ssrc));
                }
                let types = &self.payload_types;
                self.outgoing
                    .send(rtc, types, track, source, video, &streams)
            }
            ToTransport::Unpublish { track } => self.outgoing.end(&track),
            ToTransport::SendTones { track, tones } => {
                self.outgoing.sound(Instant::now(), &track, tones)
            }
            ToTransport::Connect(remote) => self.connect(&remote),
            ToTransport::ChannelSend { text } => {
                let channel = self.channel.as_mut().ok_or(PeerError::NoChannel)?;
                channel.send(rtc, text);
                Ok(())
            }
            _ => Err(PeerError::Declared),
        }
    }

    /// Begins connectivity checks and the handshake with this other side, and with no other.
    fn connect(&mut self, remote: &RemoteTransport) -> Result<(), PeerError> {
        if self.paired {
            return Err(PeerError::Connected);
        }
        let fingerprint = config::fingerprint(&remote.fingerprints)?;
        let active = is_active(self.setup, remote.setup)?;
        let mut api = self.link.rtc.direct_api();
        api.set_remote_fingerprint(fingerprint);
        api.set_remote_ice_credentials(IceCreds {
            ufrag: remote.ice.ufrag.clone(),
            pass: remote.ice.pwd.clone(),
        });
        api.start_dtls(active).map_err(PeerError::Dtls)?;
        if let Some(channel) = &mut self.channel {
            channel.start(&mut self.link.rtc);
        }
        self.paired = true;
        Ok(())
    }

    /// Gives packets of an SSRC that nobody declared a place, so that they count in the feedback
    /// on which the other side bases its bandwidth estimate. True when that was needed.
    pub(super) fn expect_unknown(&mut self, contents: &[u8], datagram: Datagram) -> bool {
        let Some((id, ssrc)) = payload_type_and_ssrc(contents) else {
            return false;
        };
        if self.incoming.uses(ssrc) {
            return false;
        }
        let Some(of) = self
            .payload_types
            .iter()
            .find(|p| p.id == id || p.rtx == Some(id))
        else {
            return false;
        };
        // Only the other side itself: anybody can send to a port.
        let now = Instant::now();
        let Datagram {
            source,
            destination,
            protocol,
            ..
        } = datagram;
        let received = Receive::new(protocol, source, destination, contents);
        let accepted = received.is_ok_and(|r| self.link.rtc.accepts(&Input::Receive(now, r)));
        if accepted {
            let picture = of.channels.is_none();
            self.incoming.declare(&mut self.link.rtc, ssrc, picture);
        }
        accepted
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.outgoing.due()
    }

    /// Sends the tones that are due.
    pub(super) fn tick(&mut self, now: Instant) {
        let Link { rtc, started, .. } = &mut self.link;
        self.outgoing.tick(rtc, now, *started);
    }

    /// A media section's packets could not be put together.
    pub(super) fn broken(&mut self, mid: Mid) {
        self.incoming.broken(mid);
    }

    /// What an event of str0m means to us.
    pub(super) fn understand(&mut self, event: Event) -> Option<PeerEvent> {
        let rtc = &mut self.link.rtc;
        match event {
            Event::MediaData(data) => self.incoming.frame(&data, self.link.started),
            Event::SenderFeedback(report) => {
                clock(self.incoming.track(report.mid)?.to_owned(), &report)
            }
            Event::KeyframeRequest(request) => {
                let track = self.outgoing.track(request.mid)?.to_owned();
                Some(PeerEvent::KeyFrameWanted { track })
            }
            Event::ChannelOpen(id, _) => {
                let opened = self.channel.as_mut()?.opened(rtc, id);
                opened.then_some(PeerEvent::ChannelOpen)
            }
            Event::ChannelData(data) => {
                let text = self.channel.as_ref()?.text(data)?;
                Some(PeerEvent::ChannelText { text })
            }
            Event::ChannelBufferedAmountLow(_) => {
                self.channel.as_mut()?.flush(rtc);
                None
            }
            Event::ChannelClose(id) => {
                self.channel.as_mut()?.closed(id);
                None
            }
            event => {
                self.connected |= matches!(event, Event::Connected);
                self.link.understand(event)
            }
        }
    }
}

/// Our part in the handshake: the passive one wherever there is a choice, since Jitsi's bridge
/// refuses a common client hello of str0m (it asks for RFC 5746's renegotiation_info).
fn our_setup(remote: Option<&RemoteTransport>) -> DtlsSetup {
    match remote.map(|remote| remote.setup) {
        Some(DtlsSetup::Actpass | DtlsSetup::Active) => DtlsSetup::Passive,
        Some(DtlsSetup::Passive) => DtlsSetup::Active,
        None => DtlsSetup::Actpass,
    }
}

/// Whether we begin the handshake.
fn is_active(ours: DtlsSetup, theirs: DtlsSetup) -> Result<bool, PeerError> {
    use DtlsSetup::{Active, Actpass, Passive};
    match (ours, theirs) {
        (Active, Actpass | Passive) | (Actpass, Passive) => Ok(true),
        (Passive, Actpass | Active) | (Actpass, Active) => Ok(false),
        (Actpass, Actpass) | (Active, Active) | (Passive, Passive) => Err(PeerError::Setup),
    }
}

/// Of an RTP packet; `None` for RTCP, STUN and DTLS (RFC 5761 section 4, RFC 7983).
fn payload_type_and_ssrc(datagram: &[u8]) -> Option<(u8, u32)> {
    let [first, second, _, _, _, _, _, _, s0, s1, s2, s3, ..] = *datagram else {
        return None;
    };
    let id = second & 0x7F;
    let rtp = (128..192).contains(&first) && !(64..96).contains(&id);
    rtp.then_some((id, u32::from_be_bytes([s0, s1, s2, s3])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_is_told_from_everything_else_on_the_port() {
        let rtp = [0x90, 0x80 | 41, 0, 1, 0, 0, 0, 9, 0, 0, 1, 2, 0xBE];
        assert_eq!(payload_type_and_ssrc(&rtp), Some((41, 258)));
        let report = [0x81, 201, 0, 1, 0, 0, 0, 9, 0, 0, 1, 2];
        assert_eq!(payload_type_and_ssrc(&report), None);
        let handshake = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(payload_type_and_ssrc(&handshake), None);
        assert_eq!(payload_type_and_ssrc(&rtp[..11]), None);
        assert_eq!(payload_type_and_ssrc(&[]), None);
    }

    #[test]
    fn one_side_begins_the_handshake() {
        use DtlsSetup::{Active, Actpass, Passive};
        assert_eq!(is_active(Passive, Actpass).ok(), Some(false));
        assert_eq!(is_active(Active, Passive).ok(), Some(true));
        assert_eq!(is_active(Actpass, Active).ok(), Some(false));
        assert!(is_active(Actpass, Actpass).is_err());
        assert!(is_active(Passive, Passive).is_err());
    }
}
