//! Layers merge as documented, whatever is in them.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use saal_fleet_protocol::fleet::{
    Key, Scope,
    layers::{Layer, Setting, check_setting, merge, value_of},
};

fn scopes() -> Vec<Scope> {
    "a/b/c".parse::<Scope>().unwrap().chain()
}

fn key(number: usize) -> Key {
    format!("panel.key_{number}").parse().unwrap()
}

/// What four layers say of three keys: nothing, or a number with or without a lock.
fn layers() -> impl Strategy<Value = Vec<Layer>> {
    let setting = proptest::option::weighted(0.6, (0i64..5, proptest::bool::weighted(0.3)));
    proptest::collection::vec(proptest::collection::vec(setting, 3), 4).prop_map(|all| {
        let layers = scopes().into_iter().zip(all);
        layers
            .map(|(scope, said)| {
                let said = said.into_iter().enumerate();
                let settings = said.filter_map(|(number, setting)| {
                    let (value, locked) = setting?;
                    Some((
                        key(number),
                        Setting {
                            value: value.into(),
                            locked,
                        },
                    ))
                });
                Layer {
                    scope,
                    settings: settings.collect(),
                }
            })
            .collect()
    })
}

proptest! {
    /// The first lock from above wins, else the layer nearest to the room.
    #[test]
    fn the_nearest_layer_wins_unless_one_above_locks(layers in layers()) {
        let effective = merge(&layers);
        for number in 0..3 {
            let key = key(number);
            let said: Vec<_> = layers
                .iter()
                .filter_map(|layer| Some((&layer.scope, layer.settings.get(&key)?)))
                .collect();
            let winner = said.iter().find(|(_, setting)| setting.locked).or(said.last());
            let found = effective.values.get(&key);
            prop_assert_eq!(found.map(|origin| &origin.from), winner.map(|(scope, _)| *scope));
            prop_assert_eq!(found.map(|origin| &origin.value), winner.map(|(_, setting)| &setting.value));
            prop_assert_eq!(found.map(|origin| &origin.value), value_of(&layers, &key));
            let lock = said.iter().position(|(_, setting)| setting.locked);
            let without_force = lock.map_or(0, |at| said.len() - at - 1);
            let told = effective.overruled.iter().filter(|one| one.key == key).count();
            prop_assert_eq!(told, without_force, "whoever has no say is told so");
        }
    }

    /// A layer that says nothing changes nothing.
    #[test]
    fn an_empty_layer_is_no_layer(mut layers in layers(), at in 0usize..4) {
        layers[at].settings.clear();
        let with = merge(&layers);
        layers.remove(at);
        prop_assert_eq!(with, merge(&layers));
    }

    #[test]
    fn any_text_as_a_name_is_taken_or_refused(text in "\\PC{0,30}") {
        let _ = (text.parse::<Scope>(), text.parse::<Key>());
    }
}

/// What the golden document says, by key; lists are one key.
fn golden(table: &toml::Table, place: &str, all: &mut BTreeMap<Key, Setting>) {
    for (name, value) in table {
        let key = format!("{place}{name}");
        match value {
            toml::Value::Table(inner) => golden(inner, &format!("{key}."), all),
            _ if key == "version" => {}
            value => {
                let setting = Setting {
                    value: value.clone(),
                    locked: false,
                };
                all.insert(key.parse().unwrap(), setting);
            }
        }
    }
}

fn value() -> impl Strategy<Value = toml::Value> {
    prop_oneof![
        any::<i64>().prop_map(toml::Value::from),
        (0i64..200).prop_map(toml::Value::from),
        any::<bool>().prop_map(toml::Value::from),
        "\\PC{0,12}".prop_map(toml::Value::from),
        Just(toml::Value::Array(Vec::new())),
    ]
}

proptest! {
    /// The server looks at values, the room reads a text: what one of them takes the other takes.
    #[test]
    fn a_document_is_one_that_rooms_take(changes in proptest::collection::vec((any::<prop::sample::Index>(), proptest::option::of(value())), 0..3)) {
        let table: toml::Table = toml::from_str(include_str!("golden/v1.toml")).unwrap();
        let mut settings = BTreeMap::new();
        golden(&table, "", &mut settings);
        let keys: Vec<Key> = settings.keys().cloned().collect();
        for (at, value) in changes {
            let key = at.get(&keys);
            match value {
                Some(value) => settings.insert(key.clone(), Setting { value, locked: false }),
                None => settings.remove(key),
            };
        }
        let scope = Scope::organisation();
        if let Ok(document) = merge([&Layer { scope, settings }]).document() {
            prop_assert!(saal_fleet_protocol::config::parse(&document).is_ok(), "{document}");
        }
    }
}

