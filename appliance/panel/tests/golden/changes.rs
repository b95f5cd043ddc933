//! What changed since the pictures were accepted, for people who decide whether that is right.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use saal_panel::Picture;

use crate::{
    accepted::Differences,
    drawing::{Gallery, on_all_processors},
    pictures,
};

/// Rows whose pictures are made, one of each example first; nobody looks at more.
const MOST_SHOWN: usize = 200;

fn list(folder: &Path) -> PathBuf {
    folder.join("changed.txt")
}

/// A page's file.
fn file(row: &str, page: usize) -> String {
    format!("{}-{}.png", row.replace(' ', "_"), page + 1)
}

/// `changed.txt`: each row with what happened to it. Fails where there is none, so that a script knows.
pub(crate) fn write(gallery: &Gallery, folder: &Path) -> ExitCode {
    let differences = Differences::now(gallery);
    let rows = |names: &[String], what: &'static str| {
        let lines = names.iter().map(|name| format!("{what}: {name}\n"));
        lines.collect::<Vec<_>>()
    };
    let mut lines = rows(&differences.changed, "changed");
    lines.extend(rows(&differences.new, "new"));
    lines.extend(rows(&differences.gone, "gone"));
    lines.sort_by_key(|line| !line.contains(" en light 1280x800 100 right"));
    fs::create_dir_all(folder).unwrap();
    fs::write(list(folder), lines.concat()).unwrap();
    draw(gallery, folder, &folder.join("after"));
    ExitCode::SUCCESS
}

/// Draws in the clone that was accepted.
pub(crate) fn draw_before(gallery: &Gallery, folder: &Path) -> ExitCode {
    draw(gallery, folder, &folder.join("before"));
    ExitCode::SUCCESS
}

fn draw(gallery: &Gallery, folder: &Path, into: &Path) {
    let changes = read(folder);
    let shown = &changes[..changes.len().min(MOST_SHOWN)];
    on_all_processors(shown.len(), |renderer, at| {
        let name = &shown[at].1;
        let pages = gallery.draw_named(renderer, name);
        for (page, picture) in pages.iter().enumerate() {
            pictures::write(&into.join(file(name, page)), picture);
        }
    });
}

/// What happened, and the row's name.
fn read(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(list(folder)).unwrap();
    let rows = text.lines().filter_map(|line| line.split_once(": "));
    rows.map(|(what, name)| (what.to_owned(), name.to_owned()))
        .collect()
}

/// The table, the pictures side by side, and a page with all of them.
pub(crate) fn beside(folder: &Path) -> ExitCode {
    let changes = read(folder);
    let mut page = String::from(
        "<!doctype html><meta charset=\"utf-8\"><title>Golden pictures</title>\
         <style>body{font:16px sans-serif}img{max-width:100%}</style>\
         <p>Before, after, what differs.</p>\n",
    );
    println!("{:<8} {:>9} {:>6}  picture", "", "pixels", "pages");
    for (what, name) in changes.iter().take(MOST_SHOWN) {
        let (mut pixels, mut pages) = (0, 0);
        for (before, after) in pairs(folder, name) {
            let difference = pictures::compare(&before, &after);
            pixels += difference.pixels;
            let file = file(name, pages);
            pages += 1;
            if difference.pixels > 0 {
                pictures::write(&folder.join(&file), &difference.beside);
                page += &format!("<h2>{what}: {name}, page {pages}</h2><img src=\"{file}\">\n");
            }
        }
        println!("{what:<8} {pixels:>9} {pages:>6}  {name}");
    }
    let more = changes.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        println!("and {more} more, without pictures");
    }
    fs::write(folder.join("index.html"), page).unwrap();
    ExitCode::SUCCESS
}

/// Pages as they were and are; what is missing on one side is empty.
fn pairs(folder: &Path, name: &str) -> Vec<(Picture, Picture)> {
    let read = |side: &str, page| {
        let png = fs::read(folder.join(side).join(file(name, page))).ok()?;
        pictures::decode(&png)
    };
    let pages = (0..).map(|page| (read("before", page), read("after", page)));
    let there = pages.take_while(|(before, after)| before.is_some() || after.is_some());
    there
        .map(|(before, after)| (before.unwrap_or_default(), after.unwrap_or_default()))
        .collect()
}
