//! What a RAUC bundle says of itself.
//!
//! A bundle of the format `verity` ends in a signature (CMS, RFC 5652) that has the manifest in it, and the signature's
//! length (8 bytes, big endian): RAUC's reference, "Bundle Formats". Nothing here checks the signature. Whoever installs
//! the bundle does; this tells only what it claims to be.

use super::{Compatible, ReleaseName};

/// The signature has at most so many bytes, as RAUC has it.
pub const LARGEST_SIGNATURE: u64 = 64 * 1024;
/// The signature's length stands in so many bytes at the end.
pub const LENGTH: u64 = 8;

/// What a bundle claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Which release.
    pub version: ReleaseName,
    /// For which hardware.
    pub compatible: Compatible,
}

/// It is no bundle that devices take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The last bytes are no length.
    #[error("this is no RAUC bundle: it does not end in a signature")]
    NoSignature,
    /// The signature has no manifest in it.
    #[error("the bundle's signature has no manifest in it; its format has to be \"verity\"")]
    NoManifest,
    /// A line of the manifest.
    #[error("the bundle's manifest says of {key}: {problem}")]
    Manifest {
        /// Which.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// How long the signature is, from the bundle's last [`LENGTH`] bytes; `whole` is the bundle's size.
///
/// # Errors
/// [`BundleError::NoSignature`].
pub fn signature_length(end: [u8; 8], whole: u64) -> Result<u64, BundleError> {
    let length = u64::from_be_bytes(end);
    let room = whole.saturating_sub(LENGTH);
    if length == 0 || length > LARGEST_SIGNATURE || length > room {
        return Err(BundleError::NoSignature);
    }
    Ok(length)
}

/// Reads the manifest in a signature.
///
/// # Errors
/// [`BundleError`].
pub fn manifest(signature: &[u8]) -> Result<Manifest, BundleError> {
    const BEGIN: &[u8] = b"[update]\n";
    let at = signature
        .windows(BEGIN.len())
        .position(|part| part == BEGIN)
        .ok_or(BundleError::NoManifest)?;
    let rest = &signature[at + BEGIN.len()..];
    // Behind the manifest is no text: certificates and the signature itself.
    let text = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let lines = text.lines().take_while(|line| !line.starts_with('['));
    let pairs: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('=')).collect();
    let value = |key: &'static str| {
        let found = pairs.iter().find(|(name, _)| name.trim() == key);
        let problem = || BundleError::Manifest {
            key,
            problem: "nothing".to_owned(),
        };
        found.map(|(_, value)| value.trim()).ok_or_else(problem)
    };
    let wrong = |key| move |problem: String| BundleError::Manifest { key, problem };
    Ok(Manifest {
        version: value("version")?.parse().map_err(wrong("version"))?,
        compatible: value("compatible")?.parse().map_err(wrong("compatible"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_found_between_what_is_no_text() {
        let mut signature = vec![0x30, 0x82, 0xff, 0x00];
        signature.extend_from_slice(
            b"[update]\ncompatible=saal-x86-64\nversion=2026.11.1\n\n[bundle]\nformat=verity\nversion=9\n",
        );
        signature.extend_from_slice(&[0xa0, 0x82, 0xfe]);
        let found = manifest(&signature).unwrap();
        assert_eq!(found.version.as_str(), "2026.11.1");
        assert_eq!(found.compatible.as_str(), "saal-x86-64");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(manifest(b"nothing"), Err(BundleError::NoManifest));
        let error = manifest(b"[update]\ncompatible=x\n[bundle]\nversion=1\n").unwrap_err();
        assert!(error.to_string().contains("version"), "{error}");
        let error = manifest(b"[update]\ncompatible=x\nversion=a/b\n").unwrap_err();
        assert!(error.to_string().contains("a/b"), "{error}");
    }

    #[test]
    fn a_signature_is_within_the_bundle() {
        assert_eq!(signature_length(100_u64.to_be_bytes(), 108), Ok(100));
        for (length, whole) in [(0, 1000), (101, 108), (LARGEST_SIGNATURE + 1, 1 << 30)] {
            let found = signature_length(u64::to_be_bytes(length), whole);
            assert_eq!(found, Err(BundleError::NoSignature), "{length} of {whole}");
        }
    }
}
