//! Stages that run while the suites do, at lower priority: suites mostly wait, and leave about half of two cores to others.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, bail};

use crate::paths;

/// The suites come first where both want a core; what runs beside gets a tenth of it then.
const NICENESS: &str = "10";

/// This tool once more, with other stages.
pub(crate) struct Beside {
    child: Child,
    log: PathBuf,
}

impl Beside {
    /// Starts `./dev test STAGES… -- REST…`; `tool` is where this one lies. What it says goes into a file: two that speak at once are
    /// not understood.
    ///
    /// # Errors
    /// When the tool can not be started, or the file not be written.
    pub(crate) fn start(tool: &Path, stages: &[String], rest: &[String]) -> anyhow::Result<Self> {
        let log = paths::log("test-beside");
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new("nice")
            .args(["-n", NICENESS])
            .arg(tool)
            .arg("test")
            .args(stages)
            .arg("--")
            .args(rest)
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("cannot run nice")?;
        println!(
            "== {}: beside what follows, and shown after it; until then in {}",
            stages.join(", "),
            log.display()
        );
        Ok(Self { child, log })
    }

    /// Waits for its end and shows what it said.
    ///
    /// # Errors
    /// When one of its stages failed.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().context("cannot wait for the stages")?;
        let mut said =
            File::open(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        io::copy(&mut said, &mut io::stdout())?;
        if status.success() {
            return Ok(());
        }
        bail!("the stages that ran beside ended with {status}.")
    }
}
