//! A virtual machine for tests that need the kernel's drivers: Debian's kernel in QEMU, on this machine's own file system.
//!
//! ```text
//! QEMU (software emulation)
//!   initramfs       busybox, virtio and 9p modules, guest/init
//!   /               this machine's root, read-only over virtio-9p: what is built and installed here runs there
//!   /run            memory; /run/exchange is a folder of the run
//!   serial port 1   the console, to console.log
//!   serial port 2   orders and answers of guest/agent, our pipe
//! ```
//!
//! It has no network, no disk and no state: it ends by being killed.

mod initramfs;
mod programs;
mod screen;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::process::{Process, Program, tail};
use crate::run_folder::RunFolder;
use crate::tools::Tools;

pub use programs::TestProgram;
pub use screen::{GuestScreen, Pixels};

/// It takes five seconds on an idle machine; this bounds a boot beside other work.
const UP_WITHIN: Duration = Duration::from_secs(120);
/// How long the kernel may take to load a module or to let it go.
const MODULE_WITHIN: Duration = Duration::from_secs(60);
/// The socket of QEMU's monitor in the run's folder.
const MONITOR: &str = "monitor";
/// MiB. Two engines, and cameras with their buffers, need less than half of it.
const MEMORY: &str = "1024";

/// How fast a guest is by its own clock, which counts instructions. What it does takes as long for us either way, as long as it
/// does not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestSpeed {
    /// 500 million instructions a second, 2 ns each: enough for one thing at a time, and waiting is over soon.
    Modest,
    /// 1,000 million a second: a whole call in the time of its sound.
    Twice,
}

impl GuestSpeed {
    /// QEMU's option: 2^shift ns an instruction.
    fn option(self) -> &'static str {
        match self {
            Self::Modest => "shift=1,sleep=on",
            Self::Twice => "shift=0,sleep=on",
        }
    }
}

/// A running guest; dropping it ends it.
#[derive(Debug)]
pub struct Guest {
    process: Process,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Where the set-up put kernel and modules.
    tools: PathBuf,
    exchange: PathBuf,
    count: u32,
    // Last: QEMU writes into it until it is dropped.
    folder: RunFolder,
}

/// A script that ended in the guest.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status; 0 is success.
    pub status: i32,
    /// All that it said.
    pub output: String,
}

impl Guest {
    /// Boots one and waits until it takes orders.
    ///
    /// # Errors
    /// [`Error::GuestTools`] when the set-up has not run, and with the end of the console when it does not come up.
    pub async fn start(speed: GuestSpeed) -> Result<Self> {
        let tools = Tools::find()?.guest.ok_or(Error::GuestTools)?;
        let folder = RunFolder::new()?;
        let exchange = folder.path().join("exchange");
        std::fs::create_dir(&exchange).map_err(Error::file("create", &exchange))?;
        let (archive, console) = (
            folder.path().join("initramfs"),
            folder.path().join("console.log"),
        );
        initramfs::write(&archive, &tools)?;
        let program = Program::new("the virtual machine", "qemu-system-x86_64", console.clone())
            .args(machine(speed))
            .args(["-kernel".into(), tools.join("vmlinuz")])
            .args(["-initrd".into(), archive])
            .args(share("host", "/", ",readonly=on"))
            .args(share("exchange", &exchange.to_string_lossy(), ""))
            .args(["-serial".into(), format!("file:{}", console.display())])
            .args(["-qmp".into(), monitor(&folder.path().join(MONITOR))])
            .args(["-chardev", "stdio,id=agent,signal=off"])
            .args(["-serial", "chardev:agent"])
            .piped();
        let mut process = program.start().await?;
        let (orders, answers) = process.pipes();
        let mut guest = Self {
            process,
            orders,
            answers: BufReader::new(answers).lines(),
            tools,
            exchange,
            count: 0,
            folder,
        };
        match guest.answer("ready", UP_WITHIN).await {
            Ok(_) => Ok(guest),
            Err(Silence::Ended) => Err(guest.process.error("ended while it booted")),
            Err(Silence::Late) => Err(guest
                .process
                .error(format!("had not booted after {UP_WITHIN:?}"))),
        }
    }

    /// Its displays, to look at while something runs.
    ///
    /// # Errors
    /// When QEMU's monitor does not answer.
    pub async fn screen(&self) -> Result<GuestScreen> {
        GuestScreen::connect(&self.folder.path().join(MONITOR), self.folder.path()).await
    }

    /// The folder that guest and host share, as the host and as the guest names it.
    #[must_use]
    pub fn exchange(&self) -> (&Path, &'static str) {
        (&self.exchange, "/run/exchange")
    }

    /// Loads a kernel module with its options. One that is loaded stays as it is.
    ///
    /// # Errors
    /// [`Error::InGuest`] with what modprobe and the kernel said.
    pub async fn load(&mut self, module: &str, options: &[&str]) -> Result<()> {
        let arguments = [&[module], options].concat();
        self.modprobe(&arguments).await
    }

    /// Unloads a kernel module, and with it the devices that it made.
    ///
    /// # Errors
    /// [`Error::InGuest`] when it is in use.
    pub async fn unload(&mut self, module: &str) -> Result<()> {
        self.modprobe(&["--remove", module]).await
    }

    /// Has its processor always do something from now on, where it would wait. Time goes on with instructions alone then, so that
    /// nothing comes late for it where this computer is busy; but each second takes as long as one that is full of work.
    ///
    /// # Errors
    /// As [`Guest::run`].
    pub async fn keep_busy(&mut self) -> Result<()> {
        // With what nothing else wants (sched(7), SCHED_IDLE).
        let script = "chrt --idle 0 sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 &";
        let done = self.run(script, MODULE_WITHIN).await?;
        done.success("chrt").map(drop)
    }

