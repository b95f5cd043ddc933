//! How the bundle of an update comes.

use super::{
    Scene, UpdateError, Updater,
    download::{self, Fetch, FetchError, Nearby},
    gates::Rules,
    job::{Job, JobError},
    record::{Stage, Update, over},
};
use saal_fleet_protocol::fleet::update::{Step, UpdateFailure};

impl Updater {
    pub(super) async fn fetch(
        &mut self,
        update: &Update,
        scene: &Scene<'_>,
        rules: &Rules,
    ) -> Result<(), UpdateError> {
        let Some(job) = &mut self.job else {
            let release = update.order.release.clone();
            let cache = rules.updates().cache.as_ref();
            let cache = cache.map(|cache| Nearby {
                bundle: cache.bundle(release.sha256.as_str()),
                pieces: cache.pieces(release.sha256.as_str()),
            });
            let seeds = self.tool.seeds().await;
            let credentials = scene.credentials.clone();
            let rate = rules.updates().kilobytes_per_second.bytes();
            match Fetch::new(scene.settings, credentials, cache, release, seeds, rate) {
                Ok(fetch) => self.job = Some(Job::fetch(fetch)),
                Err(error) => self.later(&error.to_string()),
            }
            return Ok(());
        };
        self.step = Some(Step::Downloads {
            percent: job.percent(),
        });
        let Some(ended) = job.ended().await else {
            return Ok(());
        };
        self.job = None;
        match ended {
            Ok(()) => {
                self.fetched = fetched_for(update, scene);
                Ok(self.record.step(Stage::Fetched {})?)
            }
            Err(JobError::Fetch(FetchError::Disk(error))) => {
                self.end(over(UpdateFailure::Disk, error.to_string()))
            }
            Err(JobError::Fetch(error @ FetchError::Checksum)) => {
                self.end(over(UpdateFailure::Checksum, error.to_string()))
            }
            Err(error) => {
                self.later(&error.to_string());
                Ok(())
            }
        }
    }
}

fn fetched_for(update: &Update, scene: &Scene<'_>) -> Option<u64> {
    download::fetched(&scene.settings.state, &update.order.release.sha256)
}
