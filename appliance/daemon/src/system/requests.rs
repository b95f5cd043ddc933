//! What the room asks of its system: an empty file in a folder that the system watches (docs/adr/0055). The room itself has
//! no right to restart a computer, or to forget what is on its disk.

use std::{fs, io, path::PathBuf, time::Duration};

use saal_core::{Event, SystemRequest};

use crate::input::{Input, Inputs};

/// A system that looks takes a request within a moment; one that is busy starting services takes longer.
const TAKEN_WITHIN: Duration = Duration::from_secs(15);

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    folder: PathBuf,
    patience: Duration,
}

impl Requests {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self {
            folder,
            patience: TAKEN_WITHIN,
        }
    }

    /// The system has made the folder, so it looks there.
    pub(crate) fn are_taken(&self) -> bool {
        self.folder.is_dir()
    }

    /// Asks, and tells the room if nobody takes it.
    pub(crate) fn ask(&self, request: SystemRequest, inputs: &Inputs) {
        let path = self.folder.join(request.as_str());
        tracing::warn!(request = request.as_str(), "asked of the system");
        let refused = {
            let inputs = inputs.clone();
            move |reason: String| {
                tracing::error!(
                    request = request.as_str(),
                    reason,
                    "the system does not do it"
                );
                inputs.send(Input::Room(Event::SystemRefused { request, reason }));
            }
        };
        if let Err(error) = fs::File::create(&path).and_then(|file| file.sync_all()) {
            return refused(format!("{}: {error}", path.display()));
        }
        let patience = self.patience;
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            // Nobody may find it later, when people have given up.
            match fs::remove_file(&path) {
                Ok(()) => refused(format!("{}: nobody looks there", path.display())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => refused(format!("{}: {error}", path.display())),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(requests: &Requests, taken: bool) -> Option<String> {
        let (inputs, mut received) = Inputs::channel();
        requests.ask(SystemRequest::Restart, &inputs);
        drop(inputs);
        if taken {
            fs::remove_file(requests.folder.join("restart")).unwrap();
        }
        match received.recv().await? {
            Input::Room(Event::SystemRefused { reason, .. }) => Some(reason),
            other => panic!("{other:?}"),
        }
    }

    fn in_folder(folder: PathBuf) -> Requests {
        let requests = Requests::in_folder(folder);
        Requests {
            patience: Duration::ZERO,
            ..requests
        }
    }

    #[tokio::test]
    async fn what_nobody_takes_is_told_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let requests = in_folder(folder.path().to_owned());
        assert!(requests.are_taken());
        let reason = refused(&requests, false).await.unwrap();
        assert!(reason.contains("nobody looks there"), "{reason}");
        assert!(!folder.path().join("restart").exists());
        assert_eq!(refused(&requests, true).await, None);
    }

    #[tokio::test]
    async fn a_system_without_that_folder_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let requests = in_folder(folder.path().join("none"));
        assert!(!requests.are_taken());
        assert!(refused(&requests, false).await.is_some());
    }
}
