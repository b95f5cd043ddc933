//! Sizes for a panel: everything is designed for 1280x800 and scaled from there.

/// The smallest thing that people hit with a finger, in pixels, whatever the scale.
pub(crate) const TOUCH_TARGET: f32 = 64.0;

/// How large things are on this panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Pixels.
    pub(crate) width: f32,
    /// Pixels.
    pub(crate) height: f32,
    factor: f32,
}

impl Scale {
    pub(crate) fn of(width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        let (long, short) = (width.max(height), width.min(height));
        let factor = (long / 1280.0).min(short / 800.0);
        Self {
            width,
            height,
            factor: factor.clamp(0.7, 2.0),
        }
    }

    /// Taller than wide.
    pub(crate) fn is_portrait(&self) -> bool {
        self.height > self.width
    }

    /// Whole pixels on this panel for pixels of the design.
    pub(crate) fn px(&self, design: f32) -> f32 {
        (design * self.factor).round().max(1.0)
    }

    /// As [`Self::px`], never too small for a finger.
    pub(crate) fn touch(&self, design: f32) -> f32 {
        self.px(design).max(TOUCH_TARGET)
    }
}
