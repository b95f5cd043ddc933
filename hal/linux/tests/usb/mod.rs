//! USB devices that are only software, on a real USB bus: they answer the kernel over USB/IP (kernel documentation,
//! usb/usbip_protocol), so that its own drivers drive them. They have sockets to be plugged into and to be pulled out of.
//!
//! The kernel's own way to such devices, gadgets on dummy_hcd, brings neither pictures nor sound: dummy_hcd has no isochronous
//! transfers, and f_uac2 finds no endpoint there ("couldn't find an available UDC", tried in 6.1).
//!
//! Needs the module vhci-hcd and root.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test program that includes this uses a part of it"
)]

mod camera;
mod speakerphone;
mod uac;
mod uvc;

use std::{
    collections::VecDeque,
    fs,
    io::{self, Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use saal_hal_linux::Priorities;

pub use camera::{CAMERA, UsbCamera};
pub use speakerphone::{QUIETEST, RATE, UsbSpeakerphone};
pub use uvc::{Part, RAW, SIZE};

const BUS: &str = "/sys/devices/platform/vhci_hcd.0";
/// enum usb_device_speed of the kernel.
const FULL_SPEED: u32 = 2;
const HIGH_SPEED: u32 = 3;
/// How long the kernel may take to free a socket.
const PATIENCE: Duration = Duration::from_secs(20);
/// VDEV_ST_NULL: nothing is plugged in.
const FREE: &str = "004";

const HEADER: usize = 48;
/// Of each packet of an isochronous transfer: offset, length, what was moved, status.
const PACKET: usize = 16;
const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;
/// -EPIPE: the device does not know this request.
const STALL: i32 = -32;
/// -ECONNRESET: the transfer was taken back.
const TAKEN_BACK: i32 = -104;

/// What is at the end of a cable.
trait Device: Send + 'static {
    /// As the kernel numbers them.
    const SPEED: u32;

    /// What it answers on the control endpoint; `None`: it knows no such request.
    fn request(&mut self, request: &Request<'_>) -> Option<Vec<u8>>;
}

/// A request on the control endpoint (USB 2.0, 9.3).
struct Request<'a> {
    kind: u8,
    code: u8,
    value: u16,
    index: u16,
    length: usize,
    data: &'a [u8],
}

impl<'a> Request<'a> {
    fn new(setup: &[u8], data: &'a [u8]) -> Self {
        let word = |at: usize| u16::from_le_bytes([setup[at], setup[at + 1]]);
        Self {
            kind: setup[0],
            code: setup[1],
            value: word(2),
            index: word(4),
            length: word(6).into(),
            data,
        }
    }
}

/// What a device says of itself when it is plugged in.
struct Identity<'a> {
    /// Eighteen bytes (USB 2.0, table 9-8).
    device: Vec<u8>,
    configuration: Vec<u8>,
    name: &'a str,
    serial: &'a str,
}

impl Identity<'_> {
    /// The answer to a request that every device knows; `None`: it is none.
    fn answer(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        match (request.kind, request.code) {
            // GET_STATUS of device, interface and endpoint
            (0x80..=0x82, 0) => Some(vec![0, 0]),
            // GET_DESCRIPTOR
            (0x80, 6) => self.descriptor(request.value),
            // CLEAR_FEATURE, SET_FEATURE, SET_CONFIGURATION, SET_INTERFACE
            (0x00..=0x02, 1 | 3 | 9 | 11) => Some(Vec::new()),
            _ => None,
        }
    }

    fn descriptor(&self, value: u16) -> Option<Vec<u8>> {
        let [index, kind] = value.to_le_bytes();
        match (kind, index) {
            (1, _) => Some(self.device.clone()),
            (2, _) => Some(self.configuration.clone()),
            (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
            (3, 1) => Some(string("Saal")),
            (3, 2) => Some(string(self.name)),
            (3, 3) => Some(string(self.serial)),
            _ => None,
        }
    }
}

fn string(text: &str) -> Vec<u8> {
    let words: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&[u8::try_from(words.len() + 2).unwrap(), 3], &words[..]].concat()
}

/// Header of a configuration of so many interfaces, and what it holds.
fn configuration(interfaces: u8, rest: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(9 + rest.len()).unwrap().to_le_bytes();
    [&[9, 2, low, high, interfaces, 1, 0, 0x80, 250], rest].concat()
}

/// A device that is plugged in; dropping it pulls it out.
struct Cable<D> {
    socket: u8,
    shared: Arc<Shared<D>>,
}

struct Shared<D> {
    wire: Mutex<Wire<D>>,
    more: Condvar,
}

/// Kept together, so that no transfer is answered after it was taken back.
struct Wire<D> {
    kernel: UnixStream,
    device: D,
    /// What waits for pictures or sound, or for being taken.
    waiting: VecDeque<Transfer>,
    closed: bool,
}

/// What the kernel asks for, or gives, on an endpoint other than that of control.
struct Transfer {
    number: u32,
    /// From the device to the computer.
    inwards: bool,
    /// Bytes that may be moved.
    length: usize,
    /// Bytes of each packet, where it is isochronous.
    packets: Vec<usize>,
    /// What the computer gives.
    data: Vec<u8>,
}

