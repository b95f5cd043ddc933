//! Answers that the server waits for. The engine gives them in the order of the offers, and takes its time.

use std::collections::VecDeque;

/// The numbers of offers that the engine has not answered yet; `None` where nobody waits for it any more.
#[derive(Debug, Default)]
pub(super) struct Answers(VecDeque<Option<u32>>);

impl Answers {
    /// The server made an offer.
    pub(super) fn owe(&mut self, offer: u32) {
        self.0.push_back(Some(offer));
    }

    /// The socket is gone. On the next one the server makes another offer, and takes for its answer whatever comes first,
    /// whichever number that has; the second answer then ends this participant (LiveKit 1.13.5).
    pub(super) fn forget(&mut self) {
        for offer in &mut self.0 {
            *offer = None;
        }
    }

    /// The engine answered or refused the oldest one; its number where the server waits.
    pub(super) fn given(&mut self) -> Option<u32> {
        self.0.pop_front().flatten()
    }
}
