//! `./dev image`: the flashable image and the update bundle, from Debian's archive and our binaries.
//!
//! All tools are in a build root of Debian 13 in the cache, so that it does not matter which Debian this is. What happens in
//! there is `image/build`, one stage after the other; here it gets its input and is timed, and what comes out is measured.

mod binaries;
mod flash;
mod licences;
mod root;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::paths;
use crate::stages::Stages;
use root::BuildRoot;

/// Larger ones are refused: what is downloaded and flashed, and what a room fetches for an update.
const LARGEST_IMAGE: u64 = 700 << 20;
const LARGEST_BUNDLE: u64 = 300 << 20;

/// What to do about a stage that failed.
const ADVICE: &str = "What is done stays for the next time: mend it and run it again.";

/// What `./dev image` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Make the update bundle too.
    #[arg(long)]
    bundle: bool,
    /// Write it to this disk afterwards; everything on the disk will be gone, and you are asked first.
    #[arg(long, value_name = "DISK")]
    flash: Option<PathBuf>,
    /// Folder with the keys that sign it (image/keys/README.md), instead of the development keys that everybody has.
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    /// Use the development profile's binaries: quicker to build, slower in the room.
    #[arg(long)]
    dev_profile: bool,
    /// Compress little: quicker to make, larger.
    #[arg(long)]
    quick: bool,
    /// Take the programs from this folder, where another machine built them.
    #[arg(long, value_name = "FOLDER", conflicts_with = "dev_profile")]
    programs: Option<PathBuf>,
    /// The version that it says it is, instead of the workspace's.
    #[arg(long, value_name = "VERSION", default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
}

/// What was made.
pub(crate) struct Made {
    /// Where its tools are, and where it was made.
    root: BuildRoot,
    /// The image, ready to be written to a disk.
    image: PathBuf,
    /// Where its programs were before, and the fleet's beside them.
    programs: PathBuf,
}

impl Made {
    /// What the tests of the image are told.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("SAAL_IMAGE", self.image.clone().into()),
            ("SAAL_IMAGE_ROOT", self.root.folder().into()),
            ("SAAL_IMAGE_ENTER", self.root.enter().into()),
            ("SAAL_IMAGE_FLEET", self.programs.clone().into()),
        ]
    }
}

/// Builds what is asked for and says how large it is.
pub(crate) fn image(options: &Options) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    let made = build(options, &mut stages);
    stages.finish(ADVICE)?;
    let made = made?;
    match &options.flash {
        Some(disk) => flash::flash(&made.image, disk),
        None => Ok(()),
    }
}

/// The image for tests: programs as the other tests have them, so that nothing is compiled twice; or those of the folder
/// `SAAL_IMAGE_PROGRAMS`.
pub(crate) fn for_tests() -> anyhow::Result<Made> {
    let programs = std::env::var_os("SAAL_IMAGE_PROGRAMS").map(PathBuf::from);
    made_for(programs.is_none(), programs)
}

/// The image for benchmarks: optimised programs.
pub(crate) fn for_bench() -> anyhow::Result<Made> {
    made_for(false, None)
}

fn made_for(dev_profile: bool, programs: Option<PathBuf>) -> anyhow::Result<Made> {
    let options = Options {
        bundle: true,
        flash: None,
        quick: true,
        keys: None,
        dev_profile,
        programs,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut stages = Stages::default();
    let made = build(&options, &mut stages);
    stages.finish(ADVICE)?;
    made
}

/// The stages up to the image; those after one that failed do not run.
pub(crate) fn build(options: &Options, stages: &mut Stages) -> anyhow::Result<Made> {
    let keys = keys(options)?;
    let mut root = None;
    let mut wanted = vec!["content", "slot", "kernel", "disk"];
    wanted.extend(options.bundle.then_some("bundle"));
    let stopped = || anyhow::anyhow!("the image is not made");
    if !stages.run("build root", || {
        BuildRoot::get().map(|made| root = Some(made))
    }) {
        return Err(stopped());
    }
    let root = root.context("it was made")?;
    let programs = match &options.programs {
        Some(folder) => folder.clone(),
        None => binaries::folder(options.dev_profile),
    };
    let input = || {
        if options.programs.is_none() {
            binaries::build(options.dev_profile)?;
        }
        fill(&root, &keys, &binaries::of(&programs)?, options.quick)
    };
    if !stages.run("binaries", input) {
        return Err(stopped());
    }
    let last = if options.bundle { put_by(&root)? } else { None };
    for stage in wanted {
        if !stages.run(stage, || root.stage(stage, &options.version)) {
            return Err(stopped());
        }
    }
    measure(&root, options)?;
    if let Some(last) = last {
        compare(
            &programs,
            &last,
            &root.out(&format!("saal-{}.raucb", options.version)),
        )?;
    }
    Ok(Made {
        image: root.out(&format!("saal-{}.raw", options.version)),
        root,
        programs,
    })
}

/// Keeps the newest bundle that was made before, under another name.
fn put_by(root: &BuildRoot) -> anyhow::Result<Option<PathBuf>> {
    let last = root.out("last.raucb");
    let Ok(entries) = fs::read_dir(root.out("")) else {
        return Ok(None);
    };
    let bundles = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let bundle = path.extension().is_some_and(|kind| kind == "raucb");
        Some((
            bundle.then(|| path.metadata().ok()?.modified().ok())??,
            path,
        ))
    });
    let Some((_, newest)) = bundles.max() else {
        return Ok(None);
    };
    fs::rename(&newest, &last).with_context(|| format!("cannot rename {}", newest.display()))?;
    Ok(Some(last))
}

