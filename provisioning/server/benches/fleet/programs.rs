//! The programs as people start them: nodes, and processes that play devices.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saal_agent::simulated::Counts;

const FLEET: &str = env!("CARGO_BIN_EXE_saal-fleet");
/// Longer takes nothing that comes to an end.
const PATIENCE: Duration = Duration::from_secs(1200);
/// Connections of a process: common limits are 20,000 files.
const EACH: u32 = 15_000;

/// So many processes hold so many connections.
pub(crate) fn processes(devices: u32) -> u32 {
    devices.div_ceil(EACH)
}

pub(crate) fn program() -> Command {
    Command::new(FLEET)
}

/// `saal-fleet serve`, with as many processes as its devices need.
pub(crate) struct Node {
    first: Child,
    data: PathBuf,
    port: u16,
    arguments: Vec<String>,
}

impl Node {
    /// Serves the fleet in a folder at a port that is free.
    pub(crate) fn start(data: &Path, devices: u32, more: &[String]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut arguments = vec![format!("--processes={}", processes(devices))];
        arguments.extend_from_slice(more);
        let first = serve(data, port, &arguments);
        Self {
            first,
            data: data.to_owned(),
            port,
            arguments,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Until it says that it serves.
    pub(crate) fn is_up(&mut self) {
        let begun = Instant::now();
        let serves = || {
            let said = std::fs::read_to_string(log(&self.data)).unwrap_or_default();
            said.contains("the fleet is at")
        };
        while !serves() {
            assert!(
                self.first.try_wait().unwrap().is_none(),
                "it ended; see {}",
                log(&self.data).display()
            );
            assert!(begun.elapsed() < PATIENCE, "it does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn processes(&self) -> Vec<u32> {
        let first = self.first.id();
        let mut all = children(first);
        all.push(first);
        all
    }

    /// What of the memory it has for itself, and its part of what processes share, in bytes (`proc(5)`, Pss).
    pub(crate) fn memory(&self) -> u64 {
        self.processes().into_iter().map(memory).sum()
    }

    /// Processor time that it used, in seconds.
    pub(crate) fn worked(&self) -> f64 {
        self.processes().into_iter().map(worked).sum()
    }

    /// Ends as its service manager lets it, and waits for that.
    pub(crate) fn stop(&mut self) {
        kill(pid(self.first.id()), Signal::SIGTERM).unwrap();
        self.first.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.first = serve(&self.data, self.port, &self.arguments);
    }

    /// As when its power goes: all of its processes at once.
    pub(crate) fn dies(&mut self) {
        for process in self.processes() {
            let _ = kill(pid(process), Signal::SIGKILL);
        }
        self.first.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.first.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.dies();
        }
    }
}

fn log(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn serve(data: &Path, port: u16, more: &[String]) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log(data))
        .unwrap();
    let mut serve = program();
    serve
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--name", "localhost", "--listen"])
        .arg(format!("127.0.0.1:{port}"))
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    serve.spawn().unwrap()
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap())
}

fn children(of: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|number| stat(*number).get(1).is_some_and(|p| *p == of.to_string()))
        .collect()
}

/// From the state on (`proc(5)`, stat): what stands before it may have anything in it.
fn stat(process: u32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let rest = text.rsplit(") ").next().unwrap_or_default();
    rest.split_whitespace().map(str::to_owned).collect()
}

fn worked(process: u32) -> f64 {
    let stat = stat(process);
    let ticks = [11, 12].iter().filter_map(|place| stat.get(*place));
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn memory(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"));
    let text = text.unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

struct Player {
    program: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Devices, played by as many processes as they need.
pub(crate) struct Crowd(Vec<Player>);

impl Crowd {
    /// Those of a file, at these nodes.
    pub(crate) fn play(devices: u32, known: &Path, ca: &Path, nodes: &[&Node]) -> Self {
        let each = devices.div_ceil(processes(devices));
        let all = (0..processes(devices)).map(|number| {
            let first = number * each;
            let mut play = program();
            play.args(["simulate", "--json", "--server", &nodes[0].url(), "--ca"])
                .arg(ca)
                .arg(format!("--devices={}", each.min(devices - first)))
                .arg(format!("--first={first}"))
                .arg("--known")
                .arg(known)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            for node in nodes {
                play.arg(format!("--at={}", node.address()));
            }
            let mut program = play.spawn().unwrap();
            Player {
                asks: program.stdin.take().unwrap(),
                answers: BufReader::new(program.stdout.take().unwrap()),
                program,
            }
        });
        Self(all.collect())
    }

    /// How all of them stand.
    pub(crate) fn counts(&mut self) -> Counts {
        self.0.iter_mut().map(|player| player.told("")).sum()
    }

    /// So many devices, those with the smallest numbers, are away.
    pub(crate) fn away(&mut self, devices: u32) {
        self.0[0].told(&format!("away {devices}"));
    }

    /// How long it takes from a moment until they stand so.
    pub(crate) fn until(
        &mut self,
        what: &str,
        begun: Instant,
        done: impl Fn(&Counts) -> bool,
    ) -> Duration {
        let mut said = Instant::now();
        loop {
            let counts = self.counts();
            if done(&counts) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {counts}");
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                println!(
                    "  {what}, after {:.0} s: {counts}",
                    begun.elapsed().as_secs_f64()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Player {
    fn told(&mut self, line: &str) -> Counts {
        writeln!(self.asks, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
