//! The settings at the panel: who gets in, what counts then, and what the system is asked for.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use std::time::Duration;

use common::{Bench, config, config_text, names};
use saal_core::{
    Effect, Event, Finding, Intent, LocalSettings, LockState, Part, Setting, SettingsAction,
    SystemFacts, SystemRequest, SystemStage,
};
use saal_fleet_protocol::config::{Language, Theme};
use saal_media_protocol::{MediaCommand, MediaEvent};
use saal_meeting::Secret;

const PIN: &str = "471147";

/// A room at home with a PIN.
fn at_home() -> Bench {
    let mut bench = Bench::at_home();
    bench.tell(Event::SettingsPin(Some(Secret::new(PIN))));
    bench
}

fn does(bench: &mut Bench, action: SettingsAction) -> Vec<Effect> {
    bench.touch(Intent::Settings(action))
}

fn types(bench: &mut Bench, pin: &str) -> Vec<Effect> {
    does(bench, SettingsAction::Unlock(Secret::new(pin)))
}

/// Somebody who knows the PIN is at the settings.
fn open() -> Bench {
    let mut bench = at_home();
    types(&mut bench, PIN);
    assert!(bench.room.settings_are_open());
    bench
}

fn saved(effects: &[Effect]) -> Option<LocalSettings> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveSettings(saved) => Some(saved.as_ref().clone()),
        _ => None,
    })
}

fn dark(bench: &mut Bench) -> Vec<Effect> {
    does(bench, SettingsAction::Set(Setting::Theme(Theme::Dark)))
}

fn theme(bench: &Bench) -> Theme {
    bench.room.config().unwrap().panel.theme
}

#[test]
fn nothing_that_lasts_is_changed_without_the_pin() {
    for mut bench in [Bench::at_home(), at_home()] {
        assert!(dark(&mut bench).is_empty());
        assert_eq!(theme(&bench), Theme::Light);
        let reset = SettingsAction::System(SystemRequest::FactoryReset);
        assert!(does(&mut bench, reset).is_empty());
        assert_eq!(bench.room.system_asked(), None);
        assert!(names(&does(&mut bench, SettingsAction::Try)).is_empty());
    }
}

#[test]
fn people_see_how_long_they_have_to_wait_after_wrong_pins() {
    let mut bench = at_home();
    for _ in 0..3 {
        types(&mut bench, "0000");
    }
    let state = bench.room.settings_lock(bench.now);
    let wait = Some(Duration::from_secs(30));
    assert_eq!(state, LockState::Locked { wrong: true, wait });
    types(&mut bench, PIN);
    assert!(!bench.room.settings_are_open(), "none is looked at");
    let effects = bench.wait(Duration::from_secs(10), true);
    let drawn = effects.iter().filter(|e| **e == Effect::Redraw).count();
    assert!(drawn >= 10, "each second: {drawn}");
    let LockState::Locked { wait, .. } = bench.room.settings_lock(bench.now) else {
        panic!("it is locked");
    };
    assert_eq!(wait, Some(Duration::from_secs(20)));
    bench.wait(Duration::from_secs(20), true);
    types(&mut bench, PIN);
    assert!(bench.room.settings_are_open());
}

#[test]
fn a_room_that_is_switched_off_and_on_still_counts_the_wrong_ones() {
    let mut bench = at_home();
    let mut last = None;
    for _ in 0..4 {
        last = saved(&types(&mut bench, "0000")).or(last);
        bench.wait(Duration::from_secs(30), true);
    }
    let saved = last.unwrap();
    assert_eq!(saved.wrong_pins, 4);
    let mut again = Bench::bare();
    again.tell(Event::SavedSettings(Box::new(saved)));
    again.tell(Event::SettingsPin(Some(Secret::new(PIN))));
    types(&mut again, PIN);
    assert!(!again.room.settings_are_open());
}

#[test]
fn who_leaves_or_goes_into_a_meeting_locks() {
    let mut bench = open();
    does(&mut bench, SettingsAction::Lock);
    assert!(!bench.room.settings_are_open());
    let mut bench = open();
    bench.enter_call();
    assert!(!bench.room.settings_are_open());
}

#[test]
fn what_is_set_counts_at_once_and_over_restarts() {
    let mut bench = open();
    let effects = dark(&mut bench);
    assert_eq!(theme(&bench), Theme::Dark);
    let saved = saved(&effects).unwrap();
    let mut again = Bench::bare();
    again.tell(Event::SavedSettings(Box::new(saved)));
    again.tell(Event::Config(config(&config_text())));
    assert_eq!(theme(&again), Theme::Dark);
}

