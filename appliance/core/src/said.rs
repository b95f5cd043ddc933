//! What is said in a meeting beside voices: chat, captions, signs. Bounded, since others write it.

use std::{collections::VecDeque, time::Duration};

use saal_media_protocol::SourceKind;
use saal_meeting::{Caption, ChatLine};

use crate::Now;

/// More than a person scrolls back through.
const MOST_LINES: usize = 200;
/// More sentences than there are lines for captions are never shown.
const MOST_CAPTIONS: usize = 3;
/// A caption is gone this long after it was final: time to read two lines aloud.
const CAPTION_STAYS: Duration = Duration::from_secs(6);
/// The place for captions is kept this long after the last one: pictures don't jump whenever people
/// pause.
const CAPTIONS_PLACE_STAYS: Duration = Duration::from_secs(60);
/// More signs at once hide the picture.
const MOST_REACTIONS: usize = 8;
/// As long as the web clients show theirs.
const REACTION_STAYS: Duration = Duration::from_secs(5);

/// Long enough to be read twice; what it tells stays visible elsewhere.
const NOTICE_STAYS: Duration = Duration::from_secs(10);

/// What is said in a meeting beside voices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    chat: VecDeque<ChatLine>,
    /// Lines that nobody has looked at.
    unread: usize,
    /// The television shows the chat.
    shown: bool,
    captions: VecDeque<(Caption, Duration)>,
    /// Until when captions have a place of their own.
    captioned: Option<Duration>,
    reactions: VecDeque<(Reaction, Duration)>,
    notice: Option<(Notice, Duration)>,
}

/// Something that others did to the room, or that the room can't do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody muted the room; `None`: the meeting's rules did.
    MutedBy(SourceKind, Option<String>),
    /// A moderator lets the room speak, or show itself.
    UnmuteAllowed(SourceKind),
    /// The meeting's rules keep this muted until a moderator allows it.
    UnmuteRefused(SourceKind),
}

/// A sign that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// What people call them.
    pub from: String,
    /// An emoji.
    pub emoji: String,
}

impl Said {
    /// The chat, oldest line first.
    pub fn chat(&self) -> impl ExactSizeIterator<Item = &ChatLine> {
        self.chat.iter()
    }

    /// Lines that came since the chat was last looked at.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// The television shows the chat.
    #[must_use]
    pub fn is_chat_shown(&self) -> bool {
        self.shown
    }

    /// True when that is another.
    pub(crate) fn show_chat(&mut self, shown: bool) -> bool {
        std::mem::replace(&mut self.shown, shown) != shown
    }

    /// What is being said, oldest first.
    pub fn captions(&self) -> impl Iterator<Item = &Caption> {
        self.captions.iter().map(|(caption, _)| caption)
    }

    /// What is said is captioned, though nobody may be speaking now.
    #[must_use]
    pub fn is_captioned(&self) -> bool {
        self.captioned.is_some()
    }

    /// Signs of the last seconds, oldest first.
    pub fn reactions(&self) -> impl Iterator<Item = &Reaction> {
        self.reactions.iter().map(|(reaction, _)| reaction)
    }

    /// What people should know now.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref().map(|(notice, _)| notice)
    }

    pub(crate) fn notify(&mut self, now: Now, notice: Notice) {
        self.notice = Some((notice, now.mono + NOTICE_STAYS));
    }

    pub(crate) fn hear_chat(&mut self, line: ChatLine) {
        if let Some(known) = self.chat.iter_mut().find(|known| known.id == line.id) {
            *known = line;
            return;
        }
        self.unread = (self.unread + 1).min(MOST_LINES);
        push_bounded(&mut self.chat, line, MOST_LINES);
    }

    /// What was said before stands above what was heard, and waits for nobody to read it.
    pub(crate) fn recall_chat(&mut self, lines: Vec<ChatLine>) {
        for line in lines.into_iter().rev() {
            let known = self.chat.iter().any(|known| known.id == line.id);
            if !known && self.chat.len() < MOST_LINES {
                self.chat.push_front(line);
            }
        }
    }

    /// A line that nobody has read yet is not waited for any more.
    pub(crate) fn remove_chat(&mut self, id: &str) {
        let Some(index) = self.chat.iter().position(|line| line.id == id) else {
            return;
        };
        let read = self.chat.len().saturating_sub(self.unread);
        if index >= read {
            self.unread -= 1;
        }
        self.chat.remove(index);
    }

    pub(crate) fn read_chat(&mut self) -> bool {
        std::mem::take(&mut self.unread) > 0
    }

    pub(crate) fn hear_caption(&mut self, now: Now, caption: Caption) {
        let until = now.mono + CAPTION_STAYS;
        self.captioned = Some(now.mono + CAPTIONS_PLACE_STAYS);
        match self
            .captions
            .iter_mut()
            .find(|(known, _)| known.id == caption.id)
        {
            Some(known) => *known = (caption, until),
            None => push_bounded(&mut self.captions, (caption, until), MOST_CAPTIONS),
        }
    }

    pub(crate) fn see_reaction(&mut self, now: Now, reaction: Reaction) {
        let until = now.mono + REACTION_STAYS;
        push_bounded(&mut self.reactions, (reaction, until), MOST_REACTIONS);
    }

    /// When something of it is to vanish (monotonic).
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let captions = self.captions.iter().map(|(_, until)| *until);
        let reactions = self.reactions.iter().map(|(_, until)| *until);
        let notice = self.notice.iter().map(|(_, until)| *until);
        let passing = captions.chain(reactions).chain(notice);
        passing.chain(self.captioned).min()
    }

    /// Forgets what is old; true when that changed anything.
    pub(crate) fn forget_old(&mut self, now: Now) -> bool {
        let before = self.passing();
        self.captions.retain(|(_, until)| *until > now.mono);
        self.reactions.retain(|(_, until)| *until > now.mono);
        self.notice.take_if(|(_, until)| *until <= now.mono);
        self.captioned.take_if(|until| *until <= now.mono);
        before != self.passing()
    }

    fn passing(&self) -> usize {
        let places = usize::from(self.notice.is_some()) + usize::from(self.captioned.is_some());
        self.captions.len() + self.reactions.len() + places
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}
