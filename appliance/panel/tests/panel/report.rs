//! docs/accessibility.md names tests; they exist.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const REPORT: &str = include_str!("../../../../docs/accessibility.md");

/// Names in the last column of the report's tables.
fn named() -> BTreeSet<&'static str> {
    let rows = REPORT
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| clause |"));
    let tests = rows.filter_map(|row| row.trim_end_matches(" |").rsplit_once('|'));
    tests
        .flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// What stands before the function, up to the one before it, says that it is a test.
fn is_a_test(text: &str, function: &str) -> bool {
    let Some((before, _)) = text.split_once(function) else {
        return false;
    };
    let since = before.rsplit("\n}\n").next().unwrap_or(before);
    let since = since.rsplit("\n    }\n").next().unwrap_or(since);
    since.contains("test]")
}

#[test]
fn every_test_that_the_conformance_report_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["appliance", "tests/suites/tests"] {
        sources(&root.join(folder), &mut files);
    }
    let texts: Vec<String> = files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let names = named();
    assert!(names.len() > 30, "{names:?}");
    let exists = |name: &str| {
        let function = format!("fn {name}(");
        texts.iter().any(|text| is_a_test(text, &function))
    };
    let missing: Vec<_> = names.into_iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "no test is called {missing:?}");
}

/// A line without a test says why: it is not met, or does not apply.
#[test]
fn what_is_met_has_a_test() {
    let rows = REPORT
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| clause |"));
    for row in rows {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let claims = columns[3].starts_with("met") || columns[3].starts_with("partly");
        assert_eq!(claims, !columns[4].is_empty(), "{row}");
    }
}
