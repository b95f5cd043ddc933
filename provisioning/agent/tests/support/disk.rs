//! A disk in memory whose power can go.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use saal_agent::disk::Disk;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    File(Vec<u8>),
    Folder,
    Link(PathBuf),
}

type Tree = BTreeMap<PathBuf, Node>;

/// A change of a folder's names.
#[derive(Clone, Debug)]
enum Change {
    Put(PathBuf, Node),
    Remove(PathBuf),
    /// The node goes along: its name is what may be lost.
    Rename(PathBuf, PathBuf, Node),
}

impl Change {
    fn folder(&self) -> &Path {
        let (Self::Put(path, _) | Self::Remove(path) | Self::Rename(_, path, _)) = self;
        path.parent().unwrap()
    }

    fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Put(path, node) => {
                tree.insert(path.clone(), node.clone());
            }
            Self::Remove(path) => tree.retain(|other, _| !other.starts_with(path)),
            Self::Rename(from, to, node) => {
                let moved: Vec<_> = tree
                    .keys()
                    .filter(|path| path.starts_with(from))
                    .cloned()
                    .collect();
                for old in moved {
                    let node = tree.remove(&old).unwrap();
                    let rest = old.strip_prefix(from).unwrap();
                    if rest != Path::new("") {
                        tree.insert(to.join(rest), node);
                    }
                }
                tree.insert(to.clone(), node.clone());
            }
        }
    }
}

#[derive(Debug, Default)]
struct State {
    live: Tree,
    durable: Tree,
    pending: Vec<Change>,
    writes: u32,
    cut: Option<u32>,
    full: bool,
}

/// The disk; its copies are the same one.
#[derive(Clone, Debug, Default)]
pub struct Model(Arc<Mutex<State>>);

impl Model {
    /// How many changes there were.
    pub fn writes(&self) -> u32 {
        self.0.lock().unwrap().writes
    }

    /// After so many changes everything fails.
    pub fn cut_after(&self, writes: u32) {
        self.0.lock().unwrap().cut = Some(writes);
    }

    /// No file can be written any more.
    pub fn fill(&self) {
        self.0.lock().unwrap().full = true;
    }

    /// The power comes back: what was not synced is there or not.
    pub fn crash(&self, seed: u64) {
        let mut state = self.0.lock().unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut tree = std::mem::take(&mut state.durable);
        for change in std::mem::take(&mut state.pending) {
            if random.bool() {
                change.apply(&mut tree);
            }
        }
        // Without its folder nothing is found.
        let folders: Vec<_> = tree
            .iter()
            .filter(|(_, node)| **node == Node::Folder)
            .map(|(path, _)| path.clone())
            .collect();
        tree.retain(|path, _| {
            let mut above = path.ancestors().skip(1);
            above.all(|folder| folder == Path::new("") || folders.contains(&folder.to_owned()))
        });
        *state = State {
            live: tree.clone(),
            durable: tree,
            ..State::default()
        };
    }

    fn change(&self, change: impl FnOnce(&Tree) -> io::Result<Change>) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.cut == Some(state.writes) {
            return Err(io::Error::other("no power"));
        }
        let change = change(&state.live)?;
        state.writes += 1;
        change.apply(&mut state.live);
        state.pending.push(change);
        Ok(())
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for Model {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        if self.0.lock().unwrap().live.contains_key(path) {
            return Ok(());
        }
        self.change(|_| Ok(Change::Put(path.to_owned(), Node::Folder)))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.0.lock().unwrap().full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.change(|tree| {
            let folder = path.parent().unwrap();
            if folder != Path::new("") && tree.get(folder) != Some(&Node::Folder) {
                return Err(not_found());
            }
            Ok(Change::Put(path.to_owned(), Node::File(bytes.to_vec())))
        })
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.0.lock().unwrap().live.get(path) {
            None => Ok(None),
            Some(Node::File(bytes)) => Ok(Some(bytes.clone())),
            Some(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.change(|tree| match tree.get(link) {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => Ok(Change::Put(link.to_owned(), Node::Link(target.to_owned()))),
        })
    }

    fn target(&self, link: &Path) -> io::Result<Option<PathBuf>> {
        match self.0.lock().unwrap().live.get(link) {
            Some(Node::Link(target)) => Ok(Some(target.clone())),
            _ => Ok(None),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|tree| {
            if tree.get(to) == Some(&Node::Folder) {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
            let node = tree.get(from).ok_or_else(not_found)?;
            Ok(Change::Rename(from.to_owned(), to.to_owned(), node.clone()))
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if !self.0.lock().unwrap().live.contains_key(path) {
            return Ok(());
        }
        self.change(|_| Ok(Change::Remove(path.to_owned())))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock().unwrap();
        let inside = state
            .live
            .keys()
            .filter(|other| other.parent() == Some(path));
        Ok(inside
            .map(|other| other.file_name().unwrap().to_string_lossy().into_owned())
            .collect())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if state.cut == Some(state.writes) {
            return Err(io::Error::other("no power"));
        }
        state.writes += 1;
        let path = if path == Path::new(".") {
            Path::new("")
        } else {
            path
        };
        let pending = std::mem::take(&mut state.pending);
        for change in pending {
            if change.folder() == path {
                change.apply(&mut state.durable);
            } else {
                state.pending.push(change);
            }
        }
        Ok(())
    }
}
