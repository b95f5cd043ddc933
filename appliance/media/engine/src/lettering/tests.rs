use saal_media_protocol::Rect;

use super::*;

fn line(who: &str, text: &str) -> TextLine {
    TextLine {
        who: who.to_owned(),
        text: text.to_owned(),
    }
}

/// Three lines of 40 pixels at most, in the lower middle of a small television.
fn label(place: Place, lines: Vec<TextLine>) -> Label {
    let area = Rect {
        x: 100,
        y: 200,
        width: 600,
        height: 140,
    };
    Label {
        area,
        place,
        line_height: 40,
        lines,
    }
}

fn draw(label: &Label) -> Lettered {
    let drawn = Lettering::default().draw(label).unwrap();
    let (area, x, y) = (label.area, drawn.x, drawn.y);
    assert!(x >= area.x && y >= area.y, "{x},{y}");
    assert!(drawn.width <= area.width && drawn.height <= area.height);
    assert!(drawn.width % 2 == 0 && drawn.height % 2 == 0);
    assert_eq!(drawn.luma.len(), (drawn.width * drawn.height) as usize);
    drawn
}

/// Columns from the first to the last with ink.
fn inked(drawn: &Lettered) -> Option<(u32, u32)> {
    let has_ink = |x: &u32| {
        let column = drawn.luma.iter().skip(*x as usize);
        column
            .step_by(drawn.width as usize)
            .any(|p| *p > GROUND + 40)
    };
    let mut columns = (0..drawn.width).filter(has_ink);
    let first = columns.next()?;
    Some((first, columns.last().unwrap_or(first)))
}

#[test]
fn a_short_text_has_a_small_box_at_its_place() {
    let text = || vec![line("Ada", "Good morning")];
    let centre = draw(&label(Place::BottomCentre, text()));
    assert_eq!(centre.height, 60);
    assert_eq!(centre.y, 280);
    assert!((centre.x - 100 - (600 - centre.width as i32) / 2).abs() <= 1);
    let left = draw(&label(Place::BottomLeft, text()));
    assert_eq!((left.x, left.y), (100, 280));
    let right = draw(&label(Place::TopRight, text()));
    assert_eq!((right.x + right.width as i32, right.y), (700, 200));
    let all = draw(&label(Place::Fill, text()));
    assert_eq!((all.width, all.height), (600, 140));
}

#[test]
fn letters_are_inside_the_margins_from_either_side() {
    for words in [
        "Good morning everybody",
        "\u{5d1}\u{5d5}\u{5e7}\u{5e8} \u{5d8}\u{5d5}\u{5d1}",
    ] {
        for place in [Place::BottomLeft, Place::BottomCentre, Place::TopRight] {
            let drawn = draw(&label(place, vec![line("", words)]));
            let (first, last) = inked(&drawn).expect("letters");
            assert!((16..=26).contains(&first), "{words} {place:?}: {first}");
            let right = drawn.width - 1 - last;
            assert!((16..=26).contains(&right), "{words} {place:?}: {right}");
        }
    }
}

#[test]
fn of_what_does_not_fit_the_end_stays() {
    let end = || line("Bob", "and that is the end of it");
    let mut lines = vec![line("Ada", &"one two three ".repeat(40))];
    lines.push(end());
    let long = draw(&label(Place::BottomCentre, lines));
    assert_eq!(long.height, 140, "three lines");
    let short = draw(&label(Place::Fill, vec![end()]));
    let last = |drawn: &Lettered| {
        let from = (drawn.height - 50) * drawn.width;
        drawn.luma[from as usize..]
            .iter()
            .map(|p| u64::from(*p - GROUND))
            .sum::<u64>()
    };
    let (long, short) = (last(&long), last(&short));
    // Where a word begins differs by parts of a pixel.
    assert!(
        long.abs_diff(short) < short / 100,
        "the last line is the last one: {long} {short}"
    );
}

#[test]
fn one_line_is_cut_with_an_ellipsis() {
    let mut name = label(Place::BottomLeft, vec![line("", &"Maximilian ".repeat(30))]);
    name.area.height = 60;
    let drawn = draw(&name);
    assert_eq!(drawn.height, 60);
    assert!(drawn.width > 500, "{}", drawn.width);
}

#[test]
fn emoji_and_other_scripts_have_glyphs() {
    for text in ["👏", "🔇", "●", "✎", "ж", "\u{639}\u{631}\u{628}"] {
        let drawn = draw(&label(Place::BottomLeft, vec![line("", text)]));
        assert!(inked(&drawn).is_some(), "{text}");
    }
}

#[test]
fn no_text_breaks_it() {
    let marks = format!("Z{}", "\u{301}".repeat(10_000));
    for text in [
        "",
        " ",
        "\u{202e}abc\u{0}\u{7}",
        &marks,
        &"x".repeat(20_000),
    ] {
        for place in [Place::Fill, Place::BottomLeft, Place::BottomCentre] {
            draw(&label(place, vec![line(text, text), line("", text)]));
        }
    }
    draw(&label(Place::Fill, Vec::new()));
}

#[test]
fn an_area_without_room_for_a_line_shows_nothing() {
    let mut small = label(Place::Fill, vec![line("", "a")]);
    for (width, height, line_height) in [(0, 0, 40), (600, 50, 40), (30, 140, 40), (600, 140, 0)] {
        small.area.width = width;
        small.area.height = height;
        small.line_height = line_height;
        let mut lettering = Lettering::default();
        assert_eq!(
            lettering.draw(&small),
            None,
            "{width}x{height} {line_height}"
        );
    }
}
