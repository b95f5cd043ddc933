//! What is asked of V4L2 that the crate v4l does not ask, or not safely (kernel documentation, userspace-api/media/v4l).

use std::io;

use v4l::{
    Device,
    v4l_sys::{v4l2_capability, v4l2_control, v4l2_input, v4l2_queryctrl, v4l2_requestbuffers},
    v4l2::{self, vidioc},
};

/// What the crate's `query_caps` asks too; but that panics at a name which is no UTF-8, and the kernel cuts names after
/// 31 bytes, in the middle of a letter if need be.
pub(crate) fn capability(device: &Device) -> io::Result<v4l2_capability> {
    // SAFETY: all bits zero are a valid value of this struct of integers and arrays of them.
    #[allow(unsafe_code)]
    let mut caps: v4l2_capability = unsafe { std::mem::zeroed() };
    let place = std::ptr::from_mut(&mut caps).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_QUERYCAP writes one v4l2_capability
    // to the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_QUERYCAP, place)?;
    }
    Ok(caps)
}

/// Range and flags of a control; an error where the device has none of this number. The crate's `query_controls` panics at
/// names that are no UTF-8.
pub(crate) fn query_control(device: &Device, number: u32) -> io::Result<v4l2_queryctrl> {
    // SAFETY: all bits zero are a valid value of this struct of integers and arrays of them.
    #[allow(unsafe_code)]
    let mut query: v4l2_queryctrl = unsafe { std::mem::zeroed() };
    query.id = number;
    let place = std::ptr::from_mut(&mut query).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_QUERYCTRL reads and writes one
    // v4l2_queryctrl at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_QUERYCTRL, place)?;
    }
    Ok(query)
}

/// The value of a control.
pub(crate) fn get_control(device: &Device, number: u32) -> io::Result<i32> {
    let mut control = v4l2_control {
        id: number,
        value: 0,
    };
    let place = std::ptr::from_mut(&mut control).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_G_CTRL reads and writes one
    // v4l2_control at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_G_CTRL, place)?;
    }
    Ok(control.value)
}

/// Sets a control and returns what the driver made of the value.
pub(crate) fn set_control(device: &Device, number: u32, value: i32) -> io::Result<i32> {
    let mut control = v4l2_control { id: number, value };
    let place = std::ptr::from_mut(&mut control).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_S_CTRL reads and writes one
    // v4l2_control at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_S_CTRL, place)?;
    }
    Ok(control.value)
}

/// The input that the device takes its pictures from.
pub(crate) fn current_input(device: &Device) -> io::Result<v4l2_input> {
    // SAFETY: all bits zero are a valid value of this struct of integers and arrays of them.
    #[allow(unsafe_code)]
    let mut input: v4l2_input = unsafe { std::mem::zeroed() };
    let mut index: std::os::raw::c_int = 0;
    let place = std::ptr::from_mut(&mut index).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_G_INPUT writes one int to the place it
    // is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_G_INPUT, place)?;
    }
    input.index = u32::try_from(index).unwrap_or(0);
    let place = std::ptr::from_mut(&mut input).cast();
    // SAFETY: as above; VIDIOC_ENUMINPUT reads and writes one v4l2_input at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_ENUMINPUT, place)?;
    }
    Ok(input)
}

/// V4L2_MEMORY_MMAP.
const MAPPED: u32 = 1;
/// V4L2_BUF_CAP_SUPPORTS_DMABUF.
const TAKES_DMABUF: u32 = 1 << 2;

/// Whether a queue of this kind takes what lies in other devices' memory. To ask for no buffers asks for what there might be
/// (vidioc-reqbufs.rst); kernels before 4.20 don't tell.
pub(crate) fn takes_memory_of_others(device: &Device, kind: u32) -> io::Result<bool> {
    // SAFETY: all bits zero are a valid value of this struct of integers and arrays of them.
    #[allow(unsafe_code)]
    let mut request: v4l2_requestbuffers = unsafe { std::mem::zeroed() };
    (request.type_, request.memory) = (kind, MAPPED);
    let place = std::ptr::from_mut(&mut request).cast();
    // SAFETY: the descriptor is open for as long as the device is borrowed, and VIDIOC_REQBUFS reads and writes one
    // v4l2_requestbuffers at the place it is given.
    #[allow(unsafe_code)]
    unsafe {
        v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_REQBUFS, place)?;
    }
    Ok(request.capabilities & TAKES_DMABUF != 0)
}

/// Text that ends with a zero byte, without what a cut left of a letter.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]);
    text.trim_end_matches(char::REPLACEMENT_CHARACTER)
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_cut_inside_a_letter_is_still_a_name() {
        let mut card = *b"Konferenzkamera f\xc3\xbcr R\xc3\xa4ume gr\xc3\xb6\xc3\0";
        assert_eq!(text(&card), "Konferenzkamera für Räume grö");
        card[15] = 0;
        assert_eq!(text(&card), "Konferenzkamera");
        assert_eq!(text(b"no zero"), "no zero");
    }
}
