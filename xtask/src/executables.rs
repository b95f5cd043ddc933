//! The workspace's programs and tests, built once with one set of features.
//!
//! Cargo unites the features of the packages it is told to build, so building some of them and
//! then others compiles the large dependencies again. Everything here builds the whole workspace
//! and then picks what to run.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::paths;
use crate::test::{cargo, command, finish};

/// What is built: programs and tests, so that both get the same features.
const ALL: [&str; 4] = ["--workspace", "--lib", "--bins", "--tests"];

/// A test program; as JSON, what the harness reads of it.
#[derive(Serialize)]
pub(crate) struct TestProgram {
    /// The package's folder.
    folder: PathBuf,
    /// The package's name.
    pub(crate) package: String,
    /// The name of the file or folder that it is made from.
    pub(crate) name: String,
    path: PathBuf,
}

#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    executable: Option<PathBuf>,
    profile: Profile,
    target: Target,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds all programs and tests.
pub(crate) fn build() -> anyhow::Result<()> {
    cargo(
        &[&["build"], ALL.as_slice()].concat(),
        "The compiler's messages are above.",
    )
}

/// All test programs; builds what is not built.
pub(crate) fn tests() -> anyhow::Result<Vec<TestProgram>> {
    let programs = built(&ALL)?;
    list(&programs)?;
    Ok(programs)
}

fn built(what: &[&str]) -> anyhow::Result<Vec<TestProgram>> {
    let json = ["--no-run", "--message-format=json-render-diagnostics"];
    let arguments = [&["test"], what, &json].concat();
    let output = command(&arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the tests do not build. The compiler's messages are above.");
    }
    let text = String::from_utf8(output.stdout).context("cargo's messages are no text")?;
    Ok(text.lines().filter_map(test_program).collect())
}

/// Tells the harness where the programs are: it runs some of them in a virtual machine.
fn list(programs: &[TestProgram]) -> anyhow::Result<()> {
    let list = paths::target().join("test-programs.json");
    std::fs::write(&list, serde_json::to_vec_pretty(programs)?)
        .with_context(|| format!("cannot write {}", list.display()))
}

/// Other messages than "this was built" are of no interest.
fn test_program(line: &str) -> Option<TestProgram> {
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    let folder = artifact.manifest_path.parent()?.to_path_buf();
    let manifest = std::fs::read_to_string(&artifact.manifest_path).ok()?;
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = \""))?;
    let package = name.trim_end_matches('"').to_owned();
    let path = artifact.executable.filter(|_| artifact.profile.test)?;
    Some(TestProgram {
        folder,
        package,
        name: artifact.target.name,
        path,
    })
}

impl TestProgram {
    /// Runs it as cargo would; `prepare` adds arguments and environment.
    pub(crate) fn run(&self, prepare: impl FnOnce(&mut Command)) -> anyhow::Result<()> {
        println!("-- {}", self.path.display());
        let mut program = Command::new(&self.path);
        program
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder);
        prepare(&mut program);
        finish(&mut program, "The failed tests are listed above.")
    }
}
