//! The second factor: codes of an authenticator, a new one every 30 seconds (RFC 6238).

use hmac::{Hmac, Mac as _};
use sha1::Sha1;

/// So long a code is shown, in seconds.
const STEP: i64 = 30;
/// Clocks of phones may be off by so many codes.
const TOLERANCE: i64 = 1;
/// Of a code.
const DIGITS: usize = 6;
/// RFC 4226, section 4: 160 bits.
pub(crate) const SECRET: usize = 20;
/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of a step (RFC 4226, section 5.3).
fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let sum = mac.finalize().into_bytes();
    let at = usize::from(sum[19] & 0x0f);
    let four = [sum[at] & 0x7f, sum[at + 1], sum[at + 2], sum[at + 3]];
    let number = u32::from_be_bytes(four) % 10_u32.pow(6);
    format!("{number:0DIGITS$}")
}

/// The step that a code is of, if it is a good one and later than the last that was used.
pub(crate) fn check(secret: &[u8], typed: &str, used: i64, now: i64) -> Option<i64> {
    use subtle::ConstantTimeEq as _;
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let current = now / STEP;
    let steps = (current - TOLERANCE..=current + TOLERANCE).filter(|step| *step > used);
    let mut fits = steps.filter(|step| {
        code(secret, *step)
            .as_bytes()
            .ct_eq(typed.as_bytes())
            .into()
    });
    fits.next()
}

/// The secret as people type it into an authenticator.
pub(crate) fn as_text(secret: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in secret {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(BASE32[(bits >> held & 31) as usize]));
        }
    }
    text
}

/// What an authenticator reads from a QR code.
pub(crate) fn address(person: &str, secret: &[u8]) -> String {
    let person: String = url::form_urlencoded::byte_serialize(person.as_bytes()).collect();
    format!(
        "otpauth://totp/Saal:{person}?secret={}&issuer=Saal&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        as_text(secret)
    )
}

#[cfg(test)]
pub(crate) fn code_at(secret: &[u8], now: i64) -> String {
    code(secret, now / STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (now, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, now), expected);
        }
        assert_eq!(as_text(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_good_once_and_for_clocks_that_are_a_little_off() {
        let secret = b"12345678901234567890";
        let now = 1_234_567_890;
        let step = check(secret, "005 924", 0, now).unwrap();
        assert_eq!(check(secret, "005924", step, now), None, "not twice");
        assert!(check(secret, "005924", 0, now + STEP).is_some());
        assert_eq!(check(secret, "005924", 0, now + 2 * STEP), None);
        assert_eq!(check(secret, "", 0, now), None);
    }
}
