//! The machine: QEMU without any shortcut into the guest.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::disk::Disk;
use crate::monitor::Monitor;
use crate::room::Room;

/// Where xtask says what the image is, and how a command is run in its build root.
const IMAGE: &str = "SAAL_IMAGE";
const ROOT: &str = "SAAL_IMAGE_ROOT";
const ENTER: &str = "SAAL_IMAGE_ENTER";
/// A boot by software emulation takes two minutes where nothing else runs; this bounds one beside other work.
const UP_WITHIN: Duration = Duration::from_secs(15 * 60);

/// A card that shows what the kernel says before it has a driver for it. Looking at the display while the driver takes the card over
/// stops QEMU for good: the processor waits in `virtio_gpu_reset` for the main loop, which waits for the processor in
/// `memory_region_snapshot_and_clear_dirty` (10.0, seen in both stacks).
const CONSOLE: &str = "virtio-vga";
/// One that can be looked at at any moment, and shows nothing between firmware and driver.
const WATCHED: &str = "virtio-gpu-pci";

/// The machine's disk. What the machine wants to be sure of is not waited for: this computer keeps its power.
const DISK: &str = "-drive if=virtio,format=raw,cache=unsafe,file=FOLDERdisk.raw";
/// With a record of each write.
const RECORDED: &str = "-blockdev driver=file,node-name=disk-file,filename=FOLDERdisk.raw,cache.no-flush=on \
     -blockdev driver=raw,node-name=disk-raw,file=disk-file \
     -blockdev driver=file,node-name=log-file,filename=FOLDERwrites.log,cache.no-flush=on \
     -blockdev driver=raw,node-name=log-raw,file=log-file \
     -blockdev driver=blklogwrites,node-name=recorded,file=disk-raw,log=log-raw,log-sector-size=512 \
     -device virtio-blk-pci,drive=recorded";

/// The image that is tested.
#[derive(Debug)]
pub struct Image {
    pub(crate) raw: PathBuf,
    root: PathBuf,
    /// The words of a command that runs the words after it in the build root.
    enter: Vec<String>,
}

/// A running machine; dropping it switches it off, as a pulled plug does.
#[derive(Debug)]
pub struct Machine {
    qemu: Child,
    tpm: Option<Child>,
    folder: PathBuf,
    port: u16,
    started: Instant,
}

/// What is another in one machine than in the next.
struct Parts<'a> {
    tpm: bool,
    /// The card of the panel's display, for QEMU.
    card: &'a str,
    /// The disk, for QEMU.
    drive: &'a str,
    /// Of its network, for QEMU, with a comma behind it.
    network: &'a str,
    /// Words for QEMU: what is plugged in when power comes.
    more: &'a [&'a str],
}

const PARTS: Parts<'_> = Parts {
    tpm: false,
    card: CONSOLE,
    drive: DISK,
    network: "",
    more: &[],
};

impl Image {
    /// The image that `./dev test image` built; `None` where somebody else runs the tests.
    ///
    /// # Errors
    /// When the variables are set and make no sense.
    pub fn find() -> Result<Option<Self>> {
        let Some(raw) = std::env::var_os(IMAGE) else {
            println!("skipped: there is no image; ./dev test image builds one");
            return Ok(None);
        };
        let root = std::env::var_os(ROOT).context("SAAL_IMAGE_ROOT is not set")?;
        let enter = std::env::var(ENTER).context("SAAL_IMAGE_ENTER is not set")?;
        Ok(Some(Self {
            raw: raw.into(),
            root: root.into(),
            enter: serde_json::from_str(&enter).context("SAAL_IMAGE_ENTER is no list")?,
        }))
    }

    /// A fresh folder for one machine, as this system names it.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.outside(name, "");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// A file of a machine, as this system names it.
    pub(crate) fn outside(&self, machine: &str, file: &str) -> PathBuf {
        self.root.join("work/vm").join(machine).join(file)
    }

