//! The panel on a display by DRM/KMS (<https://docs.kernel.org/gpu/drm-kms.html>), docs/adr/0035.
//!
//! The panel has a lease of its display as every user of one has. It draws into one of two buffers in the card's memory while
//! the other one is shown, and then has them change places when the display begins its next picture.

use std::{io, os::fd::AsFd};

use drm::{
    ClientCapability, Device as _,
    buffer::{Buffer as _, DrmFourcc},
    control::{
        AtomicCommitFlags, Device as _, PageFlipFlags, atomic::AtomicModeReq, crtc,
        dumbbuffer::DumbBuffer, framebuffer, plane, property,
    },
};
use nix::poll::{PollFd, PollFlags, poll};
use saal_hal::{Display, DisplayError, Frame, Look, PanelScreen, PanelScreens, Part, Turn, draw};

use crate::{DrmDisplays, LeasedDisplay, backlight::Backlight, drm_displays::Card};

/// A display that begins no picture within so many milliseconds is off or gone; the next one is drawn all the same.
const SHOWN_WITHIN: u16 = 500;

/// The panel on a display of this machine.
struct DrmPanel {
    name: String,
    turn: Turn,
    /// Of its pictures, as people see them.
    size: (u32, u32),
    look: Look,
    backlight: Option<Backlight>,
    buffers: [Memory; 2],
    /// Which of them is drawn into next.
    next: usize,
    flip: Flip,
    crtc: crtc::Handle,
    card: Card,
    /// Last: what was made under it goes before.
    _lease: LeasedDisplay,
}

/// A buffer of the card's memory, and where it differs from what is shown.
#[derive(Debug)]
struct Memory {
    buffer: DumbBuffer,
    frame: framebuffer::Handle,
    /// In pixels of the picture.
    stale: Part,
}

/// How the buffers change places.
#[derive(Clone, Copy, Debug)]
enum Flip {
    /// By an atomic commit, which can name the part that changed.
    Atomic {
        plane: plane::Handle,
        frame: property::Handle,
        damage: Option<property::Handle>,
    },
    /// By a page flip, on drivers without atomic commits.
    Page,
}

impl PanelScreens for DrmDisplays {
    fn open(
        &self,
        display: &Display,
        size: (u32, u32),
        turn: Turn,
    ) -> Result<Box<dyn PanelScreen>, DisplayError> {
        let (width, height) = turn.size(size);
        let lease = self.lease(display, width, height)?;
        let failed = |error| failed(&display.name, "make the panel's buffers", &error);
        let panel = DrmPanel::new(display, lease, turn).map_err(failed)?;
        tracing::info!(
            name = panel.name,
            size = ?panel.size,
            flip = ?panel.flip,
            backlight = panel.backlight.is_some(),
            "the panel's display"
        );
        Ok(Box::new(panel))
    }
}

impl DrmPanel {
    fn new(display: &Display, lease: LeasedDisplay, turn: Turn) -> io::Result<Self> {
        let card = lease.card()?;
        let mode = lease.mode();
        let mode = (mode.width, mode.height);
        // Under a lease there is what is leased.
        let crtc = card.resource_handles()?.crtcs().first().copied();
        let crtc = crtc.ok_or_else(|| io::Error::other("the lease drives nothing"))?;
        let size = turn.size(mode);
        let first = Memory::new(&card, mode, size)?;
        let second = Memory::new(&card, mode, size).inspect_err(|_| first.free(&card))?;
        Ok(Self {
            name: display.name.clone(),
            turn,
            size,
            look: Look::default(),
            backlight: Backlight::of(display),
            buffers: [first, second],
            next: 0,
            flip: flip(&card),
            crtc,
            card,
            _lease: lease,
        })
    }

    /// How the pixels are to look: the light behind them does what it can.
    fn pixels_look(&mut self, look: Look) -> Look {
        let Some(backlight) = &self.backlight else {
            return look;
        };
        if look.brightness != self.look.brightness
            && let Err(error) = backlight.set(look.brightness)
        {
            tracing::info!(%error, "the light behind the panel can't be set");
            self.backlight = None;
            return look;
        }
        Look {
            brightness: 100,
            ..look
        }
    }

    fn draw(&mut self, frame: &Frame<'_>) -> io::Result<Part> {
        let memory = &mut self.buffers[self.next];
        let pitch = memory.buffer.pitch() as usize;
        let mut mapped = self.card.map_dumb_buffer(&mut memory.buffer)?;
        let part = std::mem::replace(&mut memory.stale, Part::whole((0, 0)));
        Ok(draw(frame, part, self.turn, &mut mapped, pitch))
    }

