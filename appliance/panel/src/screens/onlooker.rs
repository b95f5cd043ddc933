//! Somebody looks at the room from elsewhere, or asks to: above everything, on every screen.

use saal_core::{Intent, Onlooker, ViewAction};
use saal_media_protocol::RoomPicture;

use super::Page;
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
};

impl Page<'_> {
    /// Whoever is here is asked, and knows that they are seen; nothing is more important than that.
    pub(super) fn onlooker(&self) -> Option<Node> {
        match self.view.onlooker {
            Onlooker::Nobody => None,
            Onlooker::Asks { viewer, of } => {
                let words = match of {
                    RoomPicture::Television => Message::ViewAsksTelevision,
                    RoomPicture::Camera => Message::ViewAsksCamera,
                };
                let refuse = ViewAction::Refuse(viewer);
                let buttons = [
                    ("refuse-view", Message::ViewRefuse, refuse),
                    ("allow-view", Message::ViewAllow, ViewAction::Allow(viewer)),
                ];
                Some(self.about_onlooker("view-asks", words, &buttons))
            }
            Onlooker::Looks(of) => {
                let words = match of {
                    RoomPicture::Television => Message::SeenTelevision,
                    RoomPicture::Camera => Message::SeenCamera,
                };
                let end = ("end-view", Message::SeenEnd, ViewAction::End);
                Some(self.about_onlooker("seen", words, &[end]))
            }
        }
    }

    fn about_onlooker(
        &self,
        id: &str,
        words: Message,
        buttons: &[(&str, Message, ViewAction)],
    ) -> Node {
        let (soft, on) = (self.theme.danger_soft.0, self.theme.on_danger_soft.0);
        let words = self.words.say(words);
        let what = text(words.clone(), self.font(Type::Label).lines(3), on).whole();
        let buttons = buttons.iter().map(|(id, label, action)| {
            let meaning = Meaning::new(*id, Role::Button, self.words.say(*label))
                .described(words.clone())
                .intent(Intent::View(*action));
            self.banner_button(meaning, soft, on)
        });
        let gap = self.px(16.0);
        let parts = [icon(Icon::Show, self.px(28.0), on), what.share()];
        // Larger words leave no room beside the buttons.
        let below = self.scale.is_narrow() || self.scale.is_tight();
        let banner = if self.scale.is_enlarged() && below {
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
