//! What is wrong: banners that leave the rest usable, and a page where nothing else is possible.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{Intent, Severity, SoundAction, Trouble};
use saal_media_protocol::{CameraAction, DeviceUse, SoundUnit, SourceKind};
use saal_meeting::{AccountAction, IdentityState, SignInWay};

use super::{
    Density, Fit, Page,
    call::sheet::{Head, frame},
    home,
    paging::List,
    set_up,
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    plain::plain,
    scale::{KEY, TOUCH_TARGET},
    style::Type,
    trouble::{TroubleText, explain},
    view::{Call, Screen},
};

/// Everything that is wrong, to its last word.
pub(super) fn lay_out(fit: &mut Fit<'_>, call: Option<&Call>) -> Layout {
    let troubles = &fit.page.view.troubles;
    let head = Head {
        title: fit.page.words.say(Message::Troubles),
        back: None,
    };
    let rows = List {
        len: troubles.len(),
        row: &|page, index| numbered(page.banner(&troubles[index], false, None), index),
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        frame(page, call, &head, rows, pager)
    })
}

/// Several may be of one kind; here all of them stand beside each other.
fn numbered(mut node: Node, index: usize) -> Node {
    if let Some(meaning) = &mut node.meaning {
        meaning.id = format!("{}:{index}", meaning.id);
    }
    let children = node.children.into_iter();
    node.children = children.map(|child| numbered(child, index)).collect();
    node
}

