use saal_meeting::MeetingLink;

use super::*;

const QUICK_INSTALL: &str = r#"
/* eslint-disable comma-dangle */
/* Jitsi Meet app configuration: var config = { hosts: { domain: 'wrong' } }; */
var subdir = '<!--# echo var="subdir" default="" -->';
var subdomain = '<!--# echo var="subdomain" default="" -->';
if (subdomain) {
    subdomain = subdomain.substr(0, subdomain.length - 1).split('.')
        .join('_')
        .toLowerCase() + '.';
}
var enableJaaS = false;
var config = {
    // Connection
    hosts: {
        domain: 'meet.example.org',
        // anonymousdomain: 'guest.example.org',
        muc: 'conference.' + subdomain + 'meet.example.org',
    },
    bosh: 'https://meet.example.org/' + subdir + 'http-bind', // BOSH
    'websocket': "wss://meet.example.org/" + subdir + `xmpp-websocket`,
    p2p: { enabled: true, stunServers: [ { urls: 'stun:stun.example.org:3478' }, ], },
    onlyRegex: /'"\/{/g, lastN: -1, callback: function(a, b) { return { x: 1 }; }, ratio: 1.5,
    startWithAudioMuted: false,
};
if (enableJaaS) { config.tokenAuthUrl = 'https://jaas.example.org'; }
"#;

const DOCKER: &str = r"
var config = {};
config.hosts = {};
config.hosts.domain = 'meet.jitsi';
var subdir = 'acme/';
var subdomain = 'acme.';
if (subdir.startsWith('<!--')) {
    subdir = '';
}
config.focusUserJid = 'focus@auth.meet.jitsi';
config.hosts['muc'] = 'muc.' + subdomain + 'meet.jitsi';
config.hosts.anonymousdomain = 'guest.meet.jitsi'
config.bosh = '/' + subdir + 'http-bind';
config.websocket = 'wss://meet.example.org/' + subdir + 'xmpp-websocket';
config.conferenceRequestUrl = '/' + subdir + 'conference-request/v1';
if (!config.hasOwnProperty('p2p')) config.p2p = {};
config.p2p.enabled = true;
config.startWithVideoMuted = true;
other.config.hosts = 'x';
";

fn link(text: &str) -> ConferenceLink {
    ConferenceLink::parse(&MeetingLink::new(text)).unwrap()
}

#[test]
fn a_quick_installation_is_read() {
    let config = ServerConfig::read(QUICK_INSTALL).unwrap();
    assert_eq!(config.domain, "meet.example.org");
    assert_eq!(config.anonymous_domain, None);
    assert_eq!(config.muc, "conference.meet.example.org");
    assert_eq!(config.focus, "focus.meet.example.org");
    assert_eq!(
        config.bosh.as_deref(),
        Some("https://meet.example.org/http-bind")
    );
    assert!(config.peer_to_peer && !config.start_muted);
    let link = link("https://meet.example.org/Room%201");
    let url = config.websocket_url(&link, &Reach::default()).unwrap();
    assert_eq!(
        url.as_str(),
        "wss://meet.example.org/xmpp-websocket?room=room%25201"
    );
}

#[test]
fn a_container_s_assignments_and_its_tenant_are_followed() {
    let config = ServerConfig::read(DOCKER).unwrap();
    assert_eq!(config.muc, "muc.acme.meet.jitsi");
    assert!(config.peer_to_peer && config.start_without_camera);
    let link = link("https://meet.example.org/acme/room");
    let guest = config.hosts(&link, Login::Guest);
    assert_eq!(
        (guest.domain.as_str(), guest.main.as_str()),
        ("guest.meet.jitsi", "meet.jitsi")
    );
    assert_eq!(config.hosts(&link, Login::Member).domain, "meet.jitsi");
    assert_eq!(
        guest.conference_request.as_deref(),
        Some("https://meet.example.org/acme/conference-request/v1")
    );
    let reach = Reach {
        token: Some("t"),
        resume: Some("sm"),
        vnode: Some("v1"),
        username: Some("u"),
    };
    let url = config.websocket_url(&link, &reach).unwrap();
    assert_eq!(
        url.as_str(),
        "wss://meet.example.org/acme/xmpp-websocket?room=room&token=t&previd=sm&vnode=v1&customusername=u"
    );
    let bosh = config.bosh_url(&link, &Reach::default()).unwrap();
    assert_eq!(
        bosh.as_str(),
        "https://meet.example.org/acme/http-bind?room=room"
    );
}

#[test]
fn a_link_changes_how_to_enter_but_not_where_to() {
    let link = link(
        "https://m.example/r#config.hosts.domain=%22evil%22&config.startWithAudioMuted=true&config.p2p.enabled=false",
    );
    let config = ServerConfig::read(QUICK_INSTALL).unwrap().with_link(&link);
    assert_eq!(config.domain, "meet.example.org");
    assert!(config.start_muted && !config.peer_to_peer);
}

#[test]
fn a_page_by_tls_leads_to_nothing_without() {
    let text = "var config = { hosts: { domain: 'x' }, websocket: 'ws://m.example/ws', bosh: '//m.example/b' };";
    let config = ServerConfig::read(text).unwrap();
    let link = link("https://m.example/r");
    assert_eq!(config.websocket_url(&link, &Reach::default()), None);
    let bosh = config.bosh_url(&link, &Reach::default()).unwrap();
    assert_eq!(bosh.scheme(), "https");
}

#[test]
fn hostile_files_cost_little() {
    let deep = format!("var config = {}1", "{a:".repeat(50_000));
    assert_eq!(ServerConfig::read(&deep), Err(ConfigError::TooComplex));
    let long = " ".repeat(MAX_BYTES + 1);
    assert_eq!(ServerConfig::read(&long), Err(ConfigError::TooLong));
    let doubled = format!(
        "var a = '{}';{}",
        "x".repeat(1000),
        "a = a + a;".repeat(1000)
    );
    assert_eq!(ServerConfig::read(&doubled), Err(ConfigError::TooComplex));
    let many = ";".repeat(200_000);
    assert_eq!(ServerConfig::read(&many), Err(ConfigError::TooComplex));
    for text in [
        "",
        "<html>",
        "var config = {",
        "var config = [",
        "'",
        "/*",
        "var config = {hosts:",
        "config.",
    ] {
        assert_eq!(
            ServerConfig::read(text),
            Err(ConfigError::NoDomain),
            "{text}"
        );
    }
}

#[test]
fn an_installation_says_when_people_agree_to_being_recorded() {
    let rule = |recordings: &str| {
        let text = format!("var config = {{ hosts: {{ domain: 'example.org' }}, {recordings} }};");
        ServerConfig::read(&text).unwrap().consent
    };
    assert_eq!(rule(""), ConsentRule::None);
    assert_eq!(
        rule("recordings: { suggestRecording: true }"),
        ConsentRule::None
    );
    assert_eq!(
        rule("recordings: { requireConsent: true }"),
        ConsentRule::Asked
    );
    let skips = "recordings: { requireConsent: true, skipConsentInMeeting: true }";
    assert_eq!(rule(skips), ConsentRule::AskedOnEntry);
}
