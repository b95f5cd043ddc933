use proptest::prelude::*;
use saal_media_protocol::Rect;

use super::*;

const GROUND: u8 = DARK[0];

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
        ground: Ground::Dark,
    }
}

fn draw(label: &Label) -> Lettered {
    let drawn = Lettering::default().draw(label).unwrap();
    let (area, x, y) = (label.area, drawn.x, drawn.y);
    assert!(x >= area.x && y >= area.y, "{x},{y}");
    assert!(drawn.width <= area.width && drawn.height <= area.height);
    assert!(drawn.width % 2 == 0 && drawn.height % 2 == 0);
    assert_eq!(drawn.luma.len(), (drawn.width * drawn.height) as usize);
    for plane in &drawn.chroma {
        assert_eq!(plane.len() * 4, drawn.luma.len());
    }
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
    Some((first, columns.next_back().unwrap_or(first)))
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
    for text in [
        "👏",
        "🔇",
        "✋",
        "🔒",
        "💬",
        "●",
        "✎",
        "ж",
        "\u{639}\u{631}\u{628}",
    ] {
        let drawn = draw(&label(Place::BottomLeft, vec![line("", text)]));
        assert!(inked(&drawn).is_some(), "{text}");
    }
}

#[test]
fn the_words_keep_their_direction_beside_a_name_of_another() {
    let name = "\u{5e2}\u{5d3}\u{5d4}";
    let words = [line(name, "Good morning.")];
    let mut lettering = Lettering::default();
    let label = label(Place::Fill, words.to_vec());
    let space = Space::of(&label).unwrap();
    let buffer = lettering.shape(&label, &space);
    let run = buffer.layout_runs().next().unwrap();
    assert!(!run.rtl, "English is read from the left");
    let stop = run
        .glyphs
        .iter()
        .max_by(|a, b| a.x.total_cmp(&b.x))
        .unwrap();
    assert_eq!(
        &run.text[stop.start..stop.end],
        ".",
        "at the sentence's end"
    );
}

#[test]
fn signs_stand_among_words_as_icons() {
    let texts = |text: &str| -> Vec<(String, &str)> {
        let spans = spans((0, &line("", text))).into_iter();
        let shown = spans.filter(|span| !span.text.is_empty());
        shown.map(|span| (span.text, span.family)).collect()
    };
    let muted = char::from(Icon::MicOff).to_string();
    let hand = char::from(Icon::Hand).to_string();
    let wanted = [
        (hand, ICONS),
        (" ".to_owned(), TEXT),
        (muted, ICONS),
        (" Ada".to_owned(), TEXT),
    ];
    assert_eq!(texts("✋ 🔇 Ada"), wanted);
}

#[test]
fn lines_of_a_column_stand_apart_and_whole_ones_remain() {
    let lines = |count: usize| (0..count).map(|n| line("", &n.to_string())).collect();
    let mut column = label(Place::Fill, lines(2));
    column.line_height = 30;
    let row_has_ink = |drawn: &Lettered, row: u32| {
        let start = (row * drawn.width) as usize;
        let pixels = &drawn.luma[start..start + drawn.width as usize];
        pixels.iter().any(|p| *p > GROUND + 40)
    };
    let heights = |drawn: &Lettered| {
        (0..drawn.height)
            .filter(|row| row_has_ink(drawn, *row))
            .collect::<Vec<_>>()
    };
    let two = heights(&draw(&column));
    let blank = two.windows(2).map(|w| w[1] - w[0]).max().unwrap();
    assert!(
        (15..30).contains(&blank),
        "{blank} pixels between two lines"
    );
    column.lines = lines(9);
    let nine = heights(&draw(&column));
    let blanks = nine.windows(2).filter(|w| w[1] - w[0] > 10).count();
    // 126 pixels hold three lines and two gaps; a fourth would be cut.
    assert_eq!(blanks, 2, "{nine:?}");
}

#[test]
fn no_text_breaks_it() {
    let marks = format!("Z{}", "\u{301}".repeat(10_000));
    let cases = [
        "",
        " ",
        "\u{202e}abc\u{0}\u{7}",
        "\u{2068}\u{2067}\u{202d}x\u{2069}\u{202c}",
        &"\u{202b}\u{5d0}$".repeat(1_000),
        &"\u{2067}\u{5d0}$".repeat(1_000),
        "a\nb\u{2028}c\u{2029}d\r\u{85}e",
        &"\u{202e}gnitteem مرحبا بالعالم שלום עולם ".repeat(200),
        &"👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈".repeat(500),
        // What becomes of half a surrogate pair.
        &"\u{fffd}".repeat(10_000),
        &"ﷺ﷽".repeat(3_000),
        &"王さ김สआ".repeat(2_000),
        &marks,
        &"x".repeat(20_000),
    ];
    let mut lettering = Lettering::default();
    for text in cases {
        for place in [Place::Fill, Place::BottomLeft, Place::BottomCentre] {
            let lines = vec![line(text, text), line("", text)];
            assert!(lettering.draw(&label(place, lines)).is_some());
        }
    }
    assert!(lettering.draw(&label(Place::Fill, Vec::new())).is_some());
}

