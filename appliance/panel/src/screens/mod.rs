//! The screens: a view becomes a tree.

mod about;
mod access;
mod bar;
mod call;
mod day;
mod day_time;
mod digits;
mod elsewhere;
mod home;
mod joining;
mod keyboard;
mod laptop;
mod onlooker;
mod paging;
mod parts;
mod password;
mod ringing;
mod rows;
mod scanning;
mod set_up;
mod settings;
mod sign_in;
mod still;
mod troubles;
mod verification;
mod ways;

pub(crate) use elsewhere::what_to_type;
use saal_core::Trouble;
pub(crate) use ways::readable;

use crate::{
    Sheet, StillView, View,
    element::Role,
    fonts::Fonts,
    language::{Words, words_of},
    layout::{Finish, Layout},
    moments::Moments,
    node::{Node, column},
    scale::{Scale, Taken},
    style::{TextStyle, Type},
    theme::Theme,
    turning::{Bar, Turning},
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
    /// The screen is higher than the panel and is turned in pages; the way out stands beside all of them.
    pub(crate) turned: bool,
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

    /// What is tried before a screen is turned in pages. Nothing that people chose to read larger is left out.
    fn tried(scale: &Scale) -> &'static [Self] {
        let few = if scale.is_enlarged() { 2 } else { 4 };
        &Self::ALL[..few]
    }
}

impl Page<'_> {
    pub(crate) fn px(&self, design: f32) -> f32 {
        self.scale.px(design)
    }

    /// For what grows with text: icons, boxes that hold a word.
    pub(crate) fn em(&self, design: f32) -> f32 {
        self.scale.em(design)
    }

    pub(crate) fn font(&self, of: Type) -> TextStyle {
        of.at(&self.scale)
    }

    fn finish(&self) -> Finish<'_> {
        let t = self.theme;
        Finish {
            hands: self.view.comfort.left_handed,
            reading: self.words.right_to_left(),
            enlarged: self.scale.is_enlarged(),
            strict: self.scale.is_enlarged() || self.view.file.is_some(),
            focus: self.view.navigation.focus(),
            focus_ring: (self.px(5.0), t.focus.0, t.focus_inner.0),
            edge: t.edge.map(|edge| (self.px(2.0), edge.0)),
        }
    }

    /// The bar that turns pages, beside or below them, in pixels.
    fn turning_across(&self) -> f32 {
        self.scale.touch(64.0) + 2.0 * self.px(12.0)
    }

    /// Nothing has to be left out: there is room, or pages are turned.
    pub(crate) fn is_complete(&self) -> bool {
        self.density == Density::Roomy || self.scale.is_enlarged()
    }

    pub(crate) fn is_pressed(&self, id: &str) -> bool {
        self.pressed == Some(id)
    }
}

/// Lays out a view.
pub(crate) fn lay_out(view: &View, pressed: Option<&str>, fonts: &mut Fonts) -> Layout {
    on(view, pressed, Medium::Pixels(fonts)).0
}

/// The same as a tree, complete and nowhere in particular, for what has a way of its own to lay it out.
pub(crate) fn outline(view: &View) -> Node {
    on(view, None, Medium::Tree(None)).1.unwrap_or_default()
}

/// What people can do about the room's time, as a tree: the sheet that is open, or else what there is, and whether the
/// calendar refused what was done last.
pub(crate) fn outline_of_the_day(view: &View) -> Option<Node> {
    fn dialog(node: Node) -> Option<Node> {
        let is_one = node.meaning.as_ref();
        if is_one.is_some_and(|meaning| meaning.role == Role::Dialog) {
            return Some(node);
        }
        node.children.into_iter().find_map(dialog)
    }
    if view.navigation.sheet().is_some() {
        return dialog(outline(view));
    }
    let page = page_of(view, None);
    let refused = view
        .troubles
        .iter()
        .filter(|trouble| **trouble == Trouble::NotInCalendar);
    let refused = refused.map(|trouble| page.banner(trouble, false, None));
    let parts: Vec<Node> = refused.chain(day_time::strip(&page)).collect();
    let some = !parts.is_empty();
    some.then(|| column(parts))
}

