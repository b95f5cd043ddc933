//! What the buttons about the room's time do.

use saal_core::{Intent, SoundAction};
use saal_fleet_protocol::config::Language;
use saal_media_protocol::{CameraAction, SoundUnit, SourceKind};
use saal_meeting::{BookingSpan, DayAction};
use saal_panel::{Layout, Renderer};

use crate::{
    day_scenes::{DayScene, all, choice, id},
    examples, scenes,
};

fn lay_out(scene: &DayScene) -> Layout {
    let (_, screen, navigation, day) = scene;
    let mut view = scenes::view(Language::De, screen.clone());
    view.day = day.clone();
    scenes::stand(&mut view, navigation);
    Renderer::new().lay_out(&view, None)
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table: an entry for each button")]
fn each_button_does_what_it_says() {
    let meeting = id();
    let day = |action| Some(Intent::Day(action));
    let wanted = [
        (
            "home-day-book-how-long",
            "book:1",
            day(DayAction::Book {
                span: choice(Some(30), "14:35").span,
            }),
        ),
        (
            "home-day-book-how-long",
            "book:2",
            day(DayAction::Book {
                span: BookingSpan::UntilNext,
            }),
        ),
        (
            "home-day-change",
            "end-now",
            day(DayAction::End {
                meeting: meeting.clone(),
            }),
        ),
        (
            "time-in-call",
            "extend:0",
            day(DayAction::Extend {
                meeting: meeting.clone(),
                span: choice(Some(15), "15:15").span,
            }),
        ),
        (
            "home-day-check-in",
            "check-in",
            day(DayAction::CheckIn {
                meeting: meeting.clone(),
            }),
        ),
        (
            "home-day-check-in",
            "release",
            day(DayAction::Release {
                meeting: meeting.clone(),
            }),
        ),
        ("call-day-alone", "stay", day(DayAction::Stay {})),
        (
            "call-day-running-over",
            "go-over",
            Some(Intent::Join(meeting)),
        ),
        ("call-day-cancelled", "read", day(DayAction::Read {})),
    ];
    let scenes = all();
    for (name, button, intent) in wanted {
        let scene = scenes.iter().find(|scene| scene.0 == name).unwrap();
        let layout = lay_out(scene);
        let element = layout
            .element(button)
            .unwrap_or_else(|| panic!("{name} lacks {button}"));
        assert_eq!(element.intent, intent, "{name}: {button}");
    }
}

#[test]
fn where_a_device_fails_each_button_does_what_it_says() {
    let camera = "usb-2".to_owned();
    let seen = |muted| Intent::SetMuted(SourceKind::Camera, muted);
    let unit = |microphone: Option<&str>, loudspeaker: Option<&str>| {
        Intent::Sound(SoundAction::Use(SoundUnit {
            microphone: microphone.map(str::to_owned),
            loudspeaker: loudspeaker.map(str::to_owned),
        }))
    };
    let (speakerphone, television) = (Some("Jabra SPEAK 750"), Some("HDA Intel PCH: HDMI 0"));
    let usual = Intent::Sound(SoundAction::Usual);
    let examples = examples::all();
    for (name, button, intent) in [
        (
            "home-camera-fails",
            "other-camera",
            Intent::Camera(CameraAction::Use { camera }),
        ),
        ("home-camera-fails", "without-picture", seen(true)),
        ("home-without-picture", "with-picture", seen(false)),
        (
            "home-other-camera",
            "usual-camera",
            Intent::Camera(CameraAction::Usual {}),
        ),
        (
            "home-sound-fails",
            "other-speakerphone",
            unit(speakerphone, speakerphone),
        ),
        (
            "home-microphone-fails",
            "other-microphone",
            unit(Some("Rednerpult"), None),
        ),
        (
            "home-loudspeaker-fails",
            "other-loudspeaker",
            unit(None, television),
        ),
        ("home-other-sound", "usual-sound", usual),
    ] {
        let mut example = examples.iter().filter(|example| example.name == name);
        let view = example.next().unwrap().view(Language::En);
        let layout = Renderer::new().lay_out(&view, None);
        let element = layout.element(button);
        let element = element.unwrap_or_else(|| panic!("{name} lacks {button}"));
        assert_eq!(element.intent, Some(intent), "{name}: {button}");
    }
}
