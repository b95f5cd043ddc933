//! Laptops share their screen: into the meeting where the room may present there, else to the people
//! in the room alone.

use std::net::IpAddr;

use saal_media_protocol::{
    BrowserCommand, BrowserEvent, BrowserUse, MediaCommand, Rect, Tile, TileSource,
};
use saal_meeting::MeetingAction;

use super::Room;
use crate::{
    Displays, Effect, Now, Phase, Presenting,
    laptop::{
        Door, Invitation, Knock, LaptopAction, LaptopEnd, LaptopEvent, LaptopId, LaptopReply,
        Share, Sharing,
    },
    layout::even,
    viewer::ViewerEnd,
};

/// What others may know.
impl Room {
    /// Whether a laptop shares its screen, or could.
    #[must_use]
    pub fn sharing(&self) -> Sharing {
        match (self.laptops.share(), self.takes_laptops()) {
            (Some(_), _) => Sharing::On,
            (None, true) => Sharing::Possible,
            (None, false) => Sharing::Impossible,
        }
    }

    fn takes_laptops(&self) -> bool {
        let browsers = self.config.as_ref().and_then(|c| c.browsers.as_ref());
        browsers.is_some_and(|browsers| browsers.share)
    }

    /// What the panel shows of how to share a screen; `None`: no code is listened to.
    #[must_use]
    pub fn door(&self) -> Option<&Door> {
        self.laptops.door()
    }
}

