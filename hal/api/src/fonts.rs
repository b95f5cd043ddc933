//! Fonts of the system that stand in for the compiled-in ones, which have Latin, Greek, Cyrillic, Arabic, Hebrew and emoji.
//!
//! Names and chat come in any script. The compiled-in fonts stay the first choice, so that what they have looks the same on
//! every machine; what they lack is drawn where one of these is installed.

use std::sync::Arc;

/// A font's file in memory.
pub type FontBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A font that may be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// As the font calls itself (OpenType's table `name`, 1).
    pub family: &'static str,
    /// The scripts that it draws (ISO 15924).
    pub scripts: &'static [&'static str],
    /// Where Debian's package puts it, below `/usr/share/fonts`.
    pub file: &'static str,
}

/// `fonts-noto-cjk`: one file with a face for the customs of each country.
const CJK: &str = "opentype/noto/NotoSansCJK-Regular.ttc";

macro_rules! noto {
    ($($script:literal: $style:literal, $name:literal;)*) => {
        [$(StandIn {
            family: concat!("Noto ", $style, " ", $name),
            scripts: &[$script],
            file: concat!("truetype/noto/Noto", $style, $name, "-Regular.ttf"),
        },)*]
    };
}

/// Chinese, Japanese and Korean: the better font first, then those that are small (`fonts-droid-fallback`, which has no
/// Korean as Debian makes it, and `fonts-nanum`).
const EAST_ASIAN: [StandIn; 5] = [
    StandIn {
        family: "Noto Sans CJK JP",
        scripts: &["Hira", "Kana"],
        file: CJK,
    },
    StandIn {
        family: "Noto Sans CJK KR",
        scripts: &["Hang"],
        file: CJK,
    },
    StandIn {
        family: "Noto Sans CJK SC",
        scripts: &["Hani", "Bopo"],
        file: CJK,
    },
    StandIn {
        family: "Droid Sans Fallback",
        scripts: &["Hira", "Kana", "Hani", "Bopo"],
        file: "truetype/droid/DroidSansFallbackFull.ttf",
    },
    StandIn {
        family: "NanumGothic",
        scripts: &["Hang"],
        file: "truetype/nanum/NanumGothic.ttf",
    },
];

/// `fonts-noto-core`: the scripts of living languages with millions of readers.
const NOTO: [StandIn; 16] = noto! {
    "Beng": "Sans", "Bengali";
    "Deva": "Sans", "Devanagari";
    "Ethi": "Sans", "Ethiopic";
    "Gujr": "Sans", "Gujarati";
    "Guru": "Sans", "Gurmukhi";
    "Khmr": "Sans", "Khmer";
    "Knda": "Sans", "Kannada";
    "Mlym": "Sans", "Malayalam";
    "Mymr": "Sans", "Myanmar";
    "Orya": "Sans", "Oriya";
    "Sinh": "Sans", "Sinhala";
    "Syrc": "Sans", "Syriac";
    "Taml": "Sans", "Tamil";
    "Telu": "Sans", "Telugu";
    "Thai": "Sans", "Thai";
    "Tibt": "Serif", "Tibetan";
};

/// All of them, the better one of two for the same script first.
pub fn stand_ins() -> impl Iterator<Item = &'static StandIn> {
    EAST_ASIAN.iter().chain(&NOTO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_four_letters_and_files_lie_below_the_folder() {
        for font in stand_ins() {
            assert!(font.scripts.iter().all(|script| script.len() == 4));
            assert!(!font.file.starts_with('/'), "{font:?}");
        }
    }

    /// The large one for China, Japan and Korea is for those who install it themselves.
    #[test]
    fn the_image_keeps_all_but_the_largest() {
        let finalize = include_str!("../../../image/root/mkosi.finalize");
        for font in stand_ins().filter(|font| font.file != CJK) {
            let name = font.file.rsplit('/').next().unwrap_or_default();
            assert!(finalize.contains(&format!("-name '{name}'")), "{name}");
        }
    }
}
