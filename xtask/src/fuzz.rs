//! `./dev test fuzz`: the targets of `tests/inputs/fuzz` by cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::executables;
use crate::paths;
use crate::progress::step;
use crate::setup::fuzz::{self, Compiler};

/// How long each target runs.
#[derive(Clone, Copy)]
pub(crate) enum Length {
    Seconds(u64),
    /// The same work on every machine.
    Inputs(u64),
}

/// How long where nobody says.
pub(crate) const SECONDS: u64 = 60;
/// What the deep tests try.
pub(crate) const INPUTS: u64 = 20_000;
/// Longer inputs find nothing that shorter ones do not.
const LONGEST: usize = 8_192;
/// One input takes milliseconds at most; a busy machine is slower.
const HANGS_AFTER_S: u64 = 20;
const MOST_MEMORY_MB: u64 = 2_048;

/// Runs the targets whose names have one of `names` in them; all without.
pub(crate) fn run(names: &[String], length: Length) -> anyhow::Result<()> {
    let compiler = fuzz::compiler()?;
    let targets = targets(names)?;
    let folders = Folders::new(&compiler)?;
    folders.build()?;
    let failures = targets
        .iter()
        .filter_map(|target| folders.run(target, length).err())
        .inspect(|error| println!("{error:#}"));
    match failures.count() {
        0 => Ok(()),
        failed => bail!("{failed} fuzz targets failed; each is named above with its input."),
    }
}

/// The same, but for a machine on which it can't be done: that is said, and no failure.
pub(crate) fn run_if_possible(length: Length) -> anyhow::Result<()> {
    match fuzz::compiler() {
        Ok(_) => run(&[], length),
        Err(error) => {
            println!("  FUZZ TARGETS WERE NOT RUN: {error:#}");
            Ok(())
        }
    }
}

fn fuzz_dir() -> PathBuf {
    paths::root().join("tests/inputs/fuzz")
}

fn targets(names: &[String]) -> anyhow::Result<Vec<String>> {
    let folder = fuzz_dir().join("fuzz_targets");
    let files =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut all: Vec<String> = files
        .filter_map(|file| Some(file.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    all.sort();
    let wanted = |target: &String| {
        names.is_empty() || names.iter().any(|name| target.contains(name.as_str()))
    };
    let chosen: Vec<String> = all
        .iter()
        .filter(|target| wanted(target))
        .cloned()
        .collect();
    if chosen.is_empty() {
        bail!(
            "no fuzz target has such a name; there are {}",
            all.join(", ")
        );
    }
    Ok(chosen)
}

/// Where everything lies: what was found is kept between runs.
struct Folders<'a> {
    compiler: &'a Compiler,
    corpus: PathBuf,
    artifacts: PathBuf,
    target: PathBuf,
}

impl<'a> Folders<'a> {
    fn new(compiler: &'a Compiler) -> anyhow::Result<Self> {
        let cache = paths::cache().join("fuzz");
        let folders = Self {
            compiler,
            corpus: cache.join("corpus"),
            artifacts: cache.join("artifacts"),
            target: paths::target().join("fuzz"),
        };
        executables::build()?;
        folders.write_seeds()?;
        // The versions that the appliance has.
        let (from, to) = (
            paths::root().join("Cargo.lock"),
            fuzz_dir().join("Cargo.lock"),
        );
        std::fs::copy(from, &to).with_context(|| format!("cannot write {}", to.display()))?;
        Ok(folders)
    }

    /// What each target begins from.
    fn write_seeds(&self) -> anyhow::Result<()> {
        let mut seeds = Command::new(paths::target().join("debug/saal-seeds"));
        seeds.arg(&self.corpus);
        step("fuzz-seeds", "seeds", "Its log says why.", &mut seeds)
    }

    /// Only safe Rust is of interest here, in which the sanitizers find nothing.
    fn cargo_fuzz(&self, operation: &str) -> Command {
        let mut command = self.compiler.cargo_fuzz();
        command
            .args([operation, "--sanitizer", "none", "--fuzz-dir"])
            .arg(fuzz_dir())
            .arg("--target-dir")
            .arg(&self.target);
        command
    }

    fn build(&self) -> anyhow::Result<()> {
        step(
            "fuzz-build",
            "fuzz targets: compile (many minutes the first time)",
            "The compiler's messages are in the log.",
            &mut self.cargo_fuzz("build"),
        )
    }

    fn run(&self, target: &str, length: Length) -> anyhow::Result<()> {
        let (corpus, artifacts) = (self.corpus.join(target), self.artifacts.join(target));
        for folder in [&corpus, &artifacts] {
            create(folder)?;
        }
        let (how_long, limit) = match length {
            Length::Seconds(seconds) => {
                (format!("{seconds} s"), format!("-max_total_time={seconds}"))
            }
            Length::Inputs(inputs) => (format!("{inputs} inputs"), format!("-runs={inputs}")),
        };
        let mut command = self.cargo_fuzz("run");
        command.arg(target).arg(&corpus).arg("--").arg(limit).args([
            format!("-max_len={LONGEST}"),
            format!("-timeout={HANGS_AFTER_S}"),
            format!("-rss_limit_mb={MOST_MEMORY_MB}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            "-print_final_stats=1".to_owned(),
        ]);
        let advice = format!(
            "The input lies in {}. Make it small by hand and put it into a unit test of the parser.",
            artifacts.display()
        );
        step(
            &format!("fuzz-{target}"),
            &format!("{target}, {how_long}"),
            &advice,
            &mut command,
        )
    }
}

fn create(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}
