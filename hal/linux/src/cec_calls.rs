//! What is asked of the kernel's CEC devices (userspace-api/media/cec, `linux/cec.h`).

use std::{fs::File, io, os::fd::AsRawFd};

/// `CEC_MAX_MSG_SIZE`.
const LONGEST: usize = 16;
/// `CEC_MAX_LOG_ADDRS`.
const MOST_ADDRESSES: usize = 4;

/// `CEC_CAP_LOG_ADDRS`: a program gives the adapter its logical addresses.
pub(crate) const CAP_LOG_ADDRS: u32 = 1 << 1;
/// `CEC_CAP_TRANSMIT`.
pub(crate) const CAP_TRANSMIT: u32 = 1 << 2;
/// `CEC_PHYS_ADDR_INVALID`: nothing is plugged in.
pub(crate) const NO_PHYSICAL_ADDRESS: u16 = 0xffff;

/// `CEC_MODE_INITIATOR | CEC_MODE_FOLLOWER`: messages that the kernel does not answer itself are read here.
const MODE_BOTH: u32 = 0x01 | 0x10;
/// `CEC_TX_STATUS_OK`, `CEC_TX_STATUS_NACK`, `CEC_RX_STATUS_OK`.
const TX_OK: u8 = 1;
const TX_NACK: u8 = 1 << 2;
const RX_OK: u8 = 1;
/// `CEC_CONNECTOR_TYPE_DRM`.
const AT_DRM_CONNECTOR: u32 = 1;

/// `CEC_OP_CEC_VERSION_1_4`, `CEC_VENDOR_ID_NONE`; a playback device in each of CEC's three numberings.
const VERSION_1_4: u8 = 5;
const NO_VENDOR: u32 = 0xffff_ffff;
const PLAYBACK_PRIMARY: u8 = 4;
const PLAYBACK_ADDRESS: u8 = 3;
const PLAYBACK_ALL: u8 = 0x10;

/// `struct cec_caps`.
#[allow(
    dead_code,
    reason = "the kernel reads and writes what this program does not"
)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Caps {
    driver: [u8; 32],
    pub(crate) name: [u8; 32],
    available: u32,
    pub(crate) capabilities: u32,
    version: u32,
}

/// `struct cec_log_addrs`.
#[allow(
    dead_code,
    reason = "the kernel reads and writes what this program does not"
)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct LogicalAddresses {
    addresses: [u8; MOST_ADDRESSES],
    mask: u16,
    version: u8,
    count: u8,
    vendor: u32,
    flags: u32,
    osd_name: [u8; 15],
    primary_device_type: [u8; MOST_ADDRESSES],
    address_type: [u8; MOST_ADDRESSES],
    all_device_types: [u8; MOST_ADDRESSES],
    features: [[u8; 12]; MOST_ADDRESSES],
}

/// `struct cec_msg`.
#[allow(
    dead_code,
    reason = "the kernel reads and writes what this program does not"
)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Message {
    sent: u64,
    received: u64,
    length: u32,
    timeout: u32,
    sequence: u32,
    flags: u32,
    bytes: [u8; LONGEST],
    reply: u8,
    rx_status: u8,
    tx_status: u8,
    counts: [u8; 4],
}

/// `struct cec_connector_info`.
#[allow(
    dead_code,
    reason = "the kernel reads and writes what this program does not"
)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Connector {
    kind: u32,
    card: u32,
    connector: u32,
    rest: [u32; 14],
}

mod ioctls {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        reason = "what the macros make is called below, where each call says why it is sound"
    )]

    use super::{Caps, Connector, LogicalAddresses, Message};

    nix::ioctl_readwrite!(adap_g_caps, b'a', 0, Caps);
    nix::ioctl_read!(adap_g_phys_addr, b'a', 1, u16);
    nix::ioctl_read!(adap_g_log_addrs, b'a', 3, LogicalAddresses);
    nix::ioctl_readwrite!(adap_s_log_addrs, b'a', 4, LogicalAddresses);
    nix::ioctl_readwrite!(transmit, b'a', 5, Message);
    nix::ioctl_readwrite!(receive, b'a', 6, Message);
    nix::ioctl_write_ptr!(s_mode, b'a', 9, u32);
    nix::ioctl_read!(adap_g_connector_info, b'a', 10, Connector);
}

/// Makes one of the calls above, each of which reads and writes one value of its own type at the place it is given.
macro_rules! ask {
    ($call:ident, $device:expr, $value:expr) => {{
        let value = $value;
        // SAFETY: the descriptor is open for as long as the file is borrowed; the place is one value of the type that
        // the call's number names, laid out as the kernel's header has it, and ours alone meanwhile.
        #[allow(unsafe_code)]
        let answer = unsafe { ioctls::$call($device.as_raw_fd(), value) };
        answer.map(drop).map_err(io::Error::from)
    }};
}

