//! What the guest's displays show, by QEMU's monitor protocol (QMP, `screendump`).

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{
    UnixStream,
    unix::{OwnedReadHalf, OwnedWriteHalf},
};

use crate::error::{Error, Result};
use crate::farend::Picture;

/// The graphics cards of a guest as QEMU is told of them, each with a display.
/// The first one has an output where nothing is plugged in until a test has the kernel think so.
pub(super) const DISPLAYS: [&str; 2] = [
    "virtio-gpu-pci,id=display0,max_outputs=2",
    "virtio-gpu-pci,id=display1",
];
/// The displays by their numbers: which card, and which of its outputs. The last one is that which tests plug in.
const HEADS: [(&str, u32); 3] = [("display0", 0), ("display1", 0), ("display0", 1)];

/// What a display shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Three bytes a pixel (red, green, blue), rows from the top.
    pub rgb: Vec<u8>,
}

/// The displays of a guest.
#[derive(Debug)]
pub struct GuestScreen {
    lines: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
    /// Where a picture is put down.
    file: PathBuf,
}

impl GuestScreen {
    /// Connects to the monitor at this socket.
    pub(super) async fn connect(socket: &Path, folder: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).await;
        let stream = stream.map_err(Error::file("connect to", socket))?;
        let (read, orders) = stream.into_split();
        let mut screen = Self {
            lines: BufReader::new(read).lines(),
            orders,
            file: folder.join("screen.ppm"),
        };
        screen.answer("QMP").await?;
        screen.order(json!({"execute": "qmp_capabilities"})).await?;
        Ok(screen)
    }

    /// What one of them shows now: 0 and 1 are the cards' first outputs, 2 is the output of the first card where nothing is
    /// plugged in until a test has the kernel think so.
    ///
    /// # Errors
    /// [`Error::InGuest`] when QEMU has nothing to show.
    ///
    /// # Panics
    /// When there is no such display.
    pub async fn picture(&mut self, display: usize) -> Result<Picture> {
        let pixels = self.pixels(display).await?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Ok(Picture {
            stream: String::new(),
            width: pixels.width,
            height: pixels.height,
            at_ms: now.unwrap_or_default().as_secs_f64() * 1e3,
            plane: pixels.rgb.chunks_exact(3).map(luma).collect(),
        })
    }

    /// As [`Self::picture`], in colours.
    ///
    /// # Errors
    /// [`Error::InGuest`] when QEMU has nothing to show.
    ///
    /// # Panics
    /// When there is no such display.
    pub async fn pixels(&mut self, display: usize) -> Result<Pixels> {
        let (device, head) = HEADS[display];
        let arguments = json!({"filename": self.file, "device": device, "head": head});
        self.order(json!({"execute": "screendump", "arguments": arguments}))
            .await?;
        let file = std::fs::read(&self.file).map_err(Error::file("read", &self.file))?;
        pixels(&file).ok_or_else(|| nothing("no picture in its format"))
    }

    async fn order(&mut self, order: Value) -> Result<()> {
        let line = format!("{order}\n");
        let sent = self.orders.write_all(line.as_bytes()).await;
        sent.map_err(|_| nothing("the monitor took no order"))?;
        self.answer("return").await
    }

    /// The line that has this key; others tell of events.
    async fn answer(&mut self, key: &str) -> Result<()> {
        while let Ok(Some(line)) = self.lines.next_line().await {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if said.get(key).is_some() {
                return Ok(());
            }
            if let Some(error) = said.get("error") {
                return Err(nothing(&error.to_string()));
            }
        }
        Err(nothing("the monitor is gone"))
    }
}

fn nothing(why: &str) -> Error {
    Error::InGuest {
        what: "its display can't be looked at".to_owned(),
        output: why.to_owned(),
    }
}

/// A picture in the format PPM: `P6 WIDTH HEIGHT 255`, then three bytes a pixel.
fn pixels(file: &[u8]) -> Option<Pixels> {
    let mut words = file.splitn(4, |byte| byte.is_ascii_whitespace());
    let (magic, width, height) = (words.next()?, words.next()?, words.next()?);
    let (most, rgb) = {
        let rest = words.next()?;
        rest.split_at_checked(rest.iter().position(u8::is_ascii_whitespace)?)?
    };
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u32>().ok();
    let (width, height) = (number(width)?, number(height)?);
    let rgb = rgb.get(1..)?.to_vec();
    let whole = rgb.len() == width as usize * height as usize * 3;
    (magic == b"P6" && most == b"255" && whole).then_some(Pixels { width, height, rgb })
}

/// ITU-R BT.709, studio range, as simulated pictures are drawn.
fn luma(pixel: &[u8]) -> u8 {
    let weighted: u32 = pixel
        .iter()
        .zip([2_126, 7_152, 722])
        .map(|(part, weight)| u32::from(*part) * weight)
        .sum();
    u8::try_from(16 + weighted * 219 / 2_550_000).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_read_and_pieces_are_not() {
        let file = b"P6\n2 1\n255\n\xff\xff\xff\x00\x00\x00";
        let read = pixels(file).unwrap();
        assert_eq!((read.width, read.height), (2, 1));
        let plane: Vec<u8> = read.rgb.chunks_exact(3).map(luma).collect();
        assert_eq!(plane, [235, 16]);
        for end in 0..file.len() {
            assert!(pixels(&file[..end]).is_none(), "{end} bytes");
        }
    }
}
