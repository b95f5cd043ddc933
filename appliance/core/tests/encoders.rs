//! Encoders in hardware: what is remembered of their trials, and engines that die with one.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

mod common;

use common::Bench;
use saal_core::{Effect, EngineEvent, Event, Trouble};
use saal_media_protocol::{
    CodecElement, CodecReport, EncoderTrial, MediaCommand, MediaEvent, MediaStats, SentVideo,
    SourceKind, Verdict,
};

const HARDWARE: &str = "vah264enc";

fn passed() -> EncoderTrial {
    EncoderTrial {
        encoder: HARDWARE.to_owned(),
        with: "i915, Linux 6.12, GStreamer 1.26".to_owned(),
        refused: None,
    }
}

fn report() -> CodecReport {
    let chosen = CodecElement {
        name: HARDWARE.to_owned(),
        codec: "H.264".to_owned(),
        hardware: true,
        driver: Some("i915".to_owned()),
        verdict: Verdict::Chosen,
    };
    CodecReport {
        encoders: vec![chosen],
        decoders: Vec::new(),
        camera: None,
    }
}

fn tried() -> Event {
    Event::Media(MediaEvent::Codecs {
        report: report(),
        trials: vec![passed()],
    })
}

fn sends_by(encoder: &str) -> Event {
    let sent = SentVideo {
        source: SourceKind::Camera,
        frames_encoded: 30,
        encoder: encoder.to_owned(),
    };
    Event::Media(MediaEvent::Stats(MediaStats {
        sent_video: vec![sent],
        ..MediaStats::default()
    }))
}

/// What a new engine is told of trials.
fn dies(bench: &mut Bench) -> Vec<EncoderTrial> {
    let reason = "signal 11".to_owned();
    let effects = bench.tell(Event::Engine(EngineEvent::Lost { reason }));
    let told = effects.into_iter().find_map(|effect| match effect {
        Effect::Media(MediaCommand::RememberTrials { trials }) => Some(trials),
        _ => None,
    });
    told.unwrap_or_default()
}

#[test]
fn what_a_trial_showed_is_saved_once_and_told_to_the_next_engine() {
    let mut bench = Bench::in_call();
    let saved = Effect::SaveTrials(vec![passed()]);
    assert_eq!(bench.tell(tried()), [saved]);
    assert_eq!(bench.tell(tried()), []);
    assert_eq!(*bench.room.codecs(), report());
    assert_eq!(dies(&mut bench), [passed()]);
}

fn says(bench: &mut Bench, verdict: Verdict) {
    let mut report = report();
    report.encoders[0].verdict = verdict;
    let trials = Vec::new();
    bench.tell(Event::Media(MediaEvent::Codecs { report, trials }));
}

fn reason() -> String {
    "it makes no pictures of what it is fed".to_owned()
}

#[test]
fn people_hear_of_an_encoder_that_gave_way_until_one_works_again() {
    let mut bench = Bench::in_call();
    bench.tell(tried());
    says(&mut bench, Verdict::Refused { reason: reason() });
    assert!(bench.trouble_codes().is_empty(), "it was never at work");
    says(&mut bench, Verdict::GaveWay { reason: reason() });
    let expected = Trouble::Encoder {
        name: HARDWARE.to_owned(),
    };
    assert_eq!(bench.room.troubles(), [&expected]);
    says(&mut bench, Verdict::Chosen);
    assert!(bench.trouble_codes().is_empty());
}

#[test]
fn the_first_engine_is_told_what_an_earlier_daemon_saved() {
    let mut bench = Bench::bare();
    bench.tell(Event::SavedTrials(vec![passed()]));
    let effects = bench.tell(Event::Config(common::plain_config()));
    let place = |wanted: &dyn Fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    let told = place(&|e| matches!(e, Effect::Media(MediaCommand::RememberTrials { .. })));
    let configured = place(&|e| matches!(e, Effect::Media(MediaCommand::Configure { .. })));
    assert!(told < configured, "{effects:?}");
}

#[test]
fn an_encoder_that_two_engines_died_with_is_left_alone() {
    let mut bench = Bench::in_call();
    bench.tell(tried());
    bench.tell(sends_by("vp8enc"));
    assert_eq!(dies(&mut bench)[0].refused, None, "it was not at work");
    for death in 1..=2 {
        bench.tell(Event::Engine(EngineEvent::Ready));
        assert_eq!(bench.tell(tried()), [], "nothing new");
        bench.tell(sends_by(HARDWARE));
        let told = dies(&mut bench);
        assert_eq!(told[0].refused.is_some(), death == 2, "{told:?}");
    }
    let mut after = report();
    after.encoders[0].verdict = Verdict::Refused { reason: reason() };
    let refused = MediaEvent::Codecs {
        report: after,
        trials: vec![EncoderTrial {
            refused: Some("the engine died twice while it encoded".to_owned()),
            ..passed()
        }],
    };
    let effects = bench.tell(Event::Media(refused));
    assert_eq!(effects, [Effect::Redraw], "another daemon tries it again");
    assert_eq!(bench.trouble_codes(), ["encoder"]);
}
