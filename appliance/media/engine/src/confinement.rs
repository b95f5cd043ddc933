//! What the engine's process can't do, whatever a received frame makes of it.
//!
//! The engine parses what strangers send, in libraries written in C. It needs devices, libraries and
//! the network, and no file of anybody: Landlock (landlock(7)) takes the rest away, for this process
//! and all it starts, also where the daemon runs it as its own user. The user and the system calls of
//! the service are the image's part; what needs no file, such as a socket, stays possible here.

use std::{env, io, path::PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use nix::sys::resource::{Resource, setrlimit};

/// The newest rules that are asked for; an older kernel enforces those that it knows.
const RULES: ABI = ABI::V6;
/// Bytes of private memory (RLIMIT_DATA): ten times what a call of 25 pictures needs. A stream that
/// claims to be larger fails to get its pictures, and is dropped.
const MOST_MEMORY: u64 = 2 << 30;

/// Libraries, their settings, what the machine is, and the names of servers.
const READ: [&str; 16] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc",
    "/sys",
    "/run/udev",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/proc/self",
    "/proc/asound",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys",
    "/proc/filesystems",
    "/proc/version",
];
/// Folders and files that variables name: GStreamer's plugins, certificates of authorities, what lets a window onto a desktop.
const READ_BY_VARIABLE: [&str; 6] = [
    "GST_PLUGIN_PATH",
    "GST_PLUGIN_PATH_1_0",
    "GST_PLUGIN_SYSTEM_PATH_1_0",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XAUTHORITY",
];
/// Cameras, sound cards, graphics. Which of them, the groups of the engine's user say.
const DEVICES: &str = "/dev";
/// What starts a program that is linked dynamically.
const LOADERS: [&str; 3] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-armhf.so.3",
];

/// Why the engine is not confined.
#[derive(Debug, thiserror::Error)]
pub enum ConfinementError {
    /// The rules can't be made or taken on.
    #[error("the kernel refuses the rules")]
    Rules(#[from] RulesetError),
    /// A limit can't be set.
    #[error("a limit of the process can't be set")]
    Limit(#[source] nix::Error),
    /// The program does not know where it is itself.
    #[error("the engine's own program is not found")]
    Program(#[source] io::Error),
}

/// How much of the rules the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confined {
    /// All.
    Fully,
    /// Those that an older kernel knows.
    Partly,
    /// None: the kernel has no Landlock, or it is switched off.
    No,
}

/// Takes from this thread, and all threads and processes that it starts, what the engine does not
/// need. Threads that run already keep everything, so this comes before there are any.
///
/// # Errors
/// When the kernel refuses what it claims to know.
pub fn confine() -> Result<Confined, ConfinementError> {
    // Keys of meetings are in memory: no copy of it goes to a disk.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(ConfinementError::Limit)?;
    setrlimit(Resource::RLIMIT_DATA, MOST_MEMORY, MOST_MEMORY).map_err(ConfinementError::Limit)?;
    let program = env::current_exe().map_err(ConfinementError::Program)?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .scope(scopes())?
        .create()?
        .add_rules(path_beneath_rules(READ, read))?
        .add_rules(path_beneath_rules(by_variable(), read))?
        .add_rules(path_beneath_rules([DEVICES], read | on_devices()))?
        // An encoder is tried in a process of its own (`graph::trial`).
        .add_rules(path_beneath_rules([program], read | AccessFs::Execute))?
        .add_rules(path_beneath_rules(LOADERS, read | AccessFs::Execute))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Confined::Fully,
        RulesetStatus::PartiallyEnforced => Confined::Partly,
        RulesetStatus::NotEnforced => Confined::No,
    })
}

/// Which processes it reaches by other ways than files. X servers are reached by abstract sockets (unix(7)); an appliance has
/// none, and no `DISPLAY`.
fn scopes() -> BitFlags<Scope> {
    match env::var_os("DISPLAY") {
        Some(display) if !display.is_empty() => Scope::Signal.into(),
        _ => Scope::from_all(RULES),
    }
}

fn on_devices() -> BitFlags<AccessFs> {
    AccessFs::WriteFile | AccessFs::IoctlDev
}

fn by_variable() -> Vec<PathBuf> {
    let values = READ_BY_VARIABLE.iter().filter_map(env::var_os);
    values
        .flat_map(|value| env::split_paths(&value).collect::<Vec<_>>())
        .filter(|path| path.is_absolute())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, process::Command, thread};

    use super::*;

    /// The rules hold for a thread, so each test has one of its own.
    fn confined<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = thread::spawn(|| {
            assert_eq!(confine().unwrap(), Confined::Fully, "this kernel's rules");
            what()
        });
        thread.join().unwrap()
    }

    fn denied<T: std::fmt::Debug>(outcome: io::Result<T>) {
        let kind = outcome.unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn files_of_the_daemon_are_neither_read_nor_written_nor_made() {
        let folder = tempfile::tempdir().unwrap();
        let (key, new) = (folder.path().join("seal.key"), folder.path().join("new"));
        fs::write(&key, "secret").unwrap();
        let path = folder.path().to_owned();
        confined(move || {
            denied(fs::read(&key));
            denied(fs::write(&key, "other"));
            denied(fs::write(&new, "x"));
            denied(fs::remove_file(&key));
            denied(fs::read_dir(&path));
        });
        assert_eq!(
            fs::read(folder.path().join("seal.key")).unwrap(),
            b"secret",
            "other threads go on"
        );
    }

    #[test]
    fn libraries_devices_and_the_network_stay() {
        confined(|| {
            fs::read_dir("/usr/lib").unwrap();
            fs::read("/proc/self/status").unwrap();
            let mut null = fs::OpenOptions::new()
                .write(true)
                .open("/dev/null")
                .unwrap();
            null.write_all(b"x").unwrap();
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let here = socket.local_addr().unwrap();
            socket.send_to(b"x", here).unwrap();
        });
    }

    #[test]
    fn no_other_program_is_started() {
        confined(|| denied(Command::new("/bin/sh").arg("-c").arg("true").status()));
    }

    #[test]
    fn others_memory_and_environment_are_not_read() {
        let parent = std::os::unix::process::parent_id();
        confined(move || denied(fs::read(format!("/proc/{parent}/environ"))));
    }
}
