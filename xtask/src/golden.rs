//! `./dev golden`: what the panel looks like now beside what was accepted, and accepting it.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::paths;
use crate::test::{command, finish};

/// The list of accepted pictures, in the clone.
const LIST: &str = "appliance/panel/goldens/pictures.txt";

/// Shows what changed; accepts it where people say so, or `accept` was given.
pub(crate) fn golden(accept: bool) -> anyhow::Result<()> {
    let folder = paths::cache().join("golden");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    call(&paths::root(), None, &["changes", text(&folder)?])?;
    let changed = folder.join("changed.txt");
    let changes = std::fs::read_to_string(&changed)
        .with_context(|| format!("cannot read {}", changed.display()))?;
    if !changes.is_empty() {
        println!("{}", summary(&changes));
    }
    if changes.lines().any(|line| line.starts_with("changed: ")) {
        draw_before(&folder)?;
    }
    if !changes.is_empty() {
        call(&paths::root(), None, &["beside", text(&folder)?])?;
        println!(
            "Before, after and what differs: {}",
            folder.join("index.html").display()
        );
    }
    if accept || (!changes.is_empty() && confirmed()?) {
        return call(&paths::root(), None, &["accept"]);
    }
    if changes.is_empty() {
        println!("Every picture is as it was accepted.");
        return Ok(());
    }
    bail!("nothing was accepted; `./dev golden --accept` does")
}

/// How many there are of each kind: `2 changed, 1 new: home, home-full`.
fn summary(changes: &str) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    let mut names = BTreeSet::new();
    for (kind, picture) in changes.lines().filter_map(|line| line.split_once(": ")) {
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
        names.extend(picture.split_whitespace().next());
    }
    let counts: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!("{}: {}", counts.join(", "), names.join(", "))
}

/// Draws what changed as it was, with the code of the commit that it was accepted in.
fn draw_before(folder: &Path) -> anyhow::Result<()> {
    let commit = git(&["log", "-1", "--format=%H", "--", LIST])?;
    let clone = paths::cache().join("golden-before");
    println!("Drawing them as they were in {commit} (minutes the first time).");
    if clone.join(".git").exists() {
        git(&[
            "-C",
            text(&clone)?,
            "checkout",
            "--quiet",
            "--detach",
            &commit,
        ])?;
    } else {
        git(&["worktree", "prune"])?;
        git(&[
            "worktree",
            "add",
            "--quiet",
            "--detach",
            text(&clone)?,
            &commit,
        ])?;
    }
    let target = paths::cache().join("golden-target");
    call(&clone, Some(&target), &["draw", text(folder)?])
}

/// Calls the program that draws, of this clone.
fn call(clone: &Path, target: Option<&Path>, arguments: &[&str]) -> anyhow::Result<()> {
    let cargo = [
        "test",
        "--quiet",
        "-p",
        "saal-panel",
        "--test",
        "golden",
        "--",
    ];
    let mut program: Command = command(&[&cargo, arguments].concat());
    program.current_dir(clone);
    if let Some(target) = target {
        program.env("CARGO_TARGET_DIR", target);
    }
    finish(&mut program, "What it said is above.")
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let mut git = Command::new("git");
    let output = git.current_dir(paths::root()).args(arguments).output();
    let output = output.context("cannot run git")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("git {} failed: {}", arguments.join(" "), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is no text", path.display()))
}

/// Asks, where somebody is there to answer.
fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    println!("Is this right? \"yes\" accepts it.");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_changed_is_told_before_minutes_of_drawing() {
        let changes = "changed: home-full de\nchanged: home en\nnew: home en\n";
        assert_eq!(super::summary(changes), "2 changed, 1 new: home, home-full");
    }
}
