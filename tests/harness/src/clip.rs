//! What the far end's camera and microphone give: the simulated picture and tone, as files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use saal_hal_sim::clip::{VideoClip, write_wav, write_y4m};

use crate::error::{Error, Result};
use crate::farend::FarEndOptions;
use crate::tools::Tools;

/// Small, so that two cores can encode, decode and scale it several times over.
const CLIP: VideoClip = VideoClip {
    width: 640,
    height: 360,
    frames_per_second: 15,
    seconds: 8,
    seed: 0,
};
/// Length of the sound; longer than the longest test listens at a stretch.
const SOUND_SECONDS: u32 = 60;
/// Changes when the picture or the sound does, so that no old file is taken for it.
const EDITION: u32 = 2;

impl FarEndOptions {
    /// Camera and microphone with the codes of `saal_hal_sim`, seeded with `seed`; made once per seed.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn coded(tools: &Tools, seed: u64) -> Result<Self> {
        let folder = tools.cache.join("clips");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let name = |kind: &str| folder.join(format!("{EDITION}-{seed}.{kind}"));
        let video = once(name("y4m"), |out| {
            write_y4m(&VideoClip { seed, ..CLIP }, out)
        })?;
        let audio = once(name("wav"), |out| write_wav(SOUND_SECONDS, seed, out))?;
        Ok(Self {
            video: Some(video),
            audio: Some(audio),
            headed: false,
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
