//! What the members of a room are called: by their display names, and by their user id too where a
//! name alone would not tell who it is (Client-Server API, "Calculating the display name for a
//! user").

use std::collections::BTreeMap;

use serde_json::Value;

/// Longer ones are cut; nobody reads them.
const LONGEST: usize = 100;

/// Names of a room's members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// What a member calls itself, cleaned; `None`: nothing.
    own: BTreeMap<String, Option<String>>,
    /// How many have a name that looks like this one.
    alike: BTreeMap<String, u32>,
}

impl Names {
    /// A member calls itself so.
    pub(crate) fn learn(&mut self, user: &str, name: Option<&str>) {
        self.forget(user);
        let name = name.map(clean).filter(|name| !name.is_empty());
        if let Some(name) = &name {
            *self.alike.entry(look(name)).or_default() += 1;
        }
        self.own.insert(user.to_owned(), name);
    }

    /// Left the room.
    pub(crate) fn forget(&mut self, user: &str) {
        let Some(Some(name)) = self.own.remove(user) else {
            return;
        };
        let look = look(&name);
        if let Some(count) = self.alike.get_mut(&look) {
            *count -= 1;
            if *count == 0 {
                self.alike.remove(&look);
            }
        }
    }

    /// Takes in an `m.room.member` event; true when it was one.
    pub(crate) fn hear(&mut self, event: &Value) -> bool {
        let Some(user) = event["state_key"].as_str() else {
            return false;
        };
        if event["type"] != "m.room.member" {
            return false;
        }
        let content = &event["content"];
        match content["membership"].as_str() {
            Some("join") => self.learn(user, content["displayname"].as_str()),
            _ => self.forget(user),
        }
        true
    }

    pub(crate) fn knows(&self, user: &str) -> bool {
        self.own.contains_key(user)
    }

    /// What to call a user; `None` while the room's members are not known.
    pub(crate) fn called(&self, user: &str) -> Option<String> {
        let Some(name) = self.own.get(user)? else {
            return Some(user.to_owned());
        };
        let shared = self.alike.get(&look(name)).is_some_and(|count| *count > 1);
        // A name that is written as an id may be somebody else's.
        let as_id = name.starts_with('@') && name.contains(':') && name != user;
        Some(if shared || as_id {
            format!("{name} ({user})")
        } else {
            name.clone()
        })
    }
}

/// Without what turns writing around or can't be seen.
fn clean(name: &str) -> String {
    let unseen = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    let name: String = name.chars().filter(unseen).take(LONGEST).collect();
    name.trim().to_owned()
}

/// Equal for names that people would take for one.
fn look(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(list: &[(&str, Option<&str>)]) -> Names {
        let mut names = Names::default();
        for (user, name) in list {
            names.learn(user, *name);
        }
        names
    }

    fn called(names: &Names, user: &str) -> String {
        names.called(user).unwrap()
    }

    #[test]
    fn a_name_that_two_have_is_told_apart_and_one_that_one_has_is_not() {
        let mut names = names(&[
            ("@anna:hs", Some("Anna")),
            ("@eve:evil", Some(" anna\u{200b} ")),
            ("@bob:hs", Some("Bob")),
            ("@none:hs", None),
        ]);
        assert_eq!(called(&names, "@anna:hs"), "Anna (@anna:hs)");
        assert_eq!(called(&names, "@eve:evil"), "anna (@eve:evil)");
        assert_eq!(called(&names, "@bob:hs"), "Bob");
        assert_eq!(called(&names, "@none:hs"), "@none:hs");
        assert_eq!(names.called("@who:hs"), None);
        let leaves = json!({ "type": "m.room.member", "state_key": "@eve:evil", "content": { "membership": "leave" } });
        assert!(names.hear(&leaves));
        assert_eq!(called(&names, "@anna:hs"), "Anna");
    }

    #[test]
    fn a_new_name_replaces_the_old_one() {
        let mut names = names(&[("@anna:hs", Some("Anna")), ("@ann:hs", Some("Ann"))]);
        let renamed = json!({
            "type": "m.room.member", "state_key": "@anna:hs",
            "content": { "membership": "join", "displayname": "Ann" },
        });
        assert!(names.hear(&renamed));
        assert_eq!(called(&names, "@ann:hs"), "Ann (@ann:hs)");
        names.learn("@anna:hs", Some("Anna"));
        assert_eq!(called(&names, "@ann:hs"), "Ann");
    }

    #[test]
    fn nobody_writes_himself_as_another_or_backwards() {
        let names = names(&[
            ("@eve:evil", Some("@anna:hs")),
            ("@x:hs", Some("\u{202e}ecilA")),
        ]);
        assert_eq!(called(&names, "@eve:evil"), "@anna:hs (@eve:evil)");
        assert_eq!(called(&names, "@x:hs"), "ecilA");
        assert!(!Names::default().hear(&json!({ "type": "m.room.name", "state_key": "" })));
    }
}
