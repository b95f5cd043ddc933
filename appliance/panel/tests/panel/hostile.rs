//! Titles and names as attackers write them: drawn or replaced, never a crash, never much work.

use std::sync::{LazyLock, Mutex, PoisonError};

use proptest::prelude::*;
use saal_core::{Notice, Sharing};
use saal_fleet_protocol::config::Language;
use saal_media_protocol::SourceKind;
use saal_meeting::{Knocker, MeetingId, PartOf, Ring, SignIn, SignInCode, SignInProblem};
use saal_panel::{Call, Element, Navigation, Renderer, Screen, Sheet};

use crate::{meeting_scenes, scenes};

/// 120 graphemes of at most 12 code points, twice, and words of ours.
const MOST_BYTES: usize = 2 * 120 * 12 * 4 + 500;

fn hostile_titles() -> Vec<String> {
    vec![
        "a\u{301}".repeat(10_000),
        format!("x{}", "\u{301}".repeat(10_000)),
        "\u{202e}\u{2067}\u{202d}".repeat(3_000),
        "\u{202e}gnitteem terces\u{202c} مرحبا بالعالم שלום עולם ".repeat(200),
        "👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈".repeat(500),
        "👩\u{200d}".repeat(5_000),
        "\u{fffd}".repeat(10_000),
        "\0\u{7}\u{1b}[31m\r\n\t".repeat(2_000),
        "ﷺ﷽".repeat(3_000),
        "ﷺ ﷺ".to_owned(),
        "𞟭\u{bd7} 𑇡🌀".to_owned(),
        "W".repeat(10_240),
        "क्ष्म्य".repeat(1_500),
        "\u{2028}\u{2029}\u{85}".repeat(1_000),
        "\u{10ffff}\u{e000}\u{1f1e6}".repeat(1_000),
        String::new(),
    ]
}

/// Everything that others write in meetings, wherever it is read.
fn in_meetings(text: &str) -> Vec<(Screen, Navigation)> {
    let id = || "p0".to_owned();
    let everything = || {
        scenes::call_with(|call| {
            meeting_scenes::all_tiles(call);
            meeting_scenes::talking(call);
            meeting_scenes::chatting(call);
            write_everywhere(call, text);
        })
    };
    let sheets = [
        Sheet::More,
        Sheet::People,
        Sheet::Person(id()),
        Sheet::Remove(id()),
        Sheet::Chat,
        Sheet::Polls,
    ];
    let sheets = sheets.into_iter().map(scenes::at_sheet);
    let calls = sheets.chain([Navigation::default()]);
    let calls = calls.map(|navigation| (everything(), navigation));
    let joining = [
        meeting_scenes::lobby_talk(true, &[("", ""), ("", "")]),
        meeting_scenes::password(true),
        meeting_scenes::host(),
    ];
    let joining = joining.map(|mut screen| {
        if let Screen::Joining { title, heard, .. } = &mut screen {
            text.clone_into(title);
            for line in heard {
                text.clone_into(&mut line.author);
                text.clone_into(&mut line.text);
            }
        }
        (screen, Navigation::default())
    });
    let mut ring = scenes::ring(Some(text), true);
    text.clone_into(&mut ring.from);
    let ringing = (Screen::Ringing(ring), Navigation::default());
    let others = joining.into_iter().chain([ringing]);
    calls.chain(others).chain(signing_in(text)).collect()
}

/// What the account's service says.
fn signing_in(text: &str) -> [(Screen, Navigation); 2] {
    let text = || text.to_owned();
    let code = SignInCode {
        address: text(),
        link: text(),
        code: "WWWW-WWWW-WWWW-WWWW-WWWW-WWWW-WW".to_owned(),
        expires: scenes::at("14:25"),
        by_device: true,
    };
    let problem = Some(SignInProblem::OtherAccount { user: text() });
    [SignIn::Code(code), SignIn::Needed { problem }].map(|of| {
        let (server, user) = (text(), text());
        let screen = Screen::SignIn { server, user, of };
        (screen, scenes::at_sheet(Sheet::SignIn))
    })
}

