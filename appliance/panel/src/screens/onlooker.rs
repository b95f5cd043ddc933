//! Somebody looks at the room from elsewhere, or asks to: above everything, on every screen.

use saal_core::{HelpAction, Helper, Intent, Onlooker, ViewAction};
use saal_media_protocol::RoomPicture;

use super::Page;
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
};

type Button = (&'static str, Message, Intent);

impl Page<'_> {
    /// Whoever is here is asked, and knows that they are seen; nothing is more important than that.
    fn onlooker(&self) -> Option<Node> {
        match &self.view.onlooker {
            Onlooker::Nobody => None,
            Onlooker::Asks { viewer, of } => {
                let words = match of {
                    RoomPicture::Television => Message::ViewAsksTelevision,
                    RoomPicture::Camera => Message::ViewAsksCamera,
                };
                let refuse = Intent::View(ViewAction::Refuse(*viewer));
                let allow = Intent::View(ViewAction::Allow(*viewer));
                Some(self.asks(self.words.say(words), refuse, allow))
            }
            Onlooker::Looks(of) => {
                let words = match of {
                    RoomPicture::Television => Message::SeenTelevision,
                    RoomPicture::Camera => Message::SeenCamera,
                };
                Some(self.looks(self.words.say(words), Intent::View(ViewAction::End)))
            }
            Onlooker::AsksToHelp(helper) => {
                let words = match helper.touch {
                    true => Message::HelpAsksTouch,
                    false => Message::HelpAsksLook,
                };
                let refuse = Intent::Help(HelpAction::Refuse(helper.help));
                let allow = Intent::Help(HelpAction::Allow(helper.help));
                Some(self.asks(self.named(words, helper), refuse, allow))
            }
            Onlooker::Helps(helper) => {
                let words = match helper.touch {
                    true => Message::HelpedTouch,
                    false => Message::HelpedLook,
                };
                let end = Intent::Help(HelpAction::End);
                Some(self.looks(self.named(words, helper), end))
            }
        }
    }

    /// The same on its own, above pages that are turned.
    pub(super) fn pinned(&self) -> Option<Node> {
        let banner = self.onlooker()?;
        let pinned = column([banner]).paddings(self.px(20.0), self.px(12.0));
        Some(pinned.fill(self.theme.background.0))
    }

    /// Among the banners, where nothing is turned.
    pub(super) fn onlooker_here(&self) -> Option<Node> {
        self.onlooker().filter(|_| !self.turned)
    }

    fn named(&self, words: Message, helper: &Helper) -> String {
        let name = Value::Foreign(&helper.name);
        self.words.tell(words, [("name", name)])
    }

    fn asks(&self, words: String, refuse: Intent, allow: Intent) -> Node {
        let buttons = [
            ("refuse-view", Message::ViewRefuse, refuse),
            ("allow-view", Message::ViewAllow, allow),
        ];
        self.about_onlooker("view-asks", words, buttons)
    }

    fn looks(&self, words: String, end: Intent) -> Node {
        self.about_onlooker("seen", words, [("end-view", Message::SeenEnd, end)])
    }

    fn about_onlooker<const N: usize>(
        &self,
        id: &str,
        words: String,
        buttons: [Button; N],
    ) -> Node {
        let (soft, on) = (self.theme.danger_soft.0, self.theme.on_danger_soft.0);
        let what = text(words.clone(), self.font(Type::Label).lines(3), on).whole();
        let buttons = buttons.map(|(id, label, intent)| {
            let meaning = Meaning::new(id, Role::Button, self.words.say(label))
                .described(words.clone())
                .intent(intent);
            self.banner_button(meaning, soft, on)
        });
        let gap = self.px(16.0);
        let parts = [icon(Icon::Show, self.px(28.0), on), what.share()];
        // Larger words, and names, which nobody breaks, leave no room beside the buttons.
        let (wide, narrow) = (self.scale.is_enlarged(), self.scale.is_narrow());
        let named = is_named(&self.view.onlooker) && narrow;
        // Above pages height is what counts: one button has room beside the words of a wide panel.
        let beside = self.turned && N == 1 && !self.scale.is_portrait();
        let below = named || wide && (narrow || self.scale.is_tight());
        let banner = if below && !beside {
            column([row(parts).gap(gap), row(buttons).gap(gap).wrapping()])
        } else {
            row(parts.into_iter().chain(buttons))
        };
        banner
            .gap(gap)
            .paddings(self.px(20.0), self.px(8.0))
            .rigid()
            .fill(soft)
            .round(self.px(16.0))
            .means(Meaning::new(id, Role::Alert, words))
    }
}

/// Somebody's own name stands in it.
fn is_named(onlooker: &Onlooker) -> bool {
    matches!(onlooker, Onlooker::AsksToHelp(_) | Onlooker::Helps(_))
}
