//! Another release of the system: fetched when the room has time, written beside what runs, tried, and kept or taken back.
//!
//! [`gates`] says when, [`record`] how far it is, [`download`] brings the bundle, [`installer`] writes and starts it. The
//! [`Updater`] does one thing after the other, looked after once a second.

pub mod assembly;
pub mod download;
mod fetching;
pub mod gates;
pub mod installer;
mod job;
mod pieces;
pub mod rauc;
pub mod record;
pub mod simulated;

use std::{collections::BTreeSet, path::Path, time::Duration};

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    ReleaseName,
    order::{DOCUMENT, Signed},
    update::{Release, Step, System, UpdateFailure, UpdateOrder, Wait},
};
use tokio::time::Instant;

use self::{
    gates::{Day, Rules, rules},
    installer::{Booted, Installer, InstallerError},
    job::{Job, JobError, Tool},
    record::{
        Record, RecordError, Stage, Update, before, first_step, is_trial, is_under_way, over,
    },
};
use crate::{
    agent::digest,
    backoff::Backoff,
    disk::Folder,
    ledger::CURRENT,
    link::Credentials,
    room::Room,
    settings::Settings,
    trial::{Look, Verdict, Watch},
};

/// So long the server has to hear that the device goes down.
const FAREWELL: Duration = Duration::from_secs(2);

/// Updates can't be looked after any more.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// What survives power cuts.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The system itself.
    #[error(transparent)]
    Installer(#[from] InstallerError),
}

/// What an update depends on at this moment.
pub struct Scene<'a> {
    /// How the server is reached.
    pub settings: &'a Settings,
    /// The room's daemon.
    pub room: &'a Room,
    /// How the room is.
    pub look: Option<&'a Look>,
    /// It tries another configuration.
    pub trying: bool,
    /// The release is in a list that the fleet's keys signed.
    pub listed: bool,
    /// The device's certificate.
    pub credentials: Option<Credentials>,
}

/// A release on trial.
struct Trial {
    watch: Watch,
    since: Instant,
}

/// Brings releases into the device, one at a time.
pub struct Updater {
    record: Record<Folder>,
    tool: Tool,
    /// So many bytes came over the network for the bundle that is here.
    fetched: Option<u64>,
    booted: Booted,
    job: Option<Job>,
    /// How far it is, as the server is told.
    step: Option<Step>,
    /// The server wants none any more.
    called: bool,
    trial: Option<Trial>,
    /// The room's daemon has been silent since then.
    silent: Option<Instant>,
    /// What failed is not tried again before.
    not_before: Option<Instant>,
    backoff: Backoff,
    /// The server hears that the device goes down.
    leaving: Option<Instant>,
}

