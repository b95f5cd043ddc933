//! Namespaces, each with where it is defined.

/// RFC 6120.
pub(crate) const CLIENT: &str = "jabber:client";
/// RFC 6120.
pub(crate) const STREAMS: &str = "http://etherx.jabber.org/streams";
/// RFC 6120 section 8.3.
pub(crate) const STANZAS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// RFC 7395.
pub(crate) const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// RFC 6120 section 6.
pub(crate) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// RFC 6120 section 7.
pub(crate) const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// RFC 3921, which some servers still ask for.
pub(crate) const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// XEP-0198.
pub(crate) const SM: &str = "urn:xmpp:sm:3";
/// XEP-0199.
pub(crate) const PING: &str = "urn:xmpp:ping";
/// XEP-0030.
pub(crate) const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// XEP-0115.
pub(crate) const CAPS: &str = "http://jabber.org/protocol/caps";
/// XEP-0215, version 0.5 and later.
pub(crate) const SERVICES_2: &str = "urn:xmpp:extdisco:2";
/// XEP-0215, before.
pub(crate) const SERVICES_1: &str = "urn:xmpp:extdisco:1";
/// XEP-0172.
pub(crate) const NICK: &str = "http://jabber.org/protocol/nick";
/// XEP-0045.
pub(crate) const MUC: &str = "http://jabber.org/protocol/muc";
/// XEP-0045.
pub(crate) const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// XEP-0045.
pub(crate) const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// XEP-0203.
pub(crate) const DELAY: &str = "urn:xmpp:delay";
/// XEP-0444.
pub(crate) const REACTIONS: &str = "urn:xmpp:reactions:0";
/// XEP-0424.
pub(crate) const RETRACT: &str = "urn:xmpp:message-retract:1";
/// XEP-0166.
pub(crate) const JINGLE: &str = "urn:xmpp:jingle:1";
/// XEP-0166.
pub(crate) const JINGLE_ERRORS: &str = "urn:xmpp:jingle:errors:1";
/// XEP-0167.
pub(crate) const RTP: &str = "urn:xmpp:jingle:apps:rtp:1";
/// XEP-0293.
pub(crate) const RTCP_FB: &str = "urn:xmpp:jingle:apps:rtp:rtcp-fb:0";
/// XEP-0294.
pub(crate) const RTP_HDREXT: &str = "urn:xmpp:jingle:apps:rtp:rtp-hdrext:0";
/// XEP-0339.
pub(crate) const SSMA: &str = "urn:xmpp:jingle:apps:rtp:ssma:0";
/// XEP-0320.
pub(crate) const DTLS: &str = "urn:xmpp:jingle:apps:dtls:0";
/// XEP-0338.
pub(crate) const GROUPING: &str = "urn:xmpp:jingle:apps:grouping:0";
/// XEP-0176.
pub(crate) const ICE_UDP: &str = "urn:xmpp:jingle:transports:ice-udp:1";
/// XEP-0343.
pub(crate) const DTLS_SCTP: &str = "urn:xmpp:jingle:transports:dtls-sctp:1";
/// Jitsi: the focus and its conference requests.
pub(crate) const FOCUS: &str = "http://jitsi.org/protocol/focus";
/// Jitsi: what the meeting's members tell each other.
pub(crate) const JITMEET: &str = "http://jitsi.org/jitmeet";
/// Jitsi: the audience of large meetings.
pub(crate) const VISITORS: &str = "jitsi:visitors";
/// Jitsi: muting of microphones.
pub(crate) const MUTE_AUDIO: &str = "http://jitsi.org/jitmeet/audio";
/// Jitsi: muting of cameras, and heights in peer-to-peer sessions.
pub(crate) const MUTE_VIDEO: &str = "http://jitsi.org/jitmeet/video";
/// Jitsi: muting of presentations.
pub(crate) const MUTE_DESKTOP: &str = "http://jitsi.org/jitmeet/desktop";
