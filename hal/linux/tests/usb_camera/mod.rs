//! A webcam that is only software, on a real USB bus: it answers the kernel over USB/IP (kernel documentation,
//! usb/usbip_protocol), so that uvcvideo itself drives it. It has what vivid lacks: motors, a shutter, MJPEG, a serial
//! number, sockets to be plugged into and to be pulled out of.
//!
//! Needs the module vhci-hcd and root.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test program that includes this uses a part of it"
)]

mod uvc;

use std::{
    collections::VecDeque,
    fs,
    io::{Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use uvc::{PAYLOAD, Request, Webcam};
pub use uvc::{Part, RAW, SIZE};

/// As people call it.
pub const NAME: &str = "Saal test camera";
const BUS: &str = "/sys/devices/platform/vhci_hcd.0";
/// enum usb_device_speed of the kernel: high speed.
const HIGH_SPEED: u32 = 3;
/// How long the kernel may take to free a socket.
const PATIENCE: Duration = Duration::from_secs(20);
/// VDEV_ST_NULL: nothing is plugged in.
const FREE: &str = "004";

const HEADER: usize = 48;
const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;
/// -EPIPE: the device does not know this request.
const STALL: i32 = -32;
/// -ECONNRESET: the transfer was taken back.
const TAKEN_BACK: i32 = -104;

/// One that is plugged in; dropping it pulls it out.
pub struct UsbCamera {
    socket: u8,
    shared: Arc<Shared>,
}

struct Shared {
    wire: Mutex<Wire>,
    more: Condvar,
}

/// Kept together, so that no transfer is answered after it was taken back.
struct Wire {
    kernel: UnixStream,
    webcam: Webcam,
    /// Transfers that wait for pictures: their number, and how many bytes they take.
    waiting: VecDeque<(u32, usize)>,
    closed: bool,
}

impl UsbCamera {
    /// Plugs it into this socket of the bus, 0 to 7. Its pictures of [`SIZE`] are this JPEG.
    pub fn plug(socket: u8, serial: &str, jpeg: Vec<u8>) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let reads = ours.try_clone().unwrap();
        let wire = Wire {
            kernel: ours,
            webcam: Webcam::new(serial, jpeg),
            waiting: VecDeque::new(),
            closed: false,
        };
        let shared = Arc::new(Shared {
            wire: Mutex::new(wire),
            more: Condvar::new(),
        });
        let (answers, shows) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::spawn(move || answers.answer(reads));
        thread::spawn(move || shows.show());
        wait_until_free(socket);
        let order = format!("{socket} {} 1 {HIGH_SPEED}", theirs.as_raw_fd());
        fs::write(format!("{BUS}/attach"), order).unwrap();
        Self { socket, shared }
    }

    /// People close the shutter, or open it.
    pub fn close_shutter(&self, closed: bool) {
        let value = i32::from(closed);
        self.shared.wire().webcam.set(Part::Shutter, value);
    }

    /// How a part of it stands now.
    pub fn part(&self, part: Part) -> i32 {
        self.shared.wire().webcam.get(part)
    }
}

impl Drop for UsbCamera {
    fn drop(&mut self) {
        fs::write(format!("{BUS}/detach"), self.socket.to_string()).unwrap();
        self.shared.close();
    }
}

/// The kernel frees a socket when all have let go of what was plugged in, and has no event for that.
fn wait_until_free(socket: u8) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = fs::read_to_string(format!("{BUS}/status")).unwrap();
        let free = status.lines().any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let number = words.next().and_then(|word| word.parse::<u8>().ok());
            number == Some(socket) && words.next() == Some(FREE)
        });
        if free {
            return;
        }
        assert!(Instant::now() < deadline, "socket {socket} in:\n{status}");
        thread::sleep(Duration::from_millis(10));
    }
}

