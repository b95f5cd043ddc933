//! The few things the agent does with files, so that a test can take the power away between any two.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink},
    path::{Path, PathBuf},
};

/// A folder of the agent's; paths are relative to it.
///
/// What was written survives a power cut only after [`Disk::sync`] of the folder it stands in; a
/// rename happens whole or not at all.
pub trait Disk {
    /// Makes a folder; there may be one already.
    ///
    /// # Errors
    /// As the system says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Writes a file and its content through; one that is there is cut off first.
    ///
    /// # Errors
    /// As the system says; then it may be there in part.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// A file's content; `None` where there is none.
    ///
    /// # Errors
    /// As the system says.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Makes a symbolic link; the link must not be there.
    ///
    /// # Errors
    /// As the system says.
    fn link(&self, target: &Path, link: &Path) -> io::Result<()>;

    /// Where a link leads; `None` where there is none.
    ///
    /// # Errors
    /// As the system says.
    fn target(&self, link: &Path) -> io::Result<Option<PathBuf>>;

    /// Gives another name; what had it is gone.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, a link, or a folder with all in it; nothing may be there.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Names in a folder.
    ///
    /// # Errors
    /// As the system says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Brings the names in a folder to where a power cut leaves them.
    ///
    /// # Errors
    /// As the system says.
    fn sync(&self, path: &Path) -> io::Result<()>;
}

/// The real one.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, made if it is not there; nobody else may read it.
    ///
    /// # Errors
    /// As the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)?;
        Ok(Self(path.to_owned()))
    }
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Disk for Folder {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.0.join(path))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(self.0.join(path))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        present(fs::read(self.0.join(path)))
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        symlink(target, self.0.join(link))
    }

    fn target(&self, link: &Path) -> io::Result<Option<PathBuf>> {
        present(fs::read_link(self.0.join(link)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let path = self.0.join(path);
        let Some(about) = present(fs::symlink_metadata(&path))? else {
            return Ok(());
        };
        if about.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(self.0.join(path))?;
        names
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        fs::File::open(self.0.join(path))?.sync_all()
    }
}
