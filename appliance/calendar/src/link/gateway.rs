//! Links that a mail gateway put in the place of others, to look at the target when somebody opens it.
//!
//! Forms as their makers document them or as they stand in mails: Microsoft Defender's Safe Links, Proofpoint URL Defense
//! v1 to v3, Mimecast, Barracuda Link Protection, Cisco Secure Email, Trend Micro, and a few more.

use base64::{Engine as _, engine::general_purpose};
use percent_encoding::percent_decode_str;
use url::Url;

/// A link behind a gateway behind a gateway, and no further.
const DEEPEST: usize = 5;

/// What is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unwrapped {
    /// The link itself, or the one that it was.
    Link(String),
    /// It can't be told where it leads; some tell the host.
    Hidden {
        gateway: &'static str,
        host: Option<String>,
    },
}

enum Step {
    Target(String),
    Hidden(&'static str, Option<String>),
    Plain,
}

/// Takes gateways away.
pub(super) fn unwrap(link: &str) -> Unwrapped {
    let mut link = link.to_owned();
    for _ in 0..DEEPEST {
        match step(&link) {
            Step::Target(inside) => link = inside,
            Step::Hidden(gateway, host) => return Unwrapped::Hidden { gateway, host },
            Step::Plain => break,
        }
    }
    Unwrapped::Link(link)
}

/// Gateways that carry the target in a parameter: domain, how the path begins, whose it is, the parameter.
const CARRIERS: [(&str, &str, &str, &str); 20] = [
    ("safelinks.protection.outlook.com", "/", SAFE_LINKS, "url"),
    ("safelinks.protection.office365.us", "/", SAFE_LINKS, "url"),
    ("safelinks.office.net", "/", SAFE_LINKS, "url"),
    ("statics.teams.cdn.office.net", "/", SAFE_LINKS, "url"),
    ("safelink.emails.azure.net", "/", SAFE_LINKS, "destination"),
    ("cudasvc.com", "/", "Barracuda", "a"),
    ("trendmicro.com", "/", "Trend Micro", "url"),
    ("trendmicro.eu", "/", "Trend Micro", "url"),
    ("fireeye.com", "/v1/", "Trellix", "u"),
    ("trellix.com", "/v1/", "Trellix", "u"),
    ("clicktime.symantec.com", "/", "Symantec", "u"),
    ("vadesecure.com", "/", "Vade Secure", "u"),
    ("scanmail.trustwave.com", "/", "Trustwave", "u"),
    ("urlsand.esvalabs.com", "/", "Libraesva", "u"),
    ("edgepilot.com", "/", "EdgePilot", "u"),
    ("hornetsecurity.com", "/", "Hornetsecurity", "u"),
    ("hornetsecurity.com", "/", "Hornetsecurity", "url"),
    ("www.google.com", "/url", "Google", "q"),
    ("www.google.com", "/url", "Google", "url"),
    ("slack-redir.net", "/link", "Slack", "url"),
];
const SAFE_LINKS: &str = "Microsoft Safe Links";
/// Hosts that do nothing else: without the parameter, the target is on the server alone.
const HIDERS: [(&str, &str); 6] = [
    ("safelinks.protection.outlook.com", SAFE_LINKS),
    ("safelinks.protection.office365.us", SAFE_LINKS),
    ("linkprotect.cudasvc.com", "Barracuda"),
    ("atpscan.global.hornetsecurity.com", "Hornetsecurity"),
    ("antiphishing.vadesecure.com", "Vade Secure"),
    ("link.edgepilot.com", "EdgePilot"),
];

fn step(link: &str) -> Step {
    let Ok(url) = Url::parse(link) else {
        return Step::Plain;
    };
    let Some(host) = url.host_str() else {
        return Step::Plain;
    };
    let below = |domain: &str| {
        host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'))
    };
    // The makers' own web sites stand below the same names, without the parameter.
    let carrier = CARRIERS.iter().find(|(domain, path, _, name)| {
        below(domain) && url.path().starts_with(path) && value(&url, name).is_some()
    });
    if let Some((_, _, gateway, name)) = carrier {
        return target(gateway, &url, name);
    }
    if let Some((_, gateway)) = HIDERS.iter().find(|(domain, _)| below(domain)) {
        return Step::Hidden(gateway, None);
    }
    if url.path().ends_with("/fmlurlsvc/") {
        return target("Fortinet", &url, "url");
    }
    if below("urldefense.proofpoint.com") || below("urldefense.com") || below("urldefense.us") {
        return proofpoint(link, &url);
    }
    if (below("mimecast.com") && url.path().starts_with("/s/")) || below("mimecastprotect.com") {
        return Step::Hidden("Mimecast", value(&url, "domain"));
    }
    if below("inky.com") && value(&url, "domain").is_some() {
        return Step::Hidden("INKY", value(&url, "domain"));
    }
    if below("secure-web.cisco.com") {
        return cisco(&url);
    }
    if below("protection.sophos.com") {
        return sophos(&url);
    }
    if below("url.avanan.click") || (below("checkpoint.com") && url.path().contains("___")) {
        return avanan(link);
    }
    Step::Plain
}

fn value(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The target is a parameter.
fn target(gateway: &'static str, url: &Url, name: &str) -> Step {
    match value(url, name).as_deref().and_then(address) {
        Some(inside) => Step::Target(inside),
        None => Step::Hidden(gateway, None),
    }
}

/// Some encode twice, some leave `https://` away.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let once = text.contains("://").then(|| text.to_owned());
    let twice = || {
        let decoded = percent_decode_str(text).decode_utf8().ok()?;
        decoded.contains("://").then(|| decoded.into_owned())
    };
    let bare = || {
        let host = text.split('/').next()?;
        (host.contains('.') && !text.contains(' ')).then(|| format!("https://{text}"))
    };
    once.or_else(twice).or_else(bare)
}

fn proofpoint(link: &str, url: &Url) -> Step {
    const NAME: &str = "Proofpoint";
    let inside = if url.path().starts_with("/v3/") {
        proofpoint_v3(link)
    } else if url.path().starts_with("/v2/") {
        // `-` for `%`, `_` for `/`: percent encoding that survives a query.
        let of = |u: String| {
            let percent = u.replace('-', "%").replace('_', "/");
            let decoded = percent_decode_str(&percent).decode_utf8().ok()?;
            Some(decoded.into_owned())
        };
        value(url, "u").and_then(of)
    } else {
        value(url, "u")
    };
    match inside.as_deref().and_then(address) {
        Some(inside) => Step::Target(inside),
        None => Step::Hidden(NAME, None),
    }
}

/// `/v3/__TARGET__;BYTES!…`: each `*` in the target stands for the next of the bytes, `**X` for as many as `X` says.
fn proofpoint_v3(link: &str) -> Option<String> {
    const LENGTHS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (_, after) = link.split_once("/v3/__")?;
    let end = after.rfind("__;")?;
    let (target, rest) = (&after[..end], &after[end + 3..]);
    let encoded = rest.split('!').next().unwrap_or_default();
    let bytes = general_purpose::URL_SAFE_NO_PAD
        .decode(encoded.trim_end_matches('='))
        .ok()?;
    let replaced = String::from_utf8(bytes).ok()?;
    let mut replaced = replaced.chars();
    let mut inside = String::new();
    let mut rest = target.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '*' {
            inside.push(c);
            continue;
        }
        if rest.peek() == Some(&'*') {
            rest.next();
            let length = u8::try_from(rest.next()?).ok()?;
            let count = LENGTHS.iter().position(|l| *l == length)? + 2;
            inside.extend(replaced.by_ref().take(count));
        } else {
            inside.push(replaced.next()?);
        }
    }
    // Proxies make one slash of two.
    if let Some((scheme, after)) = inside.split_once(":/")
        && !after.starts_with('/')
    {
        return Some(format!("{scheme}://{after}"));
    }
    Some(inside)
}

