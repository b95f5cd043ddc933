//! The words of the panel: languages/*.ftl.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use saal_fleet_protocol::config::Language;

use crate::plain::{isolated, plain};

/// Lists the messages once: the compiler finds those that nothing uses, a test those that a
/// language lacks or has too many.
macro_rules! messages {
    ($($name:ident = $id:literal,)*) => {
        /// A message of the language files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Message { $($name,)* }

        impl Message {
            fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            #[cfg(test)]
            const ALL: &[&str] = &[$($id,)*];
        }
    };
}

messages! {
    Weekday = "weekday",
    Month = "month",
    Date = "date",
    Time = "time",
    TimeRange = "time-range",
    TimeOpen = "time-open",
    Today = "today",
    Tomorrow = "tomorrow",
    Now = "now",
    Free = "free",
    FreeUntil = "free-until",
    Busy = "busy",
    BusyUntil = "busy-until",
    RunningSince = "running-since",
    RunningSinceHours = "running-since-hours",
    StartsIn = "starts-in",
    StartsInHours = "starts-in-hours",
    WithoutAppointment = "without-appointment",
    PeopleInCall = "people-in-call",
    Join = "join",
    JoinableFrom = "joinable-from",
    AndMore = "and-more",
    Untitled = "untitled",
    NothingMore = "nothing-more",
    NothingMoreHint = "nothing-more-hint",
    Starting = "starting",
    StartingHint = "starting-hint",
    Joining = "joining",
    JoiningContacting = "joining-contacting",
    JoiningConnecting = "joining-connecting",
    JoiningReturning = "joining-returning",
    Cancel = "cancel",
    Leaving = "leaving",
    Ringing = "ringing",
    RingNameless = "ring-nameless",
    RingPictures = "ring-pictures",
    RingSound = "ring-sound",
    RingMeeting = "ring-meeting",
    Answer = "answer",
    AnswerUnseen = "answer-unseen",
    Decline = "decline",
    LeaveAndAnswer = "leave-and-answer",
    WaitingHost = "waiting-host",
    WaitingHostHint = "waiting-host-hint",
    WaitingServer = "waiting-server",
    WaitingServerHint = "waiting-server-hint",
    WaitingLobby = "waiting-lobby",
    WaitingLobbyHint = "waiting-lobby-hint",
    LobbyHere = "lobby-here",
    LobbyPlease = "lobby-please",
    LobbyInvited = "lobby-invited",
    LobbySend = "lobby-send",
    LobbySending = "lobby-sending",
    LobbySent = "lobby-sent",
    LobbyAnswer = "lobby-answer",
    Password = "password",
    PasswordNeeded = "password-needed",
    PasswordRefused = "password-refused",
    PasswordShow = "password-show",
    PasswordHide = "password-hide",
    Characters = "characters",
    KeySpace = "key-space",
    KeyErase = "key-erase",
    KeyShift = "key-shift",
    KeySymbols = "key-symbols",
    KeyLetters = "key-letters",
    Participants = "participants",
    AloneHint = "alone-hint",
    Elapsed = "elapsed",
    ElapsedHours = "elapsed-hours",
    Reconnecting = "reconnecting",
    Speaking = "speaking",
    MicrophoneOffThere = "microphone-off-there",
    Presenting = "presenting",
    MorePeople = "more-people",
    Microphone = "microphone",
    MicrophoneOn = "microphone-on",
    MicrophoneOff = "microphone-off",
    Mute = "mute",
    Unmute = "unmute",
    Camera = "camera",
    CameraOn = "camera-on",
    CameraOff = "camera-off",
    CameraStop = "camera-stop",
    CameraStart = "camera-start",
    Leave = "leave",
    LeaveHint = "leave-hint",
    ReactionLike = "reaction-like",
    ReactionClap = "reaction-clap",
    ReactionLove = "reaction-love",
    ReactionLaugh = "reaction-laugh",
    ReactionSurprised = "reaction-surprised",
    ReactionBoo = "reaction-boo",
    More = "more",
    MoreHint = "more-hint",
    MoreHintNoChat = "more-hint-no-chat",
    MoreUnread = "more-unread",
    ChatUnread = "chat-unread",
    MoreKnocking = "more-knocking",
    BackToCall = "back-to-call",
    Back = "back",
    PageBefore = "page-before",
    PageBehind = "page-behind",
    PageOf = "page-of",
    HandRaise = "hand-raise",
    HandLower = "hand-lower",
    HandRaised = "hand-raised",
    HandUp = "hand-up",
    People = "people",
    PeopleCount = "people-count",
    Chat = "chat",
    ChatEmpty = "chat-empty",
    ChatEmptyHint = "chat-empty-hint",
    ChatPrivate = "chat-private",
    ChatShow = "chat-show",
    ChatHide = "chat-hide",
    Sound = "sound",
    VolumeAt = "volume-at",
    VolumeLouder = "volume-louder",
    VolumeQuieter = "volume-quieter",
    SoundTest = "sound-test",
    SoundTestStop = "sound-test-stop",
    SoundTestHint = "sound-test-hint",
    SoundLevel = "sound-level",
    SoundLevelMuted = "sound-level-muted",
    SoundBoth = "sound-both",
    SoundMicrophone = "sound-microphone",
    SoundLoudspeaker = "sound-loudspeaker",
    SoundInUse = "sound-in-use",
    Arrangement = "arrangement",
    LayoutGrid = "layout-grid",
    LayoutGridHint = "layout-grid-hint",
    LayoutSpeaker = "layout-speaker",
    LayoutSpeakerHint = "layout-speaker-hint",
    LayoutContent = "layout-content",
    LayoutContentHint = "layout-content-hint",
    SelfView = "self-view",
    SelfViewOn = "self-view-on",
    SelfViewOff = "self-view-off",
    SelfViewNoCamera = "self-view-no-camera",
    SeenOf = "seen-of",
    Polls = "polls",
    PollsCount = "polls-count",
    Votes = "votes",
    Keypad = "keypad",
    KeypadHint = "keypad-hint",
    CameraAim = "camera-aim",
    CameraLeft = "camera-left",
    CameraRight = "camera-right",
    CameraUp = "camera-up",
    CameraDown = "camera-down",
    ZoomIn = "zoom-in",
    ZoomOut = "zoom-out",
    CameraZoom = "camera-zoom",
    CameraStraight = "camera-straight",
    CameraSave = "camera-save",
    CameraSaveWhere = "camera-save-where",
    CameraSaveNew = "camera-save-new",
    CameraPosition = "camera-position",
    CameraChoose = "camera-choose",
    CameraInUse = "camera-in-use",
    LaptopShare = "laptop-share",
    LaptopOther = "laptop-other",
    LaptopStop = "laptop-stop",
    LaptopShown = "laptop-shown",
    LaptopTitle = "laptop-title",
    LaptopHint = "laptop-hint",
    LaptopFingerprint = "laptop-fingerprint",
    LaptopOpening = "laptop-opening",
    LaptopBroken = "laptop-broken",
    PresentStart = "present-start",
    PresentStop = "present-stop",
    EndForAll = "end-for-all",
    EndForAllQuestion = "end-for-all-question",
    EndForAllHint = "end-for-all-hint",
    Recording = "recording",
    LiveStream = "live-stream",
    Transcription = "transcription",
    Breakout = "breakout",
    BreakoutOf = "breakout-of",
    BreakoutBack = "breakout-back",
    Visitor = "visitor",
    VisitorSource = "visitor-source",
    ConsentRecording = "consent-recording",
    ConsentRecordingHint = "consent-recording-hint",
    ConsentLiveStream = "consent-live-stream",
    ConsentLiveStreamHint = "consent-live-stream-hint",
    ConsentFirst = "consent-first",
    ConsentTranscription = "consent-transcription",
    ConsentTranscriptionHint = "consent-transcription-hint",
    Agree = "agree",
    Knocks = "knocks",
    KnocksName = "knocks-name",
    KnocksMany = "knocks-many",
    ShowPeople = "show-people",
    Admit = "admit",
    Reject = "reject",
    RoleModerator = "role-moderator",
    RoleVisitor = "role-visitor",
    KeyMissing = "key-missing",
    Spoke = "spoke",
    CameraOffThere = "camera-off-there",
    BothOffThere = "both-off-there",
    BothOnThere = "both-on-there",
    MuteThere = "mute-there",
    StopCameraThere = "stop-camera-there",
    AllowMicrophone = "allow-microphone",
    AskMicrophone = "ask-microphone",
    AllowCamera = "allow-camera",
    Moderation = "moderation",
    Remove = "remove",
    RemoveQuestion = "remove-question",
    RemoveHint = "remove-hint",
    MutedBy = "muted-by",
    MutedByRules = "muted-by-rules",
    UnmuteAllowed = "unmute-allowed",
    UnmuteRefused = "unmute-refused",
    UnmuteWaits = "unmute-waits",
    CaptionLine = "caption-line",
    TroubleMore = "trouble-more",
    Dismiss = "dismiss",
    TroubleSignedOut = "trouble-signed-out",
    TroubleSignedOutAdvice = "trouble-signed-out-advice",
    TroubleRemoved = "trouble-removed",
    TroubleRemovedAdvice = "trouble-removed-advice",
    TroubleUnreachable = "trouble-unreachable",
    TroubleUnreachableAdvice = "trouble-unreachable-advice",
    TroubleEngine = "trouble-engine",
    TroubleEngineAdvice = "trouble-engine-advice",
    RecoveryKey = "recovery-key",
    RecoveryKeyEnter = "recovery-key-enter",
    RecoveryKeyNeeded = "recovery-key-needed",
    RecoveryKeyRefused = "recovery-key-refused",
    RecoveryKeyTry = "recovery-key-try",
    SignIn = "sign-in",
    SignInTitle = "sign-in-title",
    SignInHint = "sign-in-hint",
    SignInWhose = "sign-in-whose",
    SignInUntil = "sign-in-until",
    SignInQrCode = "sign-in-qr-code",
    SignInNewCode = "sign-in-new-code",
    SignInByCode = "sign-in-by-code",
    SignInByDevice = "sign-in-by-device",
    SignInScan = "sign-in-scan",
    SignInScanHint = "sign-in-scan-hint",
    SignInScanCode = "sign-in-scan-code",
    SignInDigits = "sign-in-digits",
    SignInDigitsHint = "sign-in-digits-hint",
    SignInDigitsTry = "sign-in-digits-try",
    SignInAllow = "sign-in-allow",
    SignInAllowHint = "sign-in-allow-hint",
    SignInStarting = "sign-in-starting",
    SignInStartingHint = "sign-in-starting-hint",
    SignInFinishing = "sign-in-finishing",
    SignInFinishingHint = "sign-in-finishing-hint",
    SignInUnderWay = "sign-in-under-way",
    SignInUnderWayAdvice = "sign-in-under-way-advice",
    SignInNeeded = "sign-in-needed",
    SignInNeededAdvice = "sign-in-needed-advice",
    SignInEnded = "sign-in-ended",
    SignInEndedAdvice = "sign-in-ended-advice",
    SignInDenied = "sign-in-denied",
    SignInDeniedAdvice = "sign-in-denied-advice",
    SignInExpired = "sign-in-expired",
    SignInExpiredAdvice = "sign-in-expired-advice",
    SignInOtherAccount = "sign-in-other-account",
    SignInOtherAccountAdvice = "sign-in-other-account-advice",
    SignInWrongDigits = "sign-in-wrong-digits",
    SignInWrongDigitsAdvice = "sign-in-wrong-digits-advice",
    SignInOtherDevice = "sign-in-other-device",
    SignInOtherDeviceAdvice = "sign-in-other-device-advice",
    SignInNotOffered = "sign-in-not-offered",
    SignInNotOfferedAdvice = "sign-in-not-offered-advice",
    SignInRefused = "sign-in-refused",
    SignInRefusedAdvice = "sign-in-refused-advice",
    SignInUnreachable = "sign-in-unreachable",
    SignInUnreachableAdvice = "sign-in-unreachable-advice",
    Verify = "verify",
    VerifyNot = "verify-not",
    VerifyQuestion = "verify-question",
    VerifyQuestionHint = "verify-question-hint",
    VerifyQuestionUserHint = "verify-question-user-hint",
    VerifyScan = "verify-scan",
    VerifyScanHint = "verify-scan-hint",
    VerifyCode = "verify-code",
    VerifyEmojiInstead = "verify-emoji-instead",
    VerifyScanned = "verify-scanned",
    VerifyScannedHint = "verify-scanned-hint",
    VerifyScannedYes = "verify-scanned-yes",
    VerifyScannedNo = "verify-scanned-no",
    VerifyWaiting = "verify-waiting",
    VerifyWaitingHint = "verify-waiting-hint",
    VerifyCompare = "verify-compare",
    VerifyCompareHint = "verify-compare-hint",
    VerifySame = "verify-same",
    VerifyOther = "verify-other",
    VerifyEmoji = "verify-emoji",
    Verified = "verified",
    VerifiedHint = "verified-hint",
    NotVerified = "not-verified",
    NotVerifiedHint = "not-verified-hint",
    TroubleUntrusted = "trouble-untrusted",
    TroubleUntrustedAdvice = "trouble-untrusted-advice",
    TroubleIdentity = "trouble-identity",
    TroubleIdentityKey = "trouble-identity-key",
    TroubleIdentityWrongKey = "trouble-identity-wrong-key",
    TroubleIdentityReset = "trouble-identity-reset",
    TroubleIdentityLost = "trouble-identity-lost",
    TroubleStoreFull = "trouble-store-full",
    TroubleStore = "trouble-store",
    TroubleStoreAdvice = "trouble-store-advice",
    TroubleJoin = "trouble-join",
    TroubleJoinRemoved = "trouble-join-removed",
    TroubleJoinRemovedAdvice = "trouble-join-removed-advice",
    TroubleJoinNotAllowedAdvice = "trouble-join-not-allowed-advice",
    TroubleJoinUntrustedAdvice = "trouble-join-untrusted-advice",
    TroubleJoinWrongCallAdvice = "trouble-join-wrong-call-advice",
    TroubleJoinFailedAdvice = "trouble-join-failed-advice",
    TroubleJoinOverAdvice = "trouble-join-over-advice",
    TroubleJoinRemovedBecause = "trouble-join-removed-because",
    TroubleJoinRefusedAdvice = "trouble-join-refused-advice",
    TroubleCallElsewhere = "trouble-call-elsewhere",
    TroubleCallElsewhereAdvice = "trouble-call-elsewhere-advice",
    TroubleJoinEnded = "trouble-join-ended",
    TroubleJoinEndedAdvice = "trouble-join-ended-advice",
    TroubleJoinRejectedAdvice = "trouble-join-rejected-advice",
    TroubleJoinFullAdvice = "trouble-join-full-advice",
    TroubleJoinNotFoundAdvice = "trouble-join-not-found-advice",
    TroubleJoinLoginAdvice = "trouble-join-login-advice",
    TroubleJoinEncryptionAdvice = "trouble-join-encryption-advice",
    TroubleJoinBadLinkAdvice = "trouble-join-bad-link-advice",
    TroubleDeviceMissing = "trouble-device-missing",
    TroubleDeviceMissingAdvice = "trouble-device-missing-advice",
    TroubleDeviceReplaced = "trouble-device-replaced",
    TroubleDeviceReplacedAdvice = "trouble-device-replaced-advice",
    TroubleDeviceBusy = "trouble-device-busy",
    TroubleDeviceBusyAdvice = "trouble-device-busy-advice",
    TroubleDeviceCovered = "trouble-device-covered",
    TroubleDeviceCoveredAdvice = "trouble-device-covered-advice",
    TroubleDeviceFailed = "trouble-device-failed",
    TroubleDeviceFailedAdvice = "trouble-device-failed-advice",
    TroubleCallNotSaved = "trouble-call-not-saved",
    TroubleCallNotSavedAdvice = "trouble-call-not-saved-advice",
    TroubleConfig = "trouble-config",
    TroubleConfigAdvice = "trouble-config-advice",
    TroubleCalendar = "trouble-calendar",
    TroubleCalendarAdvice = "trouble-calendar-advice",
}

