//! The texts of the licences of all crates in the image's programs: most of them ask that whoever has the program has them too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::test::command;

/// What authors call such files, in front of `.txt`, `.md`, `-MIT` and the like.
const NAMES: [&str; 7] = [
    "license",
    "licence",
    "copying",
    "notice",
    "unlicense",
    "copyright",
    "authors",
];
/// Where some have several.
const FOLDER: &str = "LICENSES";
const HEAD: &str = "Saal contains the following works of others. Each text stands above the parts that it came with; for those
at the end, whose packages have none, their authors name the licence alone.\n";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// `None`: one of ours.
    source: Option<String>,
    manifest_path: PathBuf,
}

impl Package {
    fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// The texts for the crates that these lines of `cargo tree` name (`name vVERSION …|licence`).
pub(super) fn texts(tree: &[u8]) -> anyhow::Result<String> {
    let wanted = titles(&String::from_utf8_lossy(tree));
    let output = command(&["metadata", "--format-version", "1"]).output();
    let output = output.context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cargo's metadata are not understood")?;
    let packages = metadata.packages.into_iter();
    let mut packages: Vec<Package> = packages
        .filter(|package| package.source.is_some() && wanted.contains(&package.title()))
        .collect();
    packages.sort_by_key(Package::title);
    written(&packages)
}

fn titles(tree: &str) -> BTreeSet<String> {
    let title = |line: &str| {
        let mut words = line.split('|').next()?.split(' ');
        let (name, version) = (words.next()?, words.next()?);
        Some(format!("{name} {}", version.strip_prefix('v')?))
    };
    tree.lines().filter_map(title).collect()
}

fn written(packages: &[Package]) -> anyhow::Result<String> {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut without = String::new();
    for package in packages {
        let folder = package
            .manifest_path
            .parent()
            .context("it is in a folder")?;
        let found = files(folder)?;
        if found.is_empty() {
            let licence = package.license.as_deref().unwrap_or("see its repository");
            without += &format!("{}: {licence}\n", package.title());
        }
        for file in found {
            let text =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let text = String::from_utf8_lossy(&text);
            // The same text with other ends of lines is the same text.
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            let parts = texts.entry(lines.join("\n").trim().to_owned()).or_default();
            parts.insert(package.title());
        }
    }
    let rule = "=".repeat(80);
    let mut whole = String::from(HEAD);
    for (text, parts) in texts {
        let parts: Vec<String> = parts.into_iter().collect();
        whole += &format!("\n{rule}\n{}\n{rule}\n\n{text}\n", parts.join(", "));
    }
    whole += &format!("\n{rule}\n\n{without}");
    Ok(whole)
}

/// Those of a crate.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = fs::metadata(entry.path())?;
        if name == FOLDER && kind.is_dir() {
            let inner = fs::read_dir(entry.path())?;
            let inner = inner.map(|entry| Ok(entry?.path()));
            found.extend(inner.collect::<anyhow::Result<Vec<PathBuf>>>()?);
        } else if kind.is_file() && is_licence(&name) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// `LICENSE-MIT`, `license.md`; not `license.rs`.
fn is_licence(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_text = !name.contains('.') || name.ends_with(".txt") || name.ends_with(".md");
    is_text && NAMES.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_read_from_a_tree() {
        let tree = "a v1.2.3|MIT\nb-c v0.1.0 (proc-macro)|\na v1.2.3|MIT (*)\n\nd\n";
        let found: Vec<String> = titles(tree).into_iter().collect();
        assert_eq!(found, ["a 1.2.3", "b-c 0.1.0"]);
    }

    #[test]
    fn texts_are_told_from_programs() {
        for name in [
            "LICENSE",
            "LICENSE-MIT",
            "License.md",
            "COPYING.txt",
            "NOTICE",
        ] {
            assert!(is_licence(name), "{name}");
        }
        for name in ["license.rs", "README.md", "src", "notice.html"] {
            assert!(!is_licence(name), "{name}");
        }
    }

    #[test]
    fn the_same_text_stands_once_and_a_crate_without_one_is_named() {
        let folder = std::env::temp_dir().join(format!("saal-licences-{}", std::process::id()));
        let package = |name: &str, text: Option<&str>| {
            let own = folder.join(name);
            fs::create_dir_all(&own).unwrap();
            if let Some(text) = text {
                fs::write(own.join("LICENSE-MIT"), text).unwrap();
            }
            Package {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                license: Some("MIT".to_owned()),
                source: Some("registry".to_owned()),
                manifest_path: own.join("Cargo.toml"),
            }
        };
        let packages = [
            package("a", Some("Permission is granted\r\n")),
            package("b", Some("Permission is granted")),
            package("c", None),
        ];
        let text = written(&packages).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(text.matches("Permission").count(), 1);
        assert!(text.contains("\na 1.0.0, b 1.0.0\n"), "{text}");
        assert!(text.ends_with("\n\nc 1.0.0: MIT\n"), "{text}");
    }
}
