//! Updates for a machine: the image's own parts under another version, or with a flaw that a room has to notice.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::machine::Image;

/// `bundle FOLDER VERSION KIND`, in the build root, where the last bundle's parts lie: FOLDER/VERSION.raucb. The version that the
/// system tells stays the image's own.
const BUNDLE: &str = r#"
made=/work/work/bundle parts=$1/$2 bundle=$1/$2.raucb
key=/work/in/keys/update.key certificate=/work/in/keys/update.crt
rm -rf "$parts" "$bundle"; mkdir "$parts"
cp --reflink=auto $made/manifest.raucm $made/hook "$parts/"
without() { for image in "$@"; do sed -i "/^\[image\.$image\]/,/^$/d" "$parts/manifest.raucm"; done; }
sed -i "s/^version=.*/version=$2/" "$parts/manifest.raucm"
case "$3" in
whole) cp --reflink=auto $made/*.img "$parts/" ;;
small)
    # RAUC starts a slot whose root it wrote.
    head -c 65536 $made/root.img >"$parts/root.img"
    cp --reflink=auto $made/kernel.img "$parts/"
    without verity
    ;;
damaged)
    { printf Saal && head -c 65536 $made/root.img | tail -c +5; } >"$parts/root.img"
    without verity kernel
    ;;
*)
    # No room gets to write these.
    for image in root verity kernel; do head -c 262144 $made/$image.img >"$parts/$image.img"; done
    ;;
esac
case "$3" in
other-hardware) sed -i "s/^compatible=.*/compatible=saal-elsewhere/" "$parts/manifest.raucm" ;;
stranger)
    key=$1/stranger.key certificate=$1/stranger.crt
    openssl req -x509 -newkey rsa:2048 -noenc -days 2 -subj "/CN=Stranger" -addext extendedKeyUsage=codeSigning \
        -addext basicConstraints=critical,CA:FALSE -keyout "$key" -out "$certificate"
    ;;
esac
rauc bundle --cert="$certificate" --key="$key" --mksquashfs-args="-noD -noF" "$parts" "$bundle"
if [ "$3" = truncated ]; then
    # What is signed, and how long that is (the last 8 bytes), stay; of what it is about, half goes.
    signature=$((0x$(tail -c 8 "$bundle" | od -An -tx1 | tr -d " \n") + 8))
    half=$((($(stat -c %s "$bundle") - signature) / 8192 * 4096))
    { head -c $half "$bundle"; tail -c $signature "$bundle"; } >"$bundle.half"
    mv "$bundle.half" "$bundle"
fi
rm -rf "$parts"
"#;

