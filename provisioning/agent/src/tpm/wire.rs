//! Commands for a TPM as bytes, and its answers: the six that a device's keys need (TPM 2.0 Library, part 3), all with
//! the types of part 2. Nothing here touches a device.

use zeroize::Zeroizing;

/// An object that the TPM holds at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle(u32);

/// A command, the numbers of part 2, section 6.5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Command {
    /// Makes the key that wraps the others, the same one each time.
    CreatePrimary = 0x131,
    /// Makes a key, or seals a secret.
    Create = 0x153,
    /// Takes up what it made.
    Load = 0x157,
    /// Signs.
    Sign = 0x15d,
    /// Gives a sealed secret back.
    Unseal = 0x15e,
    /// Forgets what it took up.
    FlushContext = 0x165,
}

/// TPM_ST_NO_SESSIONS, TPM_ST_SESSIONS, TPM_ST_HASHCHECK (part 2, section 6.9).
const NO_SESSIONS: u16 = 0x8001;
const SESSIONS: u16 = 0x8002;
const HASHCHECK: u16 = 0x8024;
/// TPM_RH_OWNER, TPM_RH_NULL, TPM_RS_PW (section 7.4).
const OWNER: u32 = 0x4000_0001;
const NO_HIERARCHY: u32 = 0x4000_0007;
const PASSWORD: u32 = 0x4000_0009;
/// Algorithms (section 6.3).
const AES: u16 = 0x0006;
const KEYED_HASH: u16 = 0x0008;
const SHA256: u16 = 0x000b;
const NULL: u16 = 0x0010;
const ECDSA: u16 = 0x0018;
const ECC: u16 = 0x0023;
const CFB: u16 = 0x0043;
/// TPM_ECC_NIST_P256 (section 6.4).
const P256: u16 = 0x0003;
/// What objects may do (TPMA_OBJECT, section 8.3): stays in this TPM and below its parent, no password, no count of failures.
const STAYS: u32 = 1 << 1 | 1 << 4 | 1 << 6 | 1 << 10;
/// It was made by the TPM, and was never outside.
const ORIGIN: u32 = 1 << 5;
const RESTRICTED: u32 = 1 << 16;
const DECRYPT: u32 = 1 << 17;
const SIGN: u32 = 1 << 18;
/// A coordinate on P-256.
const COORDINATE: usize = 32;
/// Header of commands and answers: tag, size, code.
pub(super) const HEADER: usize = 10;
/// More than any answer here has.
pub(super) const LARGEST: usize = 4096;

/// What the TPM gave to be kept outside: only it can use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// TPM2B_PRIVATE without its size: encrypted by the TPM.
    pub private: Vec<u8>,
    /// TPM2B_PUBLIC without its size.
    pub public: Vec<u8>,
}

/// An answer that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A number of part 2, section 6.6: why a command is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    /// The same without what says which argument it is about.
    #[must_use]
    pub fn reason(self) -> u32 {
        if self.0 & 0x80 != 0 {
            self.0 & 0xbf
        } else {
            self.0 & 0x97f
        }
    }

    /// Ask again: TPM_RC_YIELDED, TPM_RC_TESTING, TPM_RC_RETRY.
    pub(super) fn passes(self) -> bool {
        [0x908, 0x90a, 0x922].contains(&self.reason())
    }
}

/// TPM_RC_INTEGRITY: wrapped by another TPM, or changed.
pub(super) const INTEGRITY: u32 = 0x09f;

fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    let size = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend(size.to_be_bytes());
    out.extend_from_slice(bytes);
}

fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend(number.to_be_bytes());
    }
}

/// A whole command; with a password that is empty where a handle wants one.
fn command(
    command: Command,
    handle: Option<u32>,
    body: impl FnOnce(&mut Vec<u8>),
) -> Zeroizing<Vec<u8>> {
    // A secret may be in it: a buffer that grows would leave a copy behind.
    let mut out = Zeroizing::new(Vec::with_capacity(LARGEST));
    let tag = if handle.is_some() {
        SESSIONS
    } else {
        NO_SESSIONS
    };
    out.extend(tag.to_be_bytes());
    out.extend([0; 4]);
    out.extend((command as u32).to_be_bytes());
    if let Some(handle) = handle {
        out.extend(handle.to_be_bytes());
        // Its size; the session, no nonce, no attributes, no password.
        out.extend(9_u32.to_be_bytes());
        out.extend(PASSWORD.to_be_bytes());
        out.extend([0; 5]);
    }
    body(&mut out);
    let size = u32::try_from(out.len()).unwrap_or(u32::MAX);
    out[2..6].copy_from_slice(&size.to_be_bytes());
    out
}

/// The end of an object's template: on P-256, made anew.
fn on_p256(out: &mut Vec<u8>) {
    // Curve, no function to derive keys; no coordinates yet.
    numbers(out, &[P256, NULL, 0, 0]);
}

