//! Tokens that enrol devices, and serial numbers that are expected.

use jiff::{SignedDuration, Timestamp};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Act, IssuedToken, NewToken, Serials, Token},
    wire::to_text,
};

use serde_json::json;

use super::{
    audit::{self, Deed, Stamp},
    parsed_or_none, roots,
};
use crate::{
    error::FleetError,
    store::{Optional as _, Tx, params},
};

/// A token as people copy it: random, and recognisable where it was left lying about.
pub(crate) fn random_token(kind: &str) -> Result<String, FleetError> {
    let random: [u8; 24] = crate::random()?;
    let text = to_text(&random).replace('+', "-").replace('/', "_");
    Ok(format!("saal-{kind}-{text}"))
}

/// Makes one; only its hash stays here.
pub(crate) fn issue(tx: &Tx<'_>, new: &NewToken, stamp: &Stamp) -> Result<IssuedToken, FleetError> {
    if new.uses == 0 || new.hours == 0 || new.name.trim().is_empty() {
        return Err(FleetError::Setting(
            "a token has a name, a use and an hour at least".to_owned(),
        ));
    }
    if let Some(room) = &new.room {
        if !room.is_room() {
            return Err(FleetError::NotARoom(room.clone()));
        }
        if new.uses != 1 {
            return Err(FleetError::Setting(
                "a room is for one device: a token with a room has one use".to_owned(),
            ));
        }
    }
    let expires = stamp
        .now
        .checked_add(SignedDuration::from_hours(i64::from(new.hours)))
        .map_err(|_| FleetError::Setting("nobody lives so long".to_owned()))?;
    let token = random_token("enrol")?;
    let room = new.room.as_ref().map(Scope::as_str);
    let sql = "INSERT INTO tokens (name, hash, uses, expires, room) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let made = tx.execute(
        sql,
        params![
            new.name,
            crate::hash(token.as_bytes()),
            new.uses,
            expires.as_second(),
            room
        ],
    )?;
    if made == 0 {
        let what = format!("a token called {}", new.name);
        return Err(FleetError::Exists { what });
    }
    let after = json!({"uses": new.uses, "expires": expires, "room": new.room});
    let deed = Deed {
        act: Act::TokenIssued,
        scope: &Scope::organisation(),
        object: &new.name,
        before: None,
        after: Some(after),
    };
    audit::record(tx, stamp, deed)?;
    let root = roots::current(tx)?;
    let root = root.map(|root| root.metadata().fingerprint()).transpose()?;
    Ok(IssuedToken {
        token,
        expires,
        root,
    })
}

/// Lets one device in, if the token still does; its name, and the device's room.
pub(crate) fn use_up(
    tx: &Tx<'_>,
    token: &str,
    now: Timestamp,
) -> Result<Option<(String, Option<Scope>)>, FleetError> {
    let sql = "UPDATE tokens SET used = used + 1 WHERE hash = ?1 AND used < uses AND expires > ?2 RETURNING name, room";
    let found = tx.query_row(
        sql,
        params![crate::hash(token.as_bytes()), now.as_second()],
        |row| Ok((row.get("name")?, parsed_or_none(row, "room")?)),
    );
    Ok(found.optional()?)
}

/// All, the used ones too.
pub(crate) fn list(tx: &Tx<'_>) -> Result<Vec<Token>, FleetError> {
    let found = tx.query_map(
        "SELECT name, uses, used, expires, room FROM tokens ORDER BY name",
        (),
        |row| {
            Ok(Token {
                name: row.get("name")?,
                uses: row.get("uses")?,
                used: row.get("used")?,
                expires: Timestamp::from_second(row.get("expires")?)
                    .unwrap_or(Timestamp::UNIX_EPOCH),
                room: parsed_or_none(row, "room")?,
            })
        },
    )?;
    Ok(found)
}

/// It lets nobody in any more.
pub(crate) fn remove(tx: &Tx<'_>, name: &str, stamp: &Stamp) -> Result<(), FleetError> {
    let sql = "DELETE FROM tokens WHERE name = ?1 RETURNING uses, used";
    let gone = tx.query_row(sql, [name], |row| {
        Ok(json!({"uses": row.get::<_, u32>(0)?, "used": row.get::<_, u32>(1)?}))
    });
    let before = gone.optional()?.ok_or_else(|| FleetError::NotFound {
        what: format!("token {name}"),
    })?;
    let deed = Deed {
        act: Act::TokenRemoved,
        scope: &Scope::organisation(),
        object: name,
        before: Some(before),
        after: None,
    };
    audit::record(tx, stamp, deed)
}

/// Devices with these numbers are expected.
pub(crate) fn expect(tx: &Tx<'_>, all: &Serials, stamp: &Stamp) -> Result<(), FleetError> {
    for expected in &all.serials {
        if let Some(room) = expected.room.as_ref().filter(|room| !room.is_room()) {
            return Err(FleetError::NotARoom(room.clone()));
        }
        let sql = "INSERT INTO serials (serial, room) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        let room = expected.room.as_ref().map(Scope::as_str);
        if tx.execute(sql, params![expected.serial, room])? == 0 {
            let what = format!("serial number {}", expected.serial);
            return Err(FleetError::Exists { what });
        }
        let deed = Deed {
            act: Act::SerialExpected,
            scope: &Scope::organisation(),
            object: &expected.serial,
            before: None,
            after: Some(json!({"room": expected.room})),
        };
        audit::record(tx, stamp, deed)?;
    }
    Ok(())
}