fn page_of<'a>(view: &'a View, pressed: Option<&'a str>) -> Page<'a> {
    let words = words_of(view.language, view.file.as_ref());
    Page {
        view,
        words,
        moments: Moments::new(words, &view.time_zone, view.now),
        theme: Theme::of(view.comfort.theme),
        scale: Scale::of(view.width, view.height, view.comfort.scale),
        pressed,
        density: Density::Roomy,
        turned: false,
    }
}

fn on(view: &View, pressed: Option<&str>, medium: Medium<'_>) -> (Layout, Option<Node>) {
    let page = page_of(view, pressed);
    let mut fit = Fit { page, medium };
    let mut layout = screen(&mut fit);
    for taken in [Taken::Narrow, Taken::Slim] {
        let flaws = layout.flaws();
        if flaws == (false, 0) {
            break;
        }
        fit.page = page_of(view, pressed);
        fit.page.scale.taken = taken;
        let narrower = screen(&mut fit);
        if narrower.flaws() < flaws {
            layout = narrower;
        }
    }
    match fit.medium {
        Medium::Pixels(_) => (layout, None),
        Medium::Tree(tree) => (layout, tree.map(|tree| *tree)),
    }
}

fn screen(fit: &mut Fit<'_>) -> Layout {
    if let Some(over) = over_home(fit) {
        return over;
    }
    let view = fit.page.view;
    match &view.screen {
        Screen::Starting => fit.most(0, |page, _| joining::starting(page)),
        Screen::GoingDown(request) => fit.most(0, |page, _| settings::going_down(page, *request)),
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
        Screen::SignIn { server, of, .. } => sign_in::lay_out(fit, server, of),
        Screen::Verification(of) => verification::lay_out(fit, of),
        Screen::Joining { .. } => joining::lay_out(fit),
        Screen::Call(call) => call::lay_out(fit, call),
        Screen::Leaving { title } => fit.most(0, |page, _| joining::leaving(page, title)),
    }
}

/// What people opened over the home screen, where the room has it.
fn over_home(fit: &mut Fit<'_>) -> Option<Layout> {
    let view = fit.page.view;
    let Screen::Home {
        under_way, next, ..
    } = &view.screen
    else {
        return None;
    };
    let elsewhere = view.elsewhere.as_ref();
    let Some(sheet) = view.navigation.sheet() else {
        // By the code on the television: whoever sent it comes to the panel now, and whoever is at something there goes on.
        let offered = elsewhere.filter(|elsewhere| elsewhere.offer.is_some());
        return offered.map(|elsewhere| elsewhere::phone(fit, elsewhere));
    };
    let layout = match sheet {
        Sheet::Access => access::lay_out(fit, None),
        Sheet::Troubles => troubles::lay_out(fit, None),
        Sheet::Day => day::lay_out(fit, under_way, next),
        Sheet::Book => day_time::book(fit, None),
        Sheet::Elsewhere => elsewhere::lay_out(fit, elsewhere?),
        Sheet::LinkByPhone => elsewhere::phone(fit, elsewhere?),
        Sheet::TypeLink => {
            let elsewhere = elsewhere?;
            fit.most(0, |page, _| password::link(page, elsewhere))
        }
        Sheet::Settings(page) => settings::lay_out(fit, *page, view.settings.as_ref()?),
        Sheet::About(page) => about::lay_out(fit, *page, view.settings.as_ref()?),
        Sheet::Time(meeting) => day_time::time(fit, None, meeting),
        Sheet::Ways(wanted) => {
            let mut all = under_way.iter().chain(next);
            ways::lay_out(fit, all.find(|meeting| meeting.id == *wanted)?)
        }
        _ => return None,
    };
    Some(layout)
}

