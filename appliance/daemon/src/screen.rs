//! The panel on a display of this machine: found, taken, drawn to, gone, back.

use std::{sync::Arc, thread, time::Duration};

use saal_fleet_protocol::Config;
use saal_hal::{Display, Frame, Look, PanelScreen, PanelScreens, Part, TouchScreen, Turn};
use saal_panel::Damage;
use tokio::{runtime::Handle, sync::watch};

use crate::{
    input::{Input, Inputs},
    panel::Picture,
};

/// A display that is another program's, or fails, is asked for again after this.
const RETRY: Duration = Duration::from_secs(5);

/// What the room wants of the panel's display.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    /// Which display, turned how; `None` before the first configuration.
    pub(crate) config: Option<Config>,
    /// What is there to touch.
    pub(crate) touch_screens: Vec<TouchScreen>,
    /// How it is to look.
    pub(crate) look: Look,
}

/// The glass that the panel is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glass {
    /// Pixels: width, height of pictures for it.
    pub(crate) size: (u32, u32),
    /// How it hangs.
    pub(crate) turn: Turn,
}

/// What the display's thread follows.
pub(crate) struct Sources {
    pub(crate) wanted: watch::Receiver<Wanted>,
    /// Changes when displays may be others than before.
    pub(crate) plugged: watch::Receiver<u64>,
    pub(crate) pictures: watch::Receiver<Arc<Picture>>,
}

/// Starts the thread, which ends with the daemon; it waits for displays, which the daemon's loop does not.
pub(crate) fn start(
    screens: Box<dyn PanelScreens>,
    take_back: TakeBack,
    sources: Sources,
    taken: watch::Sender<Option<Taken>>,
    inputs: Inputs,
) {
    let runtime = Handle::current();
    let screen = Screen {
        screens,
        take_back,
        inputs,
        taken,
        open: None,
        complaint: None,
    };
    let thread = thread::Builder::new().name("panel-screen".to_owned());
    let started = thread.spawn(move || runtime.block_on(screen.run(sources)));
    if let Err(error) = started {
        tracing::error!(%error, "the panel has no display");
    }
}

/// Which display the panel has, once it was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) display: Option<String>,
}

/// Takes the display with this id back from whoever borrowed it.
pub(crate) type TakeBack = Box<dyn Fn(&str) + Send>;

struct Screen {
    screens: Box<dyn PanelScreens>,
    take_back: TakeBack,
    inputs: Inputs,
    taken: watch::Sender<Option<Taken>>,
    open: Option<Open>,
    /// What was said last of a display that can't be had.
    complaint: Option<String>,
}

struct Open {
    display: Display,
    size: (u32, u32),
    glass: Glass,
    screen: Box<dyn PanelScreen>,
    shown: Option<(Arc<Picture>, Look)>,
}

