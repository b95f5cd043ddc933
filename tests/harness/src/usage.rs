//! What processes cost: processor time and memory, from /proc.

use std::collections::HashMap;
use std::time::Duration;

/// The cost of some processes together at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time since they started, of those that still run.
    pub processor: Duration,
    /// Proportional set size: shared pages are divided among those who share them.
    pub pss_kib: u64,
    /// Of that, what is no file's: what the processes themselves asked for, and others don't change.
    pub anonymous_kib: u64,
    /// How many processes.
    pub processes: usize,
    /// Threads of all of them.
    pub threads: usize,
    /// Open files, sockets and the like of all of them.
    pub handles: usize,
    /// Of the processor time, that of threads that the media engine names after its encoders.
    pub encoding: Duration,
}

impl Usage {
    /// Of a process and everything below it.
    #[must_use]
    pub fn of_tree(root: u32) -> Self {
        Self::of(&[&[root], below(root).as_slice()].concat())
    }

    /// Of everything below a process.
    #[must_use]
    pub fn below(root: u32) -> Self {
        Self::of(&below(root))
    }

    fn of(processes: &[u32]) -> Self {
        let each = processes.iter().filter_map(|pid| {
            let (processor, memory) = (processor(*pid)?, Memory::of(*pid)?);
            Some(Self {
                processor,
                pss_kib: memory.pss_kib,
                anonymous_kib: memory.anonymous_kib,
                processes: 1,
                threads: entries(*pid, "task"),
                handles: entries(*pid, "fd"),
                encoding: encoding(*pid),
            })
        });
        each.fold(Self::default(), |sum, one| Self {
            processor: sum.processor + one.processor,
            pss_kib: sum.pss_kib + one.pss_kib,
            anonymous_kib: sum.anonymous_kib + one.anonymous_kib,
            processes: sum.processes + one.processes,
            threads: sum.threads + one.threads,
            handles: sum.handles + one.handles,
            encoding: sum.encoding + one.encoding,
        })
    }
}

/// How many entries a folder of a process has (proc_pid_task(5), proc_pid_fd(5)).
fn entries(pid: u32, folder: &str) -> usize {
    let entries = std::fs::read_dir(format!("/proc/{pid}/{folder}"));
    entries.map_or(0, Iterator::count)
}

/// All processes below one.
fn below(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut todo = vec![root];
    while let Some(pid) = todo.pop() {
        let of_this = children.remove(&pid).unwrap_or_default();
        found.extend(&of_this);
        todo.extend(of_this);
    }
    found
}

/// The fields of /proc/PID/stat after the program's name, which may have spaces: state, parent, ...
fn stat(pid: u32) -> Option<Vec<String>> {
    fields(&format!("/proc/{pid}/stat")).map(|(_, fields)| fields)
}

/// A program's or thread's name, and what follows it.
fn fields(path: &str) -> Option<(String, Vec<String>)> {
    let text = std::fs::read_to_string(path).ok()?;
    let (start, fields) = text.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    let fields = fields.split_whitespace().map(str::to_owned);
    Some((name.to_owned(), fields.collect()))
}

/// utime and stime, fields 14 and 15 of proc_pid_stat(5). Linux counts them in 1/100 s on every architecture (USER_HZ).
fn processor(pid: u32) -> Option<Duration> {
    time(&stat(pid)?)
}

fn time(fields: &[String]) -> Option<Duration> {
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<u64>().ok())
    };
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

/// Of the threads of a process that are named `encoder…`.
fn encoding(pid: u32) -> Duration {
    let entries = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let threads = entries.filter_map(|entry| fields(entry.path().join("stat").to_str()?));
    let encoders = threads.filter(|(name, _)| name.starts_with("encoder"));
    encoders.filter_map(|(_, fields)| time(&fields)).sum()
}

/// `Pss:` and `Pss_Anon:` of proc_pid_smaps(5).
struct Memory {
    pss_kib: u64,
    anonymous_kib: u64,
}

impl Memory {
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let kib = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Self {
            pss_kib: kib("Pss:")?,
            anonymous_kib: kib("Pss_Anon:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something() {
        let usage = Usage::of_tree(std::process::id());
        assert!(usage.pss_kib > 100 && usage.processes >= 1, "{usage:?}");
        let own = usage.anonymous_kib;
        assert!(own > 0 && own < usage.pss_kib, "{usage:?}");
    }

    #[test]
    fn children_are_found_below() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        assert!(below(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
