//! The build root: Debian 13 in a folder of the cache, with the tools that make and test the image.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, bail};

use crate::paths;
use crate::progress::step;
use crate::setup::{Once, as_root};

/// The release that the image is made of and with.
const RELEASE: &str = "trixie";
/// Changes when the root has to be made anew though its packages are the same.
const EDITION: &str = "1";
/// Goes into the root as its own file system, so that tools that make name spaces of their own work there. No loop devices
/// and nothing of the running system but its devices.
const ENTER: &str = r#"
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/tmp"
cd "$root"; mkdir -p .outside; pivot_root . .outside; cd /; umount -l /.outside
exec "$@"
"#;

/// The build root.
pub(crate) struct BuildRoot {
    folder: PathBuf,
    /// Two at a time would write into each other's image.
    _lock: File,
}

impl BuildRoot {
    /// The root, made if it is not there.
    pub(crate) fn get() -> anyhow::Result<Self> {
        if std::env::consts::ARCH != "x86_64" {
            bail!("the image is for x86-64, and is made on it. For other boards see yocto-layer/.");
        }
        let path = paths::cache().join("image-root.lock");
        let lock = fs::create_dir_all(paths::cache()).and_then(|()| File::create(&path));
        let lock = lock.with_context(|| format!("cannot write {}", path.display()))?;
        if lock.try_lock().is_err() {
            println!("  waiting: another ./dev makes an image");
            lock.lock().context("cannot lock the cache")?;
        }
        let packages = packages(&crate::setup::pin("image/build-root-packages")?);
        let once = Once::of("image-root", &[RELEASE, EDITION, &packages]);
        let folder = once.get(|folder| {
            let advice = "Check that Debian's archive can be reached (apt's usual settings apply), then run it again.";
            let list = paths::cache().join("image-root.sources");
            fs::write(&list, sources()?).context("cannot write into the cache")?;
            let mut make = as_root("mmdebstrap");
            make.args(["--variant=minbase", "--mode=root", "--skip=cleanup/apt/lists"])
                .arg(format!("--include={packages}"))
                .arg(RELEASE)
                .arg(folder)
                .arg(list);
            step("image-root", "Debian 13 with the image's tools (600 MB)", advice, &mut make)
        })?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// An empty folder for what goes in.
    pub(super) fn input(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join("work/in");
        quietly(as_root("rm").arg("-rf").arg(&folder))?;
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        fs::write(folder.join("sources"), sources()?)
            .context("cannot write into the build root")?;
        Ok(folder)
    }

    /// What came out.
    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.folder.join("work/out").join(name)
    }

    /// The tree that mkosi filled.
    pub(super) fn content(&self) -> PathBuf {
        self.folder.join("work/work/root")
    }

    /// Runs a stage of `image/build`.
    pub(super) fn stage(&self, stage: &str, version: &str) -> anyhow::Result<()> {
        let arguments = ["/work/in/build", stage, version, &epoch()?.to_string()];
        let advice = "What it said last is above.";
        step(
            &format!("image-{stage}"),
            stage,
            advice,
            &mut self.command(&arguments),
        )
    }

    /// A command in there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = as_root("unshare");
        command
            .args([
                "--mount",
                "--fork",
                "--pid",
                "--kill-child",
                "sh",
                "-euc",
                ENTER,
                "enter",
            ])
            .arg(&self.folder)
            .args(arguments);
        command
    }

    /// The words of a command that runs those after it in there, as a list in JSON.
    pub(crate) fn enter(&self) -> String {
        let command = self.command(&[]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        serde_json::Value::from(words).to_string()
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// `# comment` and empty lines aside, one package a line -> `a,b`.
fn packages(list: &str) -> String {
    let lines = list.lines().map(str::trim);
    let names: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    names.join(",")
}

/// Debian 13 from where this machine gets its own Debian (deb822 format, sources.list(5)).
fn sources() -> anyhow::Result<String> {
    let output = Command::new("apt-get")
        .args([
            "indextargets",
            "--format",
            "$(LABEL) $(REPO_URI)",
            "Created-By: Packages",
        ])
        .output()
        .context("there is no apt-get: the image is made on Debian")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let find = |label: &str| {
        let uri = text
            .lines()
            .find_map(|line| line.strip_prefix(label)?.strip_prefix(' '));
        uri.with_context(|| {
            format!("apt has no source of {label}; add Debian's to /etc/apt and run apt-get update")
        })
    };
    let stanza = |uri: &str, suites: &str| {
        format!(
            "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main non-free-firmware\n\
             Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        )
    };
    Ok(
        stanza(find("Debian")?, &format!("{RELEASE} {RELEASE}-updates"))
            + &stanza(find("Debian-Security")?, &format!("{RELEASE}-security")),
    )
}

/// The time that everything in the image has: the newest commit's, so that two builds of it agree; or what
/// `SOURCE_DATE_EPOCH` says.
fn epoch() -> anyhow::Result<u64> {
    if let Some(set) = std::env::var_os("SOURCE_DATE_EPOCH") {
        let text = set.to_string_lossy().into_owned();
        return text
            .parse()
            .with_context(|| format!("SOURCE_DATE_EPOCH is no number: {text}"));
    }
    let output = Command::new("git")
        .current_dir(paths::root())
        .args(["log", "-1", "--format=%ct"])
        .output();
    let committed = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
    // A tree without history, as from an archive: today, which is not reproducible.
    Ok(committed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default().as_secs()
    }))
}

/// Runs a small command to its end.
pub(super) fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command
        .output()
        .with_context(|| format!("cannot run {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_packages_is_read_without_its_comments() {
        assert_eq!(packages("# tools\nmkosi\n\nrauc\n"), "mkosi,rauc");
    }
}