#[test]
fn whoever_spoke_last_is_right() {
    let mut bench = open();
    dark(&mut bench);
    let language = Setting::Language(Language::En);
    does(&mut bench, SettingsAction::Set(language));
    // Something else is configured.
    let text = config_text() + "\n[panel]\ndim_after_minutes = 3\n";
    bench.tell(Event::Config(config(&text)));
    assert_eq!(theme(&bench), Theme::Dark);
    // That is configured otherwise.
    let effects = bench.tell(Event::Config(config(
        &(config_text() + "\n[panel]\ntheme = \"contrast\"\n"),
    )));
    assert_eq!(theme(&bench), Theme::Contrast);
    let language = bench.room.config().unwrap().room.language;
    assert_eq!(language, Language::En, "and this was not");
    assert_eq!(
        saved(&effects).unwrap().theme,
        None,
        "it does not come back"
    );
}

#[test]
fn what_is_set_as_it_is_configured_is_no_choice() {
    let mut bench = open();
    dark(&mut bench);
    let light = SettingsAction::Set(Setting::Theme(Theme::Light));
    let effects = does(&mut bench, light);
    assert_eq!(saved(&effects).unwrap().theme, None);
}

#[test]
fn who_wants_to_know_has_everything_tried() {
    let mut bench = open();
    bench.wait(Duration::from_secs(60), true);
    let effects = does(&mut bench, SettingsAction::Try);
    let checks = |effect: &&Effect| matches!(effect, Effect::Media(MediaCommand::Check { .. }));
    assert_eq!(effects.iter().filter(checks).count(), 1);
    assert_eq!(bench.room.findings(), None, "nobody knows yet");
    let number = effects.iter().find_map(|effect| match effect {
        Effect::Check(checkup) => Some(checkup.number),
        _ => None,
    });
    let number = number.unwrap();
    let found = [(Part::Network, Finding::Good)].into();
    bench.tell(Event::Checked { number, found });
    assert_eq!(bench.room.findings(), None, "the devices have not answered");
    let report = saal_media_protocol::DeviceReport {
        camera: saal_media_protocol::CameraCheck::NoPictures,
        microphone: saal_media_protocol::MicrophoneCheck::Hears,
        display: saal_media_protocol::DisplayCheck::Unused,
    };
    bench.tell(Event::Media(MediaEvent::Checked(report)));
    let found = bench.room.findings().unwrap();
    assert_eq!(found[&Part::Network], Finding::Good);
    assert!(matches!(found[&Part::Camera], Finding::Bad { .. }));
}

#[test]
fn a_restart_leaves_the_meeting_first_and_what_nobody_takes_is_told() {
    let mut bench = open();
    let restart = SettingsAction::System(SystemRequest::Restart);
    let effects = does(&mut bench, restart);
    assert!(effects.contains(&Effect::AskSystem(SystemRequest::Restart)));
    let asked = bench.room.system_asked();
    assert_eq!(asked, Some((SystemRequest::Restart, &SystemStage::Asked)));
    let (request, reason) = (SystemRequest::Restart, "nobody looks there".to_owned());
    bench.tell(Event::SystemRefused { request, reason });
    let (_, stage) = bench.room.system_asked().unwrap();
    assert!(matches!(stage, SystemStage::Failed { .. }));
    does(&mut bench, SettingsAction::Lock);
    assert_eq!(bench.room.system_asked(), None, "the next one asks anew");

    let mut bench = Bench::in_call();
    let effects = bench.tell(Event::AskSystem(SystemRequest::Restart));
    let names = names(&effects);
    let at = |name| names.iter().position(|known| *known == name).unwrap();
    assert!(at("Leave") < at("AskSystem"), "{names:?}");
}

#[test]
fn the_system_is_looked_at_when_somebody_wants_to_know() {
    let mut bench = at_home();
    let effects = does(&mut bench, SettingsAction::Look);
    assert!(effects.contains(&Effect::LookAtSystem));
    let facts = SystemFacts {
        version: "1.2".to_owned(),
        ..SystemFacts::default()
    };
    let effects = bench.tell(Event::SystemFacts(Box::new(facts)));
    assert!(effects.contains(&Effect::Redraw));
    assert_eq!(bench.room.system_facts().version, "1.2");
}
