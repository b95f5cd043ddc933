//! Displays by DRM/KMS (<https://docs.kernel.org/gpu/drm-kms.html>).
//!
//! A graphics card has one master. What uses a display gets a lease of it: a file descriptor under which there are this
//! connector and what drives it, and nothing else, so that two users of one card can't disturb each other.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use drm::{
    Device as _,
    buffer::DrmFourcc,
    control::{
        Device as _, LeaseId, Mode, ModeTypeFlags, RawResourceHandle, connector, crtc,
        dumbbuffer::DumbBuffer, framebuffer,
    },
};
use saal_hal::{Display, DisplayError, DisplayMode, Displays};

use crate::BorrowedDisplays;

/// Where the kernel has graphics cards.
const FOLDER: &str = "/dev/dri";
/// Links that say where a card is plugged.
const BY_PATH: &str = "/dev/dri/by-path";
/// Identification data of a monitor (VESA E-EDID 1.4): its descriptors begin here, are this long, and one with this tag is
/// its name.
const DESCRIPTORS: std::ops::Range<usize> = 54..126;
const DESCRIPTOR: usize = 18;
const NAME: [u8; 4] = [0, 0, 0, 0xFC];

/// The displays of this machine. Those who share one also share its graphics cards.
#[derive(Clone, Debug, Default)]
pub struct DrmDisplays {
    cards: Arc<Mutex<HashMap<PathBuf, Weak<Card>>>>,
}

/// A display that is ours; dropping it gives it back, and it goes dark.
#[derive(Debug)]
pub struct LeasedDisplay {
    /// Before what it is of: the end of a lease takes what was made under it along.
    fd: OwnedFd,
    connector: u32,
    mode: DisplayMode,
    _of: Holder,
}

/// What ends when a lease is given back.
#[derive(Debug)]
enum Holder {
    /// Of a card that this process is master of.
    Card { _lease: CardLease },
    /// Of another process.
    Lender { _loan: Loan },
}

/// A lease of a card.
#[derive(Debug)]
struct CardLease {
    card: Arc<Card>,
    lease: LeaseId,
    /// What it shows until somebody draws.
    black: framebuffer::Handle,
    buffer: DumbBuffer,
}

/// What another process lent, and its number there.
#[derive(Debug)]
struct Loan(BorrowedDisplays, u32);

impl LeasedDisplay {
    /// One that another process lent, which is told when it is not needed any more.
    pub(crate) fn borrowed(
        fd: OwnedFd,
        connector: u32,
        mode: DisplayMode,
        (lender, lease): (BorrowedDisplays, u32),
    ) -> Self {
        let _loan = Loan(lender, lease);
        Self {
            fd,
            connector,
            mode,
            _of: Holder::Lender { _loan },
        }
    }

    /// The lease, for libdrm and what is built on it; it is closed with this value.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// The connector's number under the lease.
    #[must_use]
    pub fn connector(&self) -> u32 {
        self.connector
    }

    /// How it is driven.
    #[must_use]
    pub fn mode(&self) -> DisplayMode {
        self.mode
    }

    /// The lease once more, for somebody else.
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.fd.try_clone()
    }

    /// The card as the lease shows it, for this program's own use.
    pub(crate) fn card(&self) -> io::Result<Card> {
        Ok(Card(File::from(self.duplicate()?)))
    }
}

impl Drop for CardLease {
    fn drop(&mut self) {
        // Nothing can be done about a card that is gone.
        let _ = self.card.revoke_lease(self.lease);
        let _ = self.card.destroy_framebuffer(self.black);
        let _ = self.card.destroy_dumb_buffer(self.buffer);
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.0.give_back(self.1);
    }
}

#[derive(Debug)]
pub(crate) struct Card(File);

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for Card {}
impl drm::control::Device for Card {}

impl DrmDisplays {
    /// Takes a display in the mode for a picture of this size ([`Display::mode_for`]) and makes it black.
    ///
    /// # Errors
    /// [`DisplayError::Busy`] when a desktop or another lease has it, [`DisplayError::NotFound`] when it left, and
    /// [`DisplayError::Device`] with what the kernel said.
    pub fn lease(
        &self,
        display: &Display,
        width: u32,
        height: u32,
    ) -> Result<LeasedDisplay, DisplayError> {
        let display = self.find(&display.id)?;
        let failed = |operation: &str| {
            let display = display.name.clone();
            let operation = operation.to_owned();
            move |error: io::Error| refusal(display, operation, &error)
        };
        let card = self.card(Path::new(&display.node));
        let card = card.map_err(failed("open the graphics card"))?;
        let info = connector_of(&card, &display.connector).map_err(failed("read the connector"))?;
        let wanted = display.mode_for(width, height);
        let mode = info.modes().iter().find(|mode| wanted == Some(plain(mode)));
        let Some(mode) = mode.copied() else {
            let error = io::Error::other("it has no mode");
            return Err(failed("choose a mode")(error));
        };
        let (crtc, lease, fd) = lease(&card, &info).map_err(failed("lease the connector"))?;
        let shown = black(&card, &info, crtc, mode).inspect_err(|_| {
            let _ = card.revoke_lease(lease);
        });
        let (buffer, black) = shown.map_err(failed("set the mode"))?;
        let _lease = CardLease {
            card,
            lease,
            black,
            buffer,
        };
        Ok(LeasedDisplay {
            fd,
            connector: info.handle().into(),
            mode: plain(&mode),
            _of: Holder::Card { _lease },
        })
    }

