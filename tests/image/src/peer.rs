//! Another computer with a touch panel, to compare with: `peer/`, built with the tools that build the image.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::disk::Disk;
use crate::machine::Image;

/// `peer FOLDER`: builds what is described in the folder's `described`. mkosi first removes all whose names begin as those of what it
/// makes.
const BUILD: &str = r#"
mkdir -p /work/cache/peer
mkosi --directory "$1/described" --force --output-directory "$1" --workspace-directory /work/cache \
    --cache-directory /work/cache/peer --package-cache-dir /work/cache/packages --incremental=yes \
    --sandbox-tree /work/work/sandbox build
"#;

impl Image {
    /// Plain Debian with Chromium in its kiosk mode: its disk, for a machine of the name `peer`.
    ///
    /// # Errors
    /// When it can't be built.
    pub fn peer(&self) -> Result<Disk> {
        let folder = self.folder("peer")?;
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer");
        let copied = Command::new("cp")
            .arg("-r")
            .args([&from, &folder.join("described")])
            .status();
        ensure!(
            copied.context("there is no cp")?.success(),
            "cannot copy {}",
            from.display()
        );
        self.ask(&["sh", "-euc", BUILD, "peer", "/work/vm/peer"])?;
        self.firmware(&folder)?;
        let file = folder.join("disk.raw");
        fs::rename(folder.join("peer.raw"), &file)
            .with_context(|| format!("there is no {}", file.display()))?;
        Ok(Disk::of(file))
    }
}
