//! Every screen in German and English against its golden picture: no pixel may differ.
//!
//! `SAAL_BLESS=1 cargo test -p saal-panel --test panel goldens` accepts what is drawn now; look at it first.

use std::{
    fs,
    path::{Path, PathBuf},
};

use saal_core::{Muted, Sharing, Trouble};
use saal_fleet_protocol::config::{Language, Theme};
use saal_meeting::{EndReason, IdentityState, JoinStage, SignInProblem};
use saal_panel::{Picture, Renderer, Screen, View};

use crate::{meeting_scenes, scenes};

/// The largest picture that people want in a repository.
const MOST_BYTES: usize = 100_000;

fn tag(language: Language) -> &'static str {
    match language {
        Language::De => "de",
        Language::En => "en",
    }
}

/// Draws a view in both languages and compares.
fn check(name: &str, screen: &Screen, change: impl Fn(&mut View)) {
    for language in [Language::De, Language::En] {
        let mut view = scenes::view(language, screen.clone());
        change(&mut view);
        let mut renderer = Renderer::new();
        let layout = renderer.lay_out(&view, None);
        renderer.draw(&layout);
        compare(&format!("{name}-{}", tag(language)), renderer.picture());
    }
}

fn compare(name: &str, picture: &Picture) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("goldens/{name}.png"));
    if std::env::var_os("SAAL_BLESS").is_some() {
        let known = fs::read(&golden).ok().map(|bytes| decode(&bytes));
        if known.is_some_and(|(w, h, rgb)| {
            (w, h) == (picture.width(), picture.height()) && rgb == picture.rgb()
        }) {
            return;
        }
        let png = encode(picture);
        assert!(
            png.len() <= MOST_BYTES,
            "{name}: {} bytes is too large",
            png.len()
        );
        fs::write(&golden, png).unwrap();
        return;
    }
    let Ok(expected) = fs::read(&golden) else {
        panic!("{} is missing; {}", golden.display(), keep(name, picture));
    };
    let (width, height, expected) = decode(&expected);
    assert_eq!(
        (picture.width(), picture.height()),
        (width, height),
        "size of {name}"
    );
    let pairs = || picture.rgb().chunks(3).zip(expected.chunks(3));
    let differing = pairs().filter(|(a, b)| a != b).count();
    assert_eq!(differing, 0, "{name}: pixels differ; {}", {
        let dimmed = pairs().flat_map(|(a, b)| {
            if a == b {
                [a[0] / 4, a[1] / 4, a[2] / 4]
            } else {
                [255, 0, 255]
            }
        });
        keep_difference(name, picture, &dimmed.collect::<Vec<u8>>())
    });
}

/// Leaves what was drawn where the build's other products are.
fn keep(name: &str, picture: &Picture) -> String {
    let path = scratch(&format!("{name}.actual.png"));
    fs::write(&path, encode(picture)).unwrap();
    format!("drawn now: {}", path.display())
}

fn keep_difference(name: &str, picture: &Picture, difference: &[u8]) -> String {
    let path = scratch(&format!("{name}.difference.png"));
    fs::write(
        &path,
        encode_rgb(picture.width(), picture.height(), difference),
    )
    .unwrap();
    format!("{}, difference: {}", keep(name, picture), path.display())
}

fn scratch(file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("goldens");
    fs::create_dir_all(&folder).unwrap();
    folder.join(file)
}

fn encode(picture: &Picture) -> Vec<u8> {
    encode_rgb(picture.width(), picture.height(), picture.rgb())
}

/// The smallest of what the filters give; flat pictures like none, gradients like the others.
fn encode_rgb(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let with = |filter| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_deflate_compression(png::DeflateCompression::Level(9));
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(rgb).unwrap();
        writer.finish().unwrap();
        bytes
    };
    let filters = [png::Filter::NoFilter, png::Filter::Up, png::Filter::Sub];
    filters.map(with).into_iter().min_by_key(Vec::len).unwrap()
}

fn decode(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    (info.width, info.height, rgb)
}

fn dark(view: &mut View) {
    view.theme = Theme::Dark;
}

#[test]
fn home() {
    check("home", &scenes::home(), |_| {});
    check("home-dark", &scenes::home(), dark);
}

#[test]
fn home_with_nothing_to_do() {
    check("home-free", &scenes::free(), |_| {});
}

#[test]
fn home_before_meetings() {
    check("home-upcoming", &scenes::upcoming(), |_| {});
    check("home-breakout", &scenes::breakout(), |_| {});
}

#[test]
fn home_on_a_full_day() {
    check("home-full", &scenes::full(), |_| {});
}

#[test]
fn home_in_portrait() {
    check("home-portrait", &scenes::home(), |view| {
        (view.width, view.height) = (800, 1280);
    });
}