impl Screen {
    async fn run(mut self, mut sources: Sources) {
        let mut look_for_displays = true;
        let mut retry = None;
        loop {
            let wanted = sources.wanted.borrow_and_update().clone();
            if std::mem::take(&mut look_for_displays) {
                retry = self
                    .settle(&wanted)
                    .then(|| tokio::time::Instant::now() + RETRY);
            }
            let picture = Arc::clone(&sources.pictures.borrow_and_update());
            if !self.show(&picture, wanted.look) {
                retry = Some(tokio::time::Instant::now() + RETRY);
            }
            let again = async {
                match retry {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = sources.pictures.changed() => if changed.is_err() { return },
                changed = sources.wanted.changed() => {
                    if changed.is_err() { return }
                    let now = sources.wanted.borrow();
                    look_for_displays = now.config != wanted.config || now.touch_screens != wanted.touch_screens;
                }
                changed = sources.plugged.changed(), if sources.plugged.has_changed().is_ok() => {
                    look_for_displays = changed.is_ok();
                }
                () = again => look_for_displays = true,
            }
        }
    }

    /// Has the display that is wanted, or none. True: it is to be tried again.
    fn settle(&mut self, wanted: &Wanted) -> bool {
        let Some(config) = &wanted.config else {
            return false;
        };
        let all = self.screens.list().unwrap_or_default();
        let display = saal_panel::panel_display(&all, config, &wanted.touch_screens).cloned();
        let glass = |open: &Open| (open.display.clone(), open.size, open.glass.turn);
        let target = display.map(|display| {
            let size = (config.panel.width.get(), config.panel.height.get());
            (display, size, turn(config))
        });
        if target != self.open.as_ref().map(glass) {
            self.close();
        }
        let id = target.as_ref().map(|(display, ..)| display.id.clone());
        // First of all nobody gets it any more.
        self.taken.send_replace(Some(Taken { display: id }));
        match (target, &self.open) {
            (Some((display, size, turn)), None) => {
                (self.take_back)(&display.id);
                !self.take(display, size, turn)
            }
            _ => false,
        }
    }

    fn take(&mut self, display: Display, size: (u32, u32), turn: Turn) -> bool {
        match self.screens.open(&display, size, turn) {
            Ok(screen) => {
                self.complaint = None;
                let size_there = screen.size();
                let glass = Glass {
                    size: size_there,
                    turn,
                };
                self.inputs.send(Input::Glass(Some(glass)));
                self.open = Some(Open {
                    display,
                    size,
                    glass,
                    screen,
                    shown: None,
                });
                true
            }
            Err(error) => {
                let complaint = error.to_string();
                if self.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!(complaint, "the panel is not on its display");
                }
                self.complaint = Some(complaint);
                false
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            tracing::info!(display = open.display.name, "the panel leaves its display");
            self.inputs.send(Input::Glass(None));
        }
    }

    /// Shows what is new. False: the display failed and is to be taken anew.
    fn show(&mut self, picture: &Arc<Picture>, look: Look) -> bool {
        let Some(open) = &mut self.open else {
            return true;
        };
        match open.show(picture, look) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the panel's display fails");
                self.close();
                false
            }
        }
    }
}

impl Open {
    fn show(&mut self, picture: &Arc<Picture>, look: Look) -> Result<(), saal_hal::DisplayError> {
        let pixels = picture.pixels();
        let size = (pixels.width(), pixels.height());
        // One that was drawn before the panel knew its display is not for it.
        if size != self.glass.size {
            return Ok(());
        }
        let changed = match &self.shown {
            None => Part::whole(size),
            Some((before, _)) => changed(pixels.damage_since(before.pixels())),
        };
        let same_look = self
            .shown
            .as_ref()
            .is_some_and(|(_, before)| *before == look);
        if changed.is_empty() && same_look {
            return Ok(());
        }
        let frame = Frame {
            size,
            rgb: pixels.rgb(),
            look,
        };
        self.screen.present(&frame, changed)?;
        self.shown = Some((Arc::clone(picture), look));
        Ok(())
    }
}

fn changed(damage: Damage) -> Part {
    match damage {
        Damage::Unchanged => Part::whole((0, 0)),
        Damage::Within(part) => Part {
            x: part.top_left.x.cast_unsigned(),
            y: part.top_left.y.cast_unsigned(),
            width: part.size.width,
            height: part.size.height,
        },
    }
}

