//! Keys for calls, as speakerphones, headsets and some keyboards have them. They mean the same on every screen.

use saal_core::{Intent, Phase, Room, SoundAction};
use saal_hal::KeyName;
use saal_media_protocol::SourceKind;

/// What picking up and hanging up mean now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hook {
    up: Option<Intent>,
    down: Option<Intent>,
}

impl Hook {
    /// Whoever picks up a telephone that rings answers; whoever hangs up leaves, or does not want to answer.
    pub(crate) fn of(room: &Room) -> Self {
        if !matches!(room.phase(), Phase::Home) {
            return Self {
                up: None,
                down: Some(Intent::Leave),
            };
        }
        let Some(ring) = room.rings().first() else {
            return Self::default();
        };
        let ring = ring.id.clone();
        Self {
            up: Some(Intent::Answer {
                ring: ring.clone(),
                camera: true,
            }),
            down: Some(Intent::Decline(ring)),
        }
    }

    /// A device with one key for both has it do what is likelier.
    fn toggled(&self) -> Option<Intent> {
        self.up.clone().or_else(|| self.down.clone())
    }
}

/// What a key for calls means; `None` for others. `first`: it went down and is not only held, which means nothing but with
/// the volume.
pub(crate) fn meaning(key: KeyName, hook: &Hook, first: bool) -> Option<Option<Intent>> {
    let once = |intent: Option<Intent>| Some(intent.filter(|_| first));
    match key {
        KeyName::MicrophoneMuteToggle => once(Some(Intent::Toggle(SourceKind::Microphone))),
        KeyName::HeadsetHook => once(hook.toggled()),
        KeyName::Call => once(hook.up.clone()),
        KeyName::EndCall => once(hook.down.clone()),
        KeyName::AudioVolumeUp => Some(Some(Intent::Sound(SoundAction::Louder))),
        KeyName::AudioVolumeDown => Some(Some(Intent::Sound(SoundAction::Quieter))),
        _ => None,
    }
}
