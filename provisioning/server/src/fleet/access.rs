//! Who may ask the API what: programs, by tokens.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Access, Act, Actor, ActorKind, Grant, NewAccess, Role},
};
use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    parsed, tokens, unread,
};
use crate::{
    error::FleetError,
    store::{DatabaseError, Optional as _, Row, Tx, params},
};

/// Who asks, and what they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) by: Actor,
    pub(crate) grants: Vec<Grant>,
}

impl Caller {
    /// Whether they have a role somewhere.
    pub(crate) fn is(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role >= role)
    }

    /// Whether they have a role there.
    pub(crate) fn may(&self, role: Role, scope: &Scope) -> bool {
        let covers = |grant: &Grant| grant.role >= role && scope.is_within(&grant.scope);
        self.grants.iter().any(covers)
    }

    /// Refuses where they have not.
    pub(crate) fn check(&self, role: Role, scope: &Scope) -> Result<(), FleetError> {
        if self.may(role, scope) {
            return Ok(());
        }
        Err(FleetError::Forbidden {
            needed: role,
            scope: Some(scope.clone()),
        })
    }

    /// They do something now.
    pub(crate) fn stamp(&self, now: Timestamp) -> Stamp {
        Stamp {
            by: self.by.clone(),
            now,
        }
    }
}

/// As in the database.
pub(crate) fn role_text(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Administrator => "administrator",
    }
}

/// From the database.
pub(crate) fn role(row: &Row<'_>) -> Result<Role, DatabaseError> {
    let text: String = row.get("role")?;
    let all = [Role::Viewer, Role::Operator, Role::Administrator];
    let found = all.into_iter().find(|role| role_text(*role) == text);
    found.ok_or_else(|| unread("role", &text))
}

fn access(row: &Row<'_>) -> Result<Access, DatabaseError> {
    let expires: Option<i64> = row.get("expires")?;
    Ok(Access {
        name: row.get("name")?,
        role: role(row)?,
        scope: parsed(row, "scope")?,
        expires: expires.and_then(|second| Timestamp::from_second(second).ok()),
    })
}

/// Whose token this is.
pub(crate) fn caller(tx: &Tx<'_>, token: &str, now: Timestamp) -> Result<Caller, FleetError> {
    let sql = "SELECT * FROM access WHERE hash = ?1 AND (expires IS NULL OR expires > ?2)";
    let hash = crate::hash(token.as_bytes());
    let found = tx.query_row(sql, params![hash, now.as_second()], access);
    let Access {
        name, role, scope, ..
    } = found.optional()?.ok_or(FleetError::Unauthorised)?;
    Ok(Caller {
        by: Actor {
            kind: ActorKind::Program,
            name,
        },
        grants: vec![Grant { role, scope }],
    })
}

/// All that somebody may take away again.
pub(crate) fn list(tx: &Tx<'_>, caller: &Caller) -> Result<Vec<Access>, FleetError> {
    let mut all = tx.query_map("SELECT * FROM access ORDER BY name", (), access)?;
    all.retain(|access| caller.may(Role::Administrator, &access.scope));
    Ok(all)
}

/// Whether there is one of this name.
pub(crate) fn is_there(tx: &Tx<'_>, name: &str) -> Result<bool, FleetError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM access WHERE name = ?1)";
    Ok(tx.query_row(sql, [name], |row| row.get(0))?)
}

/// A name for people: not empty, not a page long, on one line.
pub(crate) fn check_name(name: &str) -> Result<(), FleetError> {
    let length = name.trim().chars().count();
    if (1..=60).contains(&length) && !name.contains(char::is_control) {
        return Ok(());
    }
    let problem = "a name has 1 to 60 characters on one line";
    Err(FleetError::Setting(problem.to_owned()))
}

/// Gives a program access; the token is shown once.
pub(crate) fn grant(tx: &Tx<'_>, new: &NewAccess, stamp: &Stamp) -> Result<String, FleetError> {
    check_name(&new.name)?;
    let expires = match new.days {
        Some(days) => {
            let span = SignedDuration::from_hours(i64::from(days) * 24);
            let expires = stamp.now.checked_add(span);
            Some(expires.map_err(|_| FleetError::Setting("nobody lives so long".to_owned()))?)
        }
        None => None,
    };
    let token = tokens::random_token("access")?;
    let sql = "INSERT INTO access (name, hash, role, scope, expires) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let made = tx.execute(
        sql,
        params![
            new.name,
            crate::hash(token.as_bytes()),
            role_text(new.role),
            new.scope.as_str(),
            expires.map(Timestamp::as_second)
        ],
    )?;
    if made == 0 {
        let what = format!("access called {}", new.name);
        return Err(FleetError::Exists { what });
    }
    let deed = Deed {
        act: Act::AccessGranted,
        scope: &new.scope,
        object: &new.name,
        before: None,
        after: Some(json!({"role": new.role, "scope": new.scope, "expires": expires})),
    };
    audit::record(tx, stamp, deed)?;
    Ok(token)
}

/// Takes a program's access away; it is what somebody with a role there may do.
pub(crate) fn remove(
    tx: &Tx<'_>,
    name: &str,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<(), FleetError> {
    let missing = || FleetError::NotFound {
        what: format!("access called {name}"),
    };
    let sql = "SELECT * FROM access WHERE name = ?1";
    let found = tx.query_row(sql, [name], access).optional()?;
    let found = found.ok_or_else(missing)?;
    caller.check(Role::Administrator, &found.scope)?;
    tx.execute("DELETE FROM access WHERE name = ?1", [name])?;
    let deed = Deed {
        act: Act::AccessRemoved,
        scope: &found.scope,
        object: name,
        before: Some(json!({"role": found.role, "scope": found.scope, "expires": found.expires})),
        after: None,
    };
    audit::record(tx, stamp, deed)
}