/// A value in a message.
pub(crate) enum Value<'a> {
    /// Chooses plurals.
    Number(i64),
    /// Ours: chooses variants, needs no isolation.
    Word(&'a str),
    /// From outside: made harmless and isolated.
    Foreign(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(word: &'a str) -> Self {
        Self::Word(word)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(word: &'a String) -> Self {
        Self::Word(word)
    }
}

/// The words of one language.
pub(crate) struct Words(FluentBundle<Arc<FluentResource>>);

static GERMAN: LazyLock<Words> = LazyLock::new(|| Words::read(Language::De));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::En));

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::De => &GERMAN,
            Language::En => &ENGLISH,
        }
    }

    fn source(language: Language) -> (&'static str, &'static str) {
        match language {
            Language::De => ("de", include_str!("../languages/de.ftl")),
            Language::En => ("en", include_str!("../languages/en.ftl")),
        }
    }

    fn read(language: Language) -> Self {
        let (tag, source) = Self::source(language);
        let resource = FluentResource::try_new(source.to_owned())
            .map_err(|(_, errors)| errors)
            .expect("the compiled-in language files are tested");
        let tag = tag.parse().expect("a language tag");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // What comes from outside is isolated by `Value::Foreign`.
        bundle.set_use_isolating(false);
        bundle
            .add_resource(Arc::new(resource))
            .expect("no message stands twice (tested)");
        Self(bundle)
    }

    /// A message without values.
    pub(crate) fn say(&self, message: Message) -> String {
        self.tell(message, [])
    }

    /// A message with values.
    pub(crate) fn tell<const N: usize>(
        &self,
        message: Message,
        values: [(&str, Value<'_>); N],
    ) -> String {
        let mut arguments = FluentArgs::with_capacity(N);
        for (name, value) in values {
            arguments.set(name.to_owned(), fluent(value));
        }
        let found = self
            .0
            .get_message(message.id())
            .expect("every message is in every file (tested)");
        let pattern = found.value().expect("messages have values (tested)");
        let mut errors = Vec::new();
        self.0
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned()
    }
}

fn fluent(value: Value<'_>) -> FluentValue<'_> {
    match value {
        Value::Number(number) => FluentValue::from(number),
        Value::Word(word) => FluentValue::String(Cow::Borrowed(word)),
        Value::Foreign(text) => FluentValue::String(Cow::Owned(isolated(&plain(text)))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LANGUAGES: [Language; 2] = [Language::De, Language::En];

    fn ids(language: Language) -> Vec<String> {
        let lines = Words::source(language).1.lines();
        let starts = lines.filter_map(|line| line.split_once(" = "));
        let top = starts.filter(|(id, _)| id.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        top.map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn every_language_has_exactly_the_messages_in_use() {
        let used: BTreeSet<String> = Message::ALL.iter().map(|&id| id.to_owned()).collect();
        for language in LANGUAGES {
            let there = ids(language);
            let set: BTreeSet<String> = there.iter().cloned().collect();
            assert_eq!(there.len(), set.len(), "{language:?} has a message twice");
            let missing: Vec<_> = used.difference(&set).collect();
            let unused: Vec<_> = set.difference(&used).collect();
            assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
            assert!(unused.is_empty(), "{language:?} has unused {unused:?}");
        }
    }

    #[test]
    fn languages_use_the_same_values() {
        let variables = |language| -> BTreeSet<String> {
            let text = Words::source(language).1;
            text.split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect())
                .collect()
        };
        assert_eq!(variables(Language::De), variables(Language::En));
    }

    #[test]
    fn plurals_follow_the_language() {
        let say = |language, count: i64| {
            Words::of(language).tell(Message::PeopleInCall, [("count", count.into())])
        };
        assert_eq!(say(Language::De, 1), "1 Person im Gespräch");
        assert_eq!(say(Language::De, 3), "3 im Gespräch");
        assert_eq!(say(Language::En, 1), "1 person in the call");
        assert_eq!(say(Language::En, 3), "3 people in the call");
    }
}
