//! Keys, roots and lists of releases.

use std::fmt::Write as _;

use saal_fleet_protocol::fleet::{
    Digest,
    api::{DevicesAtRoot, KeysInForce, RoleKeys},
    trust::{Releases, RoleName, Root, TrustError},
};

use super::{dash, table};

/// So much of a fingerprint tells keys apart.
fn short(key: &Digest) -> &str {
    &key.as_str()[..16]
}

/// What is in force.
pub(crate) fn keys(keys: &KeysInForce) -> String {
    let mut text = format!(
        "root {}, good until {}{}\n{}\n\n",
        keys.root,
        keys.expires,
        over(keys.expired),
        keys.fingerprint
    );
    let rows: Vec<Vec<String>> = keys.roles.iter().map(|role| of(role, keys)).collect();
    text += &table(&["role", "needed", "keys"], &rows, "no roles");
    text += &what_is_missing(keys);
    let at = |at: &DevicesAtRoot| {
        let root = at.root.map(|root| root.to_string());
        vec![dash(root), at.devices.to_string()]
    };
    let rows: Vec<Vec<String>> = keys.devices.iter().map(at).collect();
    text + "\n" + &table(&["devices know root", "devices"], &rows, "no devices")
}

fn over(expired: bool) -> &'static str {
    if expired {
        " (over: no update begins)"
    } else {
        ""
    }
}

fn of(role: &RoleKeys, keys: &KeysInForce) -> Vec<String> {
    let name = |key: &Digest| {
        let server = if *key == keys.server_key {
            " (server)"
        } else {
            ""
        };
        format!("{}{server}", short(key))
    };
    let all: Vec<String> = role.keys.iter().map(name).collect();
    vec![
        role.role.to_string(),
        format!("{} of {}", role.threshold, role.keys.len()),
        all.join(", "),
    ]
}

fn what_is_missing(keys: &KeysInForce) -> String {
    let mut text = match &keys.releases {
        None => "\nno list of releases\n".to_owned(),
        Some(list) => {
            let counts = if list.counts {
                ""
            } else {
                " (signed by keys that count no more)"
            };
            let (version, expires) = (list.version, list.expires);
            let over = over(list.expired);
            format!("\nlist of releases {version}, good until {expires}{over}{counts}\n")
        }
    };
    for release in &keys.unlisted {
        let _ = writeln!(text, "release {release} is not in it: no device takes it");
    }
    if keys.waiting > 0 {
        let _ = writeln!(text, "{} orders wait for a signature", keys.waiting);
    }
    if keys.doubts > 0 {
        let doubts = keys.doubts;
        let _ = writeln!(
            text,
            "{doubts} devices do not believe something that they were told"
        );
    }
    text
}

/// A root in a file.
pub(crate) fn root(
    root: &Root,
    fingerprint: &Digest,
    signers: &[&Digest],
    missing: Option<&TrustError>,
) -> String {
    let mut text = format!(
        "root {}, good until {}\n{fingerprint}\n\n",
        root.version, root.expires
    );
    let rows: Vec<Vec<String>> = RoleName::ALL
        .into_iter()
        .map(|name| {
            let role = root.roles.of(name);
            let all: Vec<&str> = role.keyids.iter().map(short).collect();
            vec![
                name.to_string(),
                format!("{} of {}", role.threshold, role.keyids.len()),
                all.join(", "),
            ]
        })
        .collect();
    text += &table(&["role", "needed", "keys"], &rows, "no roles");
    text += &signed_by(signers);
    if let Some(missing) = missing {
        let _ = writeln!(text, "{missing}");
    }
    text + "It needs signatures of the root before as well.\n"
}

/// A list of releases in a file.
pub(crate) fn list(list: &Releases, fingerprint: &Digest, signers: &[&Digest]) -> String {
    let mut text = format!(
        "list of releases {}, good until {}\n{fingerprint}\n\n",
        list.version, list.expires
    );
    let rows: Vec<Vec<String>> = list
        .targets
        .values()
        .map(|target| {
            vec![
                target.custom.version.to_string(),
                target.custom.compatible.to_string(),
                dash(target.custom.minimum.as_ref().map(ToString::to_string)),
                target.length.to_string(),
                target.hashes.sha256.to_string(),
            ]
        })
        .collect();
    let head = ["release", "hardware", "needs", "bytes", "sha-256"];
    text += &table(&head, &rows, "no releases: no device takes any");
    text + &signed_by(signers)
}

fn signed_by(signers: &[&Digest]) -> String {
    let all: Vec<&str> = signers.iter().map(|key| short(key)).collect();
    match all[..] {
        [] => "\nnobody has signed it\n".to_owned(),
        _ => format!("\nsigned by {}\n", all.join(", ")),
    }
}
