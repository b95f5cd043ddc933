//! A disk that is full, really: a small file system that is filled to its last block.

use std::{
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use saal_control::PhaseName;
use saal_harness::{Room, RoomOptions, run};
use saal_suites::{PATIENCE, Result, Taken, shows};

/// A file system of 256 KiB without a free block; unmounted at the end.
struct FullDisk(PathBuf);

impl FullDisk {
    /// `None` where this process may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("the run's folder is writable");
        let size = Some("size=256k");
        mount(Some("saal"), folder, Some("tmpfs"), MsFlags::empty(), size).ok()?;
        let disk = Self(folder.to_owned());
        let mut filler = std::fs::File::create(folder.join("filler")).expect("it is empty yet");
        let full = std::iter::repeat_with(|| filler.write_all(&[1; 4096])).find_map(|w| w.err());
        assert_eq!(full.map(|error| error.kind()), Some(ErrorKind::StorageFull));
        Some(disk)
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // A process that still has it open keeps it alive until it ends.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

#[test]
fn a_room_with_a_full_disk_says_so_and_still_joins() -> Result<()> {
    run(async {
        let stage = Taken::take().await?;
        let meeting = stage.meeting("Full").await?;
        let Some(disk) = FullDisk::mount(&stage.servers.folder().join("full-disk")) else {
            // Past the runner's capture: a test that did not run must not look like one that did.
            let _ = writeln!(
                std::io::stderr(),
                "full disk: not tested, mounting needs root"
            );
            return Ok(());
        };
        let options = RoomOptions {
            state: Some(disk.0.clone()),
            ..RoomOptions::default()
        };
        let room = Room::start(&stage.servers, &meeting.guest, &options).await?;
        let full = |tree: &_| shows(tree, "The room’s storage is full");
        room.panel_shows("the full disk", PATIENCE, full).await?;
        room.touch_element("Join").await?;
        room.status_is("the call", PATIENCE, |s| s.phase == PhaseName::Call)
            .await?;
        meeting.membership_is(true, PATIENCE).await?;
        assert_eq!(room.starts(), 1, "nothing crashed");
        room.stop().await;
        Ok(())
    })
}