impl<D: Device> Cable<D> {
    /// Plugs it into this socket of the bus, 0 to 7; `runs` is what it does by itself, until it is pulled out.
    fn plug(socket: u8, device: D, runs: impl FnOnce(&Shared<D>) + Send + 'static) -> Self {
        wait_until_free(socket);
        let (ours, theirs) = UnixStream::pair().unwrap();
        let reads = ours.try_clone().unwrap();
        let wire = Wire {
            kernel: ours,
            device,
            waiting: VecDeque::new(),
            closed: false,
        };
        let shared = Arc::new(Shared {
            wire: Mutex::new(wire),
            more: Condvar::new(),
        });
        let (answers, works) = (Arc::clone(&shared), Arc::clone(&shared));
        // A device takes nothing of the processor of the computer that it is plugged into.
        let (priorities, also) = (priorities(), priorities());
        thread::spawn(move || {
            priorities.prefer();
            answers.answer(reads);
        });
        thread::spawn(move || {
            also.prefer();
            runs(&works);
        });
        let order = format!("{socket} {} 1 {}", theirs.as_raw_fd(), D::SPEED);
        fs::write(format!("{BUS}/attach"), order).unwrap();
        Self { socket, shared }
    }

    fn wire(&self) -> MutexGuard<'_, Wire<D>> {
        self.shared.wire()
    }
}

impl<D> Drop for Cable<D> {
    fn drop(&mut self) {
        fs::write(format!("{BUS}/detach"), self.socket.to_string()).unwrap();
        self.shared.wire.lock().unwrap().closed = true;
        self.shared.more.notify_all();
    }
}

fn priorities() -> Priorities {
    static FOUND: LazyLock<Priorities> = LazyLock::new(Priorities::of_this_process);
    FOUND.clone()
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

impl<D: Device> Shared<D> {
    fn wire(&self) -> MutexGuard<'_, Wire<D>> {
        self.wire.lock().unwrap()
    }

    /// Answers the kernel until it pulls the plug.
    fn answer(&self, mut kernel: UnixStream) {
        while self.answer_next(&mut kernel).is_ok() {}
        self.wire().closed = true;
        self.more.notify_all();
    }

    fn answer_next(&self, kernel: &mut UnixStream) -> io::Result<()> {
        let mut header = [0; HEADER];
        kernel.read_exact(&mut header)?;
        let word = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (number, inwards, endpoint) = (word(4), word(12) == 1, word(16));
        let length = word(24) as usize;
        match word(0) {
            CMD_UNLINK => self.take_back(number, word(20)),
            CMD_SUBMIT => {
                let mut data = vec![0; if inwards { 0 } else { length }];
                kernel.read_exact(&mut data)?;
                if endpoint == 0 {
                    let request = Request::new(&header[40..HEADER], &data);
                    let mut wire = self.wire();
                    let answer = wire.device.request(&request);
                    wire.give(number, answer, data.len());
                    return Ok(());
                }
                let packets = read_packets(kernel, word(32))?;
                let mut wire = self.wire();
                wire.waiting.push_back(Transfer {
                    number,
                    inwards,
                    length,
                    packets,
                    data,
                });
                drop(wire);
                self.more.notify_all();
            }
            other => panic!("the kernel says {other} by USB/IP"),
        }
        Ok(())
    }

    fn take_back(&self, number: u32, taken: u32) {
        let mut wire = self.wire();
        let before = wire.waiting.len();
        wire.waiting.retain(|transfer| transfer.number != taken);
        let status = if wire.waiting.len() < before {
            TAKEN_BACK
        } else {
            0
        };
        wire.send(RET_UNLINK, number, status, &[]);
    }

    /// `None`: nobody will look or listen any more.
    fn wait_for_transfer<'a>(
        &self,
        wire: MutexGuard<'a, Wire<D>>,
    ) -> Option<MutexGuard<'a, Wire<D>>> {
        let idle = |wire: &mut Wire<D>| wire.waiting.is_empty() && !wire.closed;
        let wire = self.more.wait_while(wire, idle).unwrap();
        (!wire.closed).then_some(wire)
    }
}

/// Lengths of the packets of an isochronous transfer; other transfers have none (-1 in newer kernels).
fn read_packets(kernel: &mut UnixStream, count: u32) -> io::Result<Vec<usize>> {
    let count = if count == u32::MAX { 0 } else { count as usize };
    let mut packets = vec![0; count * PACKET];
    kernel.read_exact(&mut packets)?;
    let (packets, _) = packets.as_chunks::<PACKET>();
    let length = |packet: &[u8; PACKET]| {
        u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]) as usize
    };
    Ok(packets.iter().map(length).collect())
}

impl<D> Wire<D> {
    /// Answers a request to the device; `None`: it knows no such request.
    fn give(&mut self, number: u32, answer: Option<Vec<u8>>, taken: usize) {
        match answer {
            Some(data) => self.done(number, data.len() + taken, 0, &data),
            None => self.send(RET_SUBMIT, number, STALL, &[]),
        }
    }

    /// Fills the longest waiting transfer with this.
    fn show(&mut self, payload: &[u8]) {
        if let Some(Transfer { number, length, .. }) = self.waiting.pop_front() {
            assert!(payload.len() <= length, "{length} bytes are asked for");
            self.done(number, payload.len(), 0, payload);
        }
    }

    /// An isochronous transfer is over; each packet was as full as can be, inwards with this.
    fn passed(&mut self, transfer: &Transfer, inwards: &[u8]) {
        let moved = transfer.packets.iter().sum();
        let mut answer = inwards.to_vec();
        let mut offset = 0;
        for length in &transfer.packets {
            for word in [offset, *length, *length, 0] {
                answer.extend(u32::try_from(word).unwrap().to_be_bytes());
            }
            offset += length;
        }
        self.done(transfer.number, moved, transfer.packets.len(), &answer);
    }

    fn done(&mut self, number: u32, length: usize, packets: usize, data: &[u8]) {
        let [length, packets] = [length, packets].map(|n| u32::try_from(n).unwrap().to_be_bytes());
        // Length, first frame, packets, errors.
        let rest = [&length[..], &[0; 4], &packets, &[0; 12], data].concat();
        self.send(RET_SUBMIT, number, 0, &rest);
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
