//! Camera and content: opening them, what stands for a camera without a picture, and turning it.

mod notice;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use notice::Notice;
use saal_hal::{Camera, PictureFormat};
use saal_media_protocol::{
    CameraChoice, CameraMoves, CameraState, CameraView, Control, ControlState, DeviceChoice,
    DeviceUse, Mains, MediaEvent, Notices, PictureSettings,
};

use super::{
    cameras::{CameraDesk, KnownCameras, Order, SharedCameras},
    devices::{Devices, Refusal},
    discovery::{self, name_of_picture, picture_device},
    handing::Sharing,
};
use crate::{
    camera_moves::{turns, view_of},
    framing::Frame,
    graph::{FrameTarget, Graph, Part, PictureSink, VideoDevice, VideoSource},
    handing::Copies,
    plan::{CapturePlan, PictureSize},
};

/// Identity of the camera that is no device.
const SIMULATED: &str = "simulated";

/// Camera and content as they are now.
#[derive(Debug)]
pub(super) struct Pictures {
    pub(super) cameras: KnownCameras,
    desk: CameraDesk,
    open: BTreeMap<DeviceUse, Open>,
    notice: Option<Notice>,
    /// Of each trouble that was seen in the size that was wanted last: what is drawn once is there at once.
    drawn: Vec<(String, PictureSize, gstreamer::Sample)>,
    words: Notices,
    settings: PictureSettings,
    pub(super) sharing: Sharing,
    /// The camera that is configured and there, whether it is open or not.
    camera: Option<Camera>,
    /// What it lets be turned; people move it by this.
    state: Option<CameraState>,
    /// The lamps' frequency was set since it came.
    mains_set: bool,
    /// Its pictures are kept back: they would be black, beside the words that say why.
    covered: Arc<AtomicBool>,
    target: FrameTarget,
    /// The input that is configured and there.
    input: Option<Camera>,
    /// Whether something is plugged into it, as far as anybody knows.
    signal: Option<bool>,
}

#[derive(Debug)]
struct Open {
    plan: CapturePlan,
    /// The mode whose memory it shares.
    shared: Option<PictureFormat>,
    /// It has delivered a picture.
    works: bool,
    _source: VideoSource,
}

impl Pictures {
    pub(super) fn new(graph: &Graph, cameras: SharedCameras) -> Self {
        Self {
            cameras: KnownCameras::new(Arc::clone(&cameras)),
            desk: CameraDesk::start(graph, cameras),
            open: BTreeMap::new(),
            notice: None,
            drawn: Vec::new(),
            words: Notices::default(),
            settings: PictureSettings::default(),
            sharing: Sharing::default(),
            camera: None,
            state: None,
            mains_set: false,
            covered: Arc::default(),
            target: FrameTarget::default(),
            input: None,
            signal: None,
        }
    }

    pub(super) fn set_words(&mut self, words: Notices) {
        self.words = words;
    }

    /// Closes a device that failed or left.
    pub(super) fn close(&mut self, source: DeviceUse) {
        self.open.remove(&source);
        if source == DeviceUse::Camera {
            self.covered.store(false, Ordering::Relaxed);
        }
    }

    /// A device has delivered a picture; nothing stands for it any more.
    pub(super) fn works(&mut self, source: DeviceUse) {
        if let Some(open) = self.open.get_mut(&source) {
            open.works = true;
        }
        if source == DeviceUse::Camera {
            self.sharing.proven();
        }
    }

    /// Size of the camera's pictures, as far as they are the camera's and in memory that others can read.
    pub(super) fn shared(&self, wanted: &CapturePlan) -> Option<(u32, u32)> {
        let open = self.open.get(&DeviceUse::Camera)?;
        let goes_on = open.plan == *wanted && self.sharing.keeps(open.shared);
        let shared = open.shared.filter(|_| goes_on && self.notice.is_none());
        shared.map(|format| (format.width, format.height))
    }

    /// What a camera has that its pictures could be handed on of.
    pub(super) fn offers(&self) -> Option<Result<&[PictureFormat], Copies>> {
        let camera = self.camera.as_ref()?;
        let cut = self.state.as_ref().is_some_and(|state| state.digital);
        Some(match camera {
            // One of saal-hal-sim.
            camera if camera.node.is_empty() => Err(Copies::Program),
            _ if cut => Err(Copies::Cut),
            camera => Ok(&camera.formats),
        })
    }

    /// Another configuration: devices are to be known anew.
    pub(super) fn configure(&mut self, settings: PictureSettings) {
        if self.settings != settings {
            // The way pictures are made is part of how the camera is open.
            self.open.remove(&DeviceUse::Camera);
        }
        self.settings = settings;
        self.sharing.forget();
        self.mains_set = false;
        self.signal = None;
    }

