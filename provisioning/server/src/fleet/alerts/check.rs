//! What a rule may say.

use saal_fleet_protocol::fleet::api::{AlertChannel, AlertPlan, MailSecurity, NewAlertRule};

use crate::{
    error::FleetError,
    fleet::{access::check_name, hooks::check_url},
};

/// A day: who wants to be told later reads the dashboard.
const LONGEST_MINUTES: u32 = 24 * 60;
const LONGEST_SECONDS: u32 = 60 * 60;
/// Of one rule.
const MOST_RECEIVERS: usize = 50;
/// RFC 5321, section 4.5.3.1.3: a path has 256 with its brackets.
const LONGEST_ADDRESS: usize = 254;

fn no(problem: impl Into<String>) -> Result<(), FleetError> {
    Err(FleetError::Setting(problem.into()))
}

/// Whether a rule can be kept.
pub(super) fn rule(new: &NewAlertRule) -> Result<(), FleetError> {
    let AlertPlan {
        after_minutes,
        pause_minutes,
        gather_seconds,
        ..
    } = &new.plan;
    check_name(&new.plan.name)?;
    if *after_minutes.max(pause_minutes) > LONGEST_MINUTES || *gather_seconds > LONGEST_SECONDS {
        return no("a rule waits a day at most, and gathers for an hour at most");
    }
    let secret = new.secret.as_deref().filter(|secret| !secret.is_empty());
    match &new.plan.channel {
        AlertChannel::Mail {
            user, authority, ..
        } => {
            mail(&new.plan.channel)?;
            if user.is_some() != secret.is_some() {
                return no("a mail user has a password, and without a user there is none");
            }
            certificates(authority.as_deref())
        }
        AlertChannel::Matrix {
            homeserver,
            room,
            authority,
        } => {
            check_url(homeserver)?;
            if !room.starts_with('!') || room.len() > 255 || room.contains(char::is_whitespace) {
                return no(format!(
                    "\"{room}\" is no room; write its id, which begins with \"!\""
                ));
            }
            if secret.is_none() {
                return no("a Matrix room needs its user's access token");
            }
            certificates(authority.as_deref())
        }
        AlertChannel::Webhook { url, authority } => {
            check_url(url)?;
            if secret.is_some() {
                return no("the server makes a webhook's secret itself");
            }
            certificates(authority.as_deref())
        }
    }
}

fn mail(channel: &AlertChannel) -> Result<(), FleetError> {
    let AlertChannel::Mail {
        server,
        port,
        security,
        from,
        to,
        ..
    } = channel
    else {
        return Ok(());
    };
    let itself = server == "localhost"
        || server
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    if rustls::pki_types::ServerName::try_from(server.as_str()).is_err() || *port == 0 {
        return no(format!(
            "\"{server}\", port {port} is no mail server; write its name"
        ));
    }
    if *security == MailSecurity::None && !itself {
        return no(
            "what is said to a mail server is encrypted unless that is this computer itself",
        );
    }
    if to.is_empty() || to.len() > MOST_RECEIVERS {
        return no(format!("a rule tells 1 to {MOST_RECEIVERS} addresses"));
    }
    std::iter::once(from)
        .chain(to)
        .try_for_each(|one| address(one))
}

/// Not all that RFC 5321 allows: no quotes, and letters of ASCII.
fn address(text: &str) -> Result<(), FleetError> {
    let fine = |part: &str| {
        let odd = |c: char| !c.is_ascii_graphic() || "<>()[]\\,;:\"@".contains(c);
        !part.is_empty() && !part.contains(odd)
    };
    let parts = text.split_once('@');
    if text.len() <= LONGEST_ADDRESS && parts.is_some_and(|(name, host)| fine(name) && fine(host)) {
        return Ok(());
    }
    no(format!(
        "\"{text}\" is no address of e-mail; write it as \"name@example.org\""
    ))
}

fn certificates(pem: Option<&str>) -> Result<(), FleetError> {
    crate::tls::client(pem)
        .map(drop)
        .map_err(FleetError::Setting)
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::fleet::Scope;

    use super::*;

    fn with(channel: serde_json::Value, secret: Option<&str>) -> Result<(), FleetError> {
        let plan = serde_json::json!({"name": "night shift", "scope": Scope::organisation(), "channel": channel});
        rule(&NewAlertRule {
            plan: serde_json::from_value(plan).unwrap(),
            secret: secret.map(str::to_owned),
        })
    }

    #[test]
    fn a_rule_that_could_tell_nobody_is_refused() {
        let mail = |server: &str, security: &str, user: Option<&str>, to: &str| {
            serde_json::json!({"mail": {"server": server, "port": 587, "security": security, "user": user,
                "from": "saal@example.org", "to": [to]}})
        };
        let fine = mail(
            "mail.example.org",
            "start_tls",
            Some("saal"),
            "it@example.org",
        );
        with(fine.clone(), Some("x")).unwrap();
        with(mail("127.0.0.1", "none", None, "it@example.org"), None).unwrap();
        assert!(with(fine, None).is_err(), "no password");
        for (channel, why) in [
            (
                mail("mail.example.org", "none", None, "it@example.org"),
                "not encrypted",
            ),
            (
                mail("mail example org", "tls", None, "it@example.org"),
                "no server",
            ),
            (mail("localhost", "tls", None, "it"), "no address"),
            (
                mail("localhost", "tls", None, "a@b>\r\nRCPT TO:<c@d"),
                "an address that says more",
            ),
        ] {
            assert!(with(channel, None).is_err(), "{why}");
        }
        let matrix = |homeserver: &str, room: &str| serde_json::json!({"matrix": {"homeserver": homeserver, "room": room}});
        with(
            matrix("https://matrix.example.org", "!x:example.org"),
            Some("t"),
        )
        .unwrap();
        assert!(
            with(
                matrix("https://matrix.example.org", "#x:example.org"),
                Some("t")
            )
            .is_err()
        );
        assert!(
            with(
                matrix("http://matrix.example.org", "!x:example.org"),
                Some("t")
            )
            .is_err()
        );
        assert!(with(matrix("https://matrix.example.org", "!x:example.org"), None).is_err());
    }
}
