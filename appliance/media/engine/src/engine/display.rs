//! A display of this machine that shows a picture of the engine: found, taken, gone, back.

use saal_hal::{Display, DisplayError, Displays};
use saal_hal_linux::{BorrowedDisplays, DrmDisplays, LeasedDisplay};
use saal_media_protocol::{
    DeviceUse, DisplayCheck, DisplayChoice, MediaEvent, MediaTrouble, Television,
};

use super::discovery::failed;
use crate::graph::{Desktop, Surface};

/// Whose displays there are.
#[derive(Clone, Debug)]
pub enum DisplaySource {
    /// This process takes them itself.
    Own(DrmDisplays),
    /// The daemon lends them, without the one that the panel is on.
    Daemon(BorrowedDisplays),
}

impl DisplaySource {
    pub(super) fn list(&self) -> Result<Vec<Display>, DisplayError> {
        match self {
            Self::Own(displays) => displays.list(),
            Self::Daemon(displays) => displays.list(),
        }
    }

    fn find(&self, wanted: &str) -> Result<Display, DisplayError> {
        match self {
            Self::Own(displays) => displays.find(wanted),
            Self::Daemon(displays) => displays.find(wanted),
        }
    }

    fn lease(&self, display: &Display, for_: Television) -> Result<LeasedDisplay, DisplayError> {
        match self {
            Self::Own(displays) => displays.lease(display, for_.width, for_.height),
            Self::Daemon(displays) => displays.lease(display, for_.width, for_.height),
        }
    }
}

/// What is known of a display.
#[derive(Debug)]
pub(super) struct DisplayUse {
    source: DeviceUse,
    displays: DisplaySource,
    wanted: DisplayChoice,
    /// The one that is wanted, where it is connected.
    present: Option<Display>,
    /// There was one.
    had: bool,
    /// What was said last.
    trouble: Option<MediaTrouble>,
}

/// Looks whether displays were plugged or pulled: which of the two is another. What is named goes before what is the
/// first, and the television before what is presented.
pub(super) fn both(people: &mut DisplayUse, content: &mut DisplayUse) -> (bool, bool) {
    if !people.is_wanted() && !content.is_wanted() {
        return (people.becomes(None), content.becomes(None));
    }
    let all = people.displays.list().unwrap_or_default();
    let (shows, presents) = choose(&all, &people.wanted, &content.wanted);
    (
        people.becomes(shows.cloned()),
        content.becomes(presents.cloned()),
    )
}

fn choose<'a>(
    all: &'a [Display],
    people: &DisplayChoice,
    content: &DisplayChoice,
) -> (Option<&'a Display>, Option<&'a Display>) {
    let named = |choice: &DisplayChoice| match choice {
        DisplayChoice::Device(name) => Display::find(all, name),
        DisplayChoice::None | DisplayChoice::First | DisplayChoice::Window => None,
    };
    let first = |choice: &DisplayChoice, taken: Option<&Display>| match choice {
        DisplayChoice::First => all.iter().find(|display| Some(*display) != taken),
        DisplayChoice::None | DisplayChoice::Device(_) | DisplayChoice::Window => None,
    };
    let (by_name, presents) = (named(people), named(content));
    let shows = by_name.or_else(|| first(people, presents));
    let presents = presents.filter(|display| Some(*display) != shows);
    (shows, presents.or_else(|| first(content, shows)))
}

impl DisplayUse {
    /// Of this machine's displays, for this.
    pub(super) fn new(source: DeviceUse) -> Self {
        Self {
            source,
            displays: DisplaySource::Own(DrmDisplays::default()),
            wanted: DisplayChoice::None,
            present: None,
            had: false,
            trouble: None,
        }
    }

    /// Another one on the same graphics cards.
    pub(super) fn beside(&self, source: DeviceUse) -> Self {
        Self {
            displays: self.displays.clone(),
            ..Self::new(source)
        }
    }

    /// Takes displays from there from now on.
    pub(super) fn take_from(&mut self, displays: DisplaySource) {
        self.displays = displays;
    }

    /// Another one is wanted from now on, or the same as before.
    pub(super) fn configure(&mut self, wanted: &DisplayChoice) {
        self.had &= self.wanted == *wanted;
        self.wanted.clone_from(wanted);
        self.trouble = None;
    }