    /// Finds out which camera and input there are, after one of them came or went.
    pub(super) fn follow(&mut self, choice: &DeviceChoice) -> Option<MediaEvent> {
        let mut found = |source, choice| discovery::find_camera(source, choice, &mut self.cameras);
        let camera = found(DeviceUse::Camera, &choice.camera).ok().flatten();
        let input = found(DeviceUse::Content, &choice.content).ok().flatten();
        if input.is_none() && self.input.is_some() {
            self.signal = Some(false);
        }
        self.input = input;
        self.look_for_signal();
        let id = |camera: &Option<Camera>| camera.as_ref().map(|c| c.id.clone());
        if id(&camera) != id(&self.camera) {
            self.mains_set = false;
            self.sharing.forget();
        }
        self.camera = camera;
        if let Some(camera) = &self.camera {
            self.desk.ask(camera, Order::Read);
            return None;
        }
        let simulated = choice.camera == CameraChoice::Simulated && self.settings.digital_framing;
        self.take(simulated.then(|| self.digital(SIMULATED, SIMULATED, Vec::new())))
    }

    /// Notes how the camera stands; says it if that is new.
    fn take(&mut self, state: Option<CameraState>) -> Option<MediaEvent> {
        if self.state == state {
            return None;
        }
        let digital = |state: &Option<CameraState>| state.as_ref().is_some_and(|s| s.digital);
        if digital(&state) != digital(&self.state) {
            // It is opened in another way; that it can be is often known only after it was.
            self.close(DeviceUse::Camera);
        }
        self.state.clone_from(&state);
        Some(MediaEvent::Camera {
            state: state.map(Box::new),
        })
    }

    /// A camera that does not move by itself keeps the view that was cut out of it.
    fn digital(&self, id: &str, name: &str, controls: Vec<ControlState>) -> CameraState {
        let before = self.state.as_ref().filter(|s| s.id == id && s.digital);
        let view = before.map_or(CameraView::default(), |state| state.view);
        self.target.set(Frame::of(view));
        CameraState {
            id: id.to_owned(),
            name: name.to_owned(),
            view,
            moves: CameraMoves {
                zoom: true,
                pan: true,
                tilt: true,
            },
            digital: true,
            controls,
        }
    }

    /// How a camera's controls stand.
    pub(super) fn controls(&mut self, id: &str, all: Vec<ControlState>) -> Option<MediaEvent> {
        let camera = self.camera.clone().filter(|camera| camera.id == id)?;
        self.set_mains(&camera, &all);
        let (view, moves) = view_of(&all);
        let state = if self.settings.digital_framing && !moves.any() {
            self.digital(&camera.id, &camera.name, all)
        } else {
            CameraState {
                id: camera.id,
                name: camera.name,
                view,
                moves,
                digital: false,
                controls: all,
            }
        };
        self.take(Some(state))
    }

    /// Once for each camera that comes: what people set differently later is their wish.
    fn set_mains(&mut self, camera: &Camera, controls: &[ControlState]) {
        let wanted = match self.settings.mains {
            Mains::Hz50 => 1,
            Mains::Hz60 => 2,
        };
        if std::mem::replace(&mut self.mains_set, true) {
            return;
        }
        let differs = |c: &&ControlState| {
            c.control == Control::PowerLine && c.settable && c.value != wanted && c.most >= wanted
        };
        if controls.iter().any(|c| differs(&c)) {
            let turn = Order::Turn(vec![(Control::PowerLine, wanted)]);
            self.desk.ask(camera, turn);
        }
    }

    /// Has the camera look somewhere else.
    pub(super) fn look(&mut self, view: CameraView) -> Option<MediaEvent> {
        let mut state = self.state.clone()?;
        if state.digital {
            state.view = view.within();
            self.target.set(Frame::of(view));
            return self.take(Some(state));
        }
        let turns = turns(&state.controls, view);
        if let Some(camera) = self.camera.as_ref().filter(|_| !turns.is_empty()) {
            self.desk.ask(camera, Order::Turn(turns));
        }
        None
    }

    /// Turns something of the camera; how it stands then is said.
    pub(super) fn set(&self, control: Control, value: i32) {
        if let Some(camera) = &self.camera {
            self.desk.ask(camera, Order::Turn(vec![(control, value)]));
        }
    }

    /// Looks at what no event tells: shutters and what is plugged into inputs.
    pub(super) fn look_around(&self) {
        self.look_for_cover();
        self.look_for_signal();
    }

    fn look_for_cover(&self) {
        let open = self.open.contains_key(&DeviceUse::Camera);
        if let Some(camera) = self.camera.as_ref().filter(|_| open) {
            self.desk.ask(camera, Order::LookForCover);
        }
    }

    fn look_for_signal(&self) {
        if let Some(input) = &self.input {
            self.desk.ask(input, Order::LookForSignal);
        }
    }