    async fn modprobe(&mut self, arguments: &[&str]) -> Result<()> {
        let folder = self.tools.to_string_lossy();
        let words = [&["modprobe", "--dirname", &folder], arguments].concat();
        let command = words.into_iter().map(quoted).collect::<Vec<_>>().join(" ");
        let script = format!("{command} || {{ status=$?; dmesg | tail; exit $status; }}");
        self.run(&script, MODULE_WITHIN).await?.success(&command)?;
        Ok(())
    }

    /// Runs a test program as cargo would, with these arguments and variables.
    ///
    /// # Errors
    /// As [`Guest::run`]; tests that fail are no error, but in what comes back.
    pub async fn test(
        &mut self,
        program: &TestProgram,
        arguments: &[&str],
        variables: &[(&str, &str)],
        within: Duration,
    ) -> Result<Finished> {
        let folder = quoted(&program.folder.to_string_lossy());
        let mut script = format!("cd {folder}\nexport CARGO_MANIFEST_DIR={folder}\n");
        for (name, value) in variables {
            // Writing to a String can't fail.
            let _ = writeln!(script, "export {name}={}", quoted(value));
        }
        let words = std::iter::once(program.path.to_string_lossy().into_owned())
            .chain(arguments.iter().map(|word| (*word).to_owned()));
        let command: Vec<String> = words.map(|word| quoted(&word)).collect();
        let _ = writeln!(script, "exec {}", command.join(" "));
        self.run(&script, within).await
    }

    /// Runs a shell script as root to its end.
    ///
    /// # Errors
    /// [`Error::InGuest`] with the end of what it said, when it does not end within this time; the guest is killed then.
    pub async fn run(&mut self, script: &str, within: Duration) -> Result<Finished> {
        self.count += 1;
        let number = self.count.to_string();
        let file = |ending: &str| self.exchange.join(format!("{number}.{ending}"));
        let (order, log) = (file("sh"), file("log"));
        std::fs::write(&order, script).map_err(Error::file("write", &order))?;
        let line = format!("{number}\n");
        let sent = self.orders.write_all(line.as_bytes()).await;
        sent.map_err(|_| self.process.error("took no order"))?;
        let status = match self.answer(&number, within).await {
            Ok(status) => status,
            Err(Silence::Ended) => return Err(self.process.error("ended")),
            Err(Silence::Late) => {
                self.process.kill().await;
                return Err(Error::InGuest {
                    what: format!(
                        "it was killed, for this did not end within {within:?}: {script}"
                    ),
                    output: tail(&log, 25),
                });
            }
        };
        let output = std::fs::read(&log).map_err(Error::file("read", &log))?;
        Ok(Finished {
            status: status.parse().unwrap_or(-1),
            output: String::from_utf8_lossy(&output).into_owned(),
        })
    }

    /// Waits for the line that begins with this word, and gives the rest of it.
    async fn answer(&mut self, word: &str, within: Duration) -> Result<String, Silence> {
        let search = async {
            while let Ok(Some(line)) = self.answers.next_line().await {
                let mut words = line.split_whitespace();
                if words.next() == Some(word) {
                    return Ok(words.collect());
                }
            }
            Err(Silence::Ended)
        };
        timeout(within, search).await.unwrap_or(Err(Silence::Late))
    }
}

/// Why an answer does not come.
enum Silence {
    /// QEMU has ended.
    Ended,
    /// It was waited for long enough.
    Late,
}

impl Finished {
    /// What it said, if it succeeded.
    ///
    /// # Errors
    /// [`Error::InGuest`] with all of it, if it did not; `what` names it.
    pub fn success(self, what: &str) -> Result<String> {
        if self.status == 0 {
            return Ok(self.output);
        }
        Err(Error::InGuest {
            what: format!("{what} ended with exit status {}", self.status),
            output: self.output,
        })
    }
}

/// A PC without anything but what is listed, emulated in software, so that it is the same on every machine.
///
/// Its clock counts instructions. On a host that is slower or busy its time goes slower, so that what keeps up with cameras and
/// sound cards does so everywhere, and a second in a test is one in there. That takes one processor; while it waits, its time is ours.
fn machine(speed: GuestSpeed) -> Vec<&'static str> {
    let mut arguments = vec!["-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "1"];
    arguments.extend(["-icount", speed.option(), "-rtc", "clock=vm"]);
    arguments.extend([
        "-m",
        MEMORY,
        "-nodefaults",
        "-display",
        "none",
        "-no-reboot",
    ]);
    // Two graphics cards with a display of 1280x800 each, one of them with a free output; their driver is a module as those of cameras are.
    for card in screen::DISPLAYS {
        arguments.extend(["-device", card]);
    }
    arguments.extend(["-append", "console=ttyS0 panic=-1 quiet"]);
    arguments
}

/// QEMU's monitor listens there.
fn monitor(socket: &Path) -> String {
    let path = socket.to_string_lossy().replace(',', ",,");
    format!("unix:{path},server=on,wait=off")
}

/// A folder of this machine, by the name under which the guest mounts it.
fn share(tag: &str, folder: &str, more: &str) -> [String; 4] {
    // A comma ends a value for QEMU unless it is doubled. Other file systems below are parts of the folder; their inode
    // numbers are made different.
    let path = folder.replace(',', ",,");
    let source = format!("local,id={tag},path={path},security_model=none,multidevs=remap{more}");
    let device = format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}");
    ["-fsdev".into(), source, "-device".into(), device]
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn a_comma_in_a_path_ends_no_value() {
        let [_, source, ..] = share("exchange", "/tmp/a,b", "");
        assert!(source.contains("path=/tmp/a,,b,security"), "{source}");
    }
}
