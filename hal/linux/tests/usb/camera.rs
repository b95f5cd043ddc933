//! A webcam. It has what vivid lacks: motors, a shutter, MJPEG, a serial number.

use std::{sync::MutexGuard, thread};

use super::{
    Cable, Device, HIGH_SPEED, Request, Shared, Wire,
    uvc::{self, PAYLOAD, Part, Webcam},
};

/// As people call it.
pub const CAMERA: &str = "Saal test camera";

/// One that is plugged in; dropping it pulls it out.
pub struct UsbCamera(Cable<Webcam>);

impl UsbCamera {
    /// Plugs it into this socket of the bus, 0 to 7. Its pictures of [`super::SIZE`] are this JPEG.
    pub fn plug(socket: u8, serial: &str, jpeg: Vec<u8>) -> Self {
        let webcam = Webcam::new(serial, Some(jpeg), |_| grey());
        Self(Cable::plug(socket, webcam, show))
    }

    /// One that has no other pictures than these of [`super::RAW`], by their number: YUY2.
    pub fn plug_raw(
        socket: u8,
        serial: &str,
        picture: impl FnMut(u32) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let webcam = Webcam::new(serial, None, picture);
        Self(Cable::plug(socket, webcam, show))
    }

    /// People close the shutter, or open it.
    pub fn close_shutter(&self, closed: bool) {
        let value = i32::from(closed);
        self.0.wire().device.set(Part::Shutter, value);
    }

    /// How a part of it stands now.
    pub fn part(&self, part: Part) -> i32 {
        self.0.wire().device.get(part)
    }
}

fn grey() -> Vec<u8> {
    vec![0x80; uvc::RAW_BYTES]
}

impl Device for Webcam {
    const SPEED: u32 = HIGH_SPEED;

    fn request(&mut self, request: &Request<'_>) -> Option<Vec<u8>> {
        self.answer(request)
    }
}

/// Shows pictures at the speed that was agreed, whenever somebody looks.
fn show(cable: &Shared<Webcam>) {
    let mut toggle = false;
    loop {
        let Some(mut wire) = cable.wait_for_transfer(cable.wire()) else {
            return;
        };
        let (stream, picture, every) = wire.device.picture();
        let pieces: Vec<&[u8]> = picture.chunks(PAYLOAD - uvc::HEADER).collect();
        for (index, piece) in pieces.iter().enumerate() {
            wire = match cable.wait_for_transfer(wire) {
                Some(wire) => wire,
                None => return,
            };
            if wire.device.stream() != stream {
                break;
            }
            let last = index + 1 == pieces.len();
            let payload = [&uvc::header(toggle, last), *piece].concat();
            wire.show(&payload);
        }
        drop(wire);
        toggle = !toggle;
        thread::sleep(every);
    }
}
