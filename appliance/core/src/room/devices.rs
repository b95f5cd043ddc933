//! The engine's process and the devices it reports.

use saal_fleet_protocol::config::{Device, Encoder, MainsHertz};
use saal_media_protocol::{
    AudioChoice, CameraChoice, Codec, DeviceChoice, DeviceUse, DisplayChoice, EncoderChoice, Mains,
    MediaCommand, MediaEvent, PictureSettings, Television,
};
use saal_meeting::MeetingCommand;

use super::Room;
use crate::{
    Displays, Effect, EngineEvent, Now, Phase, Trouble, TroubleCode, engine::EngineAction,
    screen_text, viewer::ViewerEnd,
};

/// The television's rate; cameras of rooms and calls have the same.
const TELEVISION_FPS: u32 = 30;
/// What IT and the demo see in a browser; more would cost the call's processor.
const PREVIEW_FPS: u32 = 10;

impl Room {
    pub(super) fn on_engine(&mut self, now: Now, event: EngineEvent) {
        match event {
            EngineEvent::Ready => self.on_engine_ready(now),
            EngineEvent::Lost { .. } => {
                self.note_encoder_of_dead_engine();
                self.drop_views(ViewerEnd::Failed);
                self.stats = None;
                // The next one has to try its encoders first.
                self.can_encode(vec![Codec::Vp8]);
                let action = self.engine.lost(now.mono);
                self.follow_engine(action);
            }
        }
        self.effect(Effect::Redraw);
    }

    fn on_engine_ready(&mut self, now: Now) {
        self.engine.ready(now.mono);
        self.troubles.clear(TroubleCode::EngineFailing);
    }

    pub(super) fn follow_engine(&mut self, action: EngineAction) {
        if action == EngineAction::Start {
            self.effect(Effect::StartEngine);
            self.brief_engine();
        }
        if self.engine.is_failing() {
            self.raise(Trouble::EngineFailing);
        }
    }

    /// Tells a new engine everything, and the meeting service that its transports are gone. Both
    /// wait in queues while the process starts, so a call is back the sooner.
    fn brief_engine(&mut self) {
        // It shows no text yet; what there is follows.
        self.labels.clear();
        self.content_tiles.clear();
        self.displays = Displays::One;
        self.rings_aloud = false;
        self.trial = super::sound::Trial::default();
        self.send_trials();
        self.configure_devices();
        self.send_preview();
        // Before what is shown: the laptop's picture is gone until it comes again.
        self.share_again();
        self.send_media_state();
        let call = match &self.phase {
            Phase::Joining(_) | Phase::Call(_) | Phase::Reconnecting(_) => self.phase.call(),
            Phase::Home | Phase::Leaving(_) => None,
        };
        if let Some(call) = call {
            self.effect(Effect::Meeting(MeetingCommand::MediaRestarted { call }));
        }
    }

    pub(super) fn on_media(&mut self, now: Now, event: MediaEvent) {
        self.engine.heard(now.mono);
        match event {
            MediaEvent::Devices(devices) => {
                self.devices = devices;
                self.effect(Effect::Redraw);
            }
            MediaEvent::Camera { state } => self.on_camera_state(state.map(|state| *state)),
            MediaEvent::ContentSignal { present } => self.on_content_signal(now, present),
            MediaEvent::Codecs { report, trials } => self.on_codecs(report, trials),
            MediaEvent::Encodes { codecs } => self.can_encode(codecs),
            MediaEvent::Trouble(trouble) => {
                let ends = trouble.source() == DeviceUse::Content;
                if trouble.source() == DeviceUse::Microphone {
                    self.readiness.heard = None;
                }
                self.raise(Trouble::Device(trouble));
                if ends {
                    self.stop_presenting_device(now);
                }
            }
            MediaEvent::Recovered { source } => {
                if self.troubles.clear(TroubleCode::Device(source)) {
                    self.effect(Effect::Redraw);
                }
            }
            MediaEvent::ContentDisplay { shows } => self.on_content_display(shows),
            MediaEvent::MicrophoneLevel { dbfs } => {
                self.on_microphone_heard(now, Some(dbfs));
                self.on_microphone_level(dbfs);
            }
            MediaEvent::Checked(report) => self.on_device_report(now, &report),
            MediaEvent::Stats(stats) => {
                self.on_microphone_heard(now, stats.microphone_dbfs);
                self.stats = Some(stats);
            }
            MediaEvent::Browser(event) => self.on_browser(now, event),
            // `Hello` and `Transport` are the daemon's; the first picture is for its log.
            MediaEvent::Hello { .. }
            | MediaEvent::Transport(_)
            | MediaEvent::FirstPicture { .. } => {}
        }
    }

