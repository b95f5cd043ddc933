//! Which of a meeting service's commands are orders to a connection.

use saal_media_protocol::{TransportCommand, TransportId};

use super::ToTransport;

impl ToTransport {
    /// What a command orders of its connection, and of which. `None` when it opens or closes the
    /// connection, or is only about what is done with its frames.
    #[must_use]
    pub fn from_command(command: TransportCommand) -> Option<(TransportId, Self)> {
        match command {
            TransportCommand::Publish {
                transport,
                track,
                source,
                video,
            } => {
                let publish = Self::Publish {
                    track,
                    source,
                    video,
                };
                Some((transport, publish))
            }
            TransportCommand::Unpublish { transport, track } => {
                Some((transport, Self::Unpublish { track }))
            }
            TransportCommand::RestartIce { transport } => Some((transport, Self::RestartIce)),
            TransportCommand::Describe {
                transport,
                kind,
                sdp,
            } => Some((transport, Self::Describe { kind, sdp })),
            TransportCommand::AddCandidate {
                transport,
                candidate,
            } => Some((transport, Self::AddCandidate(candidate))),
            TransportCommand::Unassign { transport, track } => {
                Some((transport, Self::Forget { track }))
            }
            declared => Self::from_declared(declared),
        }
    }

    /// The same for commands that only connections with declared streams take.
    fn from_declared(command: TransportCommand) -> Option<(TransportId, Self)> {
        match command {
            TransportCommand::Connect { transport, remote } => {
                Some((transport, Self::Connect(remote)))
            }
            TransportCommand::Receive {
                transport,
                track,
                stream,
                picture,
            } => {
                let receive = Self::Receive {
                    track,
                    stream,
                    picture,
                };
                Some((transport, receive))
            }
            TransportCommand::Send {
                transport,
                track,
                source,
                video,
                streams,
            } => {
                let send = Self::Send {
                    track,
                    source,
                    video,
                    streams,
                };
                Some((transport, send))
            }
            TransportCommand::SendTones {
                transport,
                track,
                tones,
            } => Some((transport, Self::SendTones { track, tones })),
            TransportCommand::ChannelSend { transport, text } => {
                Some((transport, Self::ChannelSend { text }))
            }
            _ => None,
        }
    }
}
