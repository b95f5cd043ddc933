//! Whether people in the room agree to what is captured: asked once for each recording, broadcast or
//! transcription, where the installation wants it.

use std::collections::BTreeSet;

/// When people agree to being recorded (`recordings.requireConsent` of the installation).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsentRule {
    /// Never; they see that it is recorded.
    #[default]
    None,
    /// To each recording.
    Asked,
    /// To a recording that is under way when they come in (`skipConsentInMeeting`).
    AskedOnEntry,
}

/// What was asked and what is waited for.
#[derive(Debug, Default)]
pub(super) struct Consent {
    /// Sessions that run, agreed to or not.
    known: BTreeSet<String>,
    /// Those that wait for people's word.
    waiting: BTreeSet<String>,
}

impl Consent {
    /// These sessions run now. `inside`: the room has been in the meeting before this.
    pub(super) fn follow(&mut self, rule: ConsentRule, inside: bool, running: BTreeSet<String>) {
        let asks = match rule {
            ConsentRule::None => false,
            ConsentRule::Asked => true,
            ConsentRule::AskedOnEntry => !inside,
        };
        let new = running.difference(&self.known).filter(|_| asks).cloned();
        self.waiting.extend(new.collect::<Vec<_>>());
        self.waiting.retain(|session| running.contains(session));
        self.known = running;
    }

    /// People have to say something.
    pub(super) fn is_asked(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// People agree to all that runs.
    pub(super) fn give(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_session_is_asked_for_once() {
        let mut consent = Consent::default();
        let follow = |consent: &mut Consent, names: &[&str]| {
            consent.follow(ConsentRule::Asked, true, sessions(names));
            consent.is_asked()
        };
        assert!(!follow(&mut consent, &[]));
        assert!(follow(&mut consent, &["a"]));
        consent.give();
        assert!(!follow(&mut consent, &["a"]), "the same one again");
        assert!(follow(&mut consent, &["a", "b"]), "another one");
        assert!(!follow(&mut consent, &["a"]), "it ended unanswered");
        assert!(!follow(&mut consent, &[]));
        assert!(follow(&mut consent, &["a"]), "begun anew");
    }

    #[test]
    fn installations_decide_whether_and_when() {
        let asked = |rule, inside| {
            let mut consent = Consent::default();
            consent.follow(rule, inside, sessions(&["a"]));
            consent.is_asked()
        };
        for inside in [false, true] {
            assert!(!asked(ConsentRule::None, inside));
            assert!(asked(ConsentRule::Asked, inside));
            assert_eq!(asked(ConsentRule::AskedOnEntry, inside), !inside);
        }
    }
}