    /// People and what is presented part, or share the television again.
    fn on_content_display(&mut self, shows: bool) {
        self.displays = if shows { Displays::Two } else { Displays::One };
        self.send_tiles();
        self.send_home_tiles();
        self.effect(Effect::Redraw);
    }

    fn can_encode(&mut self, codecs: Vec<Codec>) {
        if self.encodes == codecs {
            return;
        }
        self.encodes.clone_from(&codecs);
        if let Some(call) = self.phase.call() {
            self.effect(Effect::Meeting(MeetingCommand::Encodes { call, codecs }));
        }
    }

    pub(super) fn configure_devices(&mut self) {
        let told = self.camera_choice();
        let (Some(config), Some(wanted), Some([microphone, loudspeaker])) =
            (&self.config, &told, self.sound_devices())
        else {
            return;
        };
        let devices = DeviceChoice {
            camera: camera(wanted),
            microphone: audio(microphone),
            loudspeaker: audio(loudspeaker),
            content: camera(&config.devices.content),
            encoder: match config.devices.encoder {
                Encoder::None => EncoderChoice::None,
                Encoder::Simulated => EncoderChoice::Simulated,
                Encoder::Hardware => EncoderChoice::Hardware,
            },
            display: display(&config.television.display),
            content_display: display(&config.television.content_display),
            sound_processing: config.devices.sound_processing,
            picture: PictureSettings {
                mains: match config.devices.mains_hertz {
                    MainsHertz::Fifty => Mains::Hz50,
                    MainsHertz::Sixty => Mains::Hz60,
                },
                digital_framing: config.devices.digital_framing,
            },
        };
        let notices = screen_text::camera_notices(config.room.language);
        let television = Television {
            width: config.television.width.get(),
            height: config.television.height.get(),
            frames_per_second: TELEVISION_FPS,
            reduced_motion: config.television.reduced_motion,
        };
        for source in [
            DeviceUse::Camera,
            DeviceUse::Microphone,
            DeviceUse::Loudspeaker,
            DeviceUse::Content,
            DeviceUse::Display,
            DeviceUse::ContentDisplay,
        ] {
            self.troubles.clear(TroubleCode::Device(source));
        }
        self.sound_told = self.sound_devices().map(|names| names.map(str::to_owned));
        self.camera_told = told;
        self.effect(Effect::Media(MediaCommand::Configure {
            devices,
            television,
        }));
        self.effect(Effect::Media(MediaCommand::SetNotices(notices)));
        self.send_volume();
    }

    pub(super) fn on_viewers(&mut self, viewers: usize) {
        let watched = |count: usize| count > 0;
        if watched(std::mem::replace(&mut self.viewers, viewers)) != watched(viewers) {
            self.send_preview();
        }
    }

    fn send_preview(&mut self) {
        let pictures_per_second = if self.viewers > 0 { PREVIEW_FPS } else { 0 };
        self.effect(Effect::Media(MediaCommand::SetPreview {
            pictures_per_second,
        }));
    }
}

fn camera(device: &Device) -> CameraChoice {
    match device.as_str() {
        "none" => CameraChoice::None,
        "simulated" => CameraChoice::Simulated,
        name => CameraChoice::Device(name.to_owned()),
    }
}

fn display(device: &Device) -> DisplayChoice {
    match device.as_str() {
        "none" => DisplayChoice::None,
        "auto" => DisplayChoice::First,
        "window" => DisplayChoice::Window,
        name => DisplayChoice::Device(name.to_owned()),
    }
}

fn audio(device: &str) -> AudioChoice {
    match device {
        "none" => AudioChoice::None,
        "simulated" => AudioChoice::Simulated,
        name => AudioChoice::Device(name.to_owned()),
    }
}