fn write_everywhere(call: &mut Call, text: &str) {
    let text = || text.to_owned();
    call.title = text();
    call.participants[0].name = text();
    let meeting = &mut call.meeting;
    meeting.subject = Some(text());
    meeting.breakout = Some(text());
    meeting.knocking = vec![Knocker {
        id: "k".to_owned(),
        name: text(),
    }];
    for poll in &mut meeting.polls {
        poll.question = text();
        poll.answers
            .iter_mut()
            .for_each(|(answer, _)| *answer = text());
    }
    for line in &mut call.chat {
        (line.author, line.text) = (text(), text());
    }
    for caption in &mut call.captions {
        (caption.speaker, caption.text) = (text(), text());
    }
    for sign in &mut call.reactions {
        (sign.from, sign.emoji) = (text(), text());
    }
    call.notice = Some(Notice::MutedBy(SourceKind::Microphone, Some(text())));
    call.ringing = Some(Ring {
        from: text(),
        ..scenes::ring(None, true)
    });
    call.part_of = Some(PartOf {
        id: MeetingId("main".to_owned()),
        title: text(),
    });
}

/// Draws a text in every place where texts from outside are drawn.
fn draw_everywhere(renderer: &mut Renderer, text: &str) {
    let mut people = scenes::people();
    people[0].name = text.to_owned();
    people[0].id = text.to_owned();
    let home = Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![scenes::meeting(
            text,
            scenes::at("14:00"),
            scenes::at("15:00"),
        )],
        next: vec![scenes::meeting(
            text,
            scenes::at("16:00"),
            scenes::at("17:00"),
        )],
    };
    let call = scenes::call_with(|call| {
        call.title = text.to_owned();
        call.participants = people;
    });
    let plain = [home, call].map(|screen| (screen, Navigation::default()));
    for (screen, navigation) in plain.into_iter().chain(in_meetings(text)) {
        let mut view = scenes::view(Language::De, screen);
        view.navigation = navigation;
        view.room = text.to_owned();
        view.troubles = vec![saal_core::Trouble::Unreachable {
            server: text.to_owned(),
            known: None,
        }];
        let layout = renderer.lay_out(&view, None);
        assert!(
            !layout.overflows(),
            "pushes something out of {:?} {}: {:?}",
            view.navigation.sheet(),
            format!("{:?}", view.screen)
                .chars()
                .take(24)
                .collect::<String>(),
            text.chars().take(20).collect::<String>()
        );
        assert!(
            layout.elements().iter().any(Element::is_touchable),
            "the buttons are there"
        );
        // What is shaped is bounded, whatever came in: 10 kB of marks take seconds otherwise.
        let longest = layout
            .elements()
            .iter()
            .map(|e| e.label.len() + e.description.len())
            .max();
        assert!(longest.unwrap_or(0) < MOST_BYTES, "{longest:?} bytes");
        renderer.draw(&layout);
    }
}

#[test]
fn hostile_titles_are_drawn() {
    let mut renderer = Renderer::new();
    for title in hostile_titles() {
        draw_everywhere(&mut renderer, &title);
    }
}

/// What stands right of a title does not move with its direction.
#[test]
fn right_to_left_titles_stay_in_their_card() {
    let mut renderer = Renderer::new();
    let mut rect = |title: &str| {
        let screen = Screen::Home {
            sharing: Sharing::Impossible,
            under_way: vec![scenes::meeting(
                title,
                scenes::at("14:00"),
                scenes::at("15:00"),
            )],
            next: Vec::new(),
        };
        let layout = renderer.lay_out(&scenes::view(Language::De, screen), None);
        let join = layout
            .elements()
            .iter()
            .find(|e| e.id == "join:0")
            .unwrap()
            .clone();
        assert!(
            !join
                .description
                .contains(['\u{202e}', '\u{2068}', '\u{2069}']),
            "{join:?}"
        );
        join.rect
    };
    assert_eq!(rect("\u{202e}שלום עולם"), rect("Weekly"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_is_drawn(text in "\\PC{0,60}|[\\x00-\\x7f\u{300}-\u{36f}\u{590}-\u{6ff}\u{200b}-\u{206f}😀-🙏]{0,400}") {
        // Reading the fonts takes longer than drawing.
        static RENDERER: LazyLock<Mutex<Renderer>> = LazyLock::new(|| Mutex::new(Renderer::new()));
        draw_everywhere(&mut RENDERER.lock().unwrap_or_else(PoisonError::into_inner), &text);
    }
}