fn layer(scope: &str, said: &[(&str, toml::Value)]) -> Layer {
    let settings = said.iter().map(|(key, value)| {
        let setting = Setting {
            value: value.clone(),
            locked: false,
        };
        (key.parse().unwrap(), setting)
    });
    Layer {
        scope: scope.parse().unwrap(),
        settings: settings.collect::<BTreeMap<_, _>>(),
    }
}

#[test]
fn a_room_s_document_is_what_its_layers_say() {
    let meeting: toml::Table =
        toml::from_str("title = 'x'\nlink = 'https://meet.example.org/x'").unwrap();
    let layers = [
        layer(
            "/",
            &[
                ("room.time_zone", "Europe/Berlin".into()),
                ("panel.theme", "dark".into()),
            ],
        ),
        layer(
            "a",
            &[("meetings", vec![toml::Value::Table(meeting)].into())],
        ),
        layer(
            "a/b/c",
            &[
                ("room.name", "Lahn".into()),
                ("panel.theme", "light".into()),
            ],
        ),
    ];
    let document = merge(&layers).document().unwrap();
    let config = saal_fleet_protocol::config::parse(&document).unwrap();
    assert_eq!(config.room.name.as_str(), "Lahn");
    assert_eq!(
        config.panel.theme,
        saal_fleet_protocol::config::Theme::Light
    );
    assert_eq!(config.meetings.len(), 1);
}

#[test]
fn a_document_that_is_refused_names_the_layer() {
    let layers = [
        layer(
            "/",
            &[
                ("room.time_zone", "Europe/Berlin".into()),
                ("room.name", "x".into()),
            ],
        ),
        layer("a", &[("panel.scale_percent", 7.into())]),
    ];
    let error = merge(&layers).document().unwrap_err().to_string();
    assert!(
        error.contains("panel.scale_percent") && error.contains("(set by a)"),
        "{error}"
    );
    let crossed = [layer(
        "/",
        &[("room", "x".into()), ("room.name", "y".into())],
    )];
    let error = merge(&crossed).document().unwrap_err().to_string();
    assert!(error.contains("room.name can't be set"), "{error}");
}

#[test]
fn a_value_is_checked_before_there_is_a_whole_configuration() {
    let fine = [
        ("room.name", toml::Value::from("Lahn")),
        ("matrix.homeserver", "https://matrix.example.org".into()),
        ("devices.mains_hertz", 60.into()),
        ("meetings", toml::Value::Array(Vec::new())),
    ];
    for (key, value) in fine {
        assert_eq!(
            check_setting(&key.parse().unwrap(), &value),
            Ok(()),
            "{key}"
        );
    }
    let wrong = [
        ("room.nam", toml::Value::from("Lahn")),
        ("rom.name", "Lahn".into()),
        ("room.name.first", "Lahn".into()),
        ("room.time_zone", "Hessen".into()),
        ("matrix.homeserver", "http://matrix.example.org".into()),
        ("devices.mains_hertz", "60".into()),
        ("meetings", vec![toml::Value::from("x")].into()),
        ("room", toml::Table::new().into()),
        ("version", 1.into()),
    ];
    for (key, value) in wrong {
        assert!(
            check_setting(&key.parse().unwrap(), &value).is_err(),
            "{key}"
        );
    }
}

#[test]
fn places_lie_in_each_other() {
    let scope = |text: &str| text.parse::<Scope>().unwrap();
    let chain: Vec<String> = scope("a/b/c")
        .chain()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(chain, ["/", "a", "a/b", "a/b/c"]);
    assert_eq!(scope("/").chain(), [scope("/")]);
    assert!(scope("a/b").is_within(&scope("a")) && scope("a").is_within(&scope("a")));
    assert!(scope("a").is_within(&scope("/")) && !scope("/").is_within(&scope("a")));
    assert!(!scope("ab").is_within(&scope("a")));
    for wrong in ["", "a/", "/a", "a/b/c/d", "A", "a b", "ä"] {
        assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
    }
}
