//! How far an update is, written so that the power may go at any moment.

use std::{collections::BTreeSet, io, path::Path};

use saal_fleet_protocol::fleet::update::{Step, UpdateFailure, UpdateOrder, UpdateState, Wait};
use serde::{Deserialize, Serialize};

use super::installer::Booted;
use crate::{disk::Disk, trial::Look};

const FILE: &str = "update.json";
/// Stands while a release is on trial: the image's own check of a start then waits for the agent's word.
const TRIAL: &str = "update-on-trial";
const VERSION: u32 = 1;

/// The record can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file.
    #[error("can't keep how far the update is: {0}")]
    Disk(#[from] io::Error),
    /// It was written by something else.
    #[error("{FILE} is not understood ({0}); take it away, and the device asks its fleet again")]
    Malformed(String),
}

/// How far an update is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    /// The bundle is to come.
    Wanted {},
    /// It is here and is what was signed.
    Fetched {},
    /// It is being written; this slot runs.
    Installing {
        /// Which slot runs.
        from: String,
    },
    /// It is written; the device has to be started anew.
    Installed {
        /// Which slot runs.
        from: String,
        /// And since which start: another one from the same slot means that the new one did not come up.
        start: String,
    },
    /// The new slot runs, and has to show that the room is well with it.
    Trying {
        /// Which slot ran before.
        from: String,
    },
    /// It was not; the device goes back.
    Returning {
        /// Which slot is to run again.
        to: String,
        /// For programs.
        why: UpdateFailure,
        /// For people.
        detail: String,
    },
    /// Nothing more is to be done.
    Over {
        /// Done or failed.
        step: Step,
    },
}

/// An order and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// What is to run.
    pub order: UpdateOrder,
    /// SHA-256 of the order's text.
    pub digest: String,
    /// What was wrong with the room before it: that is not held against it.
    #[serde(default)]
    pub before: BTreeSet<String>,
    /// How far it is.
    pub stage: Stage,
}

impl Update {
    /// As the server is told; so many bytes came for its bundle.
    #[must_use]
    pub fn state(&self, step: Step, fetched: Option<u64>) -> UpdateState {
        UpdateState {
            number: self.order.number,
            version: self.order.release.version.clone(),
            step,
            fetched,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    version: u32,
    update: Option<Update>,
}

/// The record with the disk that it is on.
#[derive(Debug)]
pub struct Record<D> {
    disk: D,
    update: Option<Update>,
}

impl<D: Disk> Record<D> {
    /// Opens it.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn open(disk: D) -> Result<Self, RecordError> {
        let update = match disk.read(Path::new(FILE))? {
            None => None,
            Some(bytes) => {
                let malformed = |e: serde_json::Error| RecordError::Malformed(e.to_string());
                let page: Page = serde_json::from_slice(&bytes).map_err(malformed)?;
                if page.version != VERSION {
                    let problem = format!("version {} is unknown", page.version);
                    return Err(RecordError::Malformed(problem));
                }
                page.update
            }
        };
        Ok(Self { disk, update })
    }

    /// The update.
    #[must_use]
    pub fn update(&self) -> Option<&Update> {
        self.update.as_ref()
    }

    /// After a start: what became of it while nobody looked.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn recover(&mut self, booted: &Booted) -> Result<(), RecordError> {
        let Some(update) = self.update.clone() else {
            return Ok(());
        };
        // Written again where it is as it was: the power may have gone between the two files.
        let stage = after_start(&update.stage, booted);
        self.step(stage.unwrap_or(update.stage))
    }

    /// Takes an order; what there was is forgotten.
    ///
    /// # Errors
    /// [`RecordError`]; then the one before still stands.
    pub fn begin(&mut self, order: UpdateOrder, digest: String) -> Result<(), RecordError> {
        let stage = Stage::Wanted {};
        self.write(Some(Update {
            order,
            digest,
            before: BTreeSet::new(),
            stage,
        }))
    }