    /// Where the parts of the release lie that was built last.
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.root.join("work/work")
    }

    /// Writes a file beside a machine's disk.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, machine: &str, file: &str, content: &str) -> Result<PathBuf> {
        let path = self.outside(machine, file);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Runs a command in the build root and gives what it says.
    ///
    /// # Errors
    /// With what it said, when it fails.
    pub fn ask(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).output();
        let output = output.with_context(|| format!("cannot run {}", words.join(" ")))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed: {said}{errors}", words.join(" "));
        }
        Ok(said)
    }

    /// A command in the build root.
    fn command(&self, words: &[&str]) -> Command {
        let (program, arguments) = self.enter.split_first().expect("xtask gives a command");
        let mut command = Command::new(program);
        command.args(arguments).args(words).stdin(Stdio::null());
        command
    }

    /// Flashes a disk, lets IT write its files (name and content) to it, and gives both to a machine of this name.
    ///
    /// # Errors
    /// When the disk can't be written.
    pub fn flash(&self, name: &str, files: &[(&str, String)]) -> Result<Disk> {
        let folder = self.folder(name)?;
        let disk = Disk::flash(self, &folder)?;
        let program = self.root.join("work/in/bin/saalctl");
        let mut provision = Command::new(&program);
        provision.arg("provision").arg(&disk.file);
        for (file, content) in files {
            let path = self.write(name, file, content)?;
            provision.arg("--file").arg(path);
        }
        let output = provision.output();
        let output = output.with_context(|| format!("cannot run {}", program.display()))?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        self.firmware(&folder)?;
        Ok(disk)
    }

    /// What the firmware of a new machine remembers.
    pub(crate) fn firmware(&self, folder: &Path) -> Result<()> {
        let firmware = self.root.join("usr/share/OVMF/OVMF_VARS_4M.fd");
        fs::copy(&firmware, folder.join("vars.fd"))
            .with_context(|| format!("no {}", firmware.display()))?;
        Ok(())
    }

    /// Switches a machine on with this disk.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start(&self, disk: &Disk, tpm: bool) -> Result<Machine> {
        self.start_with(disk, tpm, &[])
    }

    /// As [`Self::start`], with these words for QEMU too: what is plugged in when power comes.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start_with(&self, disk: &Disk, tpm: bool, more: &[&str]) -> Result<Machine> {
        self.switch_on(disk, &Parts { tpm, more, ..PARTS })
    }

    /// As [`Self::start_with`], without a TPM; its displays may be looked at while it starts.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start_watched(&self, disk: &Disk, more: &[&str]) -> Result<Machine> {
        let card = WATCHED;
        self.switch_on(
            disk,
            &Parts {
                card,
                more,
                ..PARTS
            },
        )
    }

    /// As [`Self::start`], without a TPM; the disk takes no write any more, as flash memory at its end does.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start_read_only(&self, disk: &Disk) -> Result<Machine> {
        let drive = &format!("{DISK},readonly=on");
        self.switch_on(disk, &Parts { drive, ..PARTS })
    }

    /// As [`Self::start_watched`]; in a network that knows the room and leads nowhere.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start_cut_off(&self, disk: &Disk) -> Result<Machine> {
        let (card, network) = (WATCHED, "restrict=on,");
        self.switch_on(
            disk,
            &Parts {
                card,
                network,
                ..PARTS
            },
        )
    }

    /// As [`Self::start`], without a TPM; each write to the disk is recorded, in order, in the file that comes with it
    /// ([`WriteLog`](crate::WriteLog)).
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start_recorded(&self, disk: &Disk) -> Result<(Machine, PathBuf)> {
        let log = disk.folder().join("writes.log");
        fs::write(&log, "").with_context(|| format!("cannot write {}", log.display()))?;
        let drive = RECORDED;
        Ok((self.switch_on(disk, &Parts { drive, ..PARTS })?, log))
    }

    fn switch_on(&self, disk: &Disk, parts: &Parts<'_>) -> Result<Machine> {
        let (folder, name) = (disk.folder().to_owned(), disk.name()?);
        let inside = |file: &str| format!("/work/vm/{name}/{file}");
        let tpm = parts.tpm.then(|| self.start_tpm(&folder, &inside));
        let tpm = tpm.transpose()?;
        // Free a moment ago: QEMU can't say which one it took.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut words: Vec<String> = vec!["qemu-system-x86_64".into()];
        words.extend(hardware(&inside, parts, port));
        words.extend(parts.more.iter().map(|&word| word.to_owned()));
        if tpm.is_some() {
            let socket = format!("socket,id=tpm,path={}", inside("tpm.sock"));
            let device = [
                "-chardev",
                &socket,
                "-tpmdev",
                "emulator,id=tpm0,chardev=tpm",
                "-device",
                "tpm-crb,tpmdev=tpm0",
            ];
            words.extend(device.map(str::to_owned));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let log = File::create(folder.join("qemu.log")).context("no log")?;
        let mut command = self.command(&words);
        command.stdout(log.try_clone()?).stderr(log);
        Ok(Machine {
            qemu: command.spawn().context("QEMU does not start")?,
            tpm,
            folder,
            port,
            started: Instant::now(),
        })
    }

    /// The boot loader's entries of slots on a machine's disk, which may be running: their names tell which slot has how many attempts left.
    ///
    /// # Errors
    /// When the partition can't be read, as while it is written.
    pub fn entries(&self, disk: &Disk) -> Result<Vec<String>> {
        let partition = in_build_root(disk, "esp")?;
        let listed = self.ask(&["mdir", "-b", "-i", &partition, "::/loader/entries"])?;
        let names = listed.lines().filter_map(|line| line.rsplit('/').next());
        let mut names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        names.retain(|name| name.starts_with("saal-") && name != "saal-rescue.conf");
        names.sort();
        Ok(names)
    }

    /// Renames an entry of the boot loader on the disk of a machine that is off, as the boot loader does when it counts.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn rename_entry(&self, disk: &Disk, from: &str, to: &str) -> Result<()> {
        let partition = in_build_root(disk, "esp")?;
        let from = format!("::/loader/entries/{from}");
        self.ask(&["mren", "-i", &partition, &from, to]).map(drop)
    }

    fn start_tpm(&self, folder: &Path, inside: &impl Fn(&str) -> String) -> Result<Child> {
        fs::create_dir_all(folder.join("tpm")).context("no folder for the TPM")?;
        let (state, control) = (
            format!("dir={}", inside("tpm")),
            format!("type=unixio,path={}", inside("tpm.sock")),
        );
        let mut command = self.command(&[
            "swtpm",
            "socket",
            "--tpm2",
            "--tpmstate",
            &state,
            "--ctrl",
            &control,
        ]);
        let child = command.spawn().context("swtpm does not start")?;
        made(&folder.join("tpm.sock"))?;
        Ok(child)
    }
}

