//! Doubles: participants without media of their own, in whose name the picture of a real one is sent as well.

use super::super::sources::{Medium, Track};
use super::core::{Core, Key};
use super::endpoint::Endpoint;

impl Endpoint {
    fn camera(&self) -> Option<&Track> {
        let mut tracks = self.tracks.iter();
        tracks.find(|track| track.medium == Medium::Video && !track.desktop)
    }
}

impl Core {
    /// Those who send what this participant sends.
    pub(super) fn doubles_of(&self, key: &Key) -> Vec<Key> {
        let of_key = |other: &Endpoint| other.double_of.as_deref() == Some(key.1.as_str());
        let ours = self.endpoints.iter().filter(|(other, _)| other.0 == key.0);
        ours.filter(|(_, endpoint)| of_key(endpoint))
            .map(|(other, _)| other.clone())
            .collect()
    }

    /// The SSRC on which a double sends what comes on this one of its original's camera.
    pub(super) fn doubled(&self, key: &Key, double: &Key, ssrc: u32) -> Option<u32> {
        let layers = &self.endpoints.get(key)?.camera()?.layers;
        let layer = layers.iter().position(|(one, _)| *one == ssrc)?;
        let (own, _) = self.endpoints.get(double)?.camera()?.layers.get(layer)?;
        Some(*own)
    }

    /// Whose camera it really is, with its track: the participant's own, or that of the one whose double it is.
    pub(super) fn original(&self, key: &Key, track: &Track) -> Option<(Key, Track)> {
        let Some(original) = self.endpoints.get(key)?.double_of.clone() else {
            return Some((key.clone(), track.clone()));
        };
        let owner = (key.0.clone(), original);
        let camera = self.endpoints.get(&owner)?.camera()?.clone();
        Some((owner, camera))
    }

    /// The names under which a source is sent: its own, and for a camera those of its owner's doubles.
    pub(super) fn names_of(&self, key: &Key, source: &str) -> Vec<String> {
        let camera = |key: &Key| {
            let camera = self.endpoints.get(key)?.camera()?;
            Some(camera.name.clone())
        };
        let mut names = vec![source.to_owned()];
        if camera(key).as_deref() == Some(source) {
            names.extend(self.doubles_of(key).iter().filter_map(camera));
        }
        names
    }
}
