//! The tables, version by version. A migration that was released is never edited.

use super::dialect;

/// A part of a migration.
pub(super) enum Step {
    /// In SQLite's words; PostgreSQL's are made from them.
    Both(&'static str),
    /// Where they have nothing in common.
    Each {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

impl Step {
    pub(super) fn sqlite(&self) -> &'static str {
        match self {
            Self::Both(sql) | Self::Each { sqlite: sql, .. } => sql,
        }
    }

    pub(super) fn postgres(&self) -> String {
        match self {
            Self::Both(sql) => dialect::tables(sql),
            Self::Each { postgres, .. } => (*postgres).to_owned(),
        }
    }
}

/// How many of them were made counts `PRAGMA user_version` in SQLite, and the table `fleet_schema` in PostgreSQL.
pub(super) const MIGRATIONS: &[&[Step]] = &[
    &[Step::Both(V1)],
    &[Step::Both(V2_AUDIT), V2_GUARDS, Step::Both(V2_REST)],
    &[Step::Both(V3)],
    &[Step::Both(V4)],
    &[Step::Both(V5)],
    &[Step::Both(V6)],
    &[Step::Both(V7)],
    &[Step::Both(V8)],
    &[Step::Both(V9)],
    &[Step::Both(V10)],
    &[Step::Both(V11)],
    &[Step::Both(V12)],
    &[Step::Both(V13)],
];

/// Times are seconds since 1970. Keys are base64 as on the wire, values JSON.
const V1: &str = "
CREATE TABLE devices (
  device TEXT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  seal_key TEXT NOT NULL,
  serial TEXT NOT NULL,
  model TEXT NOT NULL,
  room TEXT,
  claimed INTEGER NOT NULL,
  revoked INTEGER,
  wanted INTEGER NOT NULL DEFAULT 0,
  digest TEXT,
  signed TEXT,
  signed_digest TEXT NOT NULL DEFAULT '',
  problem TEXT,
  generation INTEGER NOT NULL DEFAULT 0,
  seen INTEGER NOT NULL DEFAULT 0,
  seen_digest TEXT NOT NULL DEFAULT '',
  report TEXT,
  state TEXT,
  agent TEXT,
  last_seen INTEGER
);
CREATE UNIQUE INDEX devices_room ON devices (room) WHERE revoked IS NULL;
CREATE UNIQUE INDEX devices_serial ON devices (serial) WHERE revoked IS NULL;

CREATE TABLE waiting (
  key TEXT PRIMARY KEY,
  seal_key TEXT NOT NULL,
  serial TEXT NOT NULL,
  model TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  since INTEGER NOT NULL
);

CREATE TABLE settings (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  locked INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);

CREATE TABLE secrets (
  scope TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (scope, name)
);

CREATE TABLE tokens (
  name TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  uses INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0,
  expires INTEGER NOT NULL,
  room TEXT
);

CREATE TABLE serials (
  serial TEXT PRIMARY KEY,
  room TEXT,
  used INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE access (
  name TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  scope TEXT NOT NULL
);
";

/// `audit` is only ever written to at its end; [`crate::fleet::audit`] chains the lines. What a list of devices is searched and
/// sorted by lies in one index, so that 70,000 rows with their signed orders are not read for a page of a hundred.
const V2_AUDIT: &str = "
CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  act TEXT NOT NULL,
  scope TEXT NOT NULL,
  object TEXT NOT NULL,
  before TEXT,
  after TEXT,
  hash TEXT NOT NULL
);
";

const V2_GUARDS: Step = Step::Each {
    sqlite: "
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is not shortened'); END;
",
    postgres: "
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_is_only_added_to();
",
};

const V2_REST: &str = "
ALTER TABLE access ADD COLUMN expires INTEGER;

CREATE INDEX devices_list ON devices (room, serial, model, device, revoked, last_seen, wanted, generation);

CREATE TABLE webhooks (
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  scope TEXT NOT NULL,
  acts TEXT NOT NULL,
  secret BLOB NOT NULL,
  delivered INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL DEFAULT 0,
  problem TEXT
);
";

/// Passwords are hashes of Argon2id; what makes second factors lies sealed. Links and sessions are known by their hashes.
const V3: &str = "
CREATE TABLE people (
  name TEXT PRIMARY KEY,
  password TEXT,
  factor BLOB NOT NULL,
  factor_used INTEGER NOT NULL DEFAULT 0,
  welcome TEXT UNIQUE,
  welcome_ends INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  closed_until INTEGER NOT NULL DEFAULT 0,
  last_sign_in INTEGER
);
CREATE TABLE grants (
  person TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (person, scope)
);
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
  form TEXT NOT NULL,
  began INTEGER NOT NULL,
  used INTEGER NOT NULL
);
";

/// What devices run, which releases there are, and how they come to them. `compatible` and `runs` are parts of `system`, for
/// counting; `troubles` are a room's before its update.
const V4: &str = "
ALTER TABLE devices ADD COLUMN system TEXT;
ALTER TABLE devices ADD COLUMN compatible TEXT;
ALTER TABLE devices ADD COLUMN runs TEXT;
ALTER TABLE devices ADD COLUMN update_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN update_signed TEXT;
ALTER TABLE devices ADD COLUMN rollout TEXT;
CREATE INDEX devices_runs ON devices (compatible, runs, room, revoked, device);

CREATE TABLE releases (
  version TEXT PRIMARY KEY,
  compatible TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  added INTEGER NOT NULL
);
CREATE TABLE rollouts (
  name TEXT PRIMARY KEY,
  plan TEXT NOT NULL,
  release TEXT NOT NULL REFERENCES releases (version),
  scope TEXT NOT NULL,
  state TEXT NOT NULL,
  wave INTEGER NOT NULL,
  approved INTEGER NOT NULL,
  soaks_since INTEGER,
  began INTEGER NOT NULL,
  problem TEXT
);
CREATE TABLE updates (
  rollout TEXT NOT NULL REFERENCES rollouts (name),
  device TEXT NOT NULL REFERENCES devices (device),
  wave INTEGER NOT NULL,
  step TEXT,
  since INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  problem TEXT,
  troubles TEXT NOT NULL,
  PRIMARY KEY (rollout, device)
);
CREATE INDEX updates_outcome ON updates (rollout, outcome, since);
";

/// Where nodes share a database: by what the keys in their folders are told from others.
const V5: &str = "
CREATE TABLE identity (
  name TEXT PRIMARY KEY,
  digest TEXT NOT NULL
);
";

/// Which node holds a device's connection: two for a moment, where one has not noticed yet that it is over.
const V6: &str = "
CREATE TABLE connections (
  device TEXT NOT NULL,
  node INTEGER NOT NULL,
  PRIMARY KEY (device, node)
);
";

/// Who is told of what is wrong, and what each of them has to hear or has heard. `message` waits until it is taken; secrets lie
/// sealed. Where a certificate's end is not known, the device got it from an earlier release.
const V7: &str = "
ALTER TABLE devices ADD COLUMN certificate_ends INTEGER;

CREATE TABLE alert_rules (
  name TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  plan TEXT NOT NULL,
  secret BLOB,
  heard INTEGER NOT NULL,
  composed INTEGER NOT NULL DEFAULT 0,
  message TEXT,
  failures INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL DEFAULT 0,
  problem TEXT,
  delivered INTEGER
);
CREATE TABLE alerts (
  rule TEXT NOT NULL REFERENCES alert_rules (name) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  object TEXT NOT NULL,
  code TEXT NOT NULL,
  scope TEXT NOT NULL,
  detail TEXT,
  began INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0,
  ended INTEGER,
  PRIMARY KEY (rule, kind, object, code)
);
";

/// Who signs in at a provider: its address and what it calls them, which is theirs for good.
const V8: &str = "
ALTER TABLE people ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX people_subject ON people (subject);
";

/// What a device is told lies beside it: most of what is written about a device is a few bytes, and would carry some thousand
/// with it.
const V9: &str = "
CREATE TABLE orders (
  device TEXT PRIMARY KEY,
  signed TEXT NOT NULL
);
INSERT INTO orders (device, signed) SELECT device, signed FROM devices WHERE signed IS NOT NULL;
ALTER TABLE devices DROP COLUMN signed;
";

/// Logs that somebody asked devices for, for a day.
const V10: &str = "
CREATE TABLE logs (
  device TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  came INTEGER,
  log TEXT
);
";

/// Help from afar: the last one of each device, and what the device is to be told of it.
const V11: &str = "
CREATE TABLE helps (
  device TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  touch INTEGER NOT NULL,
  asked INTEGER NOT NULL,
  allowed INTEGER,
  touched INTEGER,
  ended INTEGER,
  why TEXT,
  looks INTEGER NOT NULL,
  touches TEXT NOT NULL
);
";

/// Who may sign what, version by version, and which releases there are. `configuration` are the ids of the keys that may sign
/// orders, JSON; `pending` orders wait for somebody else's signature. Devices from before say nothing of whom they trust.
const V12: &str = "
CREATE TABLE roots (
  version INTEGER PRIMARY KEY,
  document TEXT NOT NULL,
  configuration TEXT NOT NULL,
  published INTEGER NOT NULL
);
CREATE TABLE release_lists (
  version INTEGER PRIMARY KEY,
  document TEXT NOT NULL,
  published INTEGER NOT NULL
);
ALTER TABLE orders ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_pending ON orders (device) WHERE pending = 1;
ALTER TABLE devices ADD COLUMN update_pending INTEGER NOT NULL DEFAULT 0;
CREATE INDEX devices_update_pending ON devices (device) WHERE update_pending = 1;
ALTER TABLE devices ADD COLUMN root INTEGER;
ALTER TABLE devices ADD COLUMN trust TEXT;
ALTER TABLE devices ADD COLUMN distrust TEXT;
CREATE INDEX devices_trust ON devices (root, distrust, revoked, room);
";

/// Which chain of authorities is in force: one row, of number 1.
const V13: &str = "
CREATE TABLE authority (
  number INTEGER PRIMARY KEY,
  chain TEXT NOT NULL,
  ends INTEGER NOT NULL
);
";
