//! What is wrong, and who is told of it.

use std::{io::Read as _, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{
        Alert, AlertChannel, AlertKind, AlertLanguage, AlertPlan, AlertRule, IssuedAlertRule,
        MailSecurity, NewAlertRule,
    },
};

use crate::{
    cli::{NOTHING, Session},
    text::{dash, table},
};

#[derive(Subcommand, Debug)]
pub(crate) enum AlertCommand {
    /// Lists what is wrong and some rule is about.
    List,
    /// Lists who is told of what, and whether that arrives.
    Rules,
    /// Tells somebody by e-mail.
    Mail(Mail),
    /// Tells a Matrix room; its user's access token comes from standard input.
    Matrix(Matrix),
    /// Tells another system and shows the secret that signs what it is told, once.
    Webhook(Webhook),
    /// Sends a message at once, to see whether it arrives.
    Test { name: String },
    /// Tells somebody no more.
    Remove { name: String },
}

/// Of what, and how often.
#[derive(Args, Debug)]
pub(crate) struct Of {
    /// For people.
    name: String,
    /// Of what is wrong there and below.
    #[arg(long, default_value = "/")]
    scope: Scope,
    /// offline, not_ready, trouble, rollout_stopped, certificate, root, unsigned or authority; may be given several times. Else of all.
    #[arg(long = "of", value_name = "KIND")]
    kinds: Vec<AlertKind>,
    /// A room is offline or in trouble for so long before anybody is told, minutes.
    #[arg(long, default_value_t = AlertPlan::AFTER_MINUTES)]
    after: u32,
    /// What comes within so long is one message, seconds.
    #[arg(long, default_value_t = AlertPlan::GATHER_SECONDS)]
    gather: u32,
    /// Between two messages, minutes at least.
    #[arg(long, default_value_t = AlertPlan::PAUSE_MINUTES)]
    pause: u32,
    /// In which language.
    #[arg(long, value_enum, default_value = "en")]
    language: LanguageName,
    /// The authority of the server's certificate, in PEM; else those that the fleet's server trusts.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LanguageName {
    /// German.
    De,
    /// English.
    En,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SecurityName {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said.
    Starttls,
    /// Not at all: only for a server on the fleet's server itself.
    None,
}

#[derive(Args, Debug)]
pub(crate) struct Mail {
    #[command(flatten)]
    of: Of,
    /// The mail server.
    #[arg(long)]
    server: String,
    /// How it is protected.
    #[arg(long, value_enum, default_value = "starttls")]
    security: SecurityName,
    /// Else 587 with STARTTLS, 465 with TLS, 25 without.
    #[arg(long)]
    port: Option<u16>,
    /// Who signs in there; the password comes from standard input.
    #[arg(long)]
    user: Option<String>,
    /// The sender's address.
    #[arg(long)]
    from: String,
    /// Who is told; may be given several times.
    #[arg(long, required = true)]
    to: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Matrix {
    #[command(flatten)]
    of: Of,
    /// https://…, the homeserver's base address.
    #[arg(long)]
    homeserver: String,
    /// The room's id, !…; it is not encrypted, and the user is a member.
    #[arg(long)]
    room: String,
}

#[derive(Args, Debug)]
pub(crate) struct Webhook {
    #[command(flatten)]
    of: Of,
    /// https://…
    url: String,
}

/// Without the line's end that editors and shells put there.
fn from_standard_input() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.context("standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl Of {
    fn authority(&self) -> Result<Option<String>> {
        let read = self
            .ca
            .as_ref()
            .map(|path| std::fs::read_to_string(path).with_context(|| path.display().to_string()));
        read.transpose()
    }

    fn rule(self, channel: AlertChannel, secret: Option<String>) -> NewAlertRule {
        let plan = AlertPlan {
            name: self.name,
            scope: self.scope,
            kinds: self.kinds,
            after_minutes: self.after,
            gather_seconds: self.gather,
            pause_minutes: self.pause,
            language: match self.language {
                LanguageName::De => AlertLanguage::De,
                LanguageName::En => AlertLanguage::En,
            },
            channel,
        };
        NewAlertRule { plan, secret }
    }
}

impl Mail {
    fn rule(self) -> Result<NewAlertRule> {
        let (security, usual) = match self.security {
            SecurityName::Tls => (MailSecurity::Tls, 465),
            SecurityName::Starttls => (MailSecurity::StartTls, 587),
            SecurityName::None => (MailSecurity::None, 25),
        };
        let secret = self.user.as_ref().map(|_| from_standard_input());
        let secret = secret.transpose()?;
        let channel = AlertChannel::Mail {
            server: self.server,
            port: self.port.unwrap_or(usual),
            security,
            user: self.user,
            from: self.from,
            to: self.to,
            authority: self.of.authority()?,
        };
        Ok(self.of.rule(channel, secret))
    }
}

pub(crate) async fn alert(session: &Session, command: AlertCommand) -> Result<String> {
    match command {
        AlertCommand::List => {
            let show = |all: &Vec<Alert>| alerts(all);
            session.get("alerts", &[], show).await
        }
        AlertCommand::Rules => {
            let show = |all: &Vec<AlertRule>| rules(all);
            session.get("alert-rules", &[], show).await
        }
        AlertCommand::Mail(mail) => add(session, &mail.rule()?).await,
        AlertCommand::Matrix(matrix) => {
            let channel = AlertChannel::Matrix {
                homeserver: matrix.homeserver,
                room: matrix.room,
                authority: matrix.of.authority()?,
            };
            let secret = Some(from_standard_input()?);
            add(session, &matrix.of.rule(channel, secret)).await
        }
        AlertCommand::Webhook(hook) => {
            let channel = AlertChannel::Webhook {
                url: hook.url,
                authority: hook.of.authority()?,
            };
            add(session, &hook.of.rule(channel, None)).await
        }
        AlertCommand::Test { name } => {
            let path = ["alert-rules", &name, "test"];
            let answer: () = session
                .fleet
                .ask_at(Method::POST, &path, &[], NOTHING)
                .await?;
            session.print(&answer, |()| "It was taken.\n".to_owned())
        }
        AlertCommand::Remove { name } => {
            crate::administer::remove(session, "alert-rules", &name).await
        }
    }
}

async fn add(session: &Session, new: &NewAlertRule) -> Result<String> {
    let show = |issued: &IssuedAlertRule| {
        let secret = issued.secret.as_ref();
        secret.map_or_else(String::new, |secret| {
            format!("{secret}\nThis is shown once.\n")
        })
    };
    session.send(Method::POST, "alert-rules", new, show).await
}

fn alerts(all: &[Alert]) -> String {
    let line = |one: &Alert| {
        vec![
            one.kind.as_str().to_owned(),
            dash(one.code.clone()),
            one.scope.to_string(),
            one.object.clone(),
            one.since.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = ["what", "code", "where", "of", "since"];
    table(&head, &rows, "nothing that a rule is about")
}

/// Whether what a rule says arrives.
fn delivery(rule: &AlertRule) -> String {
    match (rule.failures, rule.waits, rule.delivered) {
        (0, true, _) => "on its way".to_owned(),
        (0, false, Some(at)) => at.to_string(),
        (0, false, None) => "-".to_owned(),
        (failures, ..) => format!("not taken, {failures} times"),
    }
}

fn rules(all: &[AlertRule]) -> String {
    let line = |one: &AlertRule| {
        let kinds: Vec<&str> = one.plan.kinds.iter().map(|kind| kind.as_str()).collect();
        vec![
            one.plan.name.clone(),
            one.plan.scope.to_string(),
            dash(Some(kinds.join(", ")).filter(|kinds| !kinds.is_empty())),
            one.plan.channel.to(),
            one.open.to_string(),
            delivery(one),
            dash(one.problem.clone()),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = ["name", "where", "of", "to", "open", "delivered", "problem"];
    table(&head, &rows, "nobody is told")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser, Debug)]
    struct Line {
        #[command(subcommand)]
        command: AlertCommand,
    }

    #[test]
    fn a_mail_server_has_the_port_of_its_protection() {
        let words = "x mail night --of offline --of trouble --server m.example.org --from a@b --to c@d --to e@f --language de";
        let line = Line::try_parse_from(words.split(' ')).unwrap();
        let AlertCommand::Mail(mail) = line.command else {
            panic!("{line:?}");
        };
        let plan = mail.rule().unwrap().plan;
        assert_eq!(plan.kinds, [AlertKind::Offline, AlertKind::Trouble]);
        assert_eq!(plan.language, AlertLanguage::De);
        let AlertChannel::Mail { port, to, .. } = plan.channel else {
            panic!("{:?}", plan.channel);
        };
        assert_eq!((port, to.len()), (587, 2));
        let wrong = "x webhook night https://a --of nothing";
        assert!(Line::try_parse_from(wrong.split(' ')).is_err());
    }

    #[test]
    fn a_rule_that_nobody_hears_says_so() {
        let rule: AlertRule = serde_json::from_value(serde_json::json!({
            "plan": {"name": "night", "scope": "/", "channel": {"webhook": {"url": "https://a"}}},
            "open": 2, "waits": true, "delivered": null, "failures": 3, "problem": "it answers 500", "next_try": null
        }))
        .unwrap();
        let text = rules(&[rule]);
        assert!(
            text.contains("not taken, 3 times") && text.contains("it answers 500"),
            "{text}"
        );
    }
}