/// Says what a room that has the last bundle will fetch of this one (docs/adr/0088), where the program that can tell is built.
fn compare(programs: &Path, last: &Path, new: &Path) -> anyhow::Result<()> {
    let program = programs.join("saal-fleetctl");
    if !program.is_file() {
        println!(
            "What an update from the last bundle fetches: saal-fleetctl release compare {} {}",
            last.display(),
            new.display()
        );
        return Ok(());
    }
    let mut command = Command::new(&program);
    let output = command
        .args(["release", "compare"])
        .args([last, new])
        .output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    print!("an update from the last bundle {told}");
    Ok(())
}

/// The keys to sign with. Who takes those of the tree is told each time.
fn keys(options: &Options) -> anyhow::Result<PathBuf> {
    if options.keys.is_none() {
        println!(
            "WARNING: signed with the DEVELOPMENT keys of the tree, whose private halves everybody has.\n\
             WARNING: for a room that people meet in, give your own: ./dev image --keys FOLDER (image/keys/README.md)."
        );
    }
    let folder = options.keys.clone();
    let folder = folder.unwrap_or_else(|| paths::root().join("image/keys/development"));
    for name in ["secure-boot", "update"].map(|name| [format!("{name}.key"), format!("{name}.crt")])
    {
        for file in name {
            if !folder.join(&file).is_file() {
                bail!(
                    "{} has no {file}. image/keys/README.md says what has to be there.",
                    folder.display()
                );
            }
        }
    }
    Ok(folder)
}

/// Puts into the build root what the image is made of: the tree's files, keys, programs.
fn fill(root: &BuildRoot, keys: &Path, programs: &[PathBuf], quick: bool) -> anyhow::Result<()> {
    let folder = root.input()?;
    let mut copy = Command::new("cp");
    copy.arg("--archive")
        .arg(paths::root().join("image/."))
        .arg(&folder);
    root::quietly(&mut copy)?;
    if quick {
        fs::write(folder.join("quick"), "").context("cannot write into the build root")?;
    }
    for name in [
        "secure-boot.key",
        "secure-boot.crt",
        "update.key",
        "update.crt",
    ] {
        place(&keys.join(name), &folder.join("keys").join(name))?;
    }
    let crates = binaries::crates()?;
    fs::write(folder.join("licences.txt"), licences::texts(&crates)?)
        .and_then(|()| fs::write(folder.join("crates"), crates))
        .context("cannot write into the build root")?;
    fs::create_dir_all(folder.join("bin")).context("cannot write into the build root")?;
    for program in programs {
        let name = program.file_name().context("a program has a name")?;
        place(program, &folder.join("bin").join(name))?;
    }
    Ok(())
}

fn place(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Says how large everything is. What is too large is no success, unless it was to be quick and not small.
fn measure(root: &BuildRoot, options: &Options) -> anyhow::Result<()> {
    let version = &options.version;
    let mut wanted = vec![(format!("saal-{version}.raw.zst"), "image", LARGEST_IMAGE)];
    if options.bundle {
        wanted.push((
            format!("saal-{version}.raucb"),
            "update bundle",
            LARGEST_BUNDLE,
        ));
    }
    for (name, what, largest) in wanted {
        let file = root.out(&name);
        let size = fs::metadata(&file)
            .with_context(|| format!("there is no {}", file.display()))?
            .len();
        let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
        println!(
            "{what:<14} {:>5} MiB (of {})  {}",
            mebibytes(size),
            mebibytes(largest),
            file.display()
        );
        if size > largest && (options.quick || options.dev_profile) {
            println!("  larger than what is shipped may be, as it was made to be quick");
        } else if size > largest {
            bail!(
                "the {what} is too large. `du -xm {}` says what is in it.",
                root.content().display()
            );
        }
    }
    Ok(())
}