impl Room {
    pub(super) fn on_laptop_action(&mut self, now: Now, action: LaptopAction) {
        match action {
            LaptopAction::Invite if self.takes_laptops() => {
                self.laptops.open_door(now.mono);
                self.effect(Effect::OpenDoor);
            }
            LaptopAction::Invite => {}
            LaptopAction::CloseDoor => {
                self.laptops.close_door();
            }
            LaptopAction::Stop => self.end_share(now, LaptopEnd::Stopped),
        }
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_invitation(&mut self, invitation: Option<Invitation>) {
        self.laptops.invite(invitation);
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_laptop(&mut self, now: Now, laptop: LaptopId, event: LaptopEvent) {
        match event {
            LaptopEvent::Knocks { code, from } => self.on_knock(now, laptop, &code, from),
            LaptopEvent::Ready { address, sound } => self.on_ready(laptop, address, sound),
            LaptopEvent::Answers(sdp) => {
                let share = self.laptops.share().filter(|share| share.laptop == laptop);
                if let Some(browser) = share.map(|share| share.browser) {
                    self.tell_browser(BrowserCommand::Answer { browser, sdp });
                }
            }
            LaptopEvent::Gone => {
                if let Some(share) = self.laptops.gone(laptop) {
                    self.share_is_over(now, share);
                }
            }
        }
    }

    fn on_knock(&mut self, now: Now, laptop: LaptopId, code: &str, from: IpAddr) {
        let reply = match self.laptops.knock(now.mono, laptop, code, from) {
            Knock::Right => LaptopReply::Welcome {
                room: self.name(),
                busy: self.laptops.share().is_some(),
            },
            Knock::Wrong { wait, renew } => {
                if renew {
                    self.effect(Effect::OpenDoor);
                }
                LaptopReply::Refused { wait }
            }
        };
        self.reply(laptop, reply);
        self.effect(Effect::Redraw);
    }

    fn on_ready(&mut self, laptop: LaptopId, address: IpAddr, sound: bool) {
        let Some(before) = self.laptops.begin(laptop, address, sound) else {
            return;
        };
        // First the one, then the other: nothing else is presented in between.
        self.open_browser();
        if let Some(before) = before {
            let browser = before.browser;
            self.tell_browser(BrowserCommand::Close { browser });
            self.reply(before.laptop, LaptopReply::End(LaptopEnd::Replaced));
            if before.showing && self.phase == Phase::Home {
                // Its last picture would stand there until the next one's first.
                self.clear_displays();
            }
        }
        self.effect(Effect::Redraw);
    }

    fn open_browser(&mut self) {
        let Some(share) = self.laptops.share() else {
            return;
        };
        let (browser, address) = (share.browser, share.address);
        self.tell_browser(BrowserCommand::Open {
            browser,
            purpose: BrowserUse::Share,
            address,
        });
    }

    /// The engine is a new one and knows no browser.
    pub(super) fn share_again(&mut self) {
        self.drop_views(ViewerEnd::Failed);
        if self.laptops.begin_again().is_some() {
            self.open_browser();
        }
    }

    pub(super) fn on_browser(&mut self, now: Now, event: BrowserEvent) {
        if self.on_view(&event) {
            return;
        }
        let share = self.laptops.share().copied();
        match event {
            BrowserEvent::Offer { browser, sdp } => {
                if let Some(share) = share.filter(|share| share.browser == browser) {
                    self.reply(share.laptop, LaptopReply::Offer(sdp));
                }
            }
            BrowserEvent::Showing { browser } => {
                if let Some(share) = share.filter(|_| self.laptops.shows(browser)) {
                    self.reply(share.laptop, LaptopReply::Showing);
                    self.show_laptop(now);
                }
            }
            BrowserEvent::Ended { browser, .. } => {
                if share.is_some_and(|share| share.browser == browser) {
                    self.end_share(now, LaptopEnd::Failed);
                }
            }
        }
    }

    /// Puts the laptop's screen where people look: on the television, and in the meeting.
    pub(super) fn show_laptop(&mut self, now: Now) {
        let shares = self.laptops.is_showing();
        if let Some(call) = self.phase.in_call_mut() {
            call.shares = shares;
        }
        self.send_tiles();
        self.send_home_tiles();
        if shares && self.presenting() == Presenting::Possible {
            self.act(now, MeetingAction::Present { on: true });
        }
        self.present_sound();
        self.effect(Effect::Redraw);
    }

    pub(super) fn end_share(&mut self, now: Now, why: LaptopEnd) {
        let Some(share) = self.laptops.end() else {
            return;
        };
        self.reply(share.laptop, LaptopReply::End(why));
        self.share_is_over(now, share);
    }

    /// The meeting does not see the grabber instead, which people did not choose.
    fn share_is_over(&mut self, now: Now, share: Share) {
        let browser = share.browser;
        self.tell_browser(BrowserCommand::Close { browser });
        self.stop_presenting(now);
        self.show_laptop(now);
        if share.showing && self.phase == Phase::Home {
            self.clear_displays();
        }
    }

    /// Outside of meetings nothing is shown but a laptop.
    fn home_tiles(&self) -> Vec<Tile> {
        let television = self.config.as_ref().map(|config| &config.television);
        let tile = television.filter(|_| self.laptops.is_showing()).map(|tv| {
            let rect = Rect {
                x: 0,
                y: 0,
                width: even(tv.width.get()),
                height: even(tv.height.get()),
            };
            let source = TileSource::OwnContent;
            Tile { source, rect }
        });
        tile.into_iter().collect()
    }

    pub(super) fn send_home_tiles(&mut self) {
        if self.phase == Phase::Home && self.laptops.is_showing() {
            let laptop = self.home_tiles();
            let (tiles, content) = match self.displays {
                Displays::One => (laptop, Vec::new()),
                Displays::Two => (Vec::new(), laptop),
            };
            self.effect(Effect::Media(MediaCommand::SetTiles { tiles }));
            self.send_content_tiles(content);
        }
    }

    /// Doors and guests do not wait for ever.
    pub(super) fn forget_laptops(&mut self, now: Now) {
        if self.laptops.door_is_late(now.mono) {
            self.effect(Effect::Redraw);
        }
        for laptop in self.laptops.late(now.mono) {
            self.reply(laptop, LaptopReply::End(LaptopEnd::Late));
        }
    }

    /// Sharing was switched off, or goes on elsewhere: whoever is here loses the page anyway.
    pub(super) fn dismiss_laptops(&mut self, now: Now) {
        for laptop in self.laptops.dismiss_guests() {
            self.reply(laptop, LaptopReply::End(LaptopEnd::Stopped));
        }
        self.end_share(now, LaptopEnd::Stopped);
        self.drop_views(ViewerEnd::Failed);
    }

    fn reply(&mut self, laptop: LaptopId, reply: LaptopReply) {
        self.effect(Effect::Laptop(laptop, reply));
    }

    fn tell_browser(&mut self, command: BrowserCommand) {
        self.effect(Effect::Media(MediaCommand::Browser(command)));
    }
}
