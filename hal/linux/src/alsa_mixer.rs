//! The control of a card that sets how loud its loudspeaker is.

use alsa::{
    Round,
    mixer::{MilliBel, Mixer, Selem, SelemChannelId},
};
use saal_hal::Volume;

/// Which of several controls stands for all: the master, else what USB devices and simple cards call theirs.
const NAMES: [&str; 7] = [
    "Master",
    "PCM",
    "Speaker",
    "Headset",
    "Headphone",
    "Line Out",
    "Digital",
];

/// Volume of the card (`hw:CARD=Jabra`); `None` where it has no control.
pub(crate) fn volume(card: &str) -> alsa::Result<Option<Volume>> {
    let mixer = Mixer::new(card, false)?;
    let control = control(&mixer);
    control.map(|control| read(&control)).transpose()
}

/// Sets it; false where the card has no control.
pub(crate) fn set_volume(card: &str, volume: Volume) -> alsa::Result<bool> {
    let mixer = Mixer::new(card, false)?;
    let Some(control) = control(&mixer) else {
        return Ok(false);
    };
    match decibels(&control) {
        Some((least, most)) => {
            let wanted = MilliBel::from_db(volume.decibels(least, most) as f32);
            control.set_playback_db_all(wanted, Round::Floor)?;
        }
        None => {
            let (least, most) = control.get_playback_volume_range();
            let steps = (most - least) * i64::from(volume.percent());
            control.set_playback_volume_all(least + (steps + 50) / 100)?;
        }
    }
    if control.has_playback_switch() {
        control.set_playback_switch_all(i32::from(volume.percent() > 0))?;
    }
    Ok(true)
}

fn control(mixer: &Mixer) -> Option<Selem<'_>> {
    let all = mixer.iter().filter_map(Selem::new);
    let playing = all.filter(|control| control.has_playback_volume());
    playing.min_by_key(|control| {
        let id = control.get_id();
        let name = id.get_name().unwrap_or_default();
        let place = NAMES.iter().position(|known| *known == name);
        (place.unwrap_or(NAMES.len()), id.get_index())
    })
}

fn read(control: &Selem<'_>) -> alsa::Result<Volume> {
    // Of a card with two channels the left one; of one with one channel this one.
    let channel = SelemChannelId::mono();
    if control.has_playback_switch() && control.get_playback_switch(channel)? == 0 {
        return Ok(Volume::new(0));
    }
    if let Some((least, most)) = decibels(control) {
        let now = control.get_playback_vol_db(channel)?.to_db();
        return Ok(Volume::of_decibels(f64::from(now), least, most));
    }
    let (least, most) = control.get_playback_volume_range();
    let range = (most - least).max(1);
    let percent = (100 * (control.get_playback_volume(channel)? - least) + range / 2) / range;
    Ok(Volume::new(u8::try_from(percent).unwrap_or(0)))
}

/// From the quietest to the loudest; `None` where the card does not tell.
fn decibels(control: &Selem<'_>) -> Option<(f64, f64)> {
    let (least, most) = control.get_playback_db_range();
    (least < most).then(|| (f64::from(least.to_db()), f64::from(most.to_db())))
}
