//! The engine's sockets arrive as numbers.

use std::io::{Read, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;

use saal_hal_linux::{InheritError, take_inherited_fd};

#[test]
fn a_descriptor_is_taken_once_and_works() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let number = theirs.into_raw_fd();
    let mut taken = UnixStream::from(take_inherited_fd(number).unwrap());
    ours.write_all(b"x").unwrap();
    taken.read_exact(&mut [0]).unwrap();
    assert_eq!(
        take_inherited_fd(number).unwrap_err(),
        InheritError::Taken(number)
    );
}

#[test]
fn a_number_without_a_descriptor_is_refused() {
    assert_eq!(
        take_inherited_fd(977).unwrap_err(),
        InheritError::NotOpen(977)
    );
    assert_eq!(take_inherited_fd(1).unwrap_err(), InheritError::NotOpen(1));
}