fn template(kind: u16, attributes: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    numbers(&mut out, &[kind, SHA256]);
    out.extend(attributes.to_be_bytes());
    // No policy.
    numbers(&mut out, &[0]);
    out
}

/// Of the key that wraps others: the one that the TCG's guidance names for storage, so that it costs no place in the TPM.
fn storage() -> Vec<u8> {
    let mut out = template(ECC, STAYS | ORIGIN | RESTRICTED | DECRYPT);
    numbers(&mut out, &[AES, 128, CFB, NULL]);
    on_p256(&mut out);
    out
}

/// What the public part of each key that signs begins with.
fn begins() -> Vec<u8> {
    let mut out = template(ECC, STAYS | ORIGIN | SIGN);
    numbers(&mut out, &[NULL, ECDSA, SHA256, P256, NULL]);
    out
}

/// Of a key that signs.
pub(super) fn signing() -> Vec<u8> {
    let mut out = begins();
    numbers(&mut out, &[0, 0]);
    out
}

/// Of a secret from outside.
pub(super) fn sealed() -> Vec<u8> {
    let mut out = template(KEYED_HASH, STAYS);
    numbers(&mut out, &[NULL, 0]);
    out
}

fn make(which: Command, parent: u32, secret: &[u8], template: &[u8]) -> Zeroizing<Vec<u8>> {
    command(which, Some(parent), |out| {
        // TPM2B_SENSITIVE_CREATE: no password, and what is to be sealed.
        let size = u16::try_from(secret.len() + 4).unwrap_or(u16::MAX);
        numbers(out, &[size, 0]);
        sized(out, secret);
        sized(out, template);
        // Nothing from outside, no registers that it is made under.
        sized(out, &[]);
        out.extend([0; 4]);
    })
}

pub(super) fn create_primary() -> Zeroizing<Vec<u8>> {
    make(Command::CreatePrimary, OWNER, &[], &storage())
}

pub(super) fn create(parent: Handle, secret: &[u8], template: &[u8]) -> Zeroizing<Vec<u8>> {
    make(Command::Create, parent.0, secret, template)
}

pub(super) fn load(parent: Handle, wrapped: &Wrapped) -> Zeroizing<Vec<u8>> {
    command(Command::Load, Some(parent.0), |out| {
        sized(out, &wrapped.private);
        sized(out, &wrapped.public);
    })
}

pub(super) fn sign(key: Handle, digest: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    command(Command::Sign, Some(key.0), |out| {
        sized(out, digest);
        // As the key says.
        numbers(out, &[NULL, HASHCHECK]);
        out.extend(NO_HIERARCHY.to_be_bytes());
        sized(out, &[]);
    })
}

pub(super) fn unseal(item: Handle) -> Zeroizing<Vec<u8>> {
    command(Command::Unseal, Some(item.0), |_| {})
}

pub(super) fn flush(handle: Handle) -> Zeroizing<Vec<u8>> {
    command(Command::FlushContext, None, |out| {
        out.extend(handle.0.to_be_bytes());
    })
}

/// Reads from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        self.number().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.number().map(u32::from_be_bytes)
    }

    fn sized(&mut self) -> Result<&'a [u8], Malformed> {
        let size = self.u16()?;
        self.take(size.into())
    }

    fn coordinate(&mut self) -> Result<[u8; COORDINATE], Malformed> {
        let bytes = self.sized()?;
        let mut out = [0; COORDINATE];
        let from = COORDINATE.checked_sub(bytes.len()).ok_or(Malformed)?;
        out[from..].copy_from_slice(bytes);
        Ok(out)
    }
}

/// How long an answer is, as soon as its header is here.
pub(super) fn size(answer: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(header) = answer.get(..HEADER) else {
        return Ok(None);
    };
    let mut reader = Reader(&header[2..]);
    let size = reader.u32()? as usize;
    if (HEADER..=LARGEST).contains(&size) {
        Ok(Some(size))
    } else {
        Err(Malformed)
    }
}

/// What stands behind the header; the TPM may say no instead.
pub(super) fn body(answer: &[u8]) -> Result<Result<&[u8], Code>, Malformed> {
    let mut reader = Reader(answer);
    let tag = reader.u16()?;
    let size = reader.u32()? as usize;
    let code = reader.u32()?;
    // An answer to a command that is not understood at all has the tag of older TPMs.
    if size != answer.len() || (code == 0 && tag != SESSIONS && tag != NO_SESSIONS) {
        return Err(Malformed);
    }
    Ok(match code {
        0 => Ok(reader.0),
        code => Err(Code(code)),
    })
}