    /// The card as its master, opened once.
    fn card(&self, node: &Path) -> io::Result<Arc<Card>> {
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(card) = cards.get(node).and_then(Weak::upgrade) {
            return Ok(card);
        }
        let card = Arc::new(open(node)?);
        // The first one who opens it is master already; then this changes nothing.
        card.acquire_master_lock()?;
        cards.insert(node.to_owned(), Arc::downgrade(&card));
        Ok(card)
    }
}

impl Displays for DrmDisplays {
    fn list(&self) -> Result<Vec<Display>, DisplayError> {
        let mut displays = Vec::new();
        for node in nodes() {
            let card = match open(&node) {
                Ok(card) => card,
                Err(error) => {
                    tracing::debug!(node = %node.display(), %error, "a graphics card can't be opened");
                    continue;
                }
            };
            // Who opens a card that has no master is it; others may want to be.
            let _ = card.release_master_lock();
            // A card that only computes has no connectors and says so with an error.
            let Ok(resources) = card.resource_handles() else {
                continue;
            };
            let place = place(&node);
            for connector in resources.connectors() {
                let Ok(info) = card.get_connector(*connector, false) else {
                    continue;
                };
                if info.state() == connector::State::Connected && !info.modes().is_empty() {
                    displays.push(display(&card, &node, &place, &info));
                }
            }
        }
        Ok(displays)
    }

    fn check(&self, display: &Display) -> Result<(), DisplayError> {
        self.lease(display, 0, 0).map(drop)
    }
}

/// Cards, not the nodes that only render.
fn nodes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut nodes: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("card"))
        .map(|entry| entry.path())
        .collect();
    nodes.sort();
    nodes
}

fn open(node: &Path) -> io::Result<Card> {
    let file = OpenOptions::new().read(true).write(true).open(node)?;
    Ok(Card(file))
}

/// Where a card is, as udev says, else as the kernel counts.
fn place(node: &Path) -> String {
    let links = std::fs::read_dir(BY_PATH).into_iter().flatten().flatten();
    let here = |link: &Path| link.canonicalize().is_ok_and(|target| target == node);
    let mut names = links
        .map(|link| link.path())
        .filter(|link| here(link))
        .filter_map(|link| Some(link.file_name()?.to_string_lossy().into_owned()));
    let name = names.next().or_else(|| bus_place(node));
    let name = name.unwrap_or_else(|| node.display().to_string());
    name.trim_end_matches("-card").to_owned()
}

/// The same without udev: `/sys/class/drm/card0/device` leads to the card on its bus.
fn bus_place(node: &Path) -> Option<String> {
    let device = Path::new("/sys/class/drm")
        .join(node.file_name()?)
        .join("device");
    let device = device.canonicalize().ok()?;
    let bus = device.join("subsystem").canonicalize().ok()?;
    let (bus, name) = (bus.file_name()?, device.file_name()?);
    Some(format!(
        "{}-{}",
        bus.to_string_lossy(),
        name.to_string_lossy()
    ))
}

/// The id of the display at this connector of the card with this number; displays that are not connected have one too.
pub(crate) fn id_at(card: u32, connector: u32) -> Option<String> {
    let node = Path::new(FOLDER).join(format!("card{card}"));
    let opened = open(&node).ok()?;
    let _ = opened.release_master_lock();
    let resources = opened.resource_handles().ok()?;
    let mut all = resources.connectors().iter();
    let handle = all.find(|handle| u32::from(**handle) == connector)?;
    let info = opened.get_connector(*handle, false).ok()?;
    Some(format!("{}/{info}", place(&node)))
}

fn display(card: &Card, node: &Path, place: &str, info: &connector::Info) -> Display {
    let connector = info.to_string();
    let mut modes: Vec<&Mode> = info.modes().iter().collect();
    modes.sort_by_key(|mode| !mode.mode_type().contains(ModeTypeFlags::PREFERRED));
    Display {
        id: format!("{place}/{connector}"),
        name: monitor_name(card, info).unwrap_or_else(|| connector.clone()),
        connector,
        node: node.display().to_string(),
        modes: modes.into_iter().map(plain).collect(),
        millimetres: info.size(),
    }
}

fn plain(mode: &Mode) -> DisplayMode {
    let (width, height) = mode.size();
    DisplayMode {
        width: width.into(),
        height: height.into(),
        hertz: mode.vrefresh(),
    }
}