    /// Has the display show the buffer that was drawn, and waits until it does.
    fn show(&mut self, changed: Part) -> io::Result<()> {
        let frame = self.buffers[self.next].frame;
        match self.flip {
            Flip::Atomic {
                plane,
                frame: property,
                damage,
            } => {
                let mut request = AtomicModeReq::new();
                request.add_property(plane, property, property::Value::Framebuffer(Some(frame)));
                let blob = damage
                    .map(|damage| self.damage(changed, damage))
                    .transpose()?;
                if let Some((damage, blob)) = blob {
                    request.add_property(plane, damage, blob);
                }
                let flags = AtomicCommitFlags::PAGE_FLIP_EVENT | AtomicCommitFlags::NONBLOCK;
                let done = self.card.atomic_commit(flags, request);
                if let Some((_, blob)) = blob {
                    // The commit keeps what it needs of it.
                    let _ = self.card.destroy_property_blob(blob.into());
                }
                done?;
            }
            Flip::Page => self
                .card
                .page_flip(self.crtc, frame, PageFlipFlags::EVENT, None)?,
        }
        self.next = 1 - self.next;
        self.wait()
    }

    /// The part that changed, as the kernel takes it (struct drm_mode_rect: x1, y1, x2, y2).
    fn damage(
        &self,
        part: Part,
        property: property::Handle,
    ) -> io::Result<(property::Handle, property::Value<'static>)> {
        let Part {
            x,
            y,
            width,
            height,
        } = part;
        let rectangle = [x, y, x + width, y + height].map(|at| i32::try_from(at).unwrap_or(0));
        Ok((property, self.card.create_property_blob(&rectangle)?))
    }

    fn wait(&self) -> io::Result<()> {
        let mut event = [PollFd::new(self.card.as_fd(), PollFlags::POLLIN)];
        if poll(&mut event, SHOWN_WITHIN)? == 0 {
            tracing::debug!(display = self.name, "it began no picture");
            return Ok(());
        }
        self.card.receive_events().map(drop)
    }
}

impl PanelScreen for DrmPanel {
    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn present(&mut self, frame: &Frame<'_>, changed: Part) -> Result<(), DisplayError> {
        if frame.size != self.size {
            let error = io::Error::other("the picture has another size");
            return Err(failed(&self.name, "show", &error));
        }
        let look = self.pixels_look(frame.look);
        let whole = frame.look != self.look;
        let changed = if whole {
            Part::whole(self.size)
        } else {
            changed
        };
        for memory in &mut self.buffers {
            memory.stale = memory.stale.and(changed);
        }
        self.look = frame.look;
        let frame = Frame { look, ..*frame };
        let shown = self.draw(&frame).and_then(|part| self.show(part));
        shown.map_err(|error| failed(&self.name, "show", &error))
    }
}

impl Drop for DrmPanel {
    fn drop(&mut self) {
        for memory in &self.buffers {
            memory.free(&self.card);
        }
    }
}

impl Memory {
    /// For a display in this mode; nothing of a picture of this size is in it.
    fn new(card: &Card, mode: (u32, u32), size: (u32, u32)) -> io::Result<Self> {
        let buffer = card.create_dumb_buffer(mode, DrmFourcc::Xrgb8888, 32)?;
        let frame = card.add_framebuffer(&buffer, 24, 32).inspect_err(|_| {
            let _ = card.destroy_dumb_buffer(buffer);
        })?;
        Ok(Self {
            buffer,
            frame,
            stale: Part::whole(size),
        })
    }

    fn free(&self, card: &Card) {
        // Nothing can be done about a card that is gone.
        let _ = card.destroy_framebuffer(self.frame);
        let _ = card.destroy_dumb_buffer(self.buffer);
    }
}

/// How buffers change places under this lease.
fn flip(card: &Card) -> Flip {
    atomic(card).unwrap_or_else(|error| {
        tracing::debug!(%error, "no atomic commits");
        Flip::Page
    })
}

fn atomic(card: &Card) -> io::Result<Flip> {
    card.set_client_capability(ClientCapability::UniversalPlanes, true)?;
    card.set_client_capability(ClientCapability::Atomic, true)?;
    for plane in card.plane_handles()? {
        let values = card.get_properties(plane)?;
        let (mut is_primary, mut frame, mut damage) = (false, None, None);
        for (handle, value) in values.iter() {
            let property = card.get_property(*handle)?;
            match property.name().to_bytes() {
                b"type" => {
                    is_primary = *value == u64::from(drm::control::PlaneType::Primary as u32)
                }
                b"FB_ID" => frame = Some(*handle),
                b"FB_DAMAGE_CLIPS" => damage = Some(*handle),
                _ => {}
            }
        }
        if let (true, Some(frame)) = (is_primary, frame) {
            return Ok(Flip::Atomic {
                plane,
                frame,
                damage,
            });
        }
    }
    Err(io::Error::other("the lease has no primary plane"))
}

fn failed(display: &str, operation: &str, error: &io::Error) -> DisplayError {
    DisplayError::Device {
        display: display.to_owned(),
        operation: operation.to_owned(),
        reason: error.to_string(),
    }
}
