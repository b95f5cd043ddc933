//! Colours as data: themes/*.toml.

use std::sync::LazyLock;

use embedded_graphics::pixelcolor::Rgb888;
use saal_fleet_protocol::config::Theme as Name;
use serde::Deserialize;

/// A colour written as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) Rgb888);

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_prefix('#').filter(|hex| hex.len() == 6);
        let number = number.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let [_, r, g, b] = number
            .ok_or_else(|| serde::de::Error::custom(format!("\"{text}\" is no colour as #rrggbb")))?
            .to_be_bytes();
        Ok(Self(Rgb888::new(r, g, b)))
    }
}

static LIGHT: LazyLock<Theme> = LazyLock::new(|| Theme::read(include_str!("../themes/light.toml")));
static DARK: LazyLock<Theme> = LazyLock::new(|| Theme::read(include_str!("../themes/dark.toml")));
static CONTRAST: LazyLock<Theme> =
    LazyLock::new(|| Theme::read(include_str!("../themes/contrast.toml")));

/// The colours of the panel by what they are for; what each is, is written in the files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Theme {
    pub(crate) background: Colour,
    pub(crate) surface: Colour,
    pub(crate) outline: Colour,
    pub(crate) shadow: Colour,
    pub(crate) shadow_percent: u8,
    pub(crate) text: Colour,
    pub(crate) text_quiet: Colour,
    pub(crate) side_top: Colour,
    pub(crate) side_bottom: Colour,
    pub(crate) on_side: Colour,
    pub(crate) on_side_quiet: Colour,
    pub(crate) accent: Colour,
    pub(crate) accent_pressed: Colour,
    pub(crate) on_accent: Colour,
    pub(crate) accent_soft: Colour,
    pub(crate) on_accent_soft: Colour,
    pub(crate) button: Colour,
    pub(crate) button_pressed: Colour,
    pub(crate) danger: Colour,
    pub(crate) danger_pressed: Colour,
    pub(crate) on_danger: Colour,
    pub(crate) danger_soft: Colour,
    pub(crate) on_danger_soft: Colour,
    pub(crate) warning_soft: Colour,
    pub(crate) on_warning_soft: Colour,
    pub(crate) notice_soft: Colour,
    pub(crate) on_notice_soft: Colour,
    pub(crate) good: Colour,
    pub(crate) busy: Colour,
    /// Around what a keyboard or switch is at, and between that line and what it is around.
    pub(crate) focus: Colour,
    pub(crate) focus_inner: Colour,
    /// Around everything that can be touched, and around cards.
    pub(crate) edge: Option<Colour>,
    pub(crate) people: Vec<Colour>,
    pub(crate) on_people: Colour,
}

impl Theme {
    /// The colours of a theme of the configuration.
    pub(crate) fn of(name: Name) -> &'static Self {
        match name {
            Name::Light => &LIGHT,
            Name::Dark => &DARK,
            Name::Contrast => &CONTRAST,
        }
    }

    fn read(file: &str) -> Self {
        toml::from_str(file).expect("the compiled-in theme files are tested")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_graphics::prelude::RgbColor;

    /// WCAG 2.2, relative luminance.
    fn luminance(Colour(c): Colour) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Colour, b: Colour) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn themes_have_contrast() {
        for (name, least) in [(Name::Light, 4.5), (Name::Dark, 4.5), (Name::Contrast, 7.0)] {
            let t = Theme::of(name);
            let mut pairs = vec![
                ("text", t.text, t.background),
                ("text on surface", t.text, t.surface),
                ("text on button", t.text, t.button),
                ("text on pressed button", t.text, t.button_pressed),
                ("quiet text", t.text_quiet, t.background),
                ("quiet text on surface", t.text_quiet, t.surface),
                ("quiet text on button", t.text_quiet, t.button),
                ("side top", t.on_side_quiet, t.side_top),
                ("side bottom", t.on_side_quiet, t.side_bottom),
                ("accent", t.on_accent, t.accent),
                ("pressed accent", t.on_accent, t.accent_pressed),
                ("accent as text", t.accent, t.surface),
                ("soft accent", t.on_accent_soft, t.accent_soft),
                ("danger", t.on_danger, t.danger),
                ("pressed danger", t.on_danger, t.danger_pressed),
                ("soft danger", t.on_danger_soft, t.danger_soft),
                ("soft warning", t.on_warning_soft, t.warning_soft),
                ("soft notice", t.on_notice_soft, t.notice_soft),
            ];
            pairs.extend(t.people.iter().map(|p| ("initials", t.on_people, *p)));
            for (what, a, b) in pairs {
                let found = contrast(a, b);
                assert!(
                    found >= least,
                    "{name:?}, {what}: {found:.2} is below {least}"
                );
            }
        }
    }
}
