//! The data channel of a declared connection (RFC 8831); it carries texts.

use std::collections::VecDeque;

use saal_media_protocol::ChannelOffer;
use str0m::{
    Rtc,
    channel::{ChannelConfig, ChannelData, ChannelId},
};

/// Texts that wait for the channel. A bridge gets a dozen before it opens; more is a fault of ours.
const WAITING: usize = 256;
/// Bytes still to be sent at which the channel takes more.
const LOW: usize = 16 * 1024;

pub(super) struct Channel {
    offer: ChannelOffer,
    open: Option<ChannelId>,
    waiting: VecDeque<String>,
}

impl Channel {
    pub(super) fn new(offer: ChannelOffer) -> Self {
        Self {
            offer,
            open: None,
            waiting: VecDeque::new(),
        }
    }

    /// Begins the association. Jitsi's bridge is the one that waits for it, whatever the roles in
    /// the handshake are.
    pub(super) fn start(&mut self, rtc: &mut Rtc) {
        let mut api = rtc.direct_api();
        api.start_sctp(true);
        if self.offer.open {
            api.create_data_channel(ChannelConfig {
                label: self.offer.label.clone(),
                protocol: self.offer.protocol.clone(),
                ..ChannelConfig::default()
            });
        }
    }

    /// A channel opened; true for the first one, which is the one that we speak on.
    pub(super) fn opened(&mut self, rtc: &mut Rtc, id: ChannelId) -> bool {
        if self.open.is_some() {
            return false;
        }
        self.open = Some(id);
        if let Some(mut channel) = rtc.channel(id) {
            channel.set_buffered_amount_low_threshold(LOW);
        }
        self.flush(rtc);
        true
    }

    pub(super) fn closed(&mut self, id: ChannelId) {
        if self.open == Some(id) {
            self.open = None;
        }
    }

    /// Sends a text after all that wait.
    pub(super) fn send(&mut self, rtc: &mut Rtc, text: String) {
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
            tracing::warn!("the data channel is not taking texts; the oldest is lost");
        }
        self.waiting.push_back(text);
        self.flush(rtc);
    }

    /// Sends what waits, as far as the channel takes it.
    pub(super) fn flush(&mut self, rtc: &mut Rtc) {
        let Some(mut channel) = self.open.and_then(|id| rtc.channel(id)) else {
            return;
        };
        while let Some(text) = self.waiting.front() {
            match channel.write(false, text.as_bytes()) {
                Ok(true) => drop(self.waiting.pop_front()),
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "a text can't be sent");
                    self.waiting.pop_front();
                }
            }
        }
    }

    /// What came as text on our channel.
    pub(super) fn text(&self, data: ChannelData) -> Option<String> {
        if data.binary || self.open != Some(data.id) {
            return None;
        }
        String::from_utf8(data.data).ok()
    }
}
