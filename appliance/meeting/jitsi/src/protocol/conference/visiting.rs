//! The audience of a large meeting: sent to a server of its own, and back from it when a moderator
//! lets the room take part.

use std::time::Instant;

use saal_meeting::Role;

use super::{Conference, Hosts, Output, Phase, Timer, place};
use crate::protocol::{ids, xml::Element};

/// Whether the room is in the audience.
#[derive(Clone, Debug, Default)]
pub(super) enum Audience {
    /// It takes part, or does not know yet.
    #[default]
    No,
    /// It only sees and hears, on a server of its own.
    Visitor {
        /// Name of that server in the installation.
        vnode: String,
        /// The main server's.
        main: Box<Hosts>,
    },
    /// A moderator let it take part.
    Promoted {
        /// By this name the main server knows that it may; empty where it does not ask.
        username: String,
    },
}

impl Audience {
    pub(super) fn vnode(&self) -> Option<String> {
        match self {
            Self::Visitor { vnode, .. } => Some(vnode.clone()),
            Self::No | Self::Promoted { .. } => None,
        }
    }

    pub(super) fn username(&self) -> Option<String> {
        match self {
            Self::Promoted { username } => Some(username.clone()).filter(|n| !n.is_empty()),
            Self::No | Self::Visitor { .. } => None,
        }
    }

    /// The focus has said where to go; asked again it would send us to the audience.
    pub(super) fn knows_the_way(&self) -> bool {
        !matches!(self, Self::No)
    }
}

impl Conference {
    /// Large meetings send their audience to other servers, which have rooms of the same name and
    /// need no request. The installation knows them by `NODE.meet.jitsi`.
    pub(super) fn redirected(&mut self, vnode: String, focus: &str) {
        let domain = format!("{vnode}.meet.jitsi");
        let main = Box::new(self.setup.hosts.clone());
        let hosts = &mut self.setup.hosts;
        hosts.muc = match hosts.muc.strip_suffix(hosts.main.as_str()) {
            Some(prefix) => format!("{prefix}{domain}"),
            None => format!("conference.{domain}"),
        };
        hosts.main.clone_from(&domain);
        hosts.domain = domain;
        self.audience = Audience::Visitor { vnode, main };
        self.state.role = Role::Visitor;
        self.change_server(focus);
    }

    /// A moderator has looked at our raised hand.
    pub(super) fn visitors_order(&mut self, now: Instant, from: &str, visitors: &Element) {
        let response = visitors.find("promotion-response");
        let ours = ids::bare(from) == self.room && ids::resource(from).is_empty();
        let Some(response) = response.filter(|_| ours) else {
            return;
        };
        if !matches!(response.attr("allow"), Some("true" | "1")) {
            self.own.hand_raised = Some(0);
            self.tell_presence();
            return;
        }
        let Audience::Visitor { main, .. } = &self.audience else {
            return;
        };
        self.setup.hosts = (**main).clone();
        let username = response.attr("username").unwrap_or_default().to_owned();
        self.leave_behind(now, "a moderator lets the room take part");
        self.audience = Audience::Promoted { username };
        self.state.role = Role::Participant;
        let focus = visitors.attr("focusjid").unwrap_or_default().to_owned();
        self.change_server(&focus);
    }

    /// The main server takes nobody who was not let in: back to the audience.
    pub(super) fn not_promoted(&mut self, now: Instant) {
        self.audience = Audience::No;
        self.ask_focus(now);
    }

    /// Goes to the hosts that the setup names now.
    fn change_server(&mut self, focus: &str) {
        self.room = format!("{}@{}", self.setup.room, self.setup.hosts.muc);
        self.focus.insert(ids::bare(focus).to_owned());
        self.stream.close();
        self.flush();
        self.stream = place::stream(&self.setup, &self.setup.hosts.domain);
        self.phase = Phase::Linking;
        for timer in [
            Timer::Ping,
            Timer::PingBy,
            Timer::Focus,
            Timer::FocusBy,
            Timer::MediaBy,
        ] {
            self.timers.cancel(timer);
        }
        self.outputs.push_back(Output::CloseLink);
        self.open_link();
    }
}
