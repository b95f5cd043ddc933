//! The emoji that people compare when they verify a device (the table of "SAS method: emoji" in the
//! client-server API), by number.

const EMOJI: [char; 64] = [
    '\u{1f436}',
    '\u{1f431}',
    '\u{1f981}',
    '\u{1f40e}',
    '\u{1f984}',
    '\u{1f437}',
    '\u{1f418}',
    '\u{1f430}',
    '\u{1f43c}',
    '\u{1f413}',
    '\u{1f427}',
    '\u{1f422}',
    '\u{1f41f}',
    '\u{1f419}',
    '\u{1f98b}',
    '\u{1f337}',
    '\u{1f333}',
    '\u{1f335}',
    '\u{1f344}',
    '\u{1f30f}',
    '\u{1f319}',
    '\u{2601}',
    '\u{1f525}',
    '\u{1f34c}',
    '\u{1f34e}',
    '\u{1f353}',
    '\u{1f33d}',
    '\u{1f355}',
    '\u{1f382}',
    '\u{2764}',
    '\u{1f600}',
    '\u{1f916}',
    '\u{1f3a9}',
    '\u{1f453}',
    '\u{1f527}',
    '\u{1f385}',
    '\u{1f44d}',
    '\u{2602}',
    '\u{231b}',
    '\u{23f0}',
    '\u{1f381}',
    '\u{1f4a1}',
    '\u{1f4d5}',
    '\u{270f}',
    '\u{1f4ce}',
    '\u{2702}',
    '\u{1f512}',
    '\u{1f511}',
    '\u{1f528}',
    '\u{260e}',
    '\u{1f3c1}',
    '\u{1f682}',
    '\u{1f6b2}',
    '\u{2708}',
    '\u{1f680}',
    '\u{1f3c6}',
    '\u{26bd}',
    '\u{1f3b8}',
    '\u{1f3ba}',
    '\u{1f514}',
    '\u{2693}',
    '\u{1f3a7}',
    '\u{1f4c1}',
    '\u{1f4cc}',
];

/// Lion, unicorn, butterfly and robot came to Unicode after our font was drawn.
const WITHOUT_PICTURE: [u8; 4] = [2, 4, 14, 31];

/// As it is drawn; `None`: the fonts have no picture for it, or there is no such number.
pub(crate) fn drawn(number: u8) -> Option<String> {
    let emoji = EMOJI.get(usize::from(number))?;
    (!WITHOUT_PICTURE.contains(&number)).then(|| emoji.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_have_what_is_drawn_and_only_that() {
        let mut fonts = crate::fonts::Fonts::new(&[]);
        for (number, emoji) in (0..).zip(EMOJI) {
            assert_eq!(
                fonts.has(emoji),
                drawn(number).is_some(),
                "{number}: {emoji}"
            );
        }
        assert_eq!(drawn(64), None);
    }
}
