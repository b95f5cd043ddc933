//! Devices, and what encodes and decodes.

use saal_control::{CameraReport, CecReport, Devices, SoundReport};
use saal_media_protocol::{
    CodecElement, PictureDevice, PictureKind, PictureWay, SoundPriority, Verdict,
};

use super::{line, plain, plain_id, sentence};

pub(super) fn camera(report: &CameraReport) -> String {
    let Some(camera) = &report.camera else {
        return "The room has no camera that can be turned.\n".to_owned();
    };
    let mut text = line("Camera", &plain(&camera.name)) + &line("Id", &plain_id(&camera.id));
    let (view, moves) = (camera.view, camera.moves);
    let part = |moves: bool, name: &str, at: i32| moves.then(|| format!("{name} {at}"));
    let looks: Vec<String> = [
        part(moves.zoom, "zoom", view.zoom),
        part(moves.pan, "pan", view.pan),
        part(moves.tilt, "tilt", view.tilt),
    ]
    .into_iter()
    .flatten()
    .collect();
    let how = if camera.digital {
        " (cut out of its picture)"
    } else {
        ""
    };
    text += &match looks.is_empty() {
        true => line("Looks", "straight ahead; it does not move"),
        false => line("Looks", &format!("{}{how}", looks.join(", "))),
    };
    for (index, preset) in report.presets.iter().enumerate() {
        text += &line(if index == 0 { "Views" } else { "" }, &plain(&preset.name));
    }
    for (index, c) in camera.controls.iter().enumerate() {
        let (name, value, least, most) = (c.control.as_str(), c.value, c.least, c.most);
        let fixed = if c.settable {
            ""
        } else {
            ", only at the camera"
        };
        let words = format!("{name} {value} ({least} to {most}{fixed})");
        text += &line(if index == 0 { "Controls" } else { "" }, &words);
    }
    text
}

/// What belongs together in one line, what is in use marked.
pub(super) fn sound(report: &SoundReport) -> String {
    if report.units.is_empty() {
        return "The room has no microphone and no loudspeaker.\n".to_owned();
    }
    let rows = report.units.iter().map(|unit| {
        let mark = if report.is_in_use(unit) { '*' } else { ' ' };
        let what = match (&unit.microphone, &unit.loudspeaker) {
            (Some(_), Some(_)) => "microphone and loudspeaker",
            (Some(_), None) => "microphone",
            (None, _) => "loudspeaker",
        };
        format!("{mark} {}: {what}\n", plain(unit.name()))
    });
    rows.collect()
}

/// Each with the identity that `camera use` takes, the one in use marked.
pub(super) fn cameras(report: &CameraReport) -> String {
    if report.cameras.is_empty() {
        return "The room has no camera.\n".to_owned();
    }
    let in_use = report.camera.as_ref().map(|camera| &camera.id);
    let rows = report.cameras.iter().map(|camera| {
        let mark = if in_use == Some(&camera.id) { '*' } else { ' ' };
        let (name, id) = (plain(&camera.name), plain_id(&camera.id));
        format!("{mark} {name}: {id}\n")
    });
    rows.collect()
}

pub(super) fn devices(devices: &Devices) -> String {
    let (present, chosen) = (&devices.present, &devices.chosen);
    let of = |kind: PictureKind| {
        let all = present.cameras.iter().filter(move |d| d.kind == kind);
        all.map(|d| d.name.clone()).collect::<Vec<_>>()
    };
    kind("Cameras", &of(PictureKind::Camera), &chosen.camera)
        + &kind("Microphones", &present.microphones, &chosen.microphone)
        + &kind("Loudspeakers", &present.loudspeakers, &chosen.loudspeaker)
        + &sound_priority(present.sound_priority)
        + &kind("Content", &of(PictureKind::Input), &chosen.content)
        + &displays(devices)
        + &televisions(&devices.cec)
        + &ids(&present.cameras)
        + &codecs("Encoders", &devices.codecs.encoders)
        + &way(devices.codecs.camera.as_ref())
        + &codecs("Decoders", &devices.codecs.decoders)
}

/// Whether sound goes on where pictures take the processor.
fn sound_priority(priority: Option<SoundPriority>) -> String {
    let words = match priority {
        None => return String::new(),
        Some(SoundPriority::RealTime) => "comes before pictures, in real time",
        Some(SoundPriority::Nicer) => "comes before pictures, but not in real time (RLIMIT_RTPRIO)",
        Some(SoundPriority::Ordinary) => {
            "does not come before pictures: the engine may not have it so (RLIMIT_RTPRIO, RLIMIT_NICE)"
        }
    };
    format!("{:<14}  {words}\n", "Sound")
}