#[test]
fn all_scripts() {
    let title = |title: &str, from: &str, to: &str| {
        scenes::meeting(title, scenes::at(from), scenes::at(to))
    };
    let screen = Screen::Home {
        sharing: Sharing::Impossible,
        under_way: vec![title("פגישת צוות 🎉 (שבועית)", "14:00", "15:00")],
        next: vec![
            title("اجتماع Team 2026 \u{202e}gnitteem", "14:10", "15:00"),
            title("Αθήνα · Київ · Łódź 👩\u{200d}💻 ☎ → ½", "16:00", "17:00"),
            title(
                &"a\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(99),
                "17:00",
                "18:00",
            ),
        ],
    };
    check("home-scripts", &screen, |_| {});
}

#[test]
fn small_panels() {
    let small = |view: &mut View| (view.width, view.height) = (800, 480);
    check("home-small", &scenes::home(), small);
    check("call-small", &scenes::call(Muted::default()), |view| {
        small(view);
        view.troubles = vec![scenes::camera_busy()];
    });
    check("call-portrait", &scenes::reconnecting(), |view| {
        (view.width, view.height) = (480, 800);
    });
}

#[test]
fn joining() {
    check("joining", &scenes::joining(JoinStage::Contacting), |_| {});
}

#[test]
fn call() {
    check("call", &scenes::call(Muted::default()), |_| {});
    check("call-dark", &scenes::call(Muted::default()), dark);
}

#[test]
fn call_muted() {
    let muted = Muted {
        microphone: true,
        camera: false,
    };
    check("call-muted", &scenes::call(muted), |_| {});
}

#[test]
fn call_alone() {
    check("call-alone", &scenes::alone(), |_| {});
}

#[test]
fn call_with_a_closed_shutter() {
    check("call-covered", &scenes::call(Muted::default()), |view| {
        view.troubles = vec![scenes::camera_covered()];
    });
}

#[test]
fn call_reconnecting() {
    check("call-reconnecting", &scenes::reconnecting(), |_| {});
}

#[test]
fn call_with_missing_keys() {
    check(
        "call-keys",
        &scenes::call_with(meeting_scenes::keys),
        |_| {},
    );
}

#[test]
fn leaving() {
    check("leaving", &scenes::leaving(), |_| {});
}

#[test]
fn starting() {
    check("starting", &Screen::Starting, |view| view.room.clear());
}

#[test]
fn trouble_beside_meetings() {
    check("trouble", &scenes::upcoming(), |view| {
        let failed = EndReason::Failed {
            reason: "502".to_owned(),
        };
        view.troubles = vec![scenes::join_failed(failed), scenes::camera_busy()];
        view.troubles.push(scenes::all_troubles().remove(14));
    });
}

#[test]
fn trouble_with_a_certificate() {
    check("trouble-certificate", &scenes::free(), |view| {
        let untrusted = EndReason::Untrusted {
            server: "meet.example.org".to_owned(),
            reason: "UnknownIssuer".to_owned(),
        };
        view.troubles = vec![scenes::join_failed(untrusted)];
    });
}

#[test]
fn trouble_with_servers_that_are_not_who_they_say() {
    check("trouble-servers", &scenes::free(), |view| {
        let wrong = EndReason::WrongCall {
            server: "rtc.example.org".to_owned(),
            reason: "a token of another room".to_owned(),
        };
        view.troubles = vec![scenes::untrusted(), scenes::join_failed(wrong)];
    });
}

#[test]
fn trouble_with_nothing_else_to_do() {
    check("trouble-blocking", &scenes::free(), |view| {
        view.troubles = vec![scenes::unreachable(), scenes::camera_busy()];
    });
}

/// Everything that meetings ask and offer: each language in each theme, on three sizes.
#[test]
fn meetings() {
    for (name, screen, navigation) in meeting_scenes::all() {
        let there = |view: &mut View| {
            view.navigation = navigation.clone();
            meeting_scenes::said_in_its_language(view);
        };
        check(name, &screen, there);
        let dark_on = |width: u32, height: u32| {
            move |view: &mut View| {
                dark(view);
                (view.width, view.height) = (width, height);
            }
        };
        let mut renderer = Renderer::new();
        let mut draw = |kind: &str, language, change: &dyn Fn(&mut View)| {
            let mut view = scenes::view(language, screen.clone());
            there(&mut view);
            change(&mut view);
            let layout = renderer.lay_out(&view, None);
            renderer.draw(&layout);
            let name = format!("{name}-{kind}-dark-{}", tag(language));
            compare(&name, renderer.picture());
        };
        draw("small", Language::De, &dark_on(800, 480));
        draw("portrait", Language::En, &dark_on(480, 800));
    }
}

#[test]
fn the_recovery_key() {
    let needed = || Trouble::Identity(IdentityState::RecoveryKeyNeeded { wrong: false });
    check("home-recovery-key", &scenes::home(), |view| {
        view.troubles = vec![needed()]
    });
}

#[test]
fn the_sign_in() {
    check("home-sign-in", &scenes::home(), |view| {
        view.troubles = vec![scenes::sign_in(Some(SignInProblem::Ended), false)];
    });
    check("free-sign-in", &scenes::free(), |view| {
        view.troubles = vec![scenes::sign_in(None, false)];
    });
}