/// `another VERSION EPOCH`: another release than the one that was built: the same content, packed otherwise, so that each block of
/// its root is another.
const ANOTHER: &str = r#"
rm -f /work/in/quick
sed -i 's/^CompressionLevel=.*/CompressionLevel=3/' /work/in/slot/*.conf
for stage in slot kernel bundle; do /work/in/build $stage "$1" "$2"; done
"#;

/// `flawed VERSION EPOCH FOLDER FLAW`: a system of which each part is signed and as it was built, and that is no good. What bundles are
/// made of stays.
const FLAWED: &str = r#"
work=/work/work
mkdir -p "$3"
back() {
    [ ! -e $work/without ] || mv $work/without "$work/root/$4"
    [ ! -e "$3/good-roothash" ] || for part in root.raw verity.raw kernel.efi roothash; do mv "$3/good-$part" "$work/$part"; done
}
case "$4" in
usr/*)
    for part in root.raw verity.raw kernel.efi roothash; do cp --reflink=auto "$work/$part" "$3/good-$part"; done
    mv "$work/root/$4" $work/without
    trap 'back "$@"' EXIT
    # It starts, and ends at once with an error.
    cp "$work/root/usr/bin/false" "$work/root/$4"
    for stage in slot kernel; do /work/in/build $stage "$1" "$2"; done
    for part in root.raw verity.raw kernel.efi; do cp --reflink=auto "$work/$part" "$3/$part"; done
    ;;
*)
    # Without its first file system the kernel finds no root, and panics.
    ukify build --linux=$work/vmlinuz --cmdline="$(tr '\n' ' ' </work/in/cmdline)" --os-release="@$work/root/usr/lib/os-release" --output="$3/unsigned"
    /usr/lib/systemd/systemd-sbsign sign --private-key=/work/in/keys/secure-boot.key --certificate=/work/in/keys/secure-boot.crt \
        --output="$3/kernel.efi" "$3/unsigned"
    for part in root.raw verity.raw; do cp --reflink=auto "$work/$part" "$3/$part"; done
    ;;
esac
"#;

/// `stick FOLDER NAME`: FOLDER/NAME.stick is a FAT file system with the label that rooms look for, and what is in FOLDER/NAME on it.
const STICK: &str = r#"
stick=$1/$2.stick
rm -f "$stick"
truncate -s "$(($(du -sb "$1/$2" | cut -f 1) + 67108864))" "$stick"
mkfs.vfat -n SAAL-UPDATE "$stick"
mcopy -s -i "$stick" "$1/$2"/* ::/
rm -rf "$1/$2"
"#;

/// The image's own version; and any time will do that is the same for all.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const EPOCH: &str = "1700000000";

/// Why a system is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The room's daemon dies as soon as it starts.
    DaemonDies,
    /// The daemon runs, and its media engine does not.
    NoPictures,
    /// The kernel gives up before anything of the system runs.
    KernelPanics,
}

impl Flaw {
    /// The program that fails, or what is wrong otherwise.
    fn word(self) -> &'static str {
        match self {
            Self::DaemonDies => "usr/bin/saald",
            Self::NoPictures => "usr/bin/saal-media",
            Self::KernelPanics => "kernel",
        }
    }
}

/// What a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// All that `./dev image --bundle` puts into one.
    Whole,
    /// The kernel and where the root begins. From the factory both slots hold the same, so that this is a release too, of a
    /// seventh of the size.
    Small,
    /// A root whose first block is not what its hashes say, which shows when it is started, and nothing else.
    Damaged,
    /// Somebody else signed it.
    Stranger,
    /// It is for other computers.
    OtherHardware,
    /// A half of it is not there.
    Truncated,
}

impl Bundle {
    fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Small => "small",
            Self::Damaged => "damaged",
            Self::Stranger => "stranger",
            Self::OtherHardware => "other-hardware",
            Self::Truncated => "truncated",
        }
    }
}

impl Image {
    /// How many bytes [`Self::bundle`] made of this version.
    ///
    /// # Errors
    /// When it was not made.
    pub fn size(&self, machine: &str, version: &str) -> Result<u64> {
        let path = self.outside(machine, &format!("{version}.raucb"));
        let about = fs::metadata(&path).with_context(|| format!("no {}", path.display()))?;
        Ok(about.len())
    }

    /// An update for a machine of this name.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn bundle(&self, machine: &str, version: &str, kind: Bundle) -> Result<PathBuf> {
        let folder = format!("/work/vm/{machine}");
        let words = [
            "sh",
            "-euc",
            BUNDLE,
            "bundle",
            &folder,
            version,
            kind.word(),
        ];
        self.ask(&words)?;
        Ok(self.outside(machine, &format!("{version}.raucb")))
    }

    /// Builds another release than the image's; bundles are made of that one from now on.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn make_another(&self) -> Result<()> {
        self.ask(&["sh", "-euc", ANOTHER, "another", VERSION, EPOCH])
            .map(drop)
    }

    /// Builds a system that is no good. Gives the folder of its parts in the build root, beside the disk of a machine of this name.
    ///
    /// # Errors
    /// When it can't be made.
    pub(crate) fn make_flawed(&self, machine: &str, flaw: Flaw) -> Result<String> {
        let folder = format!("/work/vm/{machine}/flawed");
        let words = [
            "sh",
            "-euc",
            FLAWED,
            "flawed",
            VERSION,
            EPOCH,
            &folder,
            flaw.word(),
        ];
        self.ask(&words)?;
        Ok(folder)
    }

    /// A stick with these files: their paths on it and their contents. Gives its file, as the build root names it.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn stick(&self, machine: &str, name: &str, files: &[(&str, Vec<u8>)]) -> Result<String> {
        for (path, content) in files {
            let path = self.outside(machine, &format!("{name}/{path}"));
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create {}", folder.display()))?;
            }
            fs::write(&path, content)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let folder = format!("/work/vm/{machine}");
        self.ask(&["sh", "-euc", STICK, "stick", &folder, name])?;
        Ok(format!("{folder}/{name}.stick"))
    }

    /// A stick with such a bundle.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn stick_with(&self, machine: &str, version: &str, kind: Bundle) -> Result<String> {
        let bundle = self.bundle(machine, version, kind)?;
        let content = fs::read(&bundle);
        let content = content.with_context(|| format!("cannot read {}", bundle.display()))?;
        self.stick(machine, version, &[("update.raucb", content)])
    }
}
