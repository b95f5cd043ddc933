//! Whether a camera's pictures reach the encoder in the memory that they were captured in, or as copies.
//!
//! Pure. What is decided here is tried with the first picture; what fails then is copied.

use saal_hal::{PictureEncoding, PictureFormat};

use crate::plan::{self, PictureSize};

/// What an encoder says of the pictures that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// It reads pictures in the memory of other devices.
    pub imports: bool,
    /// How pixels may lie there.
    pub layouts: Vec<PictureEncoding>,
    /// Width and height have to be multiples of these.
    pub whole: (u32, u32),
}

/// Why pictures are copied, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Copies {
    /// They come from no device.
    #[error("the pictures come from a program")]
    Program,
    /// A part of each is sent.
    #[error("the picture is cut out of the camera's")]
    Cut,
    /// It has to be copied into the encoder's memory.
    #[error("the encoder reads no other device's memory")]
    Encoder,
    /// It has to be scaled.
    #[error("the camera has no picture of the size that is sent")]
    Size,
    /// It has to be decoded.
    #[error("the camera sends this size as JPEG")]
    Jpeg,
    /// It has to be converted.
    #[error("the camera's layout of pixels is another one than the encoder's")]
    Layout,
    /// The encoder would read beyond its end.
    #[error("the encoder's driver makes pictures of this size larger")]
    MadeUp,
}

/// The camera's mode whose pictures the encoder can read where they are, all of them in this size.
///
/// # Errors
/// Why there is none.
pub fn shared(
    camera: &[PictureFormat],
    encoder: &Intake,
    size: PictureSize,
) -> Result<PictureFormat, Copies> {
    if !encoder.imports {
        return Err(Copies::Encoder);
    }
    // What would be captured in any case: nothing of it may be lost for this.
    let best = plan::camera_format(camera, size).ok_or(Copies::Size)?;
    if (best.width, best.height) != (size.width, size.height) {
        return Err(Copies::Size);
    }
    let (across, down) = encoder.whole;
    if !size.width.is_multiple_of(across.max(1)) || !size.height.is_multiple_of(down.max(1)) {
        return Err(Copies::MadeUp);
    }
    let enough = best.frames_per_second.min(size.frames_per_second);
    let taken = camera.iter().filter(|format| {
        encoder.layouts.contains(&format.encoding)
            && (format.width, format.height) == (size.width, size.height)
            && format.frames_per_second >= enough
    });
    let taken: Vec<PictureFormat> = taken.copied().collect();
    let none = match best.encoding {
        PictureEncoding::Mjpeg => Copies::Jpeg,
        _ => Copies::Layout,
    };
    plan::camera_format(&taken, size).ok_or(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PictureSize = PictureSize {
        width: 1280,
        height: 720,
        frames_per_second: 30,
    };

    fn mode(encoding: PictureEncoding, (width, height): (u32, u32), fps: u32) -> PictureFormat {
        PictureFormat {
            encoding,
            width,
            height,
            frames_per_second: fps,
        }
    }

    fn intake(layouts: &[PictureEncoding]) -> Intake {
        Intake {
            imports: true,
            layouts: layouts.to_vec(),
            whole: (16, 16),
        }
    }

    const HD: (u32, u32) = (1280, 720);

    #[test]
    fn a_camera_s_mode_that_the_encoder_takes_is_read_where_it_is() {
        use PictureEncoding::{Mjpeg, Nv12, Yuy2};
        let camera = [
            mode(Yuy2, HD, 30),
            mode(Nv12, HD, 30),
            mode(Nv12, (640, 360), 30),
            mode(Mjpeg, HD, 60),
        ];
        assert_eq!(shared(&camera, &intake(&[Nv12]), SIZE), Ok(camera[1]));
        assert_eq!(shared(&camera, &intake(&[Yuy2]), SIZE), Ok(camera[0]));
        // Above 720p a camera on a fast bus has it raw as well.
        let large = PictureSize {
            width: 1920,
            height: 1088,
            ..SIZE
        };
        let fast = [mode(Mjpeg, (1920, 1088), 30), mode(Nv12, (1920, 1088), 30)];
        assert_eq!(shared(&fast, &intake(&[Nv12]), large), Ok(fast[1]));
    }

    #[test]
    fn what_stands_between_camera_and_encoder_is_named() {
        use PictureEncoding::{Mjpeg, Nv12, Yuy2};
        let nv12 = intake(&[Nv12]);
        let why = |camera: &[PictureFormat], encoder: &Intake, size| {
            shared(camera, encoder, size).unwrap_err()
        };
        let raw = [mode(Nv12, HD, 30)];
        let deaf = Intake {
            imports: false,
            ..nv12.clone()
        };
        assert_eq!(why(&raw, &deaf, SIZE), Copies::Encoder);
        assert_eq!(why(&[], &nv12, SIZE), Copies::Size);
        assert_eq!(
            why(&[mode(Nv12, (1920, 1080), 30)], &nv12, SIZE),
            Copies::Size
        );
        assert_eq!(why(&[mode(Yuy2, HD, 30)], &nv12, SIZE), Copies::Layout);
        assert_eq!(why(&[mode(Mjpeg, HD, 30)], &nv12, SIZE), Copies::Jpeg);
        // Raw at a third of the speed is no way to save a copy.
        let usb = [mode(Mjpeg, HD, 30), mode(Nv12, HD, 10)];
        assert_eq!(why(&usb, &nv12, SIZE), Copies::Jpeg);
        let padded = PictureSize {
            width: 640,
            height: 360,
            ..SIZE
        };
        assert_eq!(
            why(&[mode(Nv12, (640, 360), 30)], &nv12, padded),
            Copies::MadeUp
        );
    }
}