    /// Whether it is to be shown on any.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted != DisplayChoice::None
    }

    /// Whether it is connected.
    pub(super) fn check(&self) -> DisplayCheck {
        match (&self.wanted, &self.present) {
            (DisplayChoice::None | DisplayChoice::Window, _) => DisplayCheck::Unused,
            (_, Some(_)) => DisplayCheck::Connected,
            (DisplayChoice::First, None) if !self.had => DisplayCheck::Unused,
            (DisplayChoice::First | DisplayChoice::Device(_), None) => DisplayCheck::Missing,
        }
    }

    fn becomes(&mut self, found: Option<Display>) -> bool {
        let changed = found != self.present;
        self.had |= found.is_some();
        self.present = found;
        changed
    }

    /// Takes the display, if there is one; and what is to be said of it. Nobody misses a display that was not named.
    pub(super) fn take(&mut self, for_: Television) -> (Option<Surface>, Option<MediaEvent>) {
        let taken = match &self.present {
            _ if self.wanted == DisplayChoice::Window => window().map(Some),
            Some(display) => {
                let leased = self.displays.lease(display, for_);
                leased.map(|lease| Some(Surface::Display(lease)))
            }
            None => self.missing().map_or(Ok(None), Err),
        };
        match taken {
            Ok(surface) => (surface, self.works()),
            Err(error) => (None, self.complain(error)),
        }
    }

    /// One that is named and there, but not ours, shows the other picture.
    fn missing(&self) -> Option<DisplayError> {
        let DisplayChoice::Device(name) = &self.wanted else {
            return None;
        };
        Some(match self.displays.find(name) {
            Err(error) => error,
            Ok(display) => DisplayError::Busy {
                display: display.name,
            },
        })
    }

    fn works(&mut self) -> Option<MediaEvent> {
        let source = self.source;
        self.trouble
            .take()
            .map(|_| MediaEvent::Recovered { source })
    }

    fn complain(&mut self, error: DisplayError) -> Option<MediaEvent> {
        tracing::warn!(%error, source = ?self.source, "there is no display for this");
        let trouble = trouble(self.source, error);
        let new = self.trouble.as_ref() != Some(&trouble);
        self.trouble = Some(trouble.clone());
        new.then_some(MediaEvent::Trouble(trouble))
    }
}

/// On whichever desktop the daemon was started.
fn window() -> Result<Surface, DisplayError> {
    let desktop = Desktop::of_this_process();
    desktop
        .map(Surface::Window)
        .map_err(|none| DisplayError::Device {
            display: "window".to_owned(),
            operation: "open".to_owned(),
            reason: none.to_string(),
        })
}

fn trouble(source: DeviceUse, error: DisplayError) -> MediaTrouble {
    match error {
        DisplayError::NotFound { wanted, present } => MediaTrouble::Missing {
            source,
            wanted,
            present,
        },
        DisplayError::Busy { display } => MediaTrouble::Busy {
            source,
            device: display,
        },
        DisplayError::Device { ref display, .. } => {
            failed(source, display.clone(), &error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(connector: &str) -> Display {
        Display {
            id: format!("pci-0000:00:02.0/{connector}"),
            name: "LG TV".to_owned(),
            connector: connector.to_owned(),
            node: "/dev/dri/card0".to_owned(),
            modes: Vec::new(),
            millimetres: None,
        }
    }

    fn chosen(people: &DisplayChoice, content: &DisplayChoice) -> [Option<String>; 2] {
        let all = [display("HDMI-A-1"), display("HDMI-A-2")];
        let (shows, presents) = choose(&all, people, content);
        [shows, presents].map(|display| display.map(|d| d.connector.clone()))
    }

    #[test]
    fn a_display_is_missed_when_it_is_named_or_was_there() {
        let mut shown = DisplayUse::new(DeviceUse::Display);
        assert_eq!(shown.check(), DisplayCheck::Unused);
        shown.configure(&DisplayChoice::First);
        assert_eq!(shown.check(), DisplayCheck::Unused, "nobody named one");
        shown.becomes(Some(display("HDMI-A-1")));
        assert_eq!(shown.check(), DisplayCheck::Connected);
        shown.becomes(None);
        assert_eq!(shown.check(), DisplayCheck::Missing, "it was pulled");
        shown.configure(&DisplayChoice::None);
        assert_eq!(shown.check(), DisplayCheck::Unused);
        shown.configure(&named("HDMI-A-1"));
        assert_eq!(shown.check(), DisplayCheck::Missing);
    }

    fn named(name: &str) -> DisplayChoice {
        DisplayChoice::Device(name.to_owned())
    }

    #[test]
    fn two_pictures_have_two_displays_however_they_are_chosen() {
        use DisplayChoice::{First, None};
        let [one, two] = ["HDMI-A-1", "HDMI-A-2"].map(|name| Some(name.to_owned()));
        let (in_order, swapped) = ([one.clone(), two.clone()], [two.clone(), one.clone()]);
        assert_eq!(chosen(&First, &First), in_order);
        assert_eq!(
            chosen(&First, &named("HDMI-A-1")),
            swapped,
            "a name goes first"
        );
        assert_eq!(chosen(&named("HDMI-A-2"), &First), swapped);
        assert_eq!(chosen(&named("HDMI-A-1"), &named("HDMI-A-2")), in_order);
        assert_eq!(chosen(&None, &First), [Option::None, one.clone()]);
        assert_eq!(chosen(&First, &None), [one.clone(), Option::None]);
        let same = chosen(&named("HDMI-A-1"), &named("HDMI-A-1"));
        assert_eq!(
            same,
            [one.clone(), Option::None],
            "the television goes before"
        );
        assert_eq!(chosen(&First, &named("Beamer")), [one, Option::None]);
    }
}