    /// Whether something is plugged into an input; `None`: it can't tell, and that it is there has to do. What was plugged
    /// in before anybody looked is no news.
    pub(super) fn signal(&mut self, id: &str, present: Option<bool>) -> Option<MediaEvent> {
        self.input.as_ref().filter(|input| input.id == id)?;
        let present = match (present, self.signal) {
            (Some(present), _) => present,
            (None, Some(false)) => true,
            (None, _) => return None,
        };
        let before = self.signal.replace(present);
        let news = before != Some(present) && (before.is_some() || !present);
        news.then_some(MediaEvent::ContentSignal { present })
    }
}

impl Devices {
    /// Opens, changes or closes camera or content.
    pub(super) fn reconcile_picture(
        &mut self,
        source: DeviceUse,
        wanted: &CapturePlan,
        graph: &Graph,
        sink: impl Fn() -> PictureSink,
    ) -> Option<MediaEvent> {
        let CapturePlan::Open { size, .. } = wanted else {
            return self.close_picture(source);
        };
        let said = self.reconcile_device(source, wanted, graph, &sink);
        if source == DeviceUse::Camera {
            self.reconcile_notice(*size, graph, sink);
        }
        said
    }

    fn close_picture(&mut self, source: DeviceUse) -> Option<MediaEvent> {
        self.pictures.close(source);
        self.forgive(source);
        if source != DeviceUse::Camera {
            return None;
        }
        self.pictures.notice = None;
        self.uncovered()
    }

    fn reconcile_device(
        &mut self,
        source: DeviceUse,
        wanted: &CapturePlan,
        graph: &Graph,
        sink: &impl Fn() -> PictureSink,
    ) -> Option<MediaEvent> {
        let CapturePlan::Open { choice, size } = wanted else {
            return None;
        };
        let of_camera = source == DeviceUse::Camera;
        let sharing = &self.pictures.sharing;
        let open = self.pictures.open.get(&source);
        let goes_on =
            |open: &Open| open.plan == *wanted && (!of_camera || sharing.keeps(open.shared));
        if open.is_some_and(goes_on) {
            return None;
        }
        // Closed first: the same device can't be opened twice.
        self.pictures.close(source);
        if self.rests(source) {
            return None;
        }
        let shared = match of_camera {
            true => self.pictures.sharing.begin(),
            false => None,
        };
        let opened = discovery::find_camera(source, choice, &mut self.pictures.cameras)
            .map_err(Refusal::Trouble)
            .and_then(|camera| {
                let device = self.picture_device(source, camera.as_ref(), *size, shared)?;
                self.open_picture(source, &device, *size, graph, sink())
            });
        match opened {
            Ok(opened) => {
                let open = Open {
                    plan: wanted.clone(),
                    shared,
                    works: false,
                    _source: opened,
                };
                self.pictures.open.insert(source, open);
                self.pictures.look_for_cover();
                None
            }
            Err(refusal) => self.refused(source, name_of_picture(choice), refusal),
        }
    }

    /// What to open for pictures of this size.
    fn picture_device(
        &self,
        source: DeviceUse,
        camera: Option<&Camera>,
        size: PictureSize,
        shared: Option<PictureFormat>,
    ) -> Result<VideoDevice, Refusal> {
        if let (Some(camera), Some(format)) = (camera, shared) {
            return Ok(VideoDevice::V4l2 {
                node: camera.node.clone(),
                format,
                shares: true,
            });
        }
        // More than is sent, where a part of it may have to do.
        let times = if self.is_cut(source) { 2 } else { 1 };
        let captured = PictureSize {
            width: size.width * times,
            height: size.height * times,
            ..size
        };
        picture_device(source, camera, captured).map_err(Refusal::Trouble)
    }

    fn is_cut(&self, source: DeviceUse) -> bool {
        let state = self.pictures.state.as_ref();
        source == DeviceUse::Camera && state.is_some_and(|state| state.digital)
    }

    fn open_picture(
        &self,
        source: DeviceUse,
        device: &VideoDevice,
        size: PictureSize,
        graph: &Graph,
        sink: PictureSink,
    ) -> Result<VideoSource, Refusal> {
        let of_camera = source == DeviceUse::Camera;
        let (part, sink) = if of_camera {
            let covered = Arc::clone(&self.pictures.covered);
            let uncovered: PictureSink = Box::new(move |sample| {
                if !covered.load(Ordering::Relaxed) {
                    sink(sample);
                }
            });
            (Part::Camera, uncovered)
        } else {
            (Part::Content, sink)
        };
        let cut = self.is_cut(source);
        let target = cut.then_some(&self.pictures.target);
        Ok(VideoSource::open(graph, part, device, size, target, sink)?)
    }
}
