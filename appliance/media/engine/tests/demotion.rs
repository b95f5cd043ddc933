//! An encoder in hardware that fails in a call: the call goes on with a program, the far end's picture stands still for no more
//! than a second, and who asks is told why.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

mod support;

use saal_media::graph::HardwareEncoder;
use saal_media_protocol::{
    Codec, DeviceChoice, EncoderChoice, EncoderTrial, MediaCommand, MediaEvent, MediaStats,
    TransportId, Verdict,
};
use support::{
    Daemon,
    far_end::{FarEnd, Shown, longest, send_camera},
    faulty::{self, FACTORY, Fault},
    simulated,
};
use tokio::sync::Mutex;

const CALL: TransportId = TransportId(1);
/// As the camera counts its pictures: no more than a second's are missing between two that the far end sees.
const MOST_MISSING: u64 = 30;

/// The element goes wrong in one way at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// An engine that knows of the encoder that it passed its trial.
async fn engine() -> Daemon {
    let encoder = HardwareEncoder::named(FACTORY).unwrap();
    let passed = EncoderTrial {
        encoder: FACTORY.to_owned(),
        with: encoder.circumstances(),
        refused: None,
    };
    let trials = vec![passed];
    let mut daemon = Daemon::engine(simulated()).await;
    daemon.send(MediaCommand::RememberTrials { trials }).await;
    let devices = DeviceChoice {
        encoder: EncoderChoice::Hardware,
        ..simulated()
    };
    let television = saal_media_protocol::Television {
        width: 1280,
        height: 720,
        frames_per_second: 30,
        reduced_motion: false,
    };
    let configure = MediaCommand::Configure {
        devices,
        television,
    };
    daemon.send(configure).await;
    encodes(&mut daemon, &[Codec::Vp8, Codec::H264]).await;
    assert_eq!(verdict(&mut daemon).await, Verdict::Chosen);
    daemon
}

async fn encodes(daemon: &mut Daemon, expected: &[Codec]) {
    let said = |event: &MediaEvent| {
        matches!(event, MediaEvent::Encodes { codecs } if codecs == expected).then_some(())
    };
    daemon.until(said).await;
}

/// What is said of the encoder next.
async fn verdict(daemon: &mut Daemon) -> Verdict {
    let of_it = |event: &MediaEvent| match event {
        MediaEvent::Codecs { report, .. } => {
            let found = report.encoders.iter().find(|e| e.name == FACTORY);
            Some(found.unwrap().verdict.clone())
        }
        _ => None,
    };
    daemon.until(of_it).await
}

fn by(encoder: &str) -> impl FnMut(&MediaStats) -> bool {
    let mut before = None;
    move |stats| {
        let of_it = stats.sent_video.iter().find(|sent| sent.encoder == encoder);
        let Some(sent) = of_it else { return false };
        sent.frames_encoded > *before.get_or_insert(sent.frames_encoded) + 10
    }
}

async fn a_program_takes_over(fault: Fault) -> String {
    let _alone = ONE_AT_A_TIME.lock().await;
    faulty::install(fault);
    let mut daemon = engine().await;
    let mut far_end = FarEnd::of(&mut daemon, CALL, Codec::H264).await;
    far_end.beside(encodes(&mut daemon, &[Codec::Vp8])).await;
    far_end.came.look();
    let before = far_end.came.shown.len();
    // What the service does when it hears that.
    send_camera(&mut daemon, CALL, Codec::Vp8).await;
    let verdict = far_end.beside(verdict(&mut daemon)).await;
    far_end.beside(daemon.stats_until(by("vp8enc"))).await;
    far_end.until(|shown, _| shown.len() > before + 10).await;
    assert!(before > 10, "the hardware's pictures were seen");
    let missing = longest(numbers(&far_end.came.shown));
    eprintln!("{fault:?}: {missing} pictures of the camera until the next one was seen");
    assert!(missing <= MOST_MISSING, "{missing}");
    let Some(MediaEvent::Codecs { trials, .. }) = daemon.log.iter().rfind(is_report) else {
        panic!("just seen");
    };
    assert!(trials.is_empty(), "the next engine tries it again");
    faulty::release();
    match verdict {
        Verdict::GaveWay { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// As the camera counts.
fn numbers(shown: &[Shown]) -> impl Iterator<Item = u64> {
    let codes = shown.iter().filter_map(|one| one.code);
    codes.map(|code| code.frame.into())
}

fn is_report(event: &&MediaEvent) -> bool {
    matches!(event, MediaEvent::Codecs { .. })
}

#[tokio::test]
async fn a_program_takes_over_from_an_encoder_that_says_that_it_failed() {
    let reason = a_program_takes_over(Fault::Error).await;
    assert!(reason.contains("the device does not answer"), "{reason}");
}

#[tokio::test]
async fn a_program_takes_over_from_an_encoder_that_hangs() {
    let reason = a_program_takes_over(Fault::Hang).await;
    assert!(
        reason.contains("makes no pictures of what it is fed"),
        "{reason}"
    );
}