/// Lays out what the television shows between meetings.
pub(crate) fn lay_out_still(still: &StillView, fonts: &mut Fonts) -> Layout {
    let view = &still.view;
    let words = Words::of(view.language);
    let page = Page {
        view,
        words,
        moments: Moments::new(words, &view.time_zone, view.now),
        theme: Theme::of(view.comfort.theme),
        scale: Scale::television(view.width, view.height),
        pressed: None,
        density: Density::Roomy,
        turned: false,
    };
    let medium = Medium::Pixels(fonts);
    still::lay_out(&mut Fit { page, medium }, still)
}

/// More rows than this are never tried; they fit on no panel.
const MOST_ROWS: usize = 24;

/// What a page is made for.
enum Medium<'a> {
    /// A display of a size.
    Pixels(&'a mut Fonts),
    /// What grows with its content; the page once it is made.
    Tree(Option<Box<Node>>),
}

/// A page that is made to fit.
pub(crate) struct Fit<'a> {
    page: Page<'a>,
    medium: Medium<'a>,
}

impl Fit<'_> {
    /// Shows as many rows of `count` as fit, one at least: before the last one goes, other things
    /// are left out.
    fn most(&mut self, count: usize, screen: impl Fn(&Page<'_>, usize) -> Node) -> Layout {
        if let Medium::Tree(tree) = &mut self.medium {
            *tree = Some(Box::new(screen(&self.page, count)));
            return Layout::default();
        }
        if let Some(layout) = self.on_one_page(count, &screen) {
            return layout;
        }
        if !self.page.scale.is_enlarged() {
            self.page.scale.gives_way = true;
            return self.most(count, screen);
        }
        self.page.density = Density::Tight;
        self.page.turned = true;
        for visible in (1..=count.min(MOST_ROWS)).rev() {
            let layout = self.turned(screen(&self.page, visible));
            if !layout.overflows() {
                return layout;
            }
        }
        self.turned(screen(&self.page, 0))
    }

    /// The same, if it fits without turning pages.
    fn on_one_page(
        &mut self,
        count: usize,
        screen: impl Fn(&Page<'_>, usize) -> Node,
    ) -> Option<Layout> {
        if let Medium::Tree(tree) = &mut self.medium {
            *tree = Some(Box::new(screen(&self.page, count)));
            return Some(Layout::default());
        }
        let most = count.min(MOST_ROWS);
        for density in Density::tried(&self.page.scale) {
            self.page.density = *density;
            for visible in (most.min(1)..=most).rev() {
                let layout = self.lay_out(screen(&self.page, visible));
                if !layout.overflows() {
                    return Some(layout);
                }
            }
        }
        let none = self.lay_out(screen(&self.page, 0));
        (!self.page.scale.is_enlarged() && !none.overflows()).then_some(none)
    }

    fn lay_out(&mut self, tree: Node) -> Layout {
        let view = self.page.view;
        let size = (view.width, view.height);
        match &mut self.medium {
            Medium::Pixels(fonts) => Layout::of(tree, size, fonts, &self.page.finish()),
            Medium::Tree(made) => {
                *made = Some(Box::new(tree));
                Layout::default()
            }
        }
    }

    /// A page of what is too high for the panel, and buttons to the others. Whoever looks at the room is told above each.
    fn turned(&mut self, tree: Node) -> Layout {
        let (page, view) = (&self.page, self.page.view);
        let across = page.turning_across();
        let wanted = view.navigation.page();
        let top = page.px(40.0);
        let size = (view.width, view.height);
        let finish = page.finish();
        let fonts = match &mut self.medium {
            Medium::Pixels(fonts) => &mut **fonts,
            Medium::Tree(made) => {
                *made = Some(Box::new(tree));
                return Layout::default();
            }
        };
        let mut with = |bar: Bar, tree| {
            let controls = |at| page.turning(bar, at);
            let turning = Turning { bar, wanted, top };
            let tree = (tree, page.pinned());
            Layout::turned(tree, size, turning, (&mut *fonts, &finish), controls)
        };
        if !page.scale.is_portrait() {
            let beside = with(Bar::Beside(across), tree.clone());
            if !beside.overflows() {
                return beside;
            }
        }
        with(Bar::Below(across), tree)
    }
}
