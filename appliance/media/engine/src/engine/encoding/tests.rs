use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::*;

fn candidate(name: &str, not_tried: Option<&'static str>) -> Candidate {
    Candidate {
        name: name.to_owned(),
        codec: "H.264".to_owned(),
        hardware: true,
        driver: None,
        not_tried,
    }
}

fn trial(name: &str, refused: Option<&str>) -> EncoderTrial {
    EncoderTrial {
        encoder: name.to_owned(),
        with: "i915, Linux 6.12, GStreamer 1.26".to_owned(),
        refused: refused.map(str::to_owned),
    }
}

fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Chosen => "chosen".to_owned(),
        Verdict::Spare => "spare".to_owned(),
        Verdict::Refused { reason } => format!("refused: {reason}"),
        Verdict::GaveWay { reason } => format!("gave way: {reason}"),
        Verdict::Unused { reason } => format!("unused: {reason}"),
    }
}

#[test]
fn each_encoder_has_a_reason() {
    let mut encoders = Encoders {
        trials: vec![trial("va", Some("no key frame")), trial("qsv", None)],
        chosen: Some("qsv".to_owned()),
        ..Encoders::default()
    };
    let of = |encoders: &Encoders, name: &str| {
        said(encoders.verdict(EncoderChoice::Hardware, &candidate(name, None)))
    };
    assert_eq!(of(&encoders, "va"), "refused: no key frame");
    assert_eq!(of(&encoders, "qsv"), "chosen");
    assert_eq!(of(&encoders, VP8_ENCODER), "chosen");
    assert_eq!(of(&encoders, "v4l2"), "unused: a better one is used");
    let program = candidate("x264enc", Some("a program"));
    let program = encoders.verdict(EncoderChoice::Hardware, &program);
    assert_eq!(said(program), "unused: a program");
    encoders.searching = true;
    assert_eq!(of(&encoders, "v4l2"), "unused: it has not been tried yet");
    encoders.searching = false;
    encoders.chosen = None;
    encoders.failed = Some(trial("qsv", Some("it hangs")));
    assert_eq!(of(&encoders, "qsv"), "gave way: it hangs");
    let none = encoders.verdict(EncoderChoice::None, &candidate("v4l2", None));
    assert_eq!(said(none), "unused: devices.encoder is \"none\"");
}

/// A program that stands in for the engine that tries an encoder.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("engine");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn tried(script: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let engine = program(folder.path(), script);
    try_in_a_process(&engine, "vah264enc", Duration::from_secs(2)).await
}

#[tokio::test]
async fn a_trial_may_pass_refuse_die_and_hang() {
    assert_eq!(
        tried("test \"$*\" = '--try-encoder vah264enc'").await,
        Ok(())
    );
    let refused = tried("echo 'no key frame where there has to be one'; exit 1").await;
    assert_eq!(
        refused.unwrap_err(),
        "no key frame where there has to be one"
    );
    let died = tried("kill -SEGV $$").await.unwrap_err();
    assert!(died.starts_with("the trial died: signal: 11"), "{died}");
    let hung = tried("exec sleep 600").await.unwrap_err();
    assert_eq!(hung, "its driver hung in the trial");
}

#[tokio::test]
async fn what_is_known_of_an_encoder_is_not_tried_again_until_something_changes() {
    gstreamer::init().unwrap();
    let encoder = HardwareEncoder::named(SIMULATED_ENCODER).unwrap();
    let known = |refused: Option<&str>, with: String| {
        vec![EncoderTrial {
            encoder: SIMULATED_ENCODER.to_owned(),
            with,
            refused: refused.map(str::to_owned),
        }]
    };
    let folder = tempfile::tempdir().unwrap();
    let engine = program(folder.path(), "echo 'it was tried'; exit 1");
    let machine = [encoder.clone()];
    let now = encoder.circumstances();

    let (found, trials) = hardware(&machine, known(None, now.clone()), &engine, WITHIN).await;
    assert_eq!(found.as_ref(), Some(&encoder));
    assert_eq!(trials, known(None, now.clone()));

    let before = known(Some("slow"), now.clone());
    let (found, trials) = hardware(&machine, before.clone(), &engine, WITHIN).await;
    assert_eq!((found, trials), (None, before));

    let other_kernel = known(None, "unknown driver, Linux 2.6".to_owned());
    let (found, trials) = hardware(&machine, other_kernel, &engine, WITHIN).await;
    assert_eq!((found, trials), (None, known(Some("it was tried"), now)));
}
