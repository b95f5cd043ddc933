//! Writes the simulated camera as Y4M and the simulated microphone as WAV.

use std::{fs::File, io, io::BufWriter, path::PathBuf};

use clap::Parser;
use saal_hal_sim::clip::{self, VideoClip};

/// Files for a browser's fake camera and microphone, carrying the codes that Saal reads.
#[derive(Parser)]
struct Arguments {
    /// Where to write the picture.
    #[arg(long)]
    y4m: Option<PathBuf>,
    /// Where to write the sound.
    #[arg(long)]
    wav: Option<PathBuf>,
    #[arg(long, default_value_t = 640)]
    width: u32,
    #[arg(long, default_value_t = 360)]
    height: u32,
    #[arg(long, default_value_t = 30)]
    fps: u32,
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> io::Result<()> {
    let Arguments {
        y4m,
        wav,
        width,
        height,
        fps,
        seconds,
        seed,
    } = Arguments::parse();
    if let Some(path) = y4m {
        let video = VideoClip {
            width,
            height,
            frames_per_second: fps,
            seconds,
            seed,
        };
        clip::write_y4m(&video, &mut BufWriter::new(File::create(path)?))?;
    }
    if let Some(path) = wav {
        clip::write_wav(seconds, seed, &mut BufWriter::new(File::create(path)?))?;
    }
    Ok(())
}
