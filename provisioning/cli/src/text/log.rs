//! The audit log, and who and what hears of it.

use saal_fleet_protocol::fleet::api::{
    Access, AuditCheck, AuditEntry, AuditPage, Person, Role, Webhook, Welcome,
};
use serde_json::Value;

use super::{dash, table};

/// A value in a line has so many characters at most.
const LONGEST: usize = 60;

fn short(value: Option<&Value>) -> String {
    let text = value.map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let Some(text) = text else {
        return "-".to_owned();
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let begin: String = text.chars().take(LONGEST - 1).collect();
    format!("{begin}…")
}

/// A setting's value without what is always the same.
fn value(value: Option<&Value>) -> String {
    match value {
        Some(Value::Object(parts))
            if parts.contains_key("value") && parts.contains_key("locked") =>
        {
            let lock = if parts["locked"] == true {
                " (locked)"
            } else {
                ""
            };
            short(parts.get("value")) + lock
        }
        other => short(other),
    }
}

fn line(entry: &AuditEntry) -> Vec<String> {
    vec![
        entry.number.to_string(),
        entry.at.to_string(),
        entry.by.to_string(),
        entry.act.to_string(),
        entry.scope.to_string(),
        entry.object.clone(),
        value(entry.before.as_ref()),
        value(entry.after.as_ref()),
    ]
}

pub(crate) fn audit(page: &AuditPage) -> String {
    let rows: Vec<Vec<String>> = page.items.iter().map(line).collect();
    let head = [
        "number", "when", "who", "what", "where", "of", "before", "after",
    ];
    let mut text = table(&head, &rows, "nothing was done");
    if let Some(next) = page.next {
        text += &format!("--older-than {next} shows more\n");
    }
    text
}

pub(crate) fn audit_check(check: &AuditCheck) -> String {
    match check.broken_at {
        None => format!(
            "{} lines, each fits to the one before\nlast {}\n",
            check.entries, check.head
        ),
        Some(number) => format!("line {number} does not fit: somebody has changed the log\n"),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Administrator => "administrator",
    }
}

pub(crate) fn people(all: &[Person]) -> String {
    let line = |one: &Person| {
        let grants = one.grants.iter();
        let grants = grants.map(|grant| format!("{}:{}", role(grant.role), grant.scope));
        let last = match one.last_sign_in {
            Some(at) => at.to_string(),
            None if one.ready => "-".to_owned(),
            None => "invited".to_owned(),
        };
        vec![
            one.name.clone(),
            grants.collect::<Vec<_>>().join(", "),
            last,
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    table(&["name", "may", "last sign-in"], &rows, "nobody signs in")
}

pub(crate) fn welcome(welcome: &Welcome) -> String {
    match (&welcome.link, welcome.expires) {
        (Some(link), Some(expires)) => {
            format!("{link}\nThis is shown once. It is good until {expires}.\n")
        }
        _ => String::new(),
    }
}

pub(crate) fn access(all: &[Access]) -> String {
    let line = |one: &Access| {
        vec![
            one.name.clone(),
            role(one.role).to_owned(),
            one.scope.to_string(),
            dash(one.expires.map(|at| at.to_string())),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    table(
        &["name", "role", "where", "expires"],
        &rows,
        "no program has access",
    )
}

pub(crate) fn webhooks(all: &[Webhook]) -> String {
    let line = |one: &Webhook| {
        vec![
            one.name.clone(),
            one.url.clone(),
            one.scope.to_string(),
            one.delivered.to_string(),
            dash(one.problem.clone()),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let head = ["name", "url", "where", "delivered", "problem"];
    table(&head, &rows, "nobody is told")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_is_its_value_and_a_long_one_is_cut() {
        assert_eq!(
            value(Some(&json!({"value": "Lahn", "locked": false}))),
            "Lahn"
        );
        assert_eq!(
            value(Some(&json!({"value": 50, "locked": true}))),
            "50 (locked)"
        );
        assert_eq!(value(None), "-");
        assert_eq!(
            value(Some(&json!("x".repeat(100)))).chars().count(),
            LONGEST
        );
    }
}