/// `/TOKEN/https%3A%2F%2F…`
fn cisco(url: &Url) -> Step {
    let last = url.path().rsplit('/').find(|part| !part.is_empty());
    let decoded = last.and_then(|part| percent_decode_str(part).decode_utf8().ok());
    match decoded.filter(|inside| inside.contains("://")) {
        Some(inside) => Step::Target(inside.into_owned()),
        None => Step::Hidden("Cisco Secure Email", None),
    }
}

/// `?d=example.org&u=BASE64`
fn sophos(url: &Url) -> Step {
    let decode = |u: String| {
        let u = u.trim_end_matches('=').replace('-', "+").replace('_', "/");
        let bytes = general_purpose::STANDARD_NO_PAD.decode(u).ok()?;
        String::from_utf8(bytes).ok()
    };
    match value(url, "u")
        .and_then(decode)
        .as_deref()
        .and_then(address)
    {
        Some(inside) => Step::Target(inside),
        None => Step::Hidden("Sophos", value(url, "d")),
    }
}

/// `/v2/___https://…___.TOKEN`, and `/v2/r01/___…___.TOKEN` with letters moved along, which are left alone.
fn avanan(link: &str) -> Step {
    let inside = link
        .split_once("___")
        .and_then(|(_, after)| after.split_once("___"))
        .map(|(inside, _)| inside)
        .filter(|inside| inside.starts_with("http"));
    match inside {
        Some(inside) => Step::Target(inside.to_owned()),
        None => Step::Hidden("Check Point", None),
    }
}
