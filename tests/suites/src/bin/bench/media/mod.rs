//! What the engine's work on pictures costs, one kind at a time; how late pictures are, there and back, and how far sound
//! and picture are apart where they come out.
//!
//! Processor time is that of this process, in percent of one core for one stream at 30 pictures a second. Pictures of people are
//! the test pattern's, which moves less than people do and more than a slide.

mod calibrating;
mod codecs;
mod late;
mod outputs;

pub(crate) use calibrating::play;

use crate::report::{ROOM_AND_BROWSER, Report};

/// What may be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Encoders, decoders, composition.
    Codecs,
    /// Delays, and sound against picture.
    Call,
}

/// Measures in turns.
pub(crate) async fn measure(turns: u32, part: Option<Part>) -> anyhow::Result<Report> {
    let mut rows = Vec::new();
    if part != Some(Part::Call) {
        rows.extend(tokio::task::spawn_blocking(move || codecs::measure(turns)).await??);
    }
    let mut silent = None;
    if part != Some(Part::Codecs) {
        let late;
        (late, silent) = late::measure(turns).await?;
        rows.extend(late);
    }
    let mut remarks: Vec<String> = REMARKS.iter().map(|&remark| remark.to_owned()).collect();
    if let Some(why) = silent {
        remarks.push(format!(
            "Sound was not measured, for want of PulseAudio (packages pulseaudio, pulseaudio-utils, libasound2-plugins): {why}"
        ));
    }
    Ok(Report {
        title: "The engine's work on pictures, one kind at a time, and a call of two.\n\
                Chromium: Element Call in a window."
            .to_owned(),
        subjects: ROOM_AND_BROWSER,
        rows,
        remarks,
    })
}

const REMARKS: [&str; 11] = [
    "Percent of one core for a stream of 30 pictures a second. Composing next to nothing is a television with a JPEG of each",
    "picture, as the web view has it; what tiles cost per stream is what comes on top of that, divided by their number.",
    "Displays: both subjects are in a window of 1280x720 on an X server (Xvfb), whose pixels are looked at every 2 ms.",
    "Loudspeakers: both play through PulseAudio into its null sink, whose monitor is listened to.",
    "Own camera to the far end: from the code's time in a picture of the simulated camera, and from when a picture came to",
    "Chromium's page, which is a little later than its capture, to the whole encoded picture having arrived at the far end.",
    "Far end to own display: from the far end's sending of a picture, encoded before, to its code being on the display.",
    "Both ways of a call: the two together, as between two rooms of the kind; the far end neither encodes nor decodes.",
    "Sound and picture: how late each is after its capture, as the far end's RTP times and reports say it; ahead is early.",
    "What the loudspeaker's server and its monitor add to the sound's delay without telling is found first, by a sound of a known",
    "time, and taken out of both subjects' figures.",
];