impl Shared {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap()
    }

    fn close(&self) {
        self.wire().closed = true;
        self.more.notify_all();
    }

    /// Answers the kernel until it pulls the plug.
    fn answer(&self, mut kernel: UnixStream) {
        let mut header = [0; HEADER];
        while kernel.read_exact(&mut header).is_ok() {
            let word = |at: usize| {
                u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
            };
            let (number, inwards, endpoint) = (word(4), word(12) == 1, word(16));
            let length = word(24) as usize;
            match word(0) {
                CMD_UNLINK => self.take_back(number, word(20)),
                CMD_SUBMIT if inwards && endpoint != 0 => self.queue(number, length),
                CMD_SUBMIT => {
                    let mut data = vec![0; if inwards { 0 } else { length }];
                    if kernel.read_exact(&mut data).is_err() {
                        break;
                    }
                    let setup = &header[40..HEADER];
                    let request = Request::new(setup, &data);
                    let mut wire = self.wire();
                    let answer = wire.webcam.request(&request);
                    wire.give(number, answer, data.len());
                }
                other => panic!("the kernel says {other} by USB/IP"),
            }
        }
        self.close();
    }

    fn queue(&self, number: u32, length: usize) {
        self.wire().waiting.push_back((number, length));
        self.more.notify_all();
    }

    fn take_back(&self, number: u32, taken: u32) {
        let mut wire = self.wire();
        let before = wire.waiting.len();
        wire.waiting.retain(|(waiting, _)| *waiting != taken);
        let status = if wire.waiting.len() < before {
            TAKEN_BACK
        } else {
            0
        };
        wire.send(RET_UNLINK, number, status, &[]);
    }

    /// Shows pictures at the speed that was agreed, whenever somebody looks.
    fn show(&self) {
        let mut toggle = false;
        loop {
            let Some(mut wire) = self.wait_for_transfer(self.wire()) else {
                return;
            };
            let (stream, picture, every) = wire.webcam.picture();
            let pieces: Vec<&[u8]> = picture.chunks(PAYLOAD - uvc::HEADER).collect();
            for (index, piece) in pieces.iter().enumerate() {
                wire = match self.wait_for_transfer(wire) {
                    Some(wire) => wire,
                    None => return,
                };
                if wire.webcam.stream() != stream {
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

    /// `None`: nobody will look any more.
    fn wait_for_transfer<'a>(&self, wire: MutexGuard<'a, Wire>) -> Option<MutexGuard<'a, Wire>> {
        let idle = |wire: &mut Wire| wire.waiting.is_empty() && !wire.closed;
        let wire = self.more.wait_while(wire, idle).unwrap();
        (!wire.closed).then_some(wire)
    }
}

impl Wire {
    /// Answers a request to the device; `None`: it knows no such request.
    fn give(&mut self, number: u32, answer: Option<Vec<u8>>, taken: usize) {
        match answer {
            Some(data) => self.done(number, data.len() + taken, &data),
            None => self.send(RET_SUBMIT, number, STALL, &[]),
        }
    }

    fn show(&mut self, payload: &[u8]) {
        if let Some((number, length)) = self.waiting.pop_front() {
            assert!(payload.len() <= length, "{length} bytes are asked for");
            self.done(number, payload.len(), payload);
        }
    }

    fn done(&mut self, number: u32, length: usize, data: &[u8]) {
        let length = u32::try_from(length).unwrap().to_be_bytes();
        self.send(
            RET_SUBMIT,
            number,
            0,
            &[&length, &[0; 20][..], data].concat(),
        );
    }

    /// `rest` begins behind the status. A kernel that has pulled the plug is told nothing.
    fn send(&mut self, command: u32, number: u32, status: i32, rest: &[u8]) {
        let mut message: Vec<u8> = [command, number, 0, 0, 0]
            .into_iter()
            .flat_map(u32::to_be_bytes)
            .collect();
        message.extend(status.to_be_bytes());
        message.extend(rest);
        message.resize(message.len().max(HEADER), 0);
        let _ = self.kernel.write_all(&message);
    }
}
