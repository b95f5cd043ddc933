//! Runs stages one after the other and prints a table of their times.

use std::time::{Duration, Instant};

use anyhow::bail;

/// The stages that ran.
#[derive(Default)]
pub(crate) struct Stages {
    done: Vec<(String, Duration, Option<anyhow::Error>)>,
}

impl Stages {
    /// Runs one stage; a failure is shown at once and counted, the others still run.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> bool {
        println!("== {name}");
        let started = Instant::now();
        let failed = work().err();
        let elapsed = started.elapsed();
        match &failed {
            Some(error) => println!(
                "== {name}: FAILED after {:.1} s\n{error:#}",
                elapsed.as_secs_f64()
            ),
            None => println!("== {name}: ok, {:.1} s", elapsed.as_secs_f64()),
        }
        let well = failed.is_none();
        self.done.push((name.to_owned(), elapsed, failed));
        well
    }

    /// The table, and an error with `advice` when a stage failed.
    pub(crate) fn finish(self, advice: &str) -> anyhow::Result<()> {
        println!("\nstage        time      result");
        for (name, elapsed, failed) in &self.done {
            let result = failed.as_ref().map_or("ok", |_| "FAILED");
            println!("{name:<12} {:>7.1} s {result}", elapsed.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, elapsed, _)| *elapsed).sum();
        println!("{:<12} {:>7.1} s", "all", total.as_secs_f64());
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|(.., failed)| failed.is_some())
            .map(|(name, ..)| name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!(
            "failed: {}. What each said is above. {advice}",
            failed.join(", ")
        )
    }
}
