//! Back-up and restore: a folder with a whole copy of the database and the keys.

use std::path::{Path, PathBuf};

use crate::{
    error::FleetError,
    folder::{self, FolderError},
    keys,
    store::{self, Shared, Store, StoreError, rows},
};

/// A back-up was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Files.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the database says.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// A fleet is in the database already.
    #[error("the database holds a fleet; give an empty one")]
    Taken,
    /// Something is there already.
    #[error("{} is not empty; give a new folder", path.display())]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
    /// Something is missing.
    #[error("{} is missing; this is no whole fleet", path.display())]
    Missing {
        /// What.
        path: PathBuf,
    },
    /// SQLite finds faults in it.
    #[error("{} is damaged; take another back-up", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
    },
}

/// Copies a fleet, also while its server runs.
///
/// # Errors
/// [`BackupError`]; what was begun stays for people to look at.
pub fn back_up(data: &Path, to: &Path) -> Result<(), BackupError> {
    copy(data, to)
}

/// The same for a fleet whose database nodes share: its keys are a node's, and the copy is what [`back_up`] makes.
///
/// # Errors
/// As [`back_up`].
pub async fn back_up_shared(data: &Path, shared: &Shared, to: &Path) -> Result<(), BackupError> {
    let from = Store::connect(data, Some(shared)).await?;
    copy_keys(data, to)?;
    let copy = Store::open(to)?;
    from.copy_to(copy).await?;
    Ok(())
}

/// Makes a folder a node's, and an empty database the fleet's. The back-up may be one of a fleet in a folder: so it moves to nodes
/// that share a database.
///
/// # Errors
/// [`BackupError`].
pub async fn restore_shared(data: &Path, shared: &Shared, from: &Path) -> Result<(), BackupError> {
    let copy = sound(from)?;
    let to = Store::connect(data, Some(shared)).await?;
    if !to.read(|tx| Ok(rows::are_none(tx)?)).await? {
        return Err(BackupError::Taken);
    }
    copy_keys(from, data)?;
    // A back-up of an older release is brought to this one's tables first, not where it lies.
    let stop_over = data.join(store::FILE);
    store::copy(&copy, &stop_over)?;
    let carried = carry(data, to).await;
    for end in ["", "-wal", "-shm"] {
        let path = data.join(format!("{}{end}", store::FILE));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(FolderError::io(&path, error).into());
            }
            _ => {}
        }
    }
    carried
}

async fn carry(data: &Path, to: Store) -> Result<(), BackupError> {
    Ok(Store::open(data)?.copy_to(to).await?)
}

/// Makes a folder a fleet again. The server must not run yet.
///
/// # Errors
/// [`BackupError`].
pub fn restore(data: &Path, from: &Path) -> Result<(), BackupError> {
    sound(from)?;
    copy(from, data)
}

/// A back-up's database, if nothing is wrong with it.
fn sound(from: &Path) -> Result<PathBuf, BackupError> {
    let database = from.join(store::FILE);
    if !database.exists() {
        return Err(BackupError::Missing { path: database });
    }
    if !store::is_sound(&database)? {
        return Err(BackupError::Damaged { path: database });
    }
    Ok(database)
}

fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let database = from.join(store::FILE);
    if !database.exists() {
        return Err(BackupError::Missing { path: database });
    }
    copy_keys(from, to)?;
    // Last: a folder with a database is a whole one.
    store::copy(&database, &to.join(store::FILE))?;
    Ok(())
}

/// Into a folder that is empty or not there.
fn copy_keys(from: &Path, to: &Path) -> Result<(), BackupError> {
    folder::make(to)?;
    let mut entries = std::fs::read_dir(to).map_err(|e| FolderError::io(to, e))?;
    if entries.next().is_some() {
        return Err(BackupError::NotEmpty {
            path: to.to_owned(),
        });
    }
    for name in keys::FILES {
        let path = from.join(name);
        let bytes = folder::read(&path)?.ok_or(BackupError::Missing { path })?;
        folder::write(&to.join(name), &bytes)?;
    }
    Ok(())
}
