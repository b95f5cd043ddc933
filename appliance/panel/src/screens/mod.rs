//! The screens: a view becomes a tree.

mod bar;
mod call;
mod digits;
mod home;
mod joining;
mod keyboard;
mod laptop;
mod paging;
mod parts;
mod password;
mod ringing;
mod rows;
mod scanning;
mod sign_in;
mod troubles;
mod verification;

use crate::{
    View,
    fonts::Fonts,
    language::Words,
    layout::Layout,
    moments::Moments,
    node::Node,
    scale::Scale,
    style::{TextStyle, Type},
    theme::Theme,
    view::Screen,
};

/// What every part of a screen needs to know.
pub(crate) struct Page<'a> {
    pub(crate) view: &'a View,
    pub(crate) words: &'a Words,
    pub(crate) moments: Moments<'a>,
    pub(crate) theme: &'static Theme,
    pub(crate) scale: Scale,
    pub(crate) pressed: Option<&'a str>,
    pub(crate) density: Density,
}

/// How much is left out so that what matters fits; each step leaves out more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Density {
    /// As designed.
    Roomy,
    /// One banner, no pictures beside messages.
    Tight,
    /// Banners say one line of what to do.
    Tighter,
    /// Banners and messages say only what is.
    Tightest,
}

impl Density {
    const ALL: [Self; 4] = [Self::Roomy, Self::Tight, Self::Tighter, Self::Tightest];
}

impl Page<'_> {
    pub(crate) fn px(&self, design: f32) -> f32 {
        self.scale.px(design)
    }

    pub(crate) fn font(&self, of: Type) -> TextStyle {
        of.at(&self.scale)
    }

    pub(crate) fn is_pressed(&self, id: &str) -> bool {
        self.pressed == Some(id)
    }
}

/// Lays out a view.
pub(crate) fn lay_out(view: &View, pressed: Option<&str>, fonts: &mut Fonts) -> Layout {
    let words = Words::of(view.language);
    let page = Page {
        view,
        words,
        moments: Moments::new(words, &view.time_zone, view.now),
        theme: Theme::of(view.theme),
        scale: Scale::of(view.width, view.height),
        pressed,
        density: Density::Roomy,
    };
    let mut fit = Fit { page, fonts };
    match &view.screen {
        Screen::Starting => fit.most(0, |page, _| joining::starting(page)),
        Screen::Home {
            under_way,
            next,
            sharing,
        } => {
            let agenda = rows::Agenda::new(&fit.page, under_way, next);
            fit.most(agenda.len(), |page, visible| {
                home::home(page, &agenda, visible, *sharing)
            })
        }
        Screen::Laptop(door) => fit.most(0, |page, _| laptop::alone(page, door)),
        Screen::Ringing(ring) => fit.most(0, |page, _| ringing::ringing(page, ring)),
        Screen::RecoveryKey { wrong } => {
            fit.most(0, |page, _| password::recovery_key(page, *wrong))
        }
        Screen::SignIn { server, of, .. } => sign_in::lay_out(&mut fit, server, of),
        Screen::Verification(of) => verification::lay_out(&mut fit, of),
        Screen::Joining { .. } => joining::lay_out(&mut fit),
        Screen::Call(call) => call::lay_out(&mut fit, call),
        Screen::Leaving { title } => fit.most(0, |page, _| joining::leaving(page, title)),
    }
}

/// More rows than this are never tried; they fit on no panel.
const MOST_ROWS: usize = 24;

/// A page that is made to fit.
pub(crate) struct Fit<'a> {
    page: Page<'a>,
    fonts: &'a mut Fonts,
}

impl Fit<'_> {
    /// Shows as many rows of `count` as fit, one at least: before the last one goes, other things
    /// are left out.
    fn most(&mut self, count: usize, screen: impl Fn(&Page<'_>, usize) -> Node) -> Layout {
        let most = count.min(MOST_ROWS);
        for density in Density::ALL {
            self.page.density = density;
            for visible in (most.min(1)..=most).rev() {
                let layout = self.lay_out(screen(&self.page, visible));
                if !layout.overflows() {
                    return layout;
                }
            }
        }
        self.lay_out(screen(&self.page, 0))
    }

    fn lay_out(&mut self, tree: Node) -> Layout {
        let view = self.page.view;
        Layout::of(tree, view.width, view.height, self.fonts)
    }
}
