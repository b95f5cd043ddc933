//! A new alert rule, as somebody fills it in: one form for each channel.

use maud::{Markup, html};
use saal_fleet_protocol::fleet::api::{
    AlertChannel, AlertKind, AlertLanguage, AlertPlan, MailSecurity, NewAlertRule,
};

use super::{Language, View, alert_words::kind, forms::guard};
use crate::error::FleetError;

/// The forms.
pub(super) fn all(view: &View) -> Markup {
    let form = |heading: String, channel: &str, fields: Markup| {
        html! {
            form.card.editor method="post" action="/alerts" {
                (guard(view))
                input type="hidden" name="channel" value=(channel);
                h2 { (heading) }
                (common(view))
                div.fields { (fields) button.main { (view.say("alert-add")) } }
            }
        }
    };
    html! {
        (form(view.say("alert-by-mail"), "mail", mail(view)))
        (form(view.say("alert-by-matrix"), "matrix", matrix(view)))
        (form(view.say("alert-by-webhook"), "webhook", webhook(view)))
    }
}

fn common(view: &View) -> Markup {
    let scope = view.caller().grants.first();
    let minutes = |name: &str, text: String, value: u32| {
        html! { label { (text) input name=(name) type="number" min="0" max="1440" required value=(value); } }
    };
    html! {
        div.fields {
            label { (view.say("alert-rule")) input name="name" maxlength="60" required; }
            label { (view.say("place")) input name="scope" autocapitalize="none" spellcheck="false" required value=(scope.map_or("/", |grant| grant.scope.as_str())); }
            (minutes("after", view.say("alert-after"), AlertPlan::AFTER_MINUTES))
            (minutes("pause", view.say("alert-pause"), AlertPlan::PAUSE_MINUTES))
        }
        fieldset.fields {
            legend { (view.say("alert-of")) }
            @for one in AlertKind::ALL {
                label.check { input type="checkbox" name="kind" value=(one.as_str()) checked; (kind(view.words, one)) }
            }
        }
    }
}

fn mail(view: &View) -> Markup {
    html! {
        label { (view.say("alert-server")) input name="server" autocapitalize="none" spellcheck="false" required placeholder="mail.example.org"; }
        label { (view.say("alert-security")) select name="security" {
            option value="start_tls" { "STARTTLS (587)" } option value="tls" { "TLS (465)" }
        } }
        label { (view.say("alert-user")) input name="user" autocapitalize="none" spellcheck="false" autocomplete="off"; }
        label { (view.say("password")) input name="secret" type="password" autocomplete="new-password"; }
        label { (view.say("alert-from")) input name="from" type="email" required placeholder="saal@example.org"; }
        label.wide { (view.say("alert-to")) input name="to" required placeholder="it@example.org, night@example.org"; }
    }
}

fn matrix(view: &View) -> Markup {
    html! {
        label { (view.say("alert-homeserver")) input name="homeserver" type="url" required placeholder="https://matrix.example.org"; }
        label { (view.say("alert-room")) input name="room" autocapitalize="none" spellcheck="false" required placeholder="!abc:example.org"; }
        label { (view.say("alert-token")) input name="secret" type="password" autocomplete="off" required; }
        p.quiet { (view.say("alert-matrix-hint")) }
    }
}

fn webhook(view: &View) -> Markup {
    html! {
        label.wide { (view.say("alert-address")) input name="url" type="url" required placeholder="https://tickets.example.org/saal"; }
    }
}

/// What was filled in, field by field; kinds come several times.
pub(super) struct New(pub(super) Vec<(String, String)>);

impl New {
    pub(super) fn text(&self, field: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == field);
        found.map_or("", |(_, value)| value.trim())
    }

    fn minutes(&self, field: &str) -> Result<u32, FleetError> {
        let text = self.text(field);
        let wrong = |_| FleetError::Malformed(format!("\"{text}\" is no number of minutes"));
        text.parse().map_err(wrong)
    }

    /// The rule that it makes.
    ///
    /// # Errors
    /// [`FleetError::Malformed`]: a field that can't be read.
    pub(super) fn rule(&self, language: Language) -> Result<NewAlertRule, FleetError> {
        let kinds = self.0.iter().filter(|(name, _)| name == "kind");
        let kinds = kinds.map(|(_, value)| value.parse());
        let kinds: Result<Vec<AlertKind>, String> = kinds.collect();
        let mut kinds = kinds.map_err(FleetError::Malformed)?;
        if kinds.is_empty() {
            let problem = "tick at least one of what people are to be told of";
            return Err(FleetError::Malformed(problem.to_owned()));
        }
        if kinds.len() == AlertKind::ALL.len() {
            kinds.clear();
        }
        let plan = AlertPlan {
            name: self.text("name").to_owned(),
            scope: self.text("scope").parse().map_err(FleetError::Malformed)?,
            kinds,
            after_minutes: self.minutes("after")?,
            gather_seconds: AlertPlan::GATHER_SECONDS,
            pause_minutes: self.minutes("pause")?,
            language: match language {
                Language::De => AlertLanguage::De,
                Language::En => AlertLanguage::En,
            },
            channel: self.channel()?,
        };
        let secret = Some(self.text("secret").to_owned()).filter(|text| !text.is_empty());
        Ok(NewAlertRule { plan, secret })
    }

    fn channel(&self) -> Result<AlertChannel, FleetError> {
        let text = |field: &str| self.text(field).to_owned();
        match self.text("channel") {
            "mail" => {
                let tls = self.text("security") == "tls";
                let to = self.text("to").split(',').map(|one| one.trim().to_owned());
                Ok(AlertChannel::Mail {
                    server: text("server"),
                    port: if tls { 465 } else { 587 },
                    security: if tls {
                        MailSecurity::Tls
                    } else {
                        MailSecurity::StartTls
                    },
                    user: Some(text("user")).filter(|user| !user.is_empty()),
                    from: text("from"),
                    to: to.collect(),
                    authority: None,
                })
            }
            "matrix" => Ok(AlertChannel::Matrix {
                homeserver: text("homeserver"),
                room: text("room"),
                authority: None,
            }),
            "webhook" => Ok(AlertChannel::Webhook {
                url: text("url"),
                authority: None,
            }),
            other => Err(FleetError::Malformed(format!(
                "\"{other}\" is no way to tell somebody"
            ))),
        }
    }
}