/// Waits until a program that was started a moment ago has made its socket.
fn made(socket: &Path) -> Result<()> {
    for _ in 0..600 {
        if socket.exists() {
            return Ok(());
        }
        sleep(Duration::from_millis(100));
    }
    bail!("there is no {}", socket.display())
}

/// A partition of a machine's disk as mtools takes it: the disk's file in the build root, `@@`, and where it begins.
pub(crate) fn in_build_root(disk: &Disk, partition: &str) -> Result<String> {
    let (name, at) = (disk.name()?, disk.partition(partition)?);
    Ok(format!("/work/vm/{name}/disk.raw@@{at}"))
}

impl Machine {
    /// The room in it, when it answers; after a start of its own too.
    ///
    /// # Errors
    /// With the end of the console, when it does not in time.
    pub fn room(&mut self, token: &str) -> Result<Room> {
        let room = Room::at(self.port, token);
        let asked = Instant::now();
        while asked.elapsed() < UP_WITHIN {
            if let Some(status) = self.qemu.try_wait()? {
                bail!("QEMU ended ({status}).\n{}", self.said());
            }
            if room.answers() {
                println!(
                    "the room answers {:.1} s after power came",
                    self.started.elapsed().as_secs_f64()
                );
                return Ok(room);
            }
            sleep(Duration::from_secs(1));
        }
        bail!("the room does not answer.\n{}", self.said())
    }

    /// QEMU's monitor: what the displays show, and fingers.
    ///
    /// # Errors
    /// When QEMU does not answer.
    pub fn monitor(&self) -> Result<Monitor> {
        let socket = self.folder.join("qmp.sock");
        made(&socket)?;
        Monitor::connect(&socket, &self.folder)
    }

    /// The ends of console and log.
    fn said(&self) -> String {
        let end = |file: &str| {
            let text = fs::read(self.folder.join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        };
        format!("{}\n{}", end("console.log"), end("qemu.log"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for child in [Some(&mut self.qemu), self.tpm.as_mut()]
            .into_iter()
            .flatten()
        {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
        // That was what started QEMU; QEMU itself dies with it, a moment later, and then leaves disk and socket to the next one.
        let socket = self.folder.join("qmp.sock");
        for _ in 0..100 {
            if UnixStream::connect(&socket).is_err() {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        let _ = fs::remove_file(&socket);
    }
}

/// A room's computer: two graphics cards with a display each (QEMU plugs nothing into a card's second output), a touch screen,
/// a watchdog; the room's web view on a port of ours. No path in the build root has a space.
fn hardware(inside: &impl Fn(&str) -> String, parts: &Parts<'_>, port: u16) -> Vec<String> {
    let (card, network) = (parts.card, parts.network);
    let drive = parts.drive.replace("FOLDER", &inside(""));
    let words = format!(
        "-machine q35,smm=on -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -display none \
         -uuid 5aa15aa1-0000-4000-8000-000000000001 -smbios type=1,serial=SAAL-0001 \
         -global driver=cfi.pflash01,property=secure,value=on \
         -drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd \
         -drive if=pflash,format=raw,unit=1,file={vars} \
         -device {card},id=card0,xres=1280,yres=800 -device virtio-gpu-pci,id=card1,xres=640,yres=360 \
         -device virtio-multitouch-pci,id=finger -device virtio-rng-pci -device i6300esb -action watchdog=reset -device qemu-xhci,id=usb \
         -nic user,id=cable,{network}model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{port}-:8480 \
         -serial file:{console} -qmp unix:{monitor},server=on,wait=off {drive}",
        vars = inside("vars.fd"),
        console = inside("console.log"),
        monitor = inside("qmp.sock"),
    );
    words.split_whitespace().map(str::to_owned).collect()
}