/// The handle that the answer to `CreatePrimary` and `Load` begins with.
pub(super) fn handle(body: &[u8]) -> Result<Handle, Malformed> {
    Reader(body).u32().map(Handle)
}

fn arguments(body: &[u8]) -> Result<Reader<'_>, Malformed> {
    let mut reader = Reader(body);
    let size = reader.u32()? as usize;
    reader.take(size).map(Reader)
}

pub(super) fn created(body: &[u8]) -> Result<Wrapped, Malformed> {
    let mut reader = arguments(body)?;
    Ok(Wrapped {
        private: reader.sized()?.to_vec(),
        public: reader.sized()?.to_vec(),
    })
}

pub(super) fn unsealed(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let secret = arguments(body)?.sized()?.to_vec();
    Ok(Zeroizing::new(secret))
}

/// A signature as certificates and TLS have it: ASN.1 (RFC 3279, section 2.2.3).
pub(super) fn signed(body: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = arguments(body)?;
    if (reader.u16()?, reader.u16()?) != (ECDSA, SHA256) {
        return Err(Malformed);
    }
    let (r, s) = (reader.coordinate()?, reader.coordinate()?);
    let mut numbers = Vec::new();
    for number in [r, s] {
        integer(&mut numbers, &number);
    }
    // At most 2 * 35 bytes: its length is one byte.
    let length = u8::try_from(numbers.len()).map_err(|_| Malformed)?;
    Ok([&[0x30, length], numbers.as_slice()].concat())
}

/// A positive number in DER: no zeros before it but the one that keeps it positive.
fn integer(out: &mut Vec<u8>, number: &[u8; COORDINATE]) {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros.min(COORDINATE - 1)..];
    let positive = number[0] & 0x80 == 0;
    let length = number.len() + usize::from(!positive);
    out.extend([0x02, u8::try_from(length).unwrap_or(u8::MAX)]);
    if !positive {
        out.push(0);
    }
    out.extend_from_slice(number);
}

/// The point of a key that signs, uncompressed (SEC 1, section 2.3.3); of no other kind of key.
pub(super) fn point(public: &[u8]) -> Result<Vec<u8>, Malformed> {
    let begins = begins();
    let mut reader = Reader(public.strip_prefix(begins.as_slice()).ok_or(Malformed)?);
    let (x, y) = (reader.coordinate()?, reader.coordinate()?);
    if !reader.0.is_empty() {
        return Err(Malformed);
    }
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_breaks_the_reader() {
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..20_000 {
            let mut answer = vec![0; random.usize(..80)];
            random.fill(&mut answer);
            if random.bool() {
                // With a header that is right it gets further.
                let whole = u32::try_from(answer.len() + HEADER).unwrap();
                let header = [&[0x80, 2][..], &whole.to_be_bytes(), &[0; 4]].concat();
                answer.splice(0..0, header);
                answer.iter_mut().skip(HEADER).take(3).for_each(|b| *b = 0);
            }
            let _ = size(&answer);
            let Ok(Ok(body)) = body(&answer) else {
                continue;
            };
            let _ = (handle(body), created(body), unsealed(body), signed(body));
            let _ = point(body);
        }
    }

    #[test]
    fn numbers_of_a_signature_are_those_of_der() {
        let der = |number: &[u8]| {
            let mut whole = [0; COORDINATE];
            whole[COORDINATE - number.len()..].copy_from_slice(number);
            let mut out = Vec::new();
            integer(&mut out, &whole);
            out
        };
        assert_eq!(der(&[]), [2, 1, 0]);
        assert_eq!(der(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(der(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(der(&[1, 0]), [2, 2, 1, 0]);
        assert_eq!(der(&[0xff; 32]), [&[2, 33, 0][..], &[0xff; 32]].concat());
    }

    #[test]
    fn a_reason_is_told_without_the_argument_that_it_is_about() {
        // TPM_RC_INTEGRITY of the first argument, as Load answers.
        assert_eq!(Code(0x1df).reason(), INTEGRITY);
        // TPM_RC_RETRY is a warning.
        assert!(Code(0x922).passes());
        assert!(!Code(0x101).passes());
    }

    #[test]
    fn a_key_that_may_leave_its_tpm_is_no_device_s() {
        let with = |attributes: u32| {
            let mut public = begins();
            public[4..8].copy_from_slice(&attributes.to_be_bytes());
            for coordinate in [[1; 31].as_slice(), &[2; 32]] {
                sized(&mut public, coordinate);
            }
            point(&public)
        };
        let own = STAYS | ORIGIN | SIGN;
        let whole = with(own).unwrap();
        assert_eq!((whole.len(), whole[0], whole[1], whole[2]), (65, 4, 0, 1));
        for wrong in [own & !(1 << 1), own & !ORIGIN, own | RESTRICTED] {
            assert_eq!(with(wrong), Err(Malformed));
        }
    }
}
