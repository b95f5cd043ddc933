//! Why there is no picture of somebody who sends one, said in the picture's place. The panel's words are not the
//! television's, which needs nothing else that a sign can't say.

use saal_fleet_protocol::config::Language;
use saal_media_protocol::{MediaStats, SourceKind};
use saal_meeting::Participant;

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPicture {
    /// It is encrypted, and its key has not come.
    Key,
    /// It has more pixels than the room decodes.
    TooLarge,
}

impl NoPicture {
    pub(super) fn of(person: &Participant, source: SourceKind, large: &Large) -> Option<Self> {
        if person.key_missing {
            return Some(Self::Key);
        }
        let of_it = |(who, what): &(String, SourceKind)| *who == person.id && *what == source;
        large.0.iter().any(of_it).then_some(Self::TooLarge)
    }

    /// Said of somebody with this name, who may have none.
    pub(super) fn words(self, name: &str, language: Language) -> String {
        let (named, nameless) = match (self, language) {
            (Self::Key, Language::De) => {
                ("Warten auf den Schlüssel von", "Warten auf einen Schlüssel")
            }
            (Self::Key, Language::En) => ("Waiting for the key of", "Waiting for a key"),
            (Self::TooLarge, Language::De) => ("Das Bild ist zu groß:", "Das Bild ist zu groß"),
            (Self::TooLarge, Language::En) => {
                ("The picture is too large:", "The picture is too large")
            }
        };
        if name.is_empty() {
            nameless.to_owned()
        } else {
            format!("{named} {name}")
        }
    }
}

/// Whose pictures are larger than the room decodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Large(Vec<(String, SourceKind)>);

impl Large {
    /// As the engine says.
    pub(crate) fn of(stats: Option<&MediaStats>) -> Self {
        let received = stats.map_or([].as_slice(), |stats| &stats.received_video);
        let large = received.iter().filter(|video| video.too_large);
        Self(
            large
                .map(|video| (video.participant.clone(), video.source))
                .collect(),
        )
    }
}
