//! What moves on the panel, and that people can have none of it.

use saal_core::Muted;
use saal_fleet_protocol::config::Language;
use saal_panel::{Place, Screen, Sheet, Way};

use crate::scenes;

fn place(screen: Screen, sheet: Option<Sheet>, pressed: Option<&str>, still: bool) -> Place {
    let mut view = scenes::view(Language::De, screen);
    view.navigation = sheet.map(scenes::at_sheet).unwrap_or_default();
    view.comfort.reduced_motion = still;
    Place::of(&view, pressed)
}

#[test]
fn motion_says_where_things_come_from_and_people_turn_it_off() {
    let way = |still| {
        let home = place(scenes::home(), None, None, still);
        let held = place(scenes::home(), None, Some("access"), still);
        let access = place(scenes::home(), Some(Sheet::Access), None, still);
        let call = place(scenes::call(Muted::default()), None, None, still);
        [
            home.way_to(&access),
            access.way_to(&home),
            home.way_to(&call),
            held.way_to(&home),
            home.way_to(&held),
            home.way_to(&home),
        ]
    };
    let moves = [
        Some(Way::Rises),
        Some(Way::Falls),
        Some(Way::Fades),
        Some(Way::Fades),
        // A finger is answered at once.
        None,
        None,
    ];
    assert_eq!(way(false), moves);
    assert_eq!(way(true), [None; 6]);
}
