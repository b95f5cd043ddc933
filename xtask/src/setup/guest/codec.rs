//! An encoder in the guest: the kernel's test driver vicodec, which Debian does not build. It is made from Debian's
//! source of the same kernel, against that kernel's headers, as out-of-tree modules are (kbuild/modules.rst).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::{copy, depmod, needed, only_entry, unpack};
use crate::progress::step;

/// The package that names the kernel's source in its dependencies.
const SOURCE: &str = "linux-source";
/// What is taken of the source: the driver, and the part of V4L2 that no driver of a PC needs.
const PARTS: [&str; 2] = [
    "drivers/media/test-drivers/vicodec",
    "drivers/media/v4l2-core/v4l2-mem2mem.c",
];
const MODULES: [&str; 2] = ["v4l2-mem2mem.ko", "vicodec.ko"];
/// Which modules are made, and what the second one is made of.
const KBUILD: &str = "obj-m := v4l2-mem2mem.o vicodec.o
vicodec-y := vicodec-core.o codec-fwht.o codec-v4l2-fwht.o
";

/// The packages for it, where this is the kernel's.
pub(super) fn packages(kernel: &str) -> anyhow::Result<[String; 4]> {
    let headers = kernel.replacen("linux-image-", "linux-headers-", 1);
    let common = needed(&headers, "linux-headers-")?;
    let kbuild = needed(&headers, "linux-kbuild-")?;
    let source = needed(SOURCE, "linux-source-")?;
    Ok([headers, common, kbuild, source])
}

/// Makes the modules of the packages in this folder, and has its modprobe know them. Compiling takes seconds.
pub(super) fn add(folder: &Path) -> anyhow::Result<()> {
    let build = folder.join("build");
    fs::create_dir(&build).context("cannot write into the cache")?;
    for start in ["linux-headers-", "linux-headers-", "linux-kbuild-"] {
        unpack(folder, start, &build)?;
    }
    let package = only_entry(folder, "linux-source-")?;
    let module = build.join("module");
    fs::create_dir(&module).context("cannot write into the cache")?;
    take_source(&package, &module)?;
    let tree = only_entry(&folder.join("usr/lib/modules"), "")?;
    let release = tree.file_name().context("a release has a name")?;
    let headers = build.join(format!("usr/src/linux-headers-{}", release.display()));
    find_headers(&headers, &build)?;
    compile(&headers, &module)?;
    for name in MODULES {
        copy(&module.join(name), &tree.join("updates").join(name))?;
    }
    depmod(folder, release)?;
    fs::remove_file(&package).context("cannot tidy the cache up")?;
    fs::remove_dir_all(&build).context("cannot tidy the cache up")
}

/// Takes [`PARTS`] out of the archive in the package, all files side by side.
fn take_source(package: &Path, to: &Path) -> anyhow::Result<()> {
    let name = package.file_name().context("a package has a name")?;
    let name = name.to_string_lossy();
    let name = name.split('_').next().unwrap_or_default();
    let mut outer = Command::new("dpkg-deb");
    outer.arg("--fsys-tarfile").arg(package);
    let mut archive = Command::new("tar");
    archive.args([
        "--extract",
        "--to-stdout",
        &format!("./usr/src/{name}.tar.xz"),
    ]);
    let mut parts = Command::new("tar");
    parts.args(["--extract", "--xz", "--transform=s:.*/::"]);
    parts.arg("--directory").arg(to);
    parts.args(PARTS.map(|part| format!("{name}/{part}")));
    if !pipe([outer, archive, parts])? {
        bail!("{name} has no vicodec: the guest needs another release of Debian");
    }
    fs::write(to.join("Kbuild"), KBUILD).context("cannot write into the cache")
}

/// Runs programs that read what the one before writes. Whether the last one was content: the others can't write on when it
/// has all that it wants.
fn pipe(programs: [Command; 3]) -> anyhow::Result<bool> {
    let [mut first, mut second, mut last] = programs;
    let missing = "there is no dpkg-deb or tar";
    let mut first = first.stdout(Stdio::piped()).spawn().context(missing)?;
    let input = first.stdout.take().context("it was piped")?;
    second.stdin(input).stdout(Stdio::piped());
    let mut second = second.spawn().context(missing)?;
    let input = second.stdout.take().context("it was piped")?;
    let last = last.stdin(input).status().context(missing)?;
    first.wait().context(missing)?;
    second.wait().context(missing)?;
    Ok(last.success())
}

/// The headers name each other by where the package would be installed.
fn find_headers(headers: &Path, root: &Path) -> anyhow::Result<()> {
    let makefile = headers.join("Makefile");
    let text = fs::read_to_string(&makefile)
        .with_context(|| format!("cannot read {}", makefile.display()))?;
    let here = text.replace("/usr/src/", &format!("{}/usr/src/", root.display()));
    fs::write(&makefile, here).context("cannot write into the cache")
}

fn compile(headers: &Path, module: &Path) -> anyhow::Result<()> {
    let mut make = Command::new("make");
    make.arg("-C").arg(headers);
    make.arg(format!("M={}", module.display())).arg("modules");
    step(
        "setup-guest",
        "guest: the driver of an encoder",
        "Install build-essential with the compiler that Debian's kernel is made with, then run it again.",
        &mut make,
    )
}
