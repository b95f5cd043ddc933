//! What nobody sees from afar, whoever allowed them to see the panel.

use saal_core::{LockState, Obstacle};
use saal_fleet_protocol::config::Language;
use saal_panel::{Layout, Renderer, Screen, SettingsPage, Sheet};

use crate::{examples, scenes, settings_scenes};

/// Something to type into, or a code to be read.
fn has_secret(layout: &Layout) -> bool {
    let mut ids = layout.elements().iter().map(|e| e.id.as_str());
    ids.any(|id| ["password", "code", "digits"].contains(&id))
}

#[test]
fn whatever_has_a_code_or_a_field_for_a_secret_is_seen_in_the_room_alone() {
    let mut renderer = Renderer::new();
    let (mut private, mut seen) = (Vec::new(), 0);
    for example in examples::all() {
        let view = example.view(Language::En);
        let secret = examples::pages(&mut renderer, &view).iter().any(has_secret);
        assert!(
            !secret || view.is_private(),
            "{} is shown from afar",
            example.name
        );
        if view.is_private() {
            private.push(example.name);
        } else {
            seen += 1;
        }
    }
    assert!(seen > private.len(), "help needs most screens: {private:?}");
    for name in ["type-link", "set-up", "settings-pin"] {
        let known = private.iter().any(|other| other.starts_with(name));
        assert!(known, "{name}: {private:?}");
    }
}

#[test]
fn settings_are_seen_once_the_pin_was_typed_and_where_there_is_none() {
    let sheet = scenes::at_sheet(Sheet::Settings(SettingsPage::Start));
    let mut view = scenes::view(Language::En, scenes::home());
    scenes::stand(&mut view, &sheet);
    assert!(view.is_private(), "nothing is known of the lock");
    for (lock, private) in [
        (LockState::NoPin, false),
        (
            LockState::Locked {
                wrong: true,
                wait: None,
            },
            true,
        ),
        (LockState::Open, false),
    ] {
        let mut settings = settings_scenes::settings();
        settings.lock = lock;
        view.settings = Some(Box::new(settings));
        assert_eq!(view.is_private(), private, "{:?}", view.settings);
    }
}

#[test]
fn a_meeting_s_password_is_typed_unseen() {
    let mut view = scenes::view(
        Language::En,
        scenes::joining(saal_meeting::JoinStage::Connecting),
    );
    assert!(!view.is_private());
    let Screen::Joining { obstacle, .. } = &mut view.screen else {
        panic!("the room joins");
    };
    *obstacle = Some(Obstacle::Password { refused: false });
    assert!(view.is_private());
}
