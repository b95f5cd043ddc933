//! Whoever looks at the machine's displays from outside, and answers questions about them.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// A question that is asked until the answer is yes. What it is, its ending says: `png`, exactly this picture is on a
/// display; `jpg`, this picture is on the television; `code`, a moving picture with a code is.
pub(crate) struct Request {
    folder: PathBuf,
    name: String,
    ending: &'static str,
    turn: u32,
}

impl Request {
    pub(crate) fn new(name: &str, ending: &'static str) -> Self {
        let folder = std::env::var_os("SAAL_SEEN");
        Self {
            folder: folder.map_or_else(|| "/run/exchange".into(), Into::into),
            name: name.to_owned(),
            ending,
            turn: 0,
        }
    }

    /// Asks about this, and waits for the answer.
    pub(crate) fn ask(&mut self, what: &[u8]) -> bool {
        let file = format!("{}-{}.{}", self.name, self.turn, self.ending);
        let (made, file) = (self.folder.join("making"), self.folder.join(file));
        self.turn += 1;
        fs::write(&made, what).unwrap();
        fs::rename(&made, &file).unwrap();
        answer(&file)
    }
}

fn answer(file: &Path) -> bool {
    let [same, other] = ["same", "other"].map(|word| file.with_extension(word));
    while !same.exists() && !other.exists() {
        thread::sleep(Duration::from_millis(50));
    }
    same.exists()
}