impl Updater {
    /// Looks at what runs, and at what was under way when the device went down.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn open(
        folder: Folder,
        state: &Path,
        mut installer: Box<dyn Installer>,
        patience: Duration,
    ) -> Result<Self, UpdateError> {
        let booted = installer.booted().await?;
        let mut record = Record::open(folder)?;
        record.recover(&booted)?;
        let on_trial = record.update().filter(is_trial);
        let trial = on_trial.map(|update| Trial {
            watch: Watch::new(Some(&before(update)), patience),
            since: Instant::now(),
        });
        let step = record.update().map(|update| first_step(&update.stage));
        let fetched = record.update().and_then(|update| {
            let begun = matches!(update.stage, Stage::Wanted {});
            let sha256 = &update.order.release.sha256;
            (!begun).then(|| download::fetched(state, sha256)).flatten()
        });
        Ok(Self {
            record,
            fetched,
            tool: Tool::new(installer),
            booted,
            job: None,
            step,
            called: false,
            trial,
            silent: None,
            not_before: None,
            backoff: Backoff::default(),
            leaving: None,
        })
    }

    /// How the system is.
    #[must_use]
    pub fn system(&self) -> System {
        let update = self.record.update().zip(self.step.clone());
        System {
            compatible: self.booted.compatible.clone(),
            version: self.booted.version.clone(),
            slot: self.booted.slot.clone(),
            update: update.map(|(update, step)| update.state(step, self.fetched)),
        }
    }

    /// What is to be fetched or written, and what runs.
    #[must_use]
    pub fn release(&self) -> Option<(&Release, &ReleaseName)> {
        let update = self.record.update()?;
        let open = matches!(update.stage, Stage::Wanted {} | Stage::Fetched {});
        open.then_some((&update.order.release, &self.booted.version))
    }

    /// The room may not be disturbed by anything else now: a release is written or on trial.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let stage = self.record.update().map(|update| &update.stage);
        stage.is_some_and(is_under_way)
    }

    /// The server answered.
    pub fn reach(&mut self) {
        if let Some(trial) = &mut self.trial {
            trial.watch.reach();
        }
    }

    /// Takes an order that is for this device and signed by its fleet.
    ///
    /// # Errors
    /// The record; an order that can't be taken is refused in the inner result.
    pub fn order(
        &mut self,
        order: UpdateOrder,
        signed: &Signed,
    ) -> Result<Result<(), String>, UpdateError> {
        let digest = digest(&signed.order);
        if let Some(known) = self.record.update() {
            let number = known.order.number;
            if order.number < number {
                let problem = format!("update {} is older than {number}", order.number);
                return Ok(Err(problem));
            }
            if order.number == number && digest != known.digest {
                let problem = format!("update {number} was seen with other content");
                return Ok(Err(problem));
            }
            if order.number == number {
                self.called = false;
                return Ok(Ok(()));
            }
            if is_under_way(&known.stage) {
                tracing::info!(number = order.number, "another update has to end first");
                return Ok(Ok(()));
            }
        }
        tracing::info!(number = order.number, version = %order.release.version, "an update");
        self.stop();
        (self.called, self.not_before, self.fetched) = (false, None, None);
        self.backoff.reset();
        let release = order.release.clone();
        self.record.begin(order, digest)?;
        // What is told of the one before is not true of this one.
        self.step = Some(first_step(&Stage::Wanted {}));
        if release.compatible != self.booted.compatible {
            let detail = format!(
                "it is for {}, this is {}",
                release.compatible, self.booted.compatible
            );
            self.end(over(UpdateFailure::Incompatible, detail))?;
        } else if release.version == self.booted.version {
            self.end(Stage::Over {
                step: Step::Done {},
            })?;
        }
        Ok(Ok(()))
    }

    /// The server wants no update any more: what is not written yet is not to be.
    pub fn call_back(&mut self) {
        self.called = true;
    }

    /// Goes on with what is to be done; looked at once a second.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn look(&mut self, scene: &Scene<'_>) -> Result<(), UpdateError> {
        self.silent = match scene.look {
            Some(_) => None,
            None => self.silent.or(Some(Instant::now())),
        };
        let Some(update) = self.record.update().cloned() else {
            return Ok(());
        };
        match &update.stage {
            Stage::Wanted {} | Stage::Fetched {} | Stage::Installed { .. } => {
                match self.gate(&update, scene).await {
                    Ok(rules) => self.work(&update, scene, &rules).await,
                    Err(why) => {
                        self.stop();
                        self.leaving = None;
                        self.step = Some(Step::Waits { why });
                        Ok(())
                    }
                }
            }
            Stage::Installing { .. } => self.written().await,
            Stage::Trying { from } => self.judge(from, scene.look).await,
            Stage::Returning { .. } => self.go_down(Some(false)).await,
            Stage::Over { step } => {
                self.step = Some(step.clone());
                Ok(())
            }
        }
    }

    /// Whether something may be done now.
    async fn gate(&self, update: &Update, scene: &Scene<'_>) -> Result<Rules, Wait> {
        // What is written is started whenever the device is: it is over sooner when it is not waited for that.
        if self.called && !matches!(update.stage, Stage::Installed { .. }) {
            return Err(Wait::Called);
        }
        if !scene.listed && !matches!(update.stage, Stage::Installed { .. }) {
            return Err(Wait::Distrust);
        }
        if scene.trying {
            return Err(Wait::Configuration);
        }
        let path = scene.settings.state.join(CURRENT).join(DOCUMENT);
        let rules = rules(&path).ok_or(Wait::Room)?;
        let day = match (scene.look, self.silent) {
            (Some(look), _) => {
                let meetings = scene.room.meetings().await.ok_or(Wait::Room)?;
                Day::Known {
                    idle: look.is_idle(),
                    meetings,
                }
            }
            (None, since) => Day::Silent(since.map_or(Duration::ZERO, |since| since.elapsed())),
        };
        rules.check(Timestamp::now(), &day)?;
        match self.not_before {
            Some(at) if at > Instant::now() => Err(Wait::Network),
            _ => Ok(rules),
        }
    }

    async fn work(
        &mut self,
        update: &Update,
        scene: &Scene<'_>,
        rules: &Rules,
    ) -> Result<(), UpdateError> {
        match &update.stage {
            Stage::Wanted {} => self.fetch(update, scene, rules).await,
            Stage::Fetched {} => {
                let troubles = scene.look.map(|look| look.troubles.clone());
                self.install(update, scene.settings, troubles.unwrap_or_default())
            }
            _ => self.go_down(None).await,
        }
    }

    fn install(
        &mut self,
        update: &Update,
        settings: &Settings,
        troubles: BTreeSet<String>,
    ) -> Result<(), UpdateError> {
        let bundle = download::folder(&settings.state)
            .join(format!("{}.raucb", update.order.release.sha256));
        self.record.install(self.booted.slot.clone(), troubles)?;
        self.step = Some(Step::Installs { percent: 0 });
        self.job = Some(Job::install(&self.tool, bundle));
        Ok(())
    }

    /// The bundle is being written: that goes on whatever the room does, as a slot that is half written helps nobody.
    async fn written(&mut self) -> Result<(), UpdateError> {
        let Some(job) = &mut self.job else {
            return Ok(());
        };
        self.step = Some(Step::Installs {
            percent: job.percent(),
        });
        let Some(ended) = job.ended().await else {
            return Ok(());
        };
        self.job = None;
        match ended {
            Ok(()) => Ok(self.record.step(Stage::Installed {
                from: self.booted.slot.clone(),
                start: self.booted.start.clone(),
            })?),
            Err(JobError::Install(InstallerError::Away(problem))) => {
                self.later(&problem);
                Ok(self.record.step(Stage::Fetched {})?)
            }
            Err(error) => self.end(over(UpdateFailure::Install, error.to_string())),
        }
    }

    /// Whether the room is well with the new release.
    async fn judge(&mut self, from: &str, look: Option<&Look>) -> Result<(), UpdateError> {
        self.step = Some(Step::Tries {});
        let Some(trial) = &mut self.trial else {
            return Ok(());
        };
        match trial.watch.look(look, trial.since.elapsed()) {
            Verdict::Wait => Ok(()),
            Verdict::Confirm => {
                self.tool.mark(true).await?;
                tracing::info!(version = %self.booted.version, "the room is well with it");
                self.end(Stage::Over {
                    step: Step::Done {},
                })
            }
            Verdict::RollBack(_, detail) => {
                tracing::error!(detail, "the room is not well with the new release");
                let why = UpdateFailure::Health;
                self.step = Some(Step::Failed {
                    why,
                    detail: detail.clone(),
                });
                self.trial = None;
                Ok(self.record.step(Stage::Returning {
                    to: from.to_owned(),
                    why,
                    detail,
                })?)
            }
        }
    }

    /// Starts the device anew once the server has had time to hear of it.
    async fn go_down(&mut self, mark: Option<bool>) -> Result<(), UpdateError> {
        let Some(since) = self.leaving else {
            if mark.is_none() {
                self.step = Some(Step::Restarts {});
            }
            self.leaving = Some(Instant::now());
            return Ok(());
        };
        if since.elapsed() < FAREWELL {
            return Ok(());
        }
        if let Some(good) = mark {
            self.tool.mark(good).await?;
        }
        tracing::warn!("the device starts anew for an update");
        self.tool.restart().await?;
        self.leaving = Some(Instant::now() + 30 * FAREWELL);
        Ok(())
    }

    fn end(&mut self, stage: Stage) -> Result<(), UpdateError> {
        if let Stage::Over { step } = &stage {
            tracing::info!(?step, "the update is over");
            self.step = Some(step.clone());
        }
        self.trial = None;
        Ok(self.record.step(stage)?)
    }

    /// Not now: it is tried again after a pause that grows.
    fn later(&mut self, problem: &str) {
        let wait = self.backoff.next(fastrand::f64());
        tracing::info!(problem, wait_ms = wait.as_millis(), "the update waits");
        self.step = Some(Step::Waits { why: Wait::Network });
        self.not_before = Some(Instant::now() + wait);
    }

    /// A bundle that comes is let go of; what is here stays.
    fn stop(&mut self) {
        self.job = None;
    }
}