/// What the monitor calls itself.
fn monitor_name(card: &Card, info: &connector::Info) -> Option<String> {
    let properties = card.get_properties(info.handle()).ok()?;
    let properties = properties.iter();
    let edid = properties
        .filter_map(|(property, value)| Some((card.get_property(*property).ok()?, *value)))
        .find(|(property, _)| property.name().to_bytes() == b"EDID")?;
    name_in(&card.get_property_blob(edid.1).ok()?)
}

fn name_in(edid: &[u8]) -> Option<String> {
    let descriptors = edid.get(DESCRIPTORS)?.chunks_exact(DESCRIPTOR);
    let mut names = descriptors.filter(|d| d.starts_with(&NAME));
    let text = names.next()?.get(5..)?;
    let text = text.split(|byte| *byte == b'\n').next()?;
    let name = String::from_utf8_lossy(text).trim().to_owned();
    (!name.is_empty() && !name.contains(char::is_control)).then_some(name)
}

fn connector_of(card: &Card, name: &str) -> io::Result<connector::Info> {
    let resources = card.resource_handles()?;
    for connector in resources.connectors() {
        let info = card.get_connector(*connector, true)?;
        if info.to_string() == name {
            return Ok(info);
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

/// A lease of the connector with the first free one of those that can drive it, and the planes that belong to it.
fn lease(card: &Card, info: &connector::Info) -> io::Result<(crtc::Handle, LeaseId, OwnedFd)> {
    let resources = card.resource_handles()?;
    let mut refused = io::Error::from(io::ErrorKind::ResourceBusy);
    for encoder in info.encoders() {
        let possible = card.get_encoder(*encoder)?.possible_crtcs();
        for crtc in resources.filter_crtcs(possible) {
            let objects: [RawResourceHandle; 2] = [info.handle().into(), crtc.into()];
            match card.create_lease(
                &objects,
                nix::fcntl::OFlag::O_CLOEXEC.bits().cast_unsigned(),
            ) {
                Ok((lease, fd)) => return Ok((crtc, lease, fd)),
                Err(error) => refused = error,
            }
        }
    }
    Err(refused)
}

fn black(
    card: &Card,
    info: &connector::Info,
    crtc: crtc::Handle,
    mode: Mode,
) -> io::Result<(DumbBuffer, framebuffer::Handle)> {
    let (width, height) = mode.size();
    let size = (width.into(), height.into());
    // The kernel gives it filled with zeros.
    let buffer = card.create_dumb_buffer(size, DrmFourcc::Xrgb8888, 32)?;
    let shown = card.add_framebuffer(&buffer, 24, 32).and_then(|frame| {
        let connectors = [info.handle()];
        card.set_crtc(crtc, Some(frame), (0, 0), &connectors, Some(mode))?;
        Ok(frame)
    });
    match shown {
        Ok(frame) => Ok((buffer, frame)),
        Err(error) => {
            let _ = card.destroy_dumb_buffer(buffer);
            Err(error)
        }
    }
}

fn refusal(display: String, operation: String, error: &io::Error) -> DisplayError {
    match error.kind() {
        io::ErrorKind::NotFound => DisplayError::NotFound {
            wanted: display,
            present: Vec::new(),
        },
        // A card has one master; not to be it is told in one of these ways.
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ResourceBusy
        | io::ErrorKind::InvalidInput
            if operation != "set the mode" =>
        {
            DisplayError::Busy { display }
        }
        _ => DisplayError::Device {
            display,
            operation,
            reason: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::name_in;

    /// Identification data with these descriptors.
    fn edid(descriptors: [[u8; 18]; 4]) -> Vec<u8> {
        let mut data = vec![0; 54];
        data.extend(descriptors.concat());
        data.extend([0, 0]);
        data
    }

    fn named(name: &[u8; 13]) -> [u8; 18] {
        let mut descriptor = [0; 18];
        descriptor[3] = 0xFC;
        descriptor[5..].copy_from_slice(name);
        descriptor
    }

    #[test]
    fn a_monitors_name_is_read_up_to_its_end() {
        let timing = [1; 18];
        let data = edid([timing, named(b"LG TV SSCR2\n "), timing, timing]);
        assert_eq!(name_in(&data).as_deref(), Some("LG TV SSCR2"));
        let full = edid([timing, timing, timing, named(b"QEMU Monitor\n")]);
        assert_eq!(name_in(&full).as_deref(), Some("QEMU Monitor"));
    }

    #[test]
    fn data_without_a_name_or_cut_short_has_none() {
        assert_eq!(name_in(&edid([[1; 18]; 4])), None);
        let data = edid([named(b"\n            "), [1; 18], [1; 18], [1; 18]]);
        assert_eq!(name_in(&data), None, "nothing but an end");
        for end in 0..126 {
            assert_eq!(name_in(&edid([named(b"LG TV SSCR2\n "); 4])[..end]), None);
        }
    }
}