/// Two things are shown on displays; where each is, if any shows both apart.
fn displays(devices: &Devices) -> String {
    let (present, chosen) = (&devices.present, &devices.chosen);
    let television = kind("Displays", &present.displays, &chosen.display);
    match chosen.content_display.as_str() {
        "none" => television,
        "auto" => television + "Presented on  * auto (the first that is not the television)\n",
        name => format!("{television}Presented on  * {}\n", plain(name)),
    }
}

/// Those that are told over their cables; nothing where there is neither a television nor a way to one.
fn televisions(cec: &CecReport) -> String {
    let follow = match cec.follow {
        None if cec.adapters.is_empty() => return String::new(),
        None => "no display of this machine is a television",
        Some(true) => "follow the room (CEC)",
        Some(false) => "are left to their remote control (television.cec is off)",
    };
    let names: Vec<String> = cec.adapters.iter().map(|name| plain(name)).collect();
    let ways = match names.is_empty() {
        true => "no adapter takes messages to them".to_owned(),
        false => names.join(", "),
    };
    format!("{:<14}  {follow}; {ways}\n", "Televisions")
}

/// What tells two of one make apart, wherever they are named.
fn ids(cameras: &[PictureDevice]) -> String {
    let rows = cameras.iter().enumerate();
    rows.map(|(i, camera)| {
        let label = if i == 0 { "Ids" } else { "" };
        let (name, id) = (plain(&camera.name), plain_id(&camera.id));
        format!("{label:<14}  {name}: {id}\n")
    })
    .collect()
}

/// Whether pictures are copied on their way from the camera to an encoder in hardware.
fn way(camera: Option<&PictureWay>) -> String {
    match camera {
        None => String::new(),
        Some(PictureWay::HandedOn {}) => {
            "Camera to it    in the memory that it captures in, without a copy\n".to_owned()
        }
        Some(PictureWay::Copied { reason }) => {
            format!("Camera to it    copied: {}\n", sentence(reason))
        }
    }
}

/// Every encoder or decoder, those in use marked, and why the others are not.
fn codecs(label: &str, elements: &[CodecElement]) -> String {
    let rows = elements.iter().enumerate().map(|(index, element)| {
        let label = if index == 0 { label } else { "" };
        let mark = match element.verdict {
            Verdict::Chosen => '*',
            _ => ' ',
        };
        let name = plain(&element.name);
        format!("{label:<14}{mark} {name:<16}{}\n", codec(element))
    });
    rows.collect()
}

fn codec(element: &CodecElement) -> String {
    let by = match (&element.driver, element.hardware) {
        (Some(driver), _) => format!("hardware ({})", plain(driver)),
        (None, true) => "hardware".to_owned(),
        (None, false) => "program".to_owned(),
    };
    let verdict = match &element.verdict {
        Verdict::Chosen => "in use".to_owned(),
        Verdict::Spare => "takes over if it has to".to_owned(),
        Verdict::Refused { reason } => format!("refused: {}", sentence(reason)),
        Verdict::GaveWay { reason } => format!("failed in a call: {}", sentence(reason)),
        Verdict::Unused { reason } => format!("not used: {}", sentence(reason)),
    };
    format!("{}, {by}; {verdict}", plain(&element.codec))
}

/// Every device of a kind, the chosen one marked, and what is chosen if it is none of them.
fn kind(label: &str, present: &[String], chosen: &str) -> String {
    let mut names: Vec<String> = present
        .iter()
        .map(|name| match name == chosen {
            true => format!("* {}", plain(name)),
            false => format!("  {}", plain(name)),
        })
        .collect();
    if !present.iter().any(|name| name == chosen) {
        let note = match chosen {
            "none" => "* none".to_owned(),
            "simulated" => "* simulated".to_owned(),
            "auto" => "* auto (the first)".to_owned(),
            name => format!("* {} (as configured)", plain(name)),
        };
        names.push(note);
    }
    let rows = names.iter().enumerate();
    rows.map(|(i, name)| format!("{:<14}{name}\n", if i == 0 { label } else { "" }))
        .collect()
}
