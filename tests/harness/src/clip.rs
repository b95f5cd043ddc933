//! What the far end's camera and microphone give: the simulated picture and tone, as files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use saal_hal_sim::clip::{VideoClip, write_wav, write_y4m};

use crate::error::{Error, Result};
use crate::farend::FarEndOptions;
use crate::tools::Tools;

/// A small picture, so that two cores can encode, decode and scale it several times over.
const SMALL: VideoClip = VideoClip {
    width: 640,
    height: 360,
    frames_per_second: 15,
    seconds: 8,
    seed: 0,
};
/// What a room's camera gives: for comparing costs.
const LARGE: VideoClip = VideoClip {
    width: 1280,
    height: 720,
    frames_per_second: 30,
    seconds: 4,
    seed: 0,
};
/// Length of the sound; longer than the longest test listens at a stretch.
const SOUND_SECONDS: u32 = 60;
/// Changes when the picture or the sound does, so that no old file is taken for it.
const EDITION: u32 = 3;

impl FarEndOptions {
    /// Camera (640x360, 15/s) and microphone with the codes of `saal_hal_sim`, seeded with `seed`.
    ///
    /// # Errors
    /// When the files cannot be written; they are made once per seed.
    pub fn coded(tools: &Tools, seed: u64) -> Result<Self> {
        Self::with(tools, &VideoClip { seed, ..SMALL })
    }

    /// The same at 1280x720, 30/s.
    ///
    /// # Errors
    /// As for [`Self::coded`].
    pub fn coded_large(tools: &Tools, seed: u64) -> Result<Self> {
        Self::with(tools, &VideoClip { seed, ..LARGE })
    }

    fn with(tools: &Tools, clip: &VideoClip) -> Result<Self> {
        let folder = tools.cache.join("clips");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let VideoClip {
            width,
            height,
            seed,
            ..
        } = clip;
        let video = folder.join(format!("{EDITION}-{seed}-{width}x{height}.y4m"));
        let audio = folder.join(format!("{EDITION}-{seed}.wav"));
        let video = once(video, |out| write_y4m(clip, out))?;
        let audio = once(audio, |out| write_wav(SOUND_SECONDS, *seed, out))?;
        Ok(Self {
            video: Some(video),
            audio: Some(audio),
            ..Self::default()
        })
    }
}

/// Makes a file that is not there yet; whole or not at all.
fn once(
    path: PathBuf,
    make: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    let making = path.with_extension(format!("making-{}", std::process::id()));
    let mut out = BufWriter::new(File::create(&making).map_err(Error::file("create", &making))?);
    make(&mut out)
        .and_then(|()| out.flush())
        .map_err(Error::file("write", &making))?;
    std::fs::rename(&making, &path).map_err(Error::file("rename", &making))?;
    Ok(path)
}
