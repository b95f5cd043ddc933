//! A television on the kernel's own HDMI cable: vivid's, whose input is the television and whose output is this machine's
//! plug. Both ends are CEC adapters; the television's is driven here by the kernel's calls.

#[allow(
    dead_code,
    reason = "the television makes other calls than this machine does"
)]
#[path = "../../src/cec_calls.rs"]
mod cec_calls;

use std::{
    fs::{self, File},
    os::fd::AsRawFd,
    thread::{self, JoinHandle},
};

use cec_calls::Sent;
use saal_hal::{CecAdapters, CecError, TelevisionPower, conformance, selftest};
use saal_hal_linux::KernelCecAdapters;

mod ioctls {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        reason = "what the macro makes is called below, where the call says why it is sound"
    )]

    nix::ioctl_readwrite!(s_log_addrs, b'a', 4, [u8; super::LOG_ADDRS]);
}

/// `struct cec_log_addrs`, and where its count, device types and address types begin.
const LOG_ADDRS: usize = 92;
const COUNT: usize = 7;
const PRIMARY_TYPE: usize = 31;
const ADDRESS_TYPE: usize = 35;
const ALL_TYPES: usize = 39;

const IMAGE_VIEW_ON: u8 = 0x04;
const STANDBY: u8 = 0x36;
const ACTIVE_SOURCE: u8 = 0x82;
const REQUEST_ACTIVE_SOURCE: u8 = 0x85;
const GIVE_POWER_STATUS: u8 = 0x8F;
const REPORT_POWER_STATUS: u8 = 0x90;
/// Broadcast, from the television.
const TO_ALL: u8 = 0x0F;

/// The television's end: its adapter is at the root.
fn television() -> File {
    let nodes = fs::read_dir("/dev").unwrap().flatten();
    let nodes = nodes.filter(|node| node.file_name().to_string_lossy().starts_with("cec"));
    let mut opened = nodes.map(|node| {
        let mut options = File::options();
        options.read(true).write(true).open(node.path()).unwrap()
    });
    let root = |device: &File| cec_calls::physical_address(device).is_ok_and(|at| at == 0);
    opened.find(root).expect("vivid has an HDMI input")
}

/// Becomes a television, or nothing.
fn be_a_television(device: &File, is: bool) {
    // One that has an address gets no other.
    for count in [0, u8::from(is)] {
        let mut addresses = [0; LOG_ADDRS];
        addresses[COUNT - 1] = 5;
        addresses[COUNT] = count;
        addresses[PRIMARY_TYPE] = 0;
        addresses[ADDRESS_TYPE] = 0;
        addresses[ALL_TYPES] = 0x80;
        // SAFETY: the descriptor is open, and the place has the size that the call's number names and is ours.
        #[allow(unsafe_code)]
        unsafe {
            ioctls::s_log_addrs(device.as_raw_fd(), &raw mut addresses).unwrap();
        }
    }
}

/// What a television does until it hears an operation that it is to end at; all operations that it heard.
fn watch(device: File, power: u8, shows: Option<u16>, until: u8) -> JoinHandle<Vec<Vec<u8>>> {
    thread::spawn(move || {
        let mut heard = Vec::new();
        loop {
            let message = cec_calls::receive(&device, 30_000).unwrap();
            let message = message.expect("somebody talks to it");
            let (from, operation) = (message[0] >> 4, message[1]);
            let answer = match (operation, shows) {
                (GIVE_POWER_STATUS, _) => Some(vec![from, REPORT_POWER_STATUS, power]),
                (REQUEST_ACTIVE_SOURCE, Some(plug)) => {
                    let [high, low] = plug.to_be_bytes();
                    Some(vec![TO_ALL, ACTIVE_SOURCE, high, low])
                }
                _ => None,
            };
            if let Some(answer) = answer {
                let sent = cec_calls::transmit(&device, &answer, None).unwrap();
                assert_eq!(sent, Sent::Taken(None));
            }
            heard.push(message[1..].to_vec());
            if operation == until {
                return heard;
            }
        }
    })
}

#[test]
#[ignore = "needs vivid with an HDMI input and an HDMI output, and root"]
fn a_television_is_asked_woken_and_put_to_stand_by_over_its_cable() {
    let set = television();
    let again = || set.try_clone().unwrap();
    be_a_television(&set, false);
    let all = KernelCecAdapters.list().unwrap();
    let [plug] = all.as_slice() else {
        panic!("one plug, and the television's own end is none: {all:?}");
    };
    let deaf = KernelCecAdapters.wake(plug);
    assert!(
        matches!(deaf, Err(CecError::NoTelevision { .. })),
        "{deaf:?}"
    );
    let report = selftest::televisions(&KernelCecAdapters).to_string();
    assert!(report.contains("not tried"), "{report}");

    be_a_television(&set, true);
    cec_calls::listen(&set).unwrap();
    for (code, power) in [(0, TelevisionPower::On), (1, TelevisionPower::StandBy)] {
        let watches = watch(again(), code, None, GIVE_POWER_STATUS);
        assert_eq!(KernelCecAdapters.power(plug), Ok(power));
        watches.join().unwrap();
    }
    let watches = watch(again(), 1, None, ACTIVE_SOURCE);
    assert_eq!(KernelCecAdapters.wake(plug), Ok(()));
    let heard = watches.join().unwrap();
    let [wakes, chooses] = heard.as_slice() else {
        panic!("it is woken and told which plug: {heard:?}");
    };
    assert_eq!(wakes, &[IMAGE_VIEW_ON]);
    let ours = u16::from_be_bytes([chooses[1], chooses[2]]);
    assert_eq!(ours, 0x1000, "the first plug");

    // It shows another plug, which somebody looks at.
    let watches = watch(again(), 0, Some(0x2000), REQUEST_ACTIVE_SOURCE);
    assert_eq!(KernelCecAdapters.stand_by(plug), Ok(false));
    watches.join().unwrap();
    let watches = watch(again(), 0, None, STANDBY);
    assert_eq!(KernelCecAdapters.stand_by(plug), Ok(true));
    let heard = watches.join().unwrap();
    assert_eq!(heard.last().map(Vec::as_slice), Some([STANDBY].as_slice()));
}

/// A television that neither answers nor refuses.
#[test]
#[ignore = "needs vivid with an HDMI input and an HDMI output, and root"]
fn televisions_keep_the_rules() {
    let set = television();
    be_a_television(&set, true);
    let count = conformance::cec_adapters(&KernelCecAdapters);
    assert_eq!(count, 1);
    eprintln!("conformance: CEC suite ran against {count} devices");
    be_a_television(&set, false);
    conformance::cec_adapters(&KernelCecAdapters);
}
