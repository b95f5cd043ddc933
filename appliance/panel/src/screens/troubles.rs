//! What is wrong: banners that leave the rest usable, and a page where nothing else is possible.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{Intent, Severity, Trouble};
use saal_meeting::{AccountAction, IdentityState, SignInWay};

use super::{Density, Page};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
    trouble::explain,
    view::Screen,
};

impl Page<'_> {
    /// All troubles.
    pub(super) fn banners(&self) -> Node {
        self.stack(&self.view.troubles)
    }

    /// All but the one that has the page.
    pub(super) fn banners_but_worst(&self) -> Node {
        self.stack(self.view.troubles.get(1..).unwrap_or_default())
    }

    fn stack(&self, troubles: &[Trouble]) -> Node {
        let room = if self.density == Density::Roomy { 2 } else { 1 };
        let shown = troubles.len().min(room);
        let mut banners: Vec<Node> = troubles[..shown].iter().map(|t| self.banner(t)).collect();
        let hidden = i64::try_from(troubles.len() - shown).unwrap_or(i64::MAX);
        if hidden > 0 {
            let words = self
                .words
                .tell(Message::TroubleMore, [("count", hidden.into())]);
            let more = text(
                words.clone(),
                self.font(Type::Small),
                self.theme.text_quiet.0,
            );
            banners.push(
                more.rigid()
                    .means(Meaning::new("troubles", Role::Text, words)),
            );
        }
        let top = if troubles.is_empty() {
            0.0
        } else {
            self.px(16.0)
        };
        column(banners).gap(self.px(8.0)).rigid().above(top)
    }

    fn banner(&self, trouble: &Trouble) -> Node {
        let (mark, soft, on) = self.severity(trouble.severity());
        let text_of = explain(self.words, trouble);
        let id = format!("trouble:{}", trouble.code().as_str());
        let what = text(text_of.what.clone(), self.font(Type::Label), on);
        let lines = match self.density {
            Density::Roomy | Density::Tight => Some(2),
            Density::Tighter => Some(1),
            Density::Tightest => None,
        };
        let small = self.font(Type::Small);
        let advice = lines.map(|lines| text(text_of.advice.clone(), small.lines(lines), on));
        let words = column([what].into_iter().chain(advice))
            .gap(self.px(2.0))
            .share();
        let action = self.action(trouble, soft, on);
        row([Some(icon(mark, self.px(28.0), on)), Some(words), action]
            .into_iter()
            .flatten())
        .gap(self.px(16.0))
        .paddings(self.px(20.0), self.px(14.0))
        .rigid()
        .fill(soft)
        .round(self.px(16.0))
        .means(Meaning::new(id, Role::Alert, text_of.what).described(text_of.advice))
    }

    /// What people can do about it here.
    fn action(&self, trouble: &Trouble, soft: Rgb888, on: Rgb888) -> Option<Node> {
        let meaning = |id: &str, label| {
            Meaning::new(id, Role::Button, self.words.say(label))
                .described(explain(self.words, trouble).what)
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
            .described(explain(self.words, trouble).what)
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

    fn banner_button(&self, meaning: Meaning, soft: Rgb888, on: Rgb888) -> Node {
        let (id, label) = (meaning.id.clone(), meaning.label.clone());
        let (fill, ink) = if self.is_pressed(&id) {
            (on, soft)
        } else {
            (soft, on)
        };
        row([text(label, self.font(Type::Label), ink).rigid()])
            .centred()
            .paddings(self.px(20.0), 0.0)
            .at_least(self.px(128.0), self.scale.touch(64.0))
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
        let words = explain(self.words, trouble);
        let id = format!("trouble:{}", trouble.code().as_str());
        let message = self
            .message(mark, (soft, on), &words.what, &words.advice)
            .means(Meaning::new(id, Role::Alert, words.what).described(words.advice));
        let Some(meaning) = self.sign_in(trouble) else {
            return message;
        };
        let label = meaning.label.clone();
        let button = self.button(Icon::Key, &label, self.accent(), meaning);
        column([message, row([button]).centred().above(self.px(32.0))])
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
