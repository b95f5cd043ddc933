//! Alerts by mail: how they are written, and to whom they go.

use mail_builder::{MessageBuilder, headers::raw::Raw};
use saal_fleet_protocol::fleet::api::{AlertChannel, AlertMessage};

use super::smtp::{Login, Server, Session};

/// A mail (RFC 5322), encoded so that any server takes it.
fn written(from: &str, to: &[String], told: &AlertMessage) -> Result<Vec<u8>, String> {
    let host = from.split_once('@').map_or("localhost", |(_, host)| host);
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let mail = MessageBuilder::new()
        .from(from)
        .to(to)
        .subject(told.subject.as_str())
        .date(told.at.as_second())
        // The same each time that it is sent: servers and people know it again.
        .message_id(format!("{}@{host}", told.id))
        // RFC 3834: nobody's holiday answers it.
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .text_body(told.text.as_str());
    mail.write_to_vec().map_err(|e| e.to_string())
}

pub(super) async fn send(
    channel: &AlertChannel,
    password: &str,
    told: &AlertMessage,
) -> Result<Option<String>, String> {
    let AlertChannel::Mail {
        server,
        port,
        security,
        user,
        from,
        to,
        authority,
    } = channel
    else {
        return Err("this rule has no addresses".to_owned());
    };
    let mail = written(from, to, told)?;
    let at = Server {
        name: server,
        port: *port,
        security: *security,
        authority: authority.as_deref(),
    };
    let mut session = Session::open(&at).await?;
    if let Some(user) = user {
        session.sign_in(&Login { user, password }).await?;
    }
    let refused = session.send(from, to, &mail).await?;
    session.close().await;
    Ok(Some(refused.join("; ")).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod unit {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn any_language_is_written_in_lines_that_each_server_takes() {
        let told = AlertMessage {
            id: "0a1b".to_owned(),
            rule: "Nachtschicht".to_owned(),
            at: Timestamp::from_second(1_700_000_000).unwrap(),
            subject: "Saal: Störung in kassel".to_owned(),
            text: format!("Räume\n{}\n", "ä".repeat(2000)),
            began: Vec::new(),
            over: Vec::new(),
        };
        let to = ["it@example.org".to_owned(), "b@example.org".to_owned()];
        let mail = String::from_utf8(written("saal@example.org", &to, &told).unwrap()).unwrap();
        assert!(mail.is_ascii(), "{mail}");
        // RFC 5322, section 2.1.1.
        assert!(
            mail.split("\r\n")
                .all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
        );
        for part in [
            "Message-ID: <0a1b@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "=?utf-8?",
        ] {
            assert!(mail.contains(part), "{part}: {mail}");
        }
    }
}
