//! What a stay tells the next one in case its process dies, so that nobody sees the room twice.
//!
//! A server keeps a participant whose connection broke until it may no longer resume its stream
//! (XEP-0198), a minute or ten. The next process can't resume: it does not know which stanzas the
//! one before has handled, nor who is in the room. It takes the place instead. Jitsi's servers give
//! a guest who names the stream in the address (`previd`) the same JID again (`mod_auth_jitsi-anonymous`,
//! `mod_auth_token`), and who binds the same resource ends the session that has it (RFC 6120
//! section 7.7.2.2). As the same JID it can say that the former participant leaves, and come anew:
//! the focus would invite nobody to the bridge again who never left.
//!
//! Where a server gives another JID (plain ANONYMOUS, a restart, BOSH) the former participant stays
//! until its time is over. The room does not show it to itself, and removes it where it moderates.

use saal_meeting::{ResumeToken, Secret};
use serde::{Deserialize, Serialize};

use super::ids;

/// Who the room was in a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// Full JID.
    pub(crate) jid: String,
    /// The server's name for its stream. Whoever knows it gets its JID.
    pub(crate) stream: Option<Secret>,
    /// Bare JID of the MUC that it was in.
    pub(crate) room: String,
    /// Its name there.
    pub(crate) endpoint: String,
}

impl Predecessor {
    /// Reads what an earlier process left; `None` for what is not ours, such as an older format.
    #[must_use]
    pub fn read(token: &ResumeToken) -> Option<Self> {
        serde_json::from_str(&token.0).ok()
    }

    /// To be saved.
    pub(crate) fn token(&self) -> ResumeToken {
        ResumeToken(serde_json::to_string(self).expect("texts are JSON"))
    }

    /// It had a stream of this domain.
    pub(crate) fn is_of(&self, domain: &str) -> bool {
        ids::domain(&self.jid) == domain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again_and_anything_else_is_nothing() {
        let former = Predecessor {
            jid: "a@example.org/r".to_owned(),
            stream: Some(Secret::new("sm1")),
            room: "weekly@conference.example.org".to_owned(),
            endpoint: "0a1b2c3d".to_owned(),
        };
        assert_eq!(Predecessor::read(&former.token()), Some(former.clone()));
        assert!(former.is_of("example.org") && !former.is_of("guest.example.org"));
        assert_eq!(Predecessor::read(&ResumeToken("0a1b2c3d".to_owned())), None);
        assert!(!format!("{former:?}").contains("sm1"), "it opens a door");
    }
}
