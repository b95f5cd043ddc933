//! What a display shows, read back from the kernel: who is root may look into any display's buffer.

use std::{
    fs::File,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use drm::control::{Device as _, connector, framebuffer};
use saal_hal::{Display, conformance::Glass};

struct Card(File);

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for Card {}
impl drm::control::Device for Card {}

/// struct drm_mode_map_dumb (drm_mode.h).
#[repr(C)]
struct MapDumb {
    handle: u32,
    pad: u32,
    offset: u64,
}

mod ioctl {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        reason = "what the macro makes is called below, where the call says why it is sound"
    )]

    nix::ioctl_readwrite!(map_dumb, b'd', 0xB3, super::MapDumb);
}

/// What it shows now, as it is made.
pub(crate) fn read(display: &Display) -> Glass {
    let card = File::options().read(true).write(true).open(&display.node);
    let card = Card(card.unwrap());
    let shown = shown(&card, &display.connector);
    Glass {
        size: shown.size(),
        memory: memory(&card, &shown),
        pitch: shown.pitch() as usize,
    }
}

/// The buffer that a connector shows.
fn shown(card: &Card, connector: &str) -> framebuffer::Info {
    let resources = card.resource_handles().unwrap();
    let of = |handle: &connector::Handle| card.get_connector(*handle, false).unwrap();
    let connectors = resources.connectors().iter().map(of);
    let info = connectors
        .into_iter()
        .find(|info| info.to_string() == connector);
    let encoder = info.unwrap().current_encoder().expect("it is driven");
    let crtc = card.get_encoder(encoder).unwrap().crtc().unwrap();
    let frame = card.get_crtc(crtc).unwrap().framebuffer().unwrap();
    card.get_framebuffer(frame).unwrap()
}

fn memory(card: &Card, shown: &framebuffer::Info) -> Vec<u8> {
    let handle = shown.buffer().expect("root is told");
    let mut map = MapDumb {
        handle: handle.into(),
        pad: 0,
        offset: 0,
    };
    // SAFETY: the descriptor is open, and the call reads and writes one MapDumb at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        ioctl::map_dumb(card.0.as_raw_fd(), &raw mut map).unwrap();
    }
    let length = shown.pitch() as usize * shown.size().1 as usize;
    let (read, shared) = (nix::libc::PROT_READ, nix::libc::MAP_SHARED);
    let (fd, offset) = (card.0.as_raw_fd(), i64::try_from(map.offset).unwrap());
    // SAFETY: a new mapping of a buffer of this length at a place that the kernel chooses; it is read while it is mapped,
    // and who draws into it meanwhile only changes what is read.
    #[allow(unsafe_code)]
    let bytes = unsafe {
        let place = nix::libc::mmap(std::ptr::null_mut(), length, read, shared, fd, offset);
        assert_ne!(place, nix::libc::MAP_FAILED);
        let bytes = std::slice::from_raw_parts(place.cast::<u8>(), length).to_vec();
        nix::libc::munmap(place, length);
        bytes
    };
    card.close_buffer(handle).unwrap();
    bytes
}