    /// It begins to be written, while this slot runs and these are the room's troubles.
    ///
    /// # Errors
    /// [`RecordError`]; then it is where it was.
    pub fn install(&mut self, from: String, before: BTreeSet<String>) -> Result<(), RecordError> {
        let Some(update) = self.update.clone() else {
            return Ok(());
        };
        let stage = Stage::Installing { from };
        self.write(Some(Update {
            before,
            stage,
            ..update
        }))
    }

    /// It goes on.
    ///
    /// # Errors
    /// [`RecordError`]; then it is where it was.
    pub fn step(&mut self, stage: Stage) -> Result<(), RecordError> {
        let Some(update) = &self.update else {
            return Ok(());
        };
        self.write(Some(Update {
            stage,
            ..update.clone()
        }))
    }

    fn write(&mut self, update: Option<Update>) -> Result<(), RecordError> {
        let on_trial = update.as_ref().is_some_and(|update| {
            matches!(
                update.stage,
                Stage::Installed { .. } | Stage::Trying { .. } | Stage::Returning { .. }
            )
        });
        // Before the first restart that needs it, and until nothing does any more.
        if on_trial {
            self.put(TRIAL, b"")?;
        }
        let page = Page {
            version: VERSION,
            update,
        };
        let json = serde_json::to_vec_pretty(&page).expect("plain data is JSON");
        self.put(FILE, &json)?;
        self.update = page.update;
        if !on_trial {
            self.disk.remove(Path::new(TRIAL))?;
            self.disk.sync(Path::new("."))?;
        }
        Ok(())
    }

    /// Whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = format!("{name}.new");
        self.disk.write(Path::new(&new), bytes)?;
        self.disk.rename(Path::new(&new), Path::new(name))?;
        self.disk.sync(Path::new("."))
    }
}

/// What a start of the device, or of this program alone, means for an update; `None`: it goes on as it was.
fn after_start(stage: &Stage, booted: &Booted) -> Option<Stage> {
    match stage {
        // It was written whole, but nobody wrote that down; or it was not, and is written again.
        Stage::Installing { from } if *from == booted.slot => Some(Stage::Fetched {}),
        Stage::Installing { from } => Some(Stage::Trying { from: from.clone() }),
        Stage::Installed { from, .. } if *from != booted.slot => {
            Some(Stage::Trying { from: from.clone() })
        }
        Stage::Installed { start, .. } if *start == booted.start => None,
        Stage::Installed { .. } => Some(over(
            UpdateFailure::NotStarted,
            "the device came back with the system that it had".to_owned(),
        )),
        Stage::Trying { from } if *from == booted.slot => Some(over(
            UpdateFailure::NotStarted,
            "the device went back to the system that it had before it was found good".to_owned(),
        )),
        Stage::Returning { to, why, detail } if *to == booted.slot => {
            Some(over(*why, detail.clone()))
        }
        Stage::Wanted {}
        | Stage::Fetched {}
        | Stage::Trying { .. }
        | Stage::Returning { .. }
        | Stage::Over { .. } => None,
    }
}

/// It failed.
#[must_use]
pub fn over(why: UpdateFailure, detail: String) -> Stage {
    Stage::Over {
        step: Step::Failed { why, detail },
    }
}

pub(super) fn is_under_way(stage: &Stage) -> bool {
    matches!(
        stage,
        Stage::Installing { .. }
            | Stage::Installed { .. }
            | Stage::Trying { .. }
            | Stage::Returning { .. }
    )
}

pub(super) fn is_trial(update: &&Update) -> bool {
    matches!(update.stage, Stage::Trying { .. })
}

/// How the room was before the update.
pub(super) fn before(update: &Update) -> Look {
    Look {
        troubles: update.before.clone(),
        ..Look::default()
    }
}

pub(super) fn first_step(stage: &Stage) -> Step {
    match stage {
        Stage::Trying { .. } => Step::Tries {},
        Stage::Returning { why, detail, .. } => Step::Failed {
            why: *why,
            detail: detail.clone(),
        },
        Stage::Over { step } => step.clone(),
        _ => Step::Waits { why: Wait::Room },
    }
}
