//! Which pictures the bridge is asked for: those on the television, each as high as its tile.

use std::collections::BTreeMap;

use saal_media_protocol::SourceKind;
use saal_meeting::Watched;

/// Heights that senders offer, in pixels; asking for one between them gets the one below.
const STEPS: [u32; 6] = [90, 180, 360, 720, 1080, 2160];
/// Before the layout is known: enough for a picture of each, at once.
const FIRST_HEIGHT: u32 = 360;
/// A picture this high is worth the bandwidth of others.
const STAGE_HEIGHT: u32 = 540;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraints {
    /// Of all that are not named, in pixels; 0: not at all.
    pub(crate) default_height: u32,
    /// By source name, in pixels.
    pub(crate) by_source: BTreeMap<String, u32>,
    /// Served first.
    pub(crate) on_stage: Vec<String>,
}

impl Default for Constraints {
    fn default() -> Self {
        Self {
            default_height: FIRST_HEIGHT,
            by_source: BTreeMap::new(),
            on_stage: Vec::new(),
        }
    }
}

impl Constraints {
    /// No picture at all.
    pub(crate) fn nothing() -> Self {
        Self {
            default_height: 0,
            ..Self::default()
        }
    }

    /// From what the television shows; `name` says what the source of a participant is called.
    pub(crate) fn from_watched(
        watched: &[Watched],
        name: impl Fn(&str, SourceKind) -> String,
    ) -> Self {
        let pictures = watched
            .iter()
            .filter(|w| matches!(w.source, SourceKind::Camera | SourceKind::Content));
        let mut by_source = BTreeMap::new();
        let mut stage: Option<(u32, String)> = None;
        for picture in pictures {
            let source = name(&picture.participant, picture.source);
            let height = step(picture.height);
            let largest = stage
                .as_ref()
                .is_none_or(|(other, _)| picture.height > *other);
            if picture.height >= STAGE_HEIGHT && largest {
                stage = Some((picture.height, source.clone()));
            }
            by_source.insert(source, height);
        }
        Self {
            default_height: 0,
            by_source,
            on_stage: stage.into_iter().map(|(_, source)| source).collect(),
        }
    }
}

/// The height to ask for, for a tile of this height: a little enlargement is not seen.
fn step(height: u32) -> u32 {
    if height == 0 {
        return 0;
    }
    let enough = STEPS.iter().find(|step| **step * 5 / 4 >= height);
    *enough.unwrap_or(&STEPS[STEPS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sending::source_name;

    fn watched(participant: &str, source: SourceKind, height: u32) -> Watched {
        Watched {
            participant: participant.into(),
            source,
            height,
        }
    }

    #[test]
    fn each_tile_is_asked_for_by_its_height_and_nothing_else() {
        let pictures = [
            watched("a", SourceKind::Content, 1080),
            watched("a", SourceKind::Camera, 216),
            watched("b", SourceKind::Camera, 400),
        ];
        let constraints = Constraints::from_watched(&pictures, source_name);
        let expected = [("a-v0", 180), ("a-v1", 1080), ("b-v0", 360)];
        let expected = expected.map(|(name, height)| (name.to_owned(), height));
        assert_eq!(constraints.by_source, BTreeMap::from(expected));
        assert_eq!(constraints.on_stage, ["a-v1"]);
        assert_eq!(constraints.default_height, 0);
    }

    #[test]
    fn heights_are_those_that_senders_offer() {
        let asked = [1, 112, 113, 225, 226, 450, 451, 901, 5000].map(step);
        assert_eq!(asked, [90, 90, 180, 180, 360, 360, 720, 1080, 2160]);
        assert_eq!(step(0), 0);
    }
}
