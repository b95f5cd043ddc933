//! What was accepted: one list of hashes, and some pictures for people.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use saal_panel::{Picture, Renderer};

use crate::{
    drawing::{Fingerprints, Gallery},
    guide, looks, pictures,
    shown::{self, Shown},
};

/// The list's first line: what it is and its version.
const HEADER: &str = "saal-panel-pictures 1";
/// What its columns are.
const COLUMNS: &str = "# example, language, theme, size, percent, hand: pages, hash of all pixels";
/// More are not named.
const MOST_NAMED: usize = 20;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens")
}

fn list() -> PathBuf {
    folder().join("pictures.txt")
}

fn guide_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/panel.md")
}

/// The accepted list, or what is wrong with it.
fn read() -> Result<Fingerprints, String> {
    let path = list();
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if first != HEADER {
        return Err(format!(
            "{}: \"{first}\" is not \"{HEADER}\"",
            path.display()
        ));
    }
    let rows = lines.filter(|line| !line.starts_with('#'));
    let parsed = rows.map(|line| {
        let (name, print) = line.split_once(": ").ok_or(line)?;
        Ok((name.to_owned(), print.to_owned()))
    });
    parsed
        .collect::<Result<_, &str>>()
        .map_err(|line| format!("{}: \"{line}\" is no row", path.display()))
}

/// What differs from what was accepted.
#[derive(Default)]
pub(crate) struct Differences {
    /// Names of rows that look another way.
    pub(crate) changed: Vec<String>,
    /// Names of rows that nobody has accepted yet.
    pub(crate) new: Vec<String>,
    /// Names of rows that are drawn no more.
    pub(crate) gone: Vec<String>,
}

impl Differences {
    pub(crate) fn of(drawn: &Fingerprints, accepted: &Fingerprints) -> Self {
        let mut differences = Self::default();
        for (name, print) in drawn {
            match accepted.get(name) {
                None => differences.new.push(name.clone()),
                Some(known) if known != print => differences.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        let gone = accepted.keys().filter(|name| !drawn.contains_key(*name));
        differences.gone = gone.cloned().collect();
        differences
    }

    /// Against the list in the clone; an unreadable one is as good as none.
    pub(crate) fn now(gallery: &Gallery) -> Self {
        let accepted = read().unwrap_or_default();
        Self::of(&gallery.fingerprints(""), &accepted)
    }
}

/// Compares; the test.
pub(crate) fn check(gallery: &Gallery, filter: &str) -> ExitCode {
    let drawn = gallery.fingerprints(filter);
    let accepted: Fingerprints = match read() {
        Ok(all) => all
            .into_iter()
            .filter(|(n, _)| n.contains(filter))
            .collect(),
        Err(problem) => return failed(&[problem]),
    };
    let differences = Differences::of(&drawn, &accepted);
    let mut problems = Vec::new();
    for (what, names) in [
        ("looks another way", &differences.changed),
        ("was accepted by nobody", &differences.new),
        ("is drawn no more", &differences.gone),
    ] {
        let named = names.iter().take(MOST_NAMED);
        problems.extend(named.map(|name| format!("{name} {what}")));
        let more = names.len().saturating_sub(MOST_NAMED);
        problems.extend((more > 0).then(|| format!("and {more} more")));
    }
    if filter.is_empty() {
        problems.extend(about_the_selection(gallery));
        problems.extend(for_people(gallery));
    }
    println!("{} golden pictures compared", drawn.len());
    if problems.is_empty() {
        return ExitCode::SUCCESS;
    }
    failed(&problems)
}

fn failed(problems: &[String]) -> ExitCode {
    println!("{}", problems.join("\n"));
    println!("`./dev golden` shows what changed, before and after, and accepts it.");
    ExitCode::FAILURE
}

/// All pairs come up, and names are names.
fn about_the_selection(gallery: &Gallery) -> Vec<String> {
    let looks: Vec<_> = gallery.rows().iter().map(|row| row.look).collect();
    let missing = looks::missing_pairs(&looks).into_iter();
    let mut problems: Vec<String> = missing
        .map(|pair| format!("no example in {pair}"))
        .collect();
    let mut names = BTreeSet::new();
    let twice = gallery.examples().iter().filter(|e| !names.insert(e.name));
    problems.extend(twice.map(|e| format!("two examples are called {}", e.name)));
    problems
}

/// The pictures in the tree are what is drawn, and docs/panel.md shows them.
fn for_people(gallery: &Gallery) -> Vec<String> {
    let mut renderer = Renderer::new();
    let shown = shown::all(gallery);
    let mut problems = Vec::new();
    let drawn = drawn(gallery, &mut renderer, &shown);
    for (path, picture) in &drawn {
        let known = fs::read(path).ok().and_then(|png| pictures::decode(&png));
        if known.as_ref() != Some(&**picture) {
            problems.push(format!("{} is another picture", path.display()));
        }
    }
    let stray = stray(&drawn).into_iter();
    problems.extend(stray.map(|path| format!("{} belongs to no example", path.display())));
    let guide = guide::write(gallery, &mut renderer, &shown);
    if fs::read_to_string(guide_file()).ok() != Some(guide) {
        problems.push("docs/panel.md tells something else".to_owned());
    }
    problems
}

/// The pictures for people, of the panel and of the television, each with its file.
fn drawn(
    gallery: &Gallery,
    renderer: &mut Renderer,
    shown: &[Shown<'_>],
) -> Vec<(PathBuf, Arc<Picture>)> {
    let mut all = Vec::new();
    for picture in shown {
        let first = gallery.draw(renderer, picture.row).swap_remove(0);
        all.push((folder().join(picture.file()), first));
    }
    for still in gallery.stills() {
        if let Some(file) = &still.file {
            all.push((folder().join(file), still.draw(renderer)));
        }
    }
    all
}

/// Pictures that belong to no example.
fn stray(drawn: &[(PathBuf, Arc<Picture>)]) -> Vec<PathBuf> {
    let files: BTreeSet<&PathBuf> = drawn.iter().map(|(path, _)| path).collect();
    let there = fs::read_dir(folder()).into_iter().flatten().flatten();
    let pictures = there.map(|entry| entry.path()).filter(|path| {
        path.extension().is_some_and(|ending| ending == "png") && !files.contains(path)
    });
    pictures.collect()
}

/// What is drawn now is right.
pub(crate) fn accept(gallery: &Gallery) {
    let drawn = gallery.fingerprints("");
    let rows = drawn
        .iter()
        .map(|(name, print)| format!("{name}: {print}\n"));
    let text = format!("{HEADER}\n{COLUMNS}\n{}", rows.collect::<String>());
    fs::create_dir_all(folder()).unwrap();
    fs::write(list(), text).unwrap();
    let mut renderer = Renderer::new();
    let shown = shown::all(gallery);
    let for_people = self::drawn(gallery, &mut renderer, &shown);
    for (path, picture) in &for_people {
        pictures::keep(path, picture);
    }
    for path in stray(&for_people) {
        fs::remove_file(path).unwrap();
    }
    let guide = guide::write(gallery, &mut renderer, &shown);
    fs::write(guide_file(), guide).unwrap();
    println!(
        "{} pictures accepted, {} of them for people",
        drawn.len(),
        for_people.len()
    );
}
