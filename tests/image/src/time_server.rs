//! A time server beside the machine (SNTP, RFC 4330), for a room whose own clock is wrong.

use std::net::UdpSocket;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

/// Bytes of a message.
const MESSAGE: usize = 48;
/// Seconds from 1900, which its time counts from, to 1970.
const TO_1970: u64 = 2_208_988_800;
/// Version 4, from a server; who has the time itself.
const SERVER: [u8; 4] = [0x24, 1, 0, 0xe9];

/// Answers until the test program ends; gives the port of this computer.
///
/// # Errors
/// When there is no port for it.
pub fn time_server() -> Result<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("no port for a time server")?;
    let port = socket.local_addr()?.port();
    thread::spawn(move || {
        let mut asked = [0; 1024];
        while let Ok((len, from)) = socket.recv_from(&mut asked) {
            if len >= MESSAGE {
                // Who can't be answered asks again.
                let _ = socket.send_to(&answer(&asked[..MESSAGE]), from);
            }
        }
    });
    Ok(port)
}

fn answer(asked: &[u8]) -> [u8; MESSAGE] {
    let now = now();
    let mut answer = [0; MESSAGE];
    answer[..4].copy_from_slice(&SERVER);
    answer[12..16].copy_from_slice(b"TEST");
    answer[16..24].copy_from_slice(&now);
    // When it was sent, by the clock of who asks.
    answer[24..32].copy_from_slice(&asked[40..48]);
    answer[32..40].copy_from_slice(&now);
    answer[40..48].copy_from_slice(&now);
    answer
}

/// Seconds since 1900, and 2^32ths of one.
fn now() -> [u8; 8] {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let parts = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    ((since.as_secs() + TO_1970) << 32 | parts).to_be_bytes()
}
