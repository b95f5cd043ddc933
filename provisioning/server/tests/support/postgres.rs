//! A PostgreSQL of a test's own, as Debian has it: on a socket in a folder, gone with the test.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// PostgreSQL does not run as root; where a test does, this user of no rights at all runs it.
const NOBODY: u32 = 65534;
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Postgres {
    folder: tempfile::TempDir,
    server: Child,
}

/// Debian keeps the programs of each version apart; the newest one.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    let newest = found.pop();
    newest.expect("apt-get install postgresql").1
}

fn command(name: &str, root: bool, folder: &Path) -> Command {
    let mut command = Command::new(program(name));
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

impl Postgres {
    /// Starts one; nothing of it need survive a power cut.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::metadata(folder.path()).is_ok_and(|about| {
            use std::os::unix::fs::MetadataExt as _;
            about.uid() == 0
        });
        if root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.path().join("data");
        let mut init = command("initdb", root, folder.path());
        init.args([
            "--username=saal",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
        ]);
        assert!(init.arg(&data).status().unwrap().success());
        let mut server = command("postgres", root, folder.path());
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "shared_buffers=32MB",
        ] {
            server.args(["-c", setting]);
        }
        let server = server.stderr(Stdio::null()).spawn().unwrap();
        let started = Self { folder, server };
        let begun = Instant::now();
        while !started.is_ready() {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        started
    }

    /// The last line of its own file says so; its socket is there before.
    fn is_ready(&self) -> bool {
        let file = self.folder.path().join("data/postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .last()
            .is_some_and(|line| line.trim() == "ready")
    }

    /// The address of one of its databases; `postgres` is there.
    pub fn url(&self, database: &str) -> String {
        format!(
            "host={} user=saal dbname={database}",
            self.folder.path().display()
        )
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once: nobody reads what it wrote.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
