//! A bundle that is put together from pieces that the device has and pieces that it fetches (docs/adr/0088).
//!
//! Nothing here is believed for longer than it takes to look: a piece counts as here once its bytes were hashed, and what is
//! written is what was hashed. So it does not matter whether somebody writes to a seed meanwhile, or what a power cut left.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use saal_fleet_protocol::fleet::pieces::{Hash, Index, Piece, each_piece, hash};

/// At most so many bytes are asked for at a time, so that what broke off is little.
const RANGE: u64 = 8 * 1024 * 1024;

/// Ends the work of a thread when what waits for it is dropped.
#[derive(Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    fn told(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The bundle as far as it is here.
#[derive(Debug)]
pub struct Assembly {
    file: File,
    index: Index,
    here: Vec<bool>,
    left: u64,
}

impl Assembly {
    /// Goes on with a file, or makes it. What of it is right is found out by looking.
    ///
    /// # Errors
    /// The file.
    pub fn open(path: &Path, index: Index) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path)?;
        let begun = file.metadata()?.len() > 0;
        file.set_len(index.size())?;
        let mut assembly = Self {
            here: vec![false; index.pieces().len()],
            left: index.size(),
            file,
            index,
        };
        if begun {
            assembly.look()?;
        }
        Ok(assembly)
    }

    fn look(&mut self) -> io::Result<()> {
        for number in 0..self.here.len() {
            let piece = self.index.pieces()[number];
            let mut bytes = vec![0; piece.length];
            self.file.read_exact_at(&mut bytes, piece.start)?;
            if hash(&bytes) == piece.hash {
                self.has(number, piece);
            }
        }
        Ok(())
    }

    fn has(&mut self, number: usize, piece: Piece) {
        self.here[number] = true;
        self.left -= piece.length as u64;
    }

    /// Bytes that are not here yet.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Takes what is wanted from files and devices, one after the other, until nothing is missing. What can't be read is
    /// passed over: it may be of another board, or be gone.
    ///
    /// # Errors
    /// Writing, or that `stop` was told.
    pub fn plant(&mut self, seeds: &[PathBuf], stop: &AtomicBool) -> io::Result<()> {
        let mut wanted: HashMap<Hash, Vec<usize>> = HashMap::new();
        for (number, piece) in self.index.pieces().iter().enumerate() {
            if !self.here[number] {
                wanted.entry(piece.hash).or_default().push(number);
            }
        }
        for seed in seeds {
            if self.left == 0 {
                break;
            }
            let before = self.left;
            match self.take(seed, &mut wanted, stop)? {
                Ok(()) => {
                    tracing::info!(seed = %seed.display(), bytes = before - self.left, "of the new bundle is here already");
                }
                Err(error) => {
                    tracing::debug!(seed = %seed.display(), %error, "can't be read for the new bundle");
                }
            }
        }
        Ok(())
    }

    /// The inner result is about the seed, the outer one about the bundle.
    fn take(
        &mut self,
        seed: &Path,
        wanted: &mut HashMap<Hash, Vec<usize>>,
        stop: &AtomicBool,
    ) -> io::Result<io::Result<()>> {
        let seed = match File::open(seed) {
            Ok(seed) => seed,
            Err(error) => return Ok(Err(error)),
        };
        let mut broken = None;
        let read = each_piece(seed, |bytes| {
            let taken = if stop.load(Ordering::Relaxed) {
                Err(io::Error::from(io::ErrorKind::Interrupted))
            } else {
                let places = wanted.remove(&hash(bytes)).unwrap_or_default();
                places
                    .into_iter()
                    .try_for_each(|number| self.write(number, bytes))
            };
            taken.map_err(|error| {
                broken = Some(error);
                io::Error::other("the bundle can't be written")
            })
        });
        broken.map_or(Ok(read), Err)
    }

    fn write(&mut self, number: usize, bytes: &[u8]) -> io::Result<()> {
        let piece = self.index.pieces()[number];
        self.file.write_all_at(bytes, piece.start)?;
        self.has(number, piece);
        Ok(())
    }

    /// The next pieces that have to be fetched, side by side, and the bytes of the bundle that they are.
    #[must_use]
    pub fn missing(&self) -> Option<(Range<usize>, Range<u64>)> {
        let pieces = self.index.pieces();
        let first = self.here.iter().position(|here| !here)?;
        let start = pieces[first].start;
        let end_of = |piece: &Piece| piece.start + piece.length as u64;
        let more = pieces[first..].iter().zip(&self.here[first..]);
        let together = more
            .take_while(|(piece, here)| !**here && end_of(piece) - start <= RANGE)
            .count();
        let end = first + together;
        Some((first..end, start..end_of(&pieces[end - 1])))
    }

    /// How long a piece is, if there is one.
    #[must_use]
    pub fn length(&self, number: usize) -> Option<usize> {
        self.index.pieces().get(number).map(|piece| piece.length)
    }

    /// Takes a piece that came. `false`: it is not what the list says.
    ///
    /// # Errors
    /// Writing.
    pub fn put(&mut self, number: usize, bytes: &[u8]) -> io::Result<bool> {
        let right = hash(bytes) == self.index.pieces()[number].hash;
        if right && !self.here[number] {
            self.write(number, bytes)?;
        }
        Ok(right)
    }

    /// Lasts from now on.
    ///
    /// # Errors
    /// The disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// Opens it and takes what the seeds have, beside everything else; ends early when this is dropped.
pub(super) async fn begin(
    path: PathBuf,
    index: Index,
    seeds: Vec<PathBuf>,
) -> io::Result<Assembly> {
    let stop = Stop::default();
    let told = stop.told();
    let work = move || {
        let mut assembly = Assembly::open(&path, index)?;
        assembly.plant(&seeds, &told)?;
        Ok(assembly)
    };
    let done = tokio::task::spawn_blocking(work).await;
    drop(stop);
    done.map_err(io::Error::other)?
}
