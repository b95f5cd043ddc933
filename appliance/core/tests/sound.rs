//! The room's sound: volume, devices, trials, mute keys.

mod common;

use common::{Bench, config, config_text, names};
use saal_core::{ChosenDevices, Effect, EngineEvent, Event, Intent, SoundAction, SoundChoice};
use saal_media_protocol::{AudioChoice, MediaCommand, MediaEvent, SoundUnit, SourceKind};

fn speakerphone() -> SoundUnit {
    SoundUnit {
        microphone: Some("Speak".into()),
        loudspeaker: Some("Speak".into()),
    }
}

fn sound(bench: &mut Bench, action: SoundAction) -> Vec<Effect> {
    bench.touch(Intent::Sound(action))
}

fn volume(effects: &[Effect]) -> Option<u8> {
    effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::SetVolume { percent }) => Some(*percent),
        _ => None,
    })
}

fn devices(effects: &[Effect]) -> Option<[AudioChoice; 2]> {
    effects.iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::Configure { devices, .. }) => {
            Some([devices.microphone.clone(), devices.loudspeaker.clone()])
        }
        _ => None,
    })
}

fn saved(effects: &[Effect]) -> Option<SoundChoice> {
    effects.iter().find_map(|effect| match effect {
        Effect::SaveSound(sound) => Some((**sound).clone()),
        _ => None,
    })
}

#[test]
fn louder_is_heard_saved_and_told_to_the_next_engine() {
    let mut bench = Bench::in_call();
    let effects = sound(&mut bench, SoundAction::Louder);
    assert_eq!(volume(&effects), Some(65));
    assert_eq!(saved(&effects).map(|sound| sound.volume), Some(65));
    let reason = "died".to_owned();
    let restarted = bench.tell(Event::Engine(EngineEvent::Lost { reason }));
    assert_eq!(volume(&restarted), Some(65));
}

#[test]
fn a_speakerphones_halves_are_chosen_together_and_kept() {
    let mut bench = Bench::in_call();
    let effects = sound(&mut bench, SoundAction::Use(speakerphone()));
    let speak = AudioChoice::Device("Speak".into());
    assert_eq!(devices(&effects), Some([speak.clone(), speak.clone()]));
    // A loudspeaker alone leaves the microphone as it is.
    let television = SoundUnit {
        microphone: None,
        loudspeaker: Some("HDMI".into()),
    };
    let effects = sound(&mut bench, SoundAction::Use(television));
    let hdmi = AudioChoice::Device("HDMI".into());
    assert_eq!(devices(&effects), Some([speak, hdmi]));

    let kept = saved(&effects).unwrap();
    let mut later = Bench::bare();
    later.tell(Event::SavedSound(Box::new(kept)));
    later.tell(Event::Config(common::plain_config()));
    assert_eq!(later.room.sound_devices(), Some(["Speak", "HDMI"]));
}

#[test]
fn another_configuration_of_the_devices_replaces_what_people_chose() {
    let mut bench = Bench::at_home();
    let sound = SoundChoice {
        devices: Some(ChosenDevices {
            microphone: "Speak".into(),
            loudspeaker: "Speak".into(),
            instead_of: ["simulated".into(), "simulated".into()],
        }),
        ..SoundChoice::default()
    };
    bench.tell(Event::SavedSound(Box::new(sound)));
    assert_eq!(bench.room.sound_devices(), Some(["Speak", "Speak"]));
    let text = format!("{}\n[devices]\nmicrophone = \"Rally\"\n", config_text());
    let effects = bench.tell(Event::Config(config(&text)));
    let rally = AudioChoice::Device("Rally".into());
    assert_eq!(devices(&effects), Some([rally, AudioChoice::Simulated]));
}

#[test]
fn the_level_is_shown_while_people_look_and_the_tone_ends_with_that() {
    let mut bench = Bench::in_call();
    let level = || Event::Media(MediaEvent::MicrophoneLevel { dbfs: -30.0 });
    bench.tell(level());
    assert_eq!(bench.room.microphone_level(), None, "nobody looks");
    sound(&mut bench, SoundAction::Meter(true));
    assert_eq!(names(&bench.tell(level())), ["Redraw"]);
    assert_eq!(bench.room.microphone_level(), Some(-30.0));
    sound(&mut bench, SoundAction::Tone(true));
    assert!(bench.room.plays_tone());
    let effects = sound(&mut bench, SoundAction::Meter(false));
    let silent = Effect::Media(MediaCommand::TrySound {
        meter: false,
        tone: false,
    });
    assert!(effects.contains(&silent), "{effects:?}");
}

#[test]
fn nothing_is_tried_any_more_when_the_call_is_over() {
    let mut bench = Bench::in_call();
    sound(&mut bench, SoundAction::Meter(true));
    sound(&mut bench, SoundAction::Tone(true));
    bench.touch(Intent::Leave);
    assert!(!bench.room.plays_tone());
}

#[test]
fn lights_of_mute_keys_follow_the_panel_and_go_out_with_the_call() {
    let mut bench = Bench::in_call();
    let shown = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::ShowLights(lights) => Some(lights.muted),
            _ => None,
        })
    };
    let toggle = || Intent::Toggle(SourceKind::Microphone);
    assert_eq!(shown(&bench.touch(toggle())), Some(true));
    assert_eq!(shown(&bench.touch(toggle())), Some(false));
    assert_eq!(shown(&bench.touch(toggle())), Some(true));
    assert_eq!(shown(&bench.touch(Intent::Leave)), Some(false));
    assert_eq!(shown(&bench.touch(toggle())), None, "nothing to mute");
}
