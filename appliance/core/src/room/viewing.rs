//! Somebody looks at the room from elsewhere: allowed by people in the room each time, told on the panel as
//! long as it lasts, and ended there.

use saal_media_protocol::{BrowserCommand, BrowserEvent, BrowserUse, MediaCommand};

use super::Room;
use crate::{
    Effect, Now,
    viewer::{Onlooker, ViewAction, Viewer, ViewerEnd, ViewerEvent, ViewerId, ViewerReply},
};

impl Room {
    /// Whether somebody looks at the room from elsewhere.
    #[must_use]
    pub fn onlooker(&self) -> Onlooker {
        match (self.viewers_elsewhere.onlooker(), self.helpers.one()) {
            (Onlooker::Nobody, Some((helper, true))) => Onlooker::Helps(helper.clone()),
            (Onlooker::Nobody, Some((helper, false))) => Onlooker::AsksToHelp(helper.clone()),
            (onlooker, _) => onlooker,
        }
    }

    fn takes_viewers(&self) -> bool {
        let browsers = self.config.as_ref().and_then(|c| c.browsers.as_ref());
        browsers.is_some_and(|browsers| browsers.view_token_file.is_some())
    }

    pub(super) fn on_viewer(&mut self, now: Now, viewer: ViewerId, event: ViewerEvent) {
        match event {
            ViewerEvent::Asks { of, address } => {
                let asked = if self.helpers.one().is_some() {
                    Err(ViewerEnd::Crowded)
                } else if self.takes_viewers() {
                    self.viewers_elsewhere.ask(now.mono, viewer, of, address)
                } else {
                    // What was on the way when that was switched off.
                    Err(ViewerEnd::Failed)
                };
                let reply = match asked {
                    Ok(()) => ViewerReply::Asking,
                    Err(why) => ViewerReply::End(why),
                };
                self.reply_viewer(viewer, reply);
            }
            ViewerEvent::Answers(sdp) => {
                let one = self.viewers_elsewhere.get(viewer);
                if let Some(browser) = one.and_then(|one| one.browser) {
                    self.command(BrowserCommand::Answer { browser, sdp });
                }
            }
            ViewerEvent::Gone => {
                if let Some(one) = self.viewers_elsewhere.gone(viewer) {
                    self.close_view(one);
                }
            }
        }
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_view_action(&mut self, now: Now, action: ViewAction) {
        match action {
            ViewAction::Allow(viewer) => self.allow_view(now, viewer),
            ViewAction::Refuse(viewer) => {
                let refused = self.viewers_elsewhere.refuse(now.mono, viewer);
                self.dismiss(refused, ViewerEnd::Refused);
            }
            ViewAction::End => {
                let ended = self.viewers_elsewhere.end(now.mono);
                self.dismiss(ended, ViewerEnd::Stopped);
            }
        }
        self.effect(Effect::Redraw);
    }

    fn allow_view(&mut self, now: Now, viewer: ViewerId) {
        let browser = self.laptops.new_browser();
        if let Some(one) = self.viewers_elsewhere.allow(now.mono, viewer, browser) {
            self.command(BrowserCommand::Open {
                browser,
                purpose: BrowserUse::View(one.of),
                address: one.address,
            });
        }
    }

    fn close_view(&mut self, one: Viewer) {
        if let Some(browser) = one.browser {
            self.command(BrowserCommand::Close { browser });
        }
    }

    /// About the connection of somebody who looks; false: it is none of theirs.
    pub(super) fn on_view(&mut self, event: &BrowserEvent) -> bool {
        let browser = match event {
            BrowserEvent::Offer { browser, .. }
            | BrowserEvent::Showing { browser }
            | BrowserEvent::Ended { browser, .. } => *browser,
        };
        let Some(viewer) = self.viewers_elsewhere.by_browser(browser).map(|v| v.viewer) else {
            return false;
        };
        let reply = match event {
            BrowserEvent::Offer { sdp, .. } => ViewerReply::Offer(sdp.clone()),
            BrowserEvent::Showing { .. } => ViewerReply::Showing,
            BrowserEvent::Ended { .. } => {
                self.viewers_elsewhere.clear();
                self.effect(Effect::Redraw);
                ViewerReply::End(ViewerEnd::Failed)
            }
        };
        self.reply_viewer(viewer, reply);
        true
    }

    /// People do not answer, or allowed it long ago.
    pub(super) fn forget_views(&mut self, now: Now) {
        let late = self.viewers_elsewhere.late(now.mono);
        let why = match late {
            Some(Viewer { browser: None, .. }) => ViewerEnd::Unanswered,
            _ => ViewerEnd::Over,
        };
        self.dismiss(late, why);
    }

    /// Those who allowed it go, and others come.
    pub(super) fn end_view_with_meeting(&mut self) {
        if self.phase.in_call().is_some() {
            self.drop_views(ViewerEnd::Over);
        }
    }

    /// Nobody looks, or asks, any more.
    pub(super) fn drop_views(&mut self, why: ViewerEnd) {
        let dropped = self.viewers_elsewhere.clear();
        self.dismiss(dropped, why);
    }

    fn dismiss(&mut self, one: Option<Viewer>, why: ViewerEnd) {
        if let Some(one) = one {
            self.close_view(one);
            self.reply_viewer(one.viewer, ViewerReply::End(why));
            self.effect(Effect::Redraw);
        }
    }

    fn reply_viewer(&mut self, viewer: ViewerId, reply: ViewerReply) {
        self.effect(Effect::Viewer(viewer, reply));
    }

    fn command(&mut self, command: BrowserCommand) {
        self.effect(Effect::Media(MediaCommand::Browser(command)));
    }
}
