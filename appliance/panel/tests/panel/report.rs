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

/// The clauses of EN 301 549 V3.2.1 that ask for something, of the chapters that a panel and its pages are about.
const CLAUSES: &[&str] = &[
    // 4 Functional performance statements: 4.2.1 to 4.2.11.
    "4.2.1",
    "4.2.2",
    "4.2.3",
    "4.2.4",
    "4.2.5",
    "4.2.6",
    "4.2.7",
    "4.2.8",
    "4.2.9",
    "4.2.10",
    "4.2.11",
    // 5 Generic requirements.
    "5.1.2.1",
    "5.1.2.2",
    "5.1.3.1",
    "5.1.3.2",
    "5.1.3.3",
    "5.1.3.4",
    "5.1.3.5",
    "5.1.3.6",
    "5.1.3.7",
    "5.1.3.8",
    "5.1.3.9",
    "5.1.3.10",
    "5.1.3.11",
    "5.1.3.12",
    "5.1.3.13",
    "5.1.3.14",
    "5.1.3.15",
    "5.1.3.16",
    "5.1.4",
    "5.1.5",
    "5.1.6.1",
    "5.1.6.2",
    "5.1.7",
    "5.2",
    "5.3",
    "5.4",
    "5.5.1",
    "5.5.2",
    "5.6.1",
    "5.6.2",
    "5.7",
    "5.8",
    "5.9",
    // 6 ICT with two-way voice communication.
    "6.1",
    "6.2.1.1",
    "6.2.1.2",
    "6.2.2.1",
    "6.2.2.2",
    "6.2.2.3",
    "6.2.2.4",
    "6.2.3",
    "6.2.4",
    "6.3",
    "6.4",
    "6.5.2",
    "6.5.3",
    "6.5.4",
    "6.5.5",
    "6.5.6",
    "6.6",
    // 7 ICT with video capabilities.
    "7.1.1",
    "7.1.2",
    "7.1.3",
    "7.1.4",
    "7.1.5",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.3",
    // 9 Web.
    "9.1.1.1",
    "9.1.2.1",
    "9.1.2.2",
    "9.1.2.3",
    "9.1.2.4",
    "9.1.2.5",
    "9.1.3.1",
    "9.1.3.2",
    "9.1.3.3",
    "9.1.3.4",
    "9.1.3.5",
    "9.1.4.1",
    "9.1.4.2",
    "9.1.4.3",
    "9.1.4.4",
    "9.1.4.5",
    "9.1.4.10",
    "9.1.4.11",
    "9.1.4.12",
    "9.1.4.13",
    "9.2.1.1",
    "9.2.1.2",
    "9.2.1.4",
    "9.2.2.1",
    "9.2.2.2",
    "9.2.3.1",
    "9.2.4.1",
    "9.2.4.2",
    "9.2.4.3",
    "9.2.4.4",
    "9.2.4.5",
    "9.2.4.6",
    "9.2.4.7",
    "9.2.5.1",
    "9.2.5.2",
    "9.2.5.3",
    "9.2.5.4",
    "9.3.1.1",
    "9.3.1.2",
    "9.3.2.1",
    "9.3.2.2",
    "9.3.2.3",
    "9.3.2.4",
    "9.3.3.1",
    "9.3.3.2",
    "9.3.3.3",
    "9.3.3.4",
    "9.4.1.1",
    "9.4.1.2",
    "9.4.1.3",
    "9.6",
    // 11 Software; where a clause has two, for open and for closed functionality.
    "11.1.1.1.1",
    "11.1.1.1.2",
    "11.1.2.1.1",
    "11.1.2.1.2",
    "11.1.2.2",
    "11.1.2.3.1",
    "11.1.2.3.2",
    "11.1.2.4",
    "11.1.2.5",
    "11.1.3.1.1",
    "11.1.3.1.2",
    "11.1.3.2.1",
    "11.1.3.2.2",
    "11.1.3.3",
    "11.1.3.4",
    "11.1.3.5.1",
    "11.1.3.5.2",
    "11.1.4.1",
    "11.1.4.2",
    "11.1.4.3",
    "11.1.4.4.1",
    "11.1.4.4.2",
    "11.1.4.5.1",
    "11.1.4.5.2",
    "11.1.4.10.1",
    "11.1.4.10.2",
    "11.1.4.11",
    "11.1.4.12",
    "11.1.4.13",
    "11.2.1.1.1",
    "11.2.1.1.2",
    "11.2.1.2",
    "11.2.1.4.1",
    "11.2.1.4.2",
    "11.2.2.1",
    "11.2.2.2",
    "11.2.3.1",
    "11.2.4.3",
    "11.2.4.4",
    "11.2.4.6",
    "11.2.4.7",
    "11.2.5.1",
    "11.2.5.2",
    "11.2.5.3",
    "11.2.5.4",
    "11.3.1.1.1",
    "11.3.1.1.2",
    "11.3.2.1",
    "11.3.2.2",
    "11.3.3.1.1",
    "11.3.3.1.2",
    "11.3.3.2",
    "11.3.3.3",
    "11.3.3.4",
    "11.4.1.1.1",
    "11.4.1.1.2",
    "11.4.1.2.1",
    "11.4.1.2.2",
    "11.4.1.3.1",
    "11.4.1.3.2",
    "11.5.1",
    "11.5.2.1",
    "11.5.2.2",
    "11.5.2.3",
    "11.5.2.4",
    "11.5.2.5",
    "11.5.2.6",
    "11.5.2.7",
    "11.5.2.8",
    "11.5.2.9",
    "11.5.2.10",
    "11.5.2.11",
    "11.5.2.12",
    "11.5.2.13",
    "11.5.2.14",
    "11.5.2.15",
    "11.5.2.16",
    "11.5.2.17",
    "11.6.1",
    "11.6.2",
    "11.7",
    "11.8.1",
    "11.8.2",
    "11.8.3",
    "11.8.4",
    "11.8.5",
    // 12 Documentation and support services.
    "12.1.1",
    "12.1.2",
    "12.2.2",
    "12.2.3",
    "12.2.4",
];

#[test]
fn no_clause_is_missing_and_none_stands_twice() {
    let rows = REPORT.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let mut there: Vec<&str> = cells
        .flat_map(|cell| cell.split(','))
        .map(str::trim)
        .collect();
    there.retain(|clause| clause.starts_with(|c: char| c.is_ascii_digit()));
    let set: BTreeSet<&str> = there.iter().copied().collect();
    assert_eq!(there.len(), set.len(), "a clause stands twice");
    let wanted: BTreeSet<&str> = CLAUSES.iter().copied().collect();
    let missing: Vec<_> = wanted.difference(&set).collect();
    let unknown: Vec<_> = set.difference(&wanted).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert!(unknown.is_empty(), "no such clauses: {unknown:?}");
}

#[test]
fn every_picture_of_the_documentation_has_its_words() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut pictures = 0;
    for name in ["panel.md", "accessibility.md", "operations.md"] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.starts_with("# "), "{name} has a heading first");
        for picture in text.split("![").skip(1) {
            pictures += 1;
            assert!(!picture.starts_with(']'), "{name}: {picture:.60}");
        }
    }
    assert!(pictures > 50, "{pictures}");
}
