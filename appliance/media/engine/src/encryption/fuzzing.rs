//! Encrypted frames that strangers send, for fuzzers: nothing here may panic, hang or be played.

use saal_media_protocol::{Codec, KeyOwner, MediaKey};

use super::{Keys, Sealer, injected, is_blank};

const CODECS: [Codec; 5] = [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

/// A frame, behind a byte that chooses its codec and one that says where a layer of it ends: as a
/// stranger's it is refused, as ours it comes back as it was.
///
/// # Panics
/// When it does not.
pub fn frame(data: &[u8]) {
    let [codec, layer, data @ ..] = data else {
        return;
    };
    let codec = CODECS[usize::from(*codec) % CODECS.len()];
    let layers = [usize::from(*layer), data.len()];
    let mut keys = keys();
    let _ = injected(data, b"server").is_some_and(|data| is_blank(codec, data));
    let opened = keys.open(Some("ada"), codec, data, &layers);
    assert!(opened.is_err() || data.is_empty(), "a stranger has no key");
    let sealed = Sealer::new(keys.own(), *b"a stream").seal(codec, data);
    if let Some(sealed) = sealed {
        let opened = keys.open(Some("bob"), codec, &sealed, &[]);
        let opened = opened.expect("it was encrypted with everybody's key");
        assert!(codec == Codec::H264 || *opened == *data);
    }
}

fn keys() -> Keys {
    let mut keys = Keys::default();
    let participant = "ada".to_owned();
    for owner in [KeyOwner::Participant { participant }, KeyOwner::Everybody] {
        let bytes = b"a key".to_vec();
        let key = MediaKey::Member { bytes };
        keys.set(owner, 0, key).expect("it is not empty");
    }
    keys
}
