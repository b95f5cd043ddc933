//! What goes on beside everything else: a bundle that comes, or is written.

use std::{path::PathBuf, sync::Arc};

use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

use super::{
    download::{Fetch, FetchError},
    installer::{Installer, InstallerError},
};

use crate::beside::beside;

/// What installs, for one at a time.
#[derive(Clone)]
pub(super) struct Tool(Arc<Mutex<Box<dyn Installer>>>);

impl Tool {
    pub(super) fn new(installer: Box<dyn Installer>) -> Self {
        Self(Arc::new(Mutex::new(installer)))
    }

    pub(super) async fn mark(&self, good: bool) -> Result<(), InstallerError> {
        self.0.lock().await.mark(good).await
    }

    pub(super) async fn seeds(&self) -> Vec<PathBuf> {
        self.0.lock().await.seeds()
    }

    pub(super) async fn restart(&self) -> Result<(), InstallerError> {
        self.0.lock().await.restart().await
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Install(#[from] InstallerError),
    /// The task panicked.
    #[error("the work ended without a result")]
    Gone,
}

/// One piece of work; it ends where it is when this is dropped.
pub(super) struct Job {
    task: JoinHandle<Result<(), JobError>>,
    percent: watch::Receiver<u8>,
}

impl Job {
    pub(super) fn fetch(fetch: Fetch) -> Self {
        let (told, percent) = watch::channel(0);
        let task = tokio::spawn(async move {
            let work = async move { fetch.run(|percent| say(&told, percent)).await };
            beside(work).await?;
            Ok(())
        });
        Self { task, percent }
    }

    pub(super) fn install(tool: &Tool, bundle: PathBuf) -> Self {
        let (told, percent) = watch::channel(0);
        let tool = tool.clone();
        let task = tokio::spawn(async move {
            let mut installer = tool.0.lock().await;
            let mut progress = |percent: u8| say(&told, percent / 5 * 5);
            installer.install(&bundle, &mut progress).await?;
            Ok(())
        });
        Self { task, percent }
    }

    /// How far it is.
    pub(super) fn percent(&self) -> u8 {
        *self.percent.borrow()
    }

    /// What became of it, if it has ended.
    pub(super) async fn ended(&mut self) -> Option<Result<(), JobError>> {
        if !self.task.is_finished() {
            return None;
        }
        let ended = (&mut self.task).await;
        Some(ended.unwrap_or(Err(JobError::Gone)))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn say(told: &watch::Sender<u8>, percent: u8) {
    told.send_if_modified(|known| std::mem::replace(known, percent) != percent);
}