/// What a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It was taken, and this was said to it, if an answer was asked for and came.
    Taken(Option<u8>),
    /// Nobody is there.
    NotTaken,
}

pub(crate) fn caps(device: &File) -> io::Result<Caps> {
    let mut caps = Caps::default();
    ask!(adap_g_caps, device, &raw mut caps)?;
    Ok(caps)
}

/// Where in the tree of HDMI cables the adapter is, as the television's EDID says; [`NO_PHYSICAL_ADDRESS`] without one.
pub(crate) fn physical_address(device: &File) -> io::Result<u16> {
    let mut address = NO_PHYSICAL_ADDRESS;
    ask!(adap_g_phys_addr, device, &raw mut address)?;
    Ok(address)
}

/// Card and connector, as DRM numbers them; kernels before 5.5 don't say.
pub(crate) fn connector(device: &File) -> Option<(u32, u32)> {
    let mut info = Connector::default();
    ask!(adap_g_connector_info, device, &raw mut info).ok()?;
    (info.kind == AT_DRM_CONNECTOR).then_some((info.card, info.connector))
}

/// The adapter's logical address, if it has one.
pub(crate) fn logical_address(device: &File) -> io::Result<Option<u8>> {
    let mut addresses = LogicalAddresses::default();
    ask!(adap_g_log_addrs, device, &raw mut addresses)?;
    Ok((addresses.mask != 0).then_some(addresses.addresses[0]))
}

/// Has the adapter find itself a logical address, as a playback device of this name; waits until it has one.
pub(crate) fn take_address(device: &File, name: &str) -> io::Result<()> {
    let mut addresses = LogicalAddresses {
        version: VERSION_1_4,
        count: 1,
        vendor: NO_VENDOR,
        ..LogicalAddresses::default()
    };
    // The last byte stays a zero.
    for (place, byte) in addresses.osd_name[..14].iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    addresses.primary_device_type[0] = PLAYBACK_PRIMARY;
    addresses.address_type[0] = PLAYBACK_ADDRESS;
    addresses.all_device_types[0] = PLAYBACK_ALL;
    ask!(adap_s_log_addrs, device, &raw mut addresses)
}

/// Sends header, operation and operands, and waits until they are on the cable; with `reply`, and until that operation comes
/// back, of which the first operand is given.
pub(crate) fn transmit(device: &File, bytes: &[u8], reply: Option<u8>) -> io::Result<Sent> {
    let mut message = Message {
        length: u32::try_from(bytes.len()).unwrap_or(0),
        reply: reply.unwrap_or(0),
        // Milliseconds; 0 is the second that CEC allows for an answer.
        timeout: 0,
        ..Message::default()
    };
    message.bytes[..bytes.len()].copy_from_slice(bytes);
    ask!(transmit, device, &raw mut message)?;
    if message.tx_status & TX_OK == 0 {
        return if message.tx_status & TX_NACK != 0 {
            Ok(Sent::NotTaken)
        } else {
            Err(io::Error::other(format!(
                "the cable is disturbed (status {:#x})",
                message.tx_status
            )))
        };
    }
    let answered = message.rx_status & RX_OK != 0 && message.length > 2;
    Ok(Sent::Taken(answered.then_some(message.bytes[2])))
}

/// From now on messages come to [`receive`] that the kernel does not answer itself.
pub(crate) fn listen(device: &File) -> io::Result<()> {
    ask!(s_mode, device, &MODE_BOTH)
}

/// The next message, its header first; `None` if none comes within this time.
pub(crate) fn receive(device: &File, milliseconds: u32) -> io::Result<Option<Vec<u8>>> {
    let mut message = Message {
        timeout: milliseconds,
        ..Message::default()
    };
    match ask!(receive, device, &raw mut message) {
        Ok(()) => {
            let length = usize::try_from(message.length).unwrap_or(0).min(LONGEST);
            Ok(Some(message.bytes[..length].to_vec()))
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call's number has the size of what it reads and writes in it; these are the kernel's.
    #[test]
    fn what_is_given_to_the_kernel_is_as_large_as_its_header_says() {
        assert_eq!(size_of::<Caps>(), 76);
        assert_eq!(size_of::<LogicalAddresses>(), 92);
        assert_eq!(size_of::<Message>(), 56);
        assert_eq!(size_of::<Connector>(), 68);
    }
}
