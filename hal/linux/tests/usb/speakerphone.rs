//! A speakerphone: a loudspeaker with a volume and a microphone. What it plays is kept, and what it hears is made, by the time
//! of its bus.

use std::{
    mem, thread,
    time::{Duration, Instant},
};

use super::{
    Cable, Device, FULL_SPEED, Request, Shared, Transfer, Wire,
    uac::{self, Dials, FRAME, FRAME_BYTES},
};
pub use uac::{QUIETEST, RATE};

/// So often transfers are looked at: a transfer of snd-usb-audio lasts up to 8 ms.
const LOOK: Duration = Duration::from_millis(8);
/// Of USB 2.0, table 9-4.
const SET_INTERFACE: u8 = 11;
/// An open stream without transfers waits for them so long, as one whose computer is emulated has to be patient; what is due
/// meanwhile is made up for.
const LATE: u64 = 500;

/// One that is plugged in; dropping it pulls it out.
pub struct UsbSpeakerphone(Cable<Speakerphone>);

/// What the microphone hears: samples from this one on since it was plugged in.
type Hears = Box<dyn FnMut(u64, &mut [i16]) + Send>;

struct Speakerphone {
    plugged: Instant,
    dials: Dials,
    hears: Hears,
    /// What was played and not taken; silence where nothing was.
    played: Vec<i16>,
    loudspeaker: Stream,
    microphone: Stream,
}

/// One direction.
#[derive(Default)]
struct Stream {
    /// The frame of the bus where its next transfer begins, in ms.
    next: u64,
    /// The computer has chosen the setting with a stream, so that there are transfers.
    open: bool,
}

impl UsbSpeakerphone {
    /// Plugs it into this socket of the bus, 0 to 7.
    pub fn plug(
        socket: u8,
        name: &str,
        serial: &str,
        hears: impl FnMut(u64, &mut [i16]) + Send + 'static,
    ) -> Self {
        // Its time begins when it is plugged in.
        super::wait_until_free(socket);
        let phone = Speakerphone {
            plugged: Instant::now(),
            dials: Dials::new(name, serial),
            hears: Box::new(hears),
            played: Vec::new(),
            loudspeaker: Stream::default(),
            microphone: Stream::default(),
        };
        Self(Cable::plug(socket, phone, work))
    }

    /// What people heard since this was asked last, of [`RATE`] samples a second.
    pub fn heard(&self) -> Vec<i16> {
        mem::take(&mut self.0.wire().device.played)
    }

    /// How loud it plays, in dB below its loudest; `None`: it is muted.
    pub fn volume(&self) -> Option<f64> {
        self.0.wire().device.dials.decibels()
    }
}

impl Device for Speakerphone {
    const SPEED: u32 = FULL_SPEED;

    fn request(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        if let (SET_INTERFACE, Some(inwards)) = (request.code, uac::stream_of(request)) {
            self.skip(inwards);
            self.stream(inwards).open = request.value != 0;
        }
        self.dials.answer(request)
    }
}

/// Moves sound as the bus does, whenever somebody plays or listens.
fn work(cable: &Shared<Speakerphone>) {
    while let Some(mut wire) = cable.wait_for_transfer(cable.wire()) {
        for inwards in [false, true] {
            wire.pass(inwards);
        }
        drop(wire);
        thread::sleep(LOOK);
    }
}

impl Wire<Speakerphone> {
    /// Ends the transfers of one direction that are over at this frame of the bus.
    fn pass(&mut self, inwards: bool) {
        loop {
            let place = self.waiting.iter().position(|t| t.inwards == inwards);
            let phone = &mut self.device;
            let now = phone.now();
            let Some(place) = place else {
                let stream = phone.stream(inwards);
                if !stream.open || stream.next + LATE < now {
                    phone.skip(inwards);
                }
                return;
            };
            let lasts = self.waiting[place].packets.len() as u64;
            if phone.stream(inwards).next + lasts > now {
                return;
            }
            let Some(transfer) = self.waiting.remove(place) else {
                return;
            };
            let sound = self.device.moves(&transfer);
            self.passed(&transfer, &sound);
        }
    }
}

impl Speakerphone {
    fn stream(&mut self, inwards: bool) -> &mut Stream {
        if inwards {
            &mut self.microphone
        } else {
            &mut self.loudspeaker
        }
    }

    /// The frame of the bus that it is in, in ms.
    fn now(&self) -> u64 {
        u64::try_from(self.plugged.elapsed().as_millis()).unwrap()
    }

    /// Nobody plays, or listens: time goes on.
    fn skip(&mut self, inwards: bool) {
        let now = self.now();
        let stream = self.stream(inwards);
        let missed = now.saturating_sub(stream.next);
        stream.next += missed;
        if !inwards {
            let silence = usize::try_from(missed).unwrap() * FRAME;
            self.played.resize(self.played.len() + silence, 0);
        }
    }

    /// What the transfer takes from the microphone; what it brings is played.
    fn moves(&mut self, transfer: &Transfer) -> Vec<u8> {
        let stream = self.stream(transfer.inwards);
        let begins = stream.next;
        stream.next += transfer.packets.len() as u64;
        if !transfer.inwards {
            let (samples, _) = transfer.data.as_chunks::<2>();
            self.played
                .extend(samples.iter().map(|sample| i16::from_le_bytes(*sample)));
            return Vec::new();
        }
        assert!(
            transfer.packets.iter().all(|length| *length == FRAME_BYTES),
            "{:?}",
            transfer.packets
        );
        let mut samples = vec![0; transfer.packets.len() * FRAME];
        (self.hears)(begins * FRAME as u64, &mut samples);
        samples.into_iter().flat_map(i16::to_le_bytes).collect()
    }
}
