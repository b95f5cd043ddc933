//! Recorded conferences.

use std::path::Path;

use serde::Deserialize;

/// One message of a trace.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) t: f64,
    pub(crate) dir: String,
    pub(crate) ch: String,
    pub(crate) data: String,
}

impl Line {
    pub(crate) fn is_out(&self) -> bool {
        self.dir == "out"
    }

    pub(crate) fn is_bridge(&self) -> bool {
        self.ch.starts_with("bridge")
    }
}

/// Names of all traces.
pub(crate) fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path());
    let traces = files.filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let mut names: Vec<String> = traces
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Reads one.
pub(crate) fn read(name: &str) -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(name)
        .with_extension("jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
