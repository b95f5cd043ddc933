//! Names that nobody else has: stanza ids, SSRCs, the nickname in the lobby.

/// A deterministic row of numbers from a seed (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Of an IQ or a message.
    pub(crate) fn stanza(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    /// Eight hexadecimal digits, as endpoints are called.
    pub(crate) fn endpoint(&mut self) -> String {
        format!("{:08x}", self.ssrc())
    }

    /// Never 0, which JSON readers take for "none".
    pub(crate) fn ssrc(&mut self) -> u32 {
        loop {
            let ssrc = u32::try_from(self.next() >> 32).unwrap_or_default();
            if ssrc != 0 {
                return ssrc;
            }
        }
    }

    /// In 0..1, to spread the attempts of many rooms.
    pub(crate) fn jitter(&mut self) -> f64 {
        f64::from(self.ssrc()) / f64::from(u32::MAX)
    }
}

/// The part before the resource.
pub(crate) fn bare(jid: &str) -> &str {
    jid.split_once('/').map_or(jid, |(bare, _)| bare)
}

/// The part behind the first slash; empty if there is none.
pub(crate) fn resource(jid: &str) -> &str {
    jid.split_once('/').map_or("", |(_, resource)| resource)
}

/// The part before the at sign; empty if there is none.
pub(crate) fn local(jid: &str) -> &str {
    bare(jid).split_once('@').map_or("", |(local, _)| local)
}

/// The server's part.
pub(crate) fn domain(jid: &str) -> &str {
    let bare = bare(jid);
    bare.split_once('@').map_or(bare, |(_, domain)| domain)
}