fn turn(config: &Config) -> Turn {
    match config.panel.rotation.degrees() {
        90 => Turn::Quarter,
        180 => Turn::Half,
        270 => Turn::ThreeQuarters,
        _ => Turn::Upright,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use saal_hal::{Display, DisplayError, Displays};
    use saal_hal_sim::SimulatedPanelScreens;
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::*;

    /// A panel's display with what is told of it.
    struct Bench {
        screens: SimulatedPanelScreens,
        screen: Screen,
        told: UnboundedReceiver<Input>,
        taken: watch::Receiver<Option<Taken>>,
        taken_back: Arc<Mutex<Vec<String>>>,
    }

    impl Bench {
        fn new() -> Self {
            let screens = SimulatedPanelScreens::default();
            let (inputs, told) = Inputs::channel();
            let (takes, taken) = watch::channel(None);
            let taken_back = Arc::new(Mutex::new(Vec::new()));
            let back = Arc::clone(&taken_back);
            let screen = Screen {
                screens: Box::new(screens.clone()),
                take_back: Box::new(move |id| back.lock().unwrap().push(id.to_owned())),
                inputs,
                taken: takes,
                open: None,
                complaint: None,
            };
            Self {
                screens,
                screen,
                told,
                taken,
                taken_back,
            }
        }

        fn plug(&self) {
            self.screens.change(|all| all.plug("panel", "Panel"));
        }

        fn unplug(&self) {
            self.screens.change(|all| all.unplug("panel"));
        }

        /// The glass that the room was told of, if it was told of one.
        fn glass(&mut self) -> Option<Option<Glass>> {
            match self.told.try_recv().ok()? {
                Input::Glass(glass) => Some(glass),
                other => panic!("{other:?}"),
            }
        }

        /// The first pixel of the display, and whether there is any light.
        fn first_pixel(&self) -> Option<([u8; 3], u8)> {
            let memory = self.screens.glass("panel")?.memory;
            let light = self.screens.brightness("panel")?;
            Some(([memory[2], memory[1], memory[0]], light))
        }
    }

    fn wanted(panel: &str) -> Wanted {
        let text = format!(
            "version = 1\n[room]\nname = \"A\"\ntime_zone = \"Europe/Berlin\"\n[[meetings]]\n\
             title = \"A\"\nlink = \"https://a.org/a\"\n[panel]\n{panel}\n"
        );
        let config = saal_fleet_protocol::config::parse(&text).unwrap();
        Wanted {
            config: Some(config),
            touch_screens: vec![TouchScreen {
                id: "glass".to_owned(),
                name: "Glass".to_owned(),
            }],
            look: Look::default(),
        }
    }

    /// Of one shade.
    fn picture((width, height): (u32, u32), shade: u8) -> Arc<Picture> {
        let rgb = vec![shade; width as usize * height as usize * 3];
        let pixels = saal_panel::Picture::from_rgb(width, height, rgb);
        Arc::new(Picture::new(
            Arc::new(pixels.expect("it has the size")),
            Arc::default(),
        ))
    }

    #[test]
    fn a_display_with_a_touch_screen_is_the_panel_while_it_is_there() {
        let mut bench = Bench::new();
        let wanted = wanted("rotation = 90\nwidth = 720\nheight = 1280");
        assert!(!bench.screen.settle(&wanted), "there is nothing to try");
        assert_eq!(*bench.taken.borrow(), Some(Taken::default()));
        bench.plug();
        assert!(!bench.screen.settle(&wanted));
        let size = (720, 1280);
        let turn = Turn::Quarter;
        assert_eq!(bench.glass(), Some(Some(Glass { size, turn })));
        assert_eq!(
            *bench.taken_back.lock().unwrap(),
            ["panel"],
            "from whoever has it"
        );
        assert!(!bench.screen.settle(&wanted), "it is there already");
        assert_eq!(bench.glass(), None);

        let look = Look::default();
        assert!(bench.screen.show(&picture((1280, 800), 255), look));
        assert_eq!(bench.first_pixel(), Some(([0; 3], 100)), "not made for it");
        assert!(bench.screen.show(&picture(size, 255), look));
        assert_eq!(bench.first_pixel(), Some(([255; 3], 100)));
        let dim = Look {
            brightness: 30,
            ..look
        };
        assert!(bench.screen.show(&picture(size, 255), dim));
        assert_eq!(bench.first_pixel(), Some(([255; 3], 30)));

        bench.unplug();
        assert!(
            !bench.screen.show(&picture(size, 0), look),
            "it is to be tried again"
        );
        assert_eq!(bench.glass(), Some(None));
        assert!(!bench.screen.settle(&wanted));
        bench.plug();
        assert!(!bench.screen.settle(&wanted));
        assert!(matches!(bench.glass(), Some(Some(_))));
        assert!(!bench.screen.settle(&self::wanted("display = \"none\"")));
        assert_eq!(bench.glass(), Some(None));
        assert_eq!(bench.first_pixel(), None, "dark");
    }

    #[test]
    fn a_display_of_another_program_is_asked_for_again() {
        let mut bench = Bench::new();
        bench.plug();
        bench.screens.change(|all| all.set_busy("panel", true));
        let wanted = wanted("");
        assert!(bench.screen.settle(&wanted), "to be tried again");
        assert_eq!(bench.glass(), None);
        let withheld = bench.taken.borrow().clone().unwrap_or_default();
        assert_eq!(
            withheld.display.as_deref(),
            Some("panel"),
            "from the television"
        );
        bench.screens.change(|all| all.set_busy("panel", false));
        assert!(!bench.screen.settle(&wanted));
        assert!(matches!(bench.glass(), Some(Some(_))));
        let panel: Display = bench.screens.find("panel").unwrap();
        let busy = bench.screens.check(&panel);
        assert!(matches!(busy, Err(DisplayError::Busy { .. })), "{busy:?}");
    }
}
