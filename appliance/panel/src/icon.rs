//! The icons in use: Lucide (<https://lucide.dev>, licence ISC), drawn from their font outlines.

use lucide_icons::Icon as Lucide;

/// One list: what an icon says, and which of Lucide's says it.
macro_rules! icons {
    ($($name:ident => $drawn:ident,)*) => {
        /// An icon by what it says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Icon {
            $($name,)*
        }

        impl Icon {
            pub(crate) fn character(self) -> char {
                char::from(match self {
                    $(Self::$name => Lucide::$drawn,)*
                })
            }
        }
    };
}

icons! {
    Room => DoorOpen,
    Join => LogIn,
    People => UsersRound,
    Clock => Clock,
    Free => CalendarCheck,
    Microphone => Mic,
    MicrophoneOff => MicOff,
    Camera => Video,
    CameraOff => VideoOff,
    HangUp => PhoneOff,
    Answer => Phone,
    Ringing => PhoneIncoming,
    Cancel => X,
    Person => UserRound,
    Reconnect => RefreshCw,
    Presenting => MonitorUp,
    Speaking => AudioLines,
    Blocking => CircleAlert,
    Limiting => TriangleAlert,
    Notice => Info,
    Busy => LoaderCircle,
    More => LayoutGrid,
    Close => X,
    Back => ChevronLeft,
    Next => ChevronRight,
    Hand => Hand,
    Chat => MessageSquare,
    Polls => ChartBar,
    Keypad => Grip,
    EndForAll => PhoneOff,
    Moderator => ShieldCheck,
    Remove => UserX,
    Check => Check,
    Lock => Lock,
    Send => Send,
    Show => Eye,
    Hide => EyeOff,
    Erase => Delete,
    Shift => ArrowBigUp,
    Waiting => Hourglass,
    Recording => CircleDot,
    LiveStream => Radio,
    Transcription => FileText,
    Captions => Captions,
    Breakout => Split,
    Listening => Headphones,
    Smile => Smile,
    StopPresenting => MonitorX,
    Television => Tv,
    Key => KeyRound,
    Arrangement => LayoutTemplate,
    Grid => Grid2X2,
    Speaker => LayoutPanelLeft,
    Volume => Volume2,
    Louder => Plus,
    Quieter => Minus,
    Tone => Music,
    Speakerphone => Speaker,
    ContentAlone => RectangleHorizontal,
    SelfView => PictureInPicture2,
    Scanned => ScanQrCode,
    Left => ArrowLeft,
    Right => ArrowRight,
    Up => ArrowUp,
    Down => ArrowDown,
    ZoomIn => ZoomIn,
    ZoomOut => ZoomOut,
    Straight => Maximize,
    SavePosition => BookmarkPlus,
    Aim => Move,
    Cameras => SwitchCamera,
    Laptop => Laptop,
}
