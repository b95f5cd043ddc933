//! docs/panel.md: every screen with its picture, what it says and what can be touched, from the tree that is drawn.

use std::fmt::Write;

use saal_panel::{Element, Layout, Renderer, Role};

use crate::{
    drawing::Gallery,
    examples::pages,
    shown::{FOR_EVERYBODY, Shown},
};

const BEGIN: &str = "# The panel, screen by screen

Written by `./dev golden --accept` from what is drawn; a test holds it. Each picture is a panel of 1280x800 pixels in English with
the light theme, unless its words say otherwise; every screen exists in each language, theme and size of text, on panels of 7 to
15 inch that hang either way. What a screen says and what can be touched on it is what the spoken panel reads
([accessibility.md](accessibility.md)); [how-to-add-a-screen.md](how-to-add-a-screen.md) says how another one comes in.
";

const TELEVISION: &str = "
## The television between meetings

Of 1280x720 pixels here, and the same on larger ones; whatever has to be read is read from six metres. Titles, a number to dial and what
stands beside the day are the configuration's ([configuration.md](configuration.md)).
";

/// Names of keys are no words.
const KEYS: [&str; 2] = ["key:", "tone:"];
/// Longer lists are read on the panel.
const MOST_WORDS: usize = 12;

/// The whole file.
pub(crate) fn write(gallery: &Gallery, renderer: &mut Renderer, shown: &[Shown<'_>]) -> String {
    let mut guide = BEGIN.to_owned();
    let mut part = "";
    for picture in shown {
        if part != picture.part {
            part = &picture.part;
            let _ = write!(guide, "\n## {part}\n");
        }
        if !picture.what.is_empty() {
            let _ = write!(guide, "\n### {}\n", picture.what);
        }
        let layouts = pages(renderer, &gallery.view(picture.row));
        let _ = write!(guide, "\n{}", entry(picture, &layouts));
    }
    guide.push_str(TELEVISION);
    for still in gallery.stills() {
        let Some(file) = &still.file else { continue };
        let says = all(&[still.lay_out(renderer)], says);
        let _ = write!(guide, "\n![{says}](../appliance/panel/goldens/{file})\n");
    }
    guide
}

fn entry(picture: &Shown<'_>, pages: &[Layout]) -> String {
    let says = all(pages, says);
    let file = picture.file();
    let image = format!("![{says}](../appliance/panel/goldens/{file})\n");
    if picture.part == FOR_EVERYBODY {
        return image;
    }
    let touches = all(pages, is_touched);
    let touches = if touches.is_empty() {
        "nothing".to_owned()
    } else {
        touches
    };
    format!("{image}\nTo touch: {touches}.\n")
}

/// Labels of what fits, once each.
fn all(pages: &[Layout], fits: impl Fn(&Element) -> bool) -> String {
    let mut labels: Vec<String> = Vec::new();
    let elements = pages.iter().flat_map(Layout::elements);
    for element in elements.filter(|e| fits(e) && !e.label.is_empty()) {
        let label = element.label.trim_end_matches('.').replace('\n', " ");
        let label = label.replace(['[', ']', '*', '_', '|', '<'], " ");
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let more = labels.len() > MOST_WORDS;
    labels.truncate(MOST_WORDS);
    labels.extend(more.then(|| "…".to_owned()));
    labels.join(" · ")
}

fn says(element: &Element) -> bool {
    let read = [Role::Heading, Role::Text, Role::Status, Role::Alert];
    read.contains(&element.role)
}

fn is_touched(element: &Element) -> bool {
    let key = KEYS.iter().any(|key| element.id.starts_with(key));
    element.is_touchable() && !key
}
