//! The displays' pictures: the television, and a display for what is presented where there is one.

use std::time::{Duration, Instant};

use saal_media_protocol::{DeviceChoice, DeviceUse, DisplayCheck, MediaEvent, Television};
use tokio::sync::watch;

use super::{
    RETRY,
    display::{DisplaySource, DisplayUse, both},
    progress::Reading,
    wanted::Wanted,
};
use crate::graph::{GraphError, Part, Picture, Role, Screen, TelevisionOutput};

/// All that is shown.
#[derive(Debug)]
pub(super) struct Televisions {
    people: Shown,
    content: Shown,
    /// What was said last of the display for content.
    shows_content: bool,
    /// When displays that are wanted and not there are looked for again.
    look_again: Option<Instant>,
}

impl Default for Televisions {
    fn default() -> Self {
        // One card can drive both displays, and has one master.
        let people = DisplayUse::new(DeviceUse::Display);
        let content = people.beside(DeviceUse::ContentDisplay);
        Self {
            people: Shown::new(Role::People, people),
            content: Shown::new(Role::Content, content),
            shows_content: false,
            look_again: None,
        }
    }
}

/// One display's picture.
#[derive(Debug)]
struct Shown {
    role: Role,
    display: DisplayUse,
    output: Option<TelevisionOutput>,
    retry: Option<Instant>,
    /// Its display is asked for, although it may have been refused before.
    asks: bool,
}

impl Televisions {
    /// Takes displays from there from now on.
    pub(super) fn take_from(&mut self, displays: DisplaySource) {
        self.people.display.take_from(displays.clone());
        self.content.display.take_from(displays);
    }

    /// Others are wanted from now on, or the same as before.
    pub(super) fn configure(&mut self, devices: &DeviceChoice) {
        self.people.retry = None;
        self.content.retry = None;
        self.people.display.configure(&devices.display);
        self.content.display.configure(&devices.content_display);
    }

    /// Looks whether displays were plugged or pulled: true when one of them is another.
    pub(super) fn watch(&mut self) -> bool {
        let (people, content) = both(&mut self.people.display, &mut self.content.display);
        for (shown, changed) in [(&mut self.people, people), (&mut self.content, content)] {
            if changed {
                shown.output = None;
                shown.retry = None;
            }
        }
        people || content
    }

    /// Whether the television is connected.
    pub(super) fn check(&self) -> DisplayCheck {
        self.people.display.check()
    }

    /// Whether it is time to look for a display that is wanted and not there: another program may have let it go, or the
    /// daemon lend it now, which no event tells.
    pub(super) fn are_to_look_again(&mut self) -> bool {
        if ![&self.people, &self.content]
            .iter()
            .any(|shown| shown.lacks_its_display())
        {
            self.look_again = None;
            return false;
        }
        let now = Instant::now();
        if now < *self.look_again.get_or_insert(now + RETRY) {
            return false;
        }
        self.look_again = None;
        self.people.asks = true;
        true
    }

    /// Makes what is shown what is wanted; and what is to be said of it.
    pub(super) fn reconcile(
        &mut self,
        wanted: &Wanted,
        screen: &Screen,
        preview: &watch::Sender<Option<Picture>>,
    ) -> Vec<MediaEvent> {
        let Some(settings) = wanted.television else {
            return Vec::new();
        };
        let mut said = Vec::new();
        self.people.attempt(|shown| {
            said.extend(shown.build(settings, screen, Some(preview))?);
            let Some(output) = &mut shown.output else {
                return Ok(());
            };
            output.set_tiles(&wanted.or_still(&wanted.tiles))?;
            output.set_text(&wanted.labels)?;
            output.set_onlookers(wanted.onlookers)?;
            output.set_preview(wanted.pictures_per_second)
        });
        self.content.attempt(|shown| {
            said.extend(shown.build(settings, screen, None)?);
            let Some(output) = &mut shown.output else {
                return Ok(());
            };
            output.set_tiles(&wanted.or_still(&wanted.content_tiles))
        });
        let shows = self.content.output.is_some();
        if std::mem::replace(&mut self.shows_content, shows) != shows {
            said.push(MediaEvent::ContentDisplay { shows });
        }
        said
    }

    /// One broke: it is taken down, and brought back after a while.
    pub(super) fn failed(&mut self, role: Role) {
        let shown = match role {
            Role::People => &mut self.people,
            Role::Content => &mut self.content,
        };
        shown.output = None;
        shown.retry = Some(Instant::now() + RETRY);
    }

    /// What they were fed and made.
    pub(super) fn progress(&self, patience: Duration) -> impl Iterator<Item = Reading> {
        let running = [&self.people, &self.content].into_iter();
        running.filter_map(move |shown| {
            let (fed, made) = shown.output.as_ref()?.progress()?;
            Some(Reading {
                part: Part::Television(shown.role),
                fed,
                made,
                patience,
            })
        })
    }
}

impl Shown {
    fn new(role: Role, display: DisplayUse) -> Self {
        Self {
            role,
            display,
            output: None,
            retry: None,
            asks: false,
        }
    }

    fn lacks_its_display(&self) -> bool {
        let has = self
            .output
            .as_ref()
            .is_some_and(TelevisionOutput::has_display);
        self.display.is_wanted() && !has
    }

    fn attempt(&mut self, make: impl FnOnce(&mut Self) -> Result<(), GraphError>) {
        if self.retry.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let outcome = make(self);
        // One that is missing or another's is asked for again after a while, or when it is plugged.
        let later = outcome.is_err() || self.output.is_none();
        self.retry = later.then(|| Instant::now() + RETRY);
        if let Err(error) = outcome {
            // What GStreamer said is below.
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, role = ?self.role, "a display has no picture");
            self.output = None;
        }
    }

    /// The television is composed for browsers too, the other one only for its display.
    fn build(
        &mut self,
        settings: Television,
        screen: &Screen,
        preview: Option<&watch::Sender<Option<Picture>>>,
    ) -> Result<Option<MediaEvent>, GraphError> {
        let stale = |output: &TelevisionOutput| output.settings() != settings;
        if self.output.as_ref().is_some_and(stale) {
            self.output = None;
        }
        let asks = std::mem::take(&mut self.asks) && self.lacks_its_display();
        let has_none_to_have = preview.is_none() && !self.display.is_wanted();
        if has_none_to_have || (self.output.is_some() && !asks) {
            return Ok(None);
        }
        let (display, said) = self.display.take(settings);
        if display.is_some() || (preview.is_some() && self.output.is_none()) {
            self.output = None;
            let preview = preview.cloned();
            let built = TelevisionOutput::new(self.role, settings, screen, display, preview)?;
            self.output = Some(built);
        }
        Ok(said)
    }
}
