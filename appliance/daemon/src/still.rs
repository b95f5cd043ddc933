//! The television between meetings as an executor: draws what it shows, beside the loop, for the engine.

use std::{path::PathBuf, sync::Arc, time::Duration};

use saal_core::{Now, Room};
use saal_fleet_protocol::config;
use saal_hal_linux::{memory, system_fonts};
use saal_media_protocol::{StillError, StillPicture};
use saal_panel::{Picture, Renderer, Signage, StillView};
use tokio::sync::watch;

use crate::{config_file::ConfigFile, engine::Stills, input::Inputs, signage};

/// What the television shows between meetings.
pub(crate) struct Still {
    views: watch::Sender<Option<StillView>>,
    drawn: Stills,
    /// The picture that is its turn.
    picture: Option<Arc<Picture>>,
    /// Shows one after the other while it lives.
    slides: Option<(Slides, tokio::task::JoinHandle<()>)>,
}

/// Which pictures are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slides {
    pub(crate) folder: PathBuf,
    pub(crate) each: Duration,
    /// Pixels.
    pub(crate) size: (u32, u32),
}

impl Still {
    pub(crate) fn new() -> Self {
        let (views, wanted) = watch::channel(None);
        let drawn = Stills::new(None);
        tokio::spawn(draw_all(wanted, drawn.clone()));
        Self {
            views,
            drawn,
            picture: None,
            slides: None,
        }
    }

    /// What is drawn, for an engine that has nothing yet: it is drawn once more.
    pub(crate) fn for_engine(&self) -> Stills {
        self.views.send_modify(|_| {});
        self.drawn.clone()
    }

    /// The next picture's turn, or none's.
    pub(crate) fn turn(&mut self, picture: Option<Arc<Picture>>) {
        self.picture = picture;
    }

    /// Draws what is to be shown of the room now, where that is another.
    pub(crate) fn draw(&mut self, room: &Room, now: Now, file: &ConfigFile, inputs: &Inputs) {
        let Some(config) = room.config() else { return };
        self.follow(&config.television, file, inputs);
        let text = config.television.signage.text.as_ref();
        let signage = Signage {
            picture: self.picture.clone(),
            text: text.map(|text| text.as_str().to_owned()),
        };
        let view = StillView::of(room, now, signage);
        self.views.send_if_modified(|before| {
            let changed = *before != view;
            *before = view;
            changed
        });
    }

    /// Shows the pictures of the configuration and no others.
    fn follow(&mut self, television: &config::Television, file: &ConfigFile, inputs: &Inputs) {
        let (width, height) = (television.width.get(), television.height.get());
        let wanted = television.signage.pictures.as_ref().map(|folder| Slides {
            folder: file.resolve(folder),
            each: television.signage.seconds.get(),
            size: StillView::picture_size(width, height),
        });
        let shown = self.slides.as_ref().map(|(slides, _)| slides);
        if shown == wanted.as_ref() {
            return;
        }
        if let Some((_, task)) = self.slides.take() {
            task.abort();
            self.picture = None;
            signage::tell(inputs, Vec::new());
        }
        self.slides = wanted.map(|slides| {
            let task = tokio::spawn(signage::show(slides.clone(), inputs.clone()));
            (slides, task)
        });
    }
}

/// One at a time; of those that come meanwhile the last.
async fn draw_all(mut views: watch::Receiver<Option<StillView>>, done: Stills) {
    while views.changed().await.is_ok() {
        let view = views.borrow_and_update().clone();
        let Some(view) = view else { continue };
        let Ok(drawn) = tokio::task::spawn_blocking(move || draw_and_give_back(&view)).await else {
            continue;
        };
        match drawn {
            Ok(still) => {
                done.send_replace(Some(Arc::new(still)));
            }
            Err(error) => tracing::error!(%error, "the television has no picture between meetings"),
        }
    }
}

/// Once a minute is seldom: fonts and glyphs are not kept, and what they took goes back to the system.
fn draw_and_give_back(view: &StillView) -> Result<StillPicture, StillError> {
    let drawn = draw(view);
    memory::give_back();
    drawn
}

fn draw(view: &StillView) -> Result<StillPicture, StillError> {
    let mut renderer = Renderer::with_fonts(&system_fonts());
    let layout = renderer.lay_out_still(view);
    renderer.draw(&layout);
    let picture = renderer.picture();
    StillPicture::from_rgb(picture.width(), picture.height(), picture.rgb())
}