impl Page<'_> {
    /// That somebody looks, or asks to, and all troubles.
    pub(super) fn banners(&self) -> Node {
        if self.view.navigation.sheet() == Some(&Sheet::Troubles) {
            // Nothing is more important than to be seen.
            return column(self.onlooker_here()).rigid();
        }
        self.stack(&self.view.troubles)
    }

    /// All but the one that has the page.
    pub(super) fn banners_but_worst(&self) -> Node {
        self.stack(self.view.troubles.get(1..).unwrap_or_default())
    }

    fn stack(&self, troubles: &[Trouble]) -> Node {
        let room = if self.is_complete() { 2 } else { 1 };
        let shown = troubles.len().min(room);
        let hidden = i64::try_from(troubles.len() - shown).unwrap_or(i64::MAX);
        let more = self
            .words
            .tell(Message::TroubleMore, [("count", hidden.into())]);
        let more = Some(more).filter(|_| hidden > 0);
        // Where there is least room, the number stands in the banner.
        let inside = self.density == Density::Tightest;
        let shorter = self.density != Density::Roomy || hidden > 0;
        let banner = |trouble| self.banner(trouble, shorter, more.as_deref().filter(|_| inside));
        let forgets = self.view.navigation.is_warned().then(|| self.forgets());
        let onlooker = self.onlooker_here();
        let none = troubles.is_empty() && forgets.is_none() && onlooker.is_none();
        let banners = onlooker.into_iter().chain(forgets);
        let mut banners: Vec<Node> = banners
            .chain(troubles[..shown].iter().map(banner))
            .collect();
        banners.extend(more.filter(|_| !inside).map(|words| {
            let (small, quiet) = (self.font(Type::Small), self.theme.text_quiet.0);
            let meaning = Meaning::new("more-troubles", Role::Text, words.clone());
            text(words, small, quiet).rigid().means(meaning)
        }));
        let top = if none { 0.0 } else { self.px(16.0) };
        column(banners).gap(self.px(8.0)).rigid().above(top)
    }

    /// What people chose is forgotten soon.
    fn forgets(&self) -> Node {
        let (_, soft, on) = self.severity(Severity::Notice);
        let closes = self.view.navigation.is_in_settings();
        let words = self.words.say(match closes {
            true => Message::SettingsCloseSoon,
            false => Message::ForgetsSoon,
        });
        let drawn = text(words.clone(), self.font(Type::Label).lines(4), on).whole();
        row([icon(Icon::Access, self.em(28.0), on), drawn.share()])
            .gap(self.px(16.0))
            .paddings(self.px(20.0), self.px(14.0))
            .rigid()
            .fill(soft)
            .round(self.px(16.0))
            .means(Meaning::new("forgets-soon", Role::Status, words))
    }

    /// One of them; where something is left out, a touch shows it.
    pub(super) fn banner(&self, trouble: &Trouble, shorter: bool, more: Option<&str>) -> Node {
        let (mark, soft, on) = self.severity(trouble.severity());
        let text_of = self.explain(trouble);
        let id = format!("trouble:{}", trouble.code().as_str());
        let words = [Some(text_of.what.as_str()), more];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let what = text(words, self.font(Type::Label), on).brief();
        let lines = match self.density {
            Density::Roomy => Some(6),
            Density::Tight => Some(2),
            Density::Tighter => Some(1),
            Density::Tightest => None,
        };
        let small = self.font(Type::Small);
        let advice = |lines| text(text_of.advice.clone(), small.lines(lines), on).brief();
        let advice = lines.map(advice);
        let words = column([what].into_iter().chain(advice))
            .gap(self.px(2.0))
            .share();
        let words = row([icon(mark, self.em(28.0), on), words]).gap(self.px(16.0));
        let showing = self.showing(trouble, &text_of.what).filter(|_| shorter);
        let high = match (showing.is_some(), self.density == Density::Tightest) {
            (true, true) => 4.0,
            (true, false) => 8.0,
            (false, _) => 14.0,
        };
        let words = match showing {
            Some(meaning) => {
                let next = icon(self.facing(Icon::Next), self.em(24.0), on);
                let touched = row([words.share(), next]).gap(self.px(8.0));
                // A little less where there is least room, as keys have it.
                let high = if self.density == Density::Tightest {
                    KEY
                } else {
                    TOUCH_TARGET
                };
                // A line around it runs beside its words, not through them.
                let edge = |pixels| self.theme.edge.map_or(0.0, |_| self.px(pixels));
                touched
                    .at_least(0.0, high)
                    .paddings(edge(12.0), edge(6.0))
                    .means(meaning)
            }
            None => words,
        };
        let actions = self.actions(trouble, soft, on);
        let banner = if self.scale.is_tight() {
            column([Some(words), actions].into_iter().flatten())
        } else {
            row([Some(words.share()), actions].into_iter().flatten())
        };
        banner
            .gap(self.px(16.0))
            .paddings(self.px(20.0), self.px(high))
            .rigid()
            .fill(soft)
            .round(self.px(16.0))
            .means(Meaning::new(id, Role::Alert, text_of.what).described(text_of.advice))
    }

    /// Opens the page of all, where there is one.
    fn showing(&self, trouble: &Trouble, what: &str) -> Option<Meaning> {
        let has_page = matches!(self.view.screen, Screen::Home { .. } | Screen::Call(_));
        has_page.then(|| {
            let id = format!("show:{}", trouble.code().as_str());
            Meaning::new(id, Role::Button, self.words.say(Message::TroublesShow))
                .described(what)
                .step(Step::Open(Sheet::Troubles))
        })
    }

    /// The buttons for what people can do about it here, beside each other.
    fn actions(&self, trouble: &Trouble, soft: Rgb888, on: Rgb888) -> Option<Node> {
        let remedies = self.remedies(trouble);
        if remedies.is_empty() {
            return self.action(trouble, soft, on);
        }
        let buttons = remedies.into_iter();
        let buttons = buttons.map(|meaning| self.banner_button(meaning, soft, on));
        Some(row(buttons).gap(self.px(12.0)).wrapping())
    }

    /// Another device, or no picture, for the meeting that comes.
    fn remedies(&self, trouble: &Trouble) -> Vec<Meaning> {
        let remedies = &self.view.day.remedies;
        let home = matches!(self.view.screen, Screen::Home { .. });
        // Where two tell of it, one has the buttons.
        let tells = |device| {
            let mut about = self.view.troubles.iter().filter(|t| t.is_about(device));
            home && about.next().map(Trouble::code) == Some(trouble.code())
        };
        if tells(DeviceUse::Camera) {
            return self.camera_remedies(trouble);
        }
        let microphone = remedies.microphone.as_ref();
        let microphone = microphone.filter(|_| tells(DeviceUse::Microphone));
        let loudspeaker = remedies.loudspeaker.as_ref();
        let loudspeaker = loudspeaker.filter(|_| tells(DeviceUse::Loudspeaker));
        let unit = microphone.or(loudspeaker);
        unit.map(|unit| self.other_sound(unit))
            .into_iter()
            .collect()
    }

    /// Takes this microphone, loudspeaker or both.
    fn other_sound(&self, unit: &SoundUnit) -> Meaning {
        let (id, label) = match (&unit.microphone, &unit.loudspeaker) {
            (Some(_), Some(_)) => ("other-speakerphone", Message::OtherSpeakerphone),
            (Some(_), None) => ("other-microphone", Message::OtherMicrophone),
            (None, _) => ("other-loudspeaker", Message::OtherLoudspeaker),
        };
        Meaning::new(id, Role::Button, self.words.say(label))
            .described(plain(unit.name()))
            .intent(Intent::Sound(SoundAction::Use(unit.clone())))
    }

    /// Another camera, or none, for the meeting that comes.
    fn camera_remedies(&self, trouble: &Trouble) -> Vec<Meaning> {
        let remedies = &self.view.day.remedies;
        let meaning = |id: &str, label, about: String, intent| {
            Meaning::new(id, Role::Button, self.words.say(label))
                .described(about)
                .intent(intent)
        };
        let other = remedies.camera.as_ref().map(|camera| {
            let intent = Intent::Camera(CameraAction::Use {
                camera: camera.id.clone(),
            });
            meaning(
                "other-camera",
                Message::OtherCamera,
                plain(&camera.name),
                intent,
            )
        });
        let without = remedies.without_picture.then(|| {
            let intent = Intent::SetMuted(SourceKind::Camera, true);
            let about = self.explain(trouble).what;
            meaning("without-picture", Message::WithoutPicture, about, intent)
        });
        other.into_iter().chain(without).collect()
    }

    /// What people can do about it here.
    fn action(&self, trouble: &Trouble, soft: Rgb888, on: Rgb888) -> Option<Node> {
        let meaning = |id: &str, label| {
            Meaning::new(id, Role::Button, self.words.say(label))
                .described(self.explain(trouble).what)
        };
        let key = matches!(
            trouble,
            Trouble::Identity(IdentityState::RecoveryKeyNeeded { .. })
        );
        let meaning = if trouble.is_dismissable() {
            let id = format!("dismiss:{}", trouble.code().as_str());
            meaning(&id, Message::Dismiss).intent(Intent::Dismiss(trouble.code()))
        } else if key && matches!(self.view.screen, Screen::Home { .. }) {
            meaning("recovery-key", Message::RecoveryKeyEnter).step(Step::Open(Sheet::RecoveryKey))
        } else {
            self.sign_in(trouble)?
        };
        Some(self.banner_button(meaning, soft, on))
    }

    /// Opens what somebody signs the room in with, and begins that.
    fn sign_in(&self, trouble: &Trouble) -> Option<Meaning> {
        let Trouble::SignInNeeded { under_way, .. } = trouble else {
            return None;
        };
        let home = matches!(self.view.screen, Screen::Home { .. });
        let meaning = Meaning::new("sign-in", Role::Button, self.words.say(Message::SignIn))
            .described(self.explain(trouble).what)
            .step(Step::Open(Sheet::SignIn));
        let begin = Intent::Account(AccountAction::SignIn {
            way: SignInWay::Code,
        });
        let meaning = if *under_way {
            meaning
        } else {
            meaning.intent(begin)
        };
        home.then_some(meaning)
    }

    pub(super) fn banner_button(&self, meaning: Meaning, soft: Rgb888, on: Rgb888) -> Node {
        let (id, label) = (meaning.id.clone(), meaning.label.clone());
        let (fill, ink) = if self.is_pressed(&id) {
            (on, soft)
        } else {
            (soft, on)
        };
        row([text(label, self.font(Type::Label), ink).rigid()])
            .centred()
            .paddings(self.px(20.0), 0.0)
            .at_least(self.em(128.0), self.scale.touch(64.0))
            .rigid()
            .fill(fill)
            .ring(self.px(2.0), on)
            .round(self.px(14.0))
            .means(meaning)
    }

    /// The worst trouble as the whole page.
    pub(super) fn worst(&self) -> Node {
        let Some(trouble) = self.view.troubles.first() else {
            return Node::default();
        };
        let (mark, soft, on) = self.severity(trouble.severity());
        let words = self.explain(trouble);
        let id = format!("trouble:{}", trouble.code().as_str());
        let message = match set_up::wanted(self) {
            Some(of) => self.set_up(of, home::main_width(self)),
            None => self.message(mark, (soft, on), &words.what, &words.advice),
        };
        let message =
            message.means(Meaning::new(id, Role::Alert, words.what).described(words.advice));
        let Some(meaning) = self.sign_in(trouble) else {
            return message;
        };
        let label = meaning.label.clone();
        let button = self.button(Icon::Key, &label, self.accent(), meaning);
        column([message, row([button]).centred().above(self.px(32.0))])
    }

    fn explain(&self, trouble: &Trouble) -> TroubleText {
        let support = self.view.support.as_ref();
        explain(self.words, trouble, &self.moments, support)
    }

    fn severity(&self, severity: Severity) -> (Icon, Rgb888, Rgb888) {
        let t = self.theme;
        match severity {
            Severity::Blocking => (Icon::Blocking, t.danger_soft.0, t.on_danger_soft.0),
            Severity::Limiting => (Icon::Limiting, t.warning_soft.0, t.on_warning_soft.0),
            Severity::Notice => (Icon::Notice, t.notice_soft.0, t.on_notice_soft.0),
        }
    }
}
