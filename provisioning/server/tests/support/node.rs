//! One machine of the fleet's server: the program itself.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

const PATIENCE: Duration = Duration::from_secs(120);

/// A node.
pub(crate) struct Node {
    program: Child,
    said: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
    /// What it said that nobody has asked for yet.
    kept: Vec<String>,
}

impl Node {
    /// Serves a folder.
    pub(crate) fn start(data: &Path, more: &[String]) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_saal-fleet")), data, more)
    }

    /// The same where each of its processes may have only so many files.
    pub(crate) fn start_with_files(files: u32, data: &Path, more: &[String]) -> Self {
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_saal-fleet")]);
        Self::start_as(shell, data, more)
    }

    fn start_as(mut program: Command, data: &Path, more: &[String]) -> Self {
        program
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", "127.0.0.1:0", "--name", "localhost"])
            .args(more)
            .env("RUST_LOG", "info")
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut program = program.spawn().unwrap();
        let said = BufReader::new(program.stderr.take().unwrap()).lines();
        let kept = Vec::new();
        Self {
            program,
            said,
            kept,
        }
    }

    /// The line that it says with this in it.
    pub(crate) async fn says(&mut self, what: &str) -> String {
        let known = self.kept.iter().position(|line| line.contains(what));
        if let Some(known) = known {
            return self.kept.remove(known);
        }
        let line = async {
            loop {
                let line = self.said.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended before it said \"{what}\""));
                if line.contains(what) {
                    return line;
                }
                self.kept.push(line);
            }
        };
        let line = tokio::time::timeout(PATIENCE, line).await;
        line.unwrap_or_else(|_| panic!("it never says \"{what}\""))
    }

    /// Where it serves, once it does.
    pub(crate) async fn port(&mut self) -> u16 {
        let line = self.says("the fleet is at ").await;
        line.rsplit(':').next().unwrap().trim().parse().unwrap()
    }

    /// As when its power goes.
    pub(crate) async fn dies(&mut self) {
        self.program.kill().await.unwrap();
    }

    /// Its first process.
    pub(crate) fn first(&self) -> u32 {
        self.program.id().unwrap()
    }

    /// Those that the first one started (`proc(5)`, stat).
    pub(crate) fn others(&self) -> Vec<u32> {
        let first = self.first();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_child = |number: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
            let after = stat.rsplit(") ").next().unwrap_or_default();
            let parent = after.split(' ').nth(1).and_then(|text| text.parse().ok());
            parent == Some(first)
        };
        numbers.filter(is_child).collect()
    }
}