/// Letters, marks that stack, marks of direction, emoji, what no font has.
fn hostile() -> impl Strategy<Value = String> {
    let any = proptest::char::any();
    let kinds = prop_oneof![
        4 => any,
        1 => proptest::char::range('\u{300}', '\u{36f}'),
        1 => proptest::char::range('\u{200b}', '\u{206f}'),
        1 => proptest::char::range('\u{5d0}', '\u{6ff}'),
        1 => proptest::char::range('\u{1f300}', '\u{1faff}'),
        1 => proptest::char::range('\u{1f1e6}', '\u{1f1ff}'),
    ];
    let all_sorts = proptest::collection::vec(kinds.clone(), 0..600);
    let repeated = (proptest::collection::vec(kinds, 1..4), 1_usize..3_000);
    prop_oneof![
        all_sorts.prop_map(|all| all.into_iter().collect()),
        repeated.prop_map(|(few, times)| few.iter().collect::<String>().repeat(times)),
    ]
}

fn any_label() -> impl Strategy<Value = Label> {
    let lines = proptest::collection::vec((hostile(), hostile()), 0..6);
    let place = prop::sample::select(vec![
        Place::Fill,
        Place::BottomLeft,
        Place::BottomCentre,
        Place::TopRight,
    ]);
    let size = (0_u32..500, 0_u32..300, 0_u32..60);
    (lines, place, size).prop_map(|(lines, place, (width, height, line_height))| Label {
        area: Rect {
            x: 0,
            y: 0,
            width: width * 2,
            height: height * 2,
        },
        place,
        line_height,
        lines: lines.iter().map(|(who, text)| line(who, text)).collect(),
        ground: Ground::Red,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// What others write costs no more than its area, whatever it is.
    #[test]
    fn every_text_is_bounded(label in any_label()) {
        let mut lettering = Lettering::default();
        if let Some(drawn) = lettering.draw(&label) {
            prop_assert!(drawn.width <= label.area.width && drawn.height <= label.area.height + 1);
            prop_assert_eq!(drawn.luma.len(), (drawn.width * drawn.height) as usize);
            let space = Space::of(&label).unwrap();
            let text: usize = lettering.shape(&label, &space).lines.iter().map(|l| l.text().chars().count()).sum();
            prop_assert!(text <= space.lines as usize * (2 * MOST_POINTS + 4), "{} code points", text);
        }
        prop_assert!(lettering.glyphs.image_cache.len() <= MOST_GLYPHS + 2 * MOST_POINTS);
    }
}

#[test]
fn letters_stand_out_from_each_ground() {
    /// Of a colour in BT.709, as WCAG 2.2 weighs it.
    fn luminance([y, blue, red]: [u8; 3]) -> f64 {
        let y = (f64::from(y) - 16.0) / 219.0;
        let (blue, red) = [blue, red].map(|c| (f64::from(c) - 128.0) / 224.0).into();
        let (r, b) = (y + 1.5748 * red, y + 1.8556 * blue);
        let g = (y - 0.2126 * r - 0.0722 * b) / 0.7152;
        let linear = [r, g, b].map(|c| ((c.clamp(0.0, 1.0) + 0.055) / 1.055).powf(2.4));
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
    for ground in [DARK, RED] {
        let contrast = (luminance([INK, GREY, GREY]) + 0.05) / (luminance(ground) + 0.05);
        assert!(contrast >= 7.0, "{ground:?}: {contrast}");
    }
}

#[test]
fn red_is_the_ground_not_the_letters() {
    let mut marks = label(Place::TopRight, vec![line("", "█ REC")]);
    marks.ground = Ground::Red;
    let drawn = draw(&marks);
    assert_eq!(drawn.luma[0], RED[0]);
    let [blue, red] = &drawn.chroma;
    assert_eq!((blue[0], red[0]), (RED[1], RED[2]));
    assert!(red.contains(&GREY), "where a letter fills it");
}

#[test]
fn what_stays_is_not_drawn_again() {
    let mut lettering = Lettering::default();
    let name = |name: &str| label(Place::BottomLeft, vec![line("", name)]);
    let first = lettering.show(&[name("Ada"), name("Bob")]);
    let again = lettering.show(&[name("Ada"), name("Bob")]);
    assert!(first.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
    let more = lettering.show(&[name("Cem"), name("Ada"), name("Bob")]);
    assert!(first.iter().zip(&more[1..]).all(|(a, b)| Arc::ptr_eq(a, b)));
    assert_eq!(lettering.show(&[]), []);
    assert!(lettering.shown.is_empty(), "nothing is kept of it");
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
