//! Draws examples, on all processors.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use saal_panel::{Picture, Renderer, View};

use crate::{
    examples::{self, Example, pages},
    looks::{self, Look},
    shown,
    stills::{self, Still},
};

/// An example, and one look at it.
pub(crate) struct Row {
    /// The example's name and the look: the row's identity.
    pub(crate) name: String,
    example: usize,
    pub(crate) look: Look,
}

/// All that is looked at, by name.
pub(crate) struct Gallery {
    examples: Vec<Example>,
    rows: Vec<Row>,
    stills: Vec<Still>,
}

/// What a row's pages look like: how many they are, and a hash of all pixels.
pub(crate) type Fingerprints = BTreeMap<String, String>;

impl Gallery {
    pub(crate) fn new() -> Self {
        let examples = examples::all();
        let mut rows = Vec::new();
        for (example, of) in examples.iter().enumerate() {
            let mut looks = looks::of(of.name);
            let also = shown::also_for_people().filter(|(name, _)| *name == of.name);
            looks.extend(also.map(|(_, look)| look));
            for look in looks {
                let name = row_name(of.name, &look);
                rows.push(Row {
                    name,
                    example,
                    look,
                });
            }
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows.dedup_by(|a, b| a.name == b.name);
        Self {
            examples,
            rows,
            stills: stills::all(),
        }
    }

    pub(crate) fn examples(&self) -> &[Example] {
        &self.examples
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The television.
    pub(crate) fn stills(&self) -> &[Still] {
        &self.stills
    }

    pub(crate) fn view(&self, row: &Row) -> View {
        let mut view = self.examples[row.example].view(row.look.language);
        row.look.applied_to(&mut view);
        view
    }

    /// All pages of a row.
    pub(crate) fn draw(&self, renderer: &mut Renderer, row: &Row) -> Vec<Arc<Picture>> {
        let layouts = pages(renderer, &self.view(row));
        layouts
            .iter()
            .map(|layout| {
                renderer.draw(layout);
                Arc::clone(renderer.picture())
            })
            .collect()
    }

    /// The same by its name.
    pub(crate) fn draw_named(&self, renderer: &mut Renderer, name: &str) -> Vec<Arc<Picture>> {
        let row = self.rows.iter().find(|row| row.name == name);
        let still = self.stills.iter().find(|still| still.name == name);
        let pages = row.map(|row| self.draw(renderer, row));
        pages
            .or_else(|| still.map(|still| vec![still.draw(renderer)]))
            .unwrap_or_default()
    }

    /// What all rows whose name has this look like.
    pub(crate) fn fingerprints(&self, filter: &str) -> Fingerprints {
        let rows = self.rows.iter().map(|row| &row.name);
        let all = rows.chain(self.stills.iter().map(|still| &still.name));
        let names: Vec<&String> = all.filter(|name| name.contains(filter)).collect();
        let found = Mutex::new(Fingerprints::new());
        on_all_processors(names.len(), |renderer, at| {
            let print = fingerprint(&self.draw_named(renderer, names[at]));
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(names[at].clone(), print);
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn row_name(example: &str, look: &Look) -> String {
    format!("{example} {look}")
}

/// Does the work for 0 to `count`, each with a renderer of its thread.
pub(crate) fn on_all_processors(count: usize, work: impl Fn(&mut Renderer, usize) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut renderer = Renderer::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    work(&mut renderer, at);
                }
            });
        }
    });
}

/// `pages hash`. The hash is FNV-1a over pixels (<http://www.isthe.com/chongo/tech/comp/fnv/>): each step can be turned
/// back, so that a single pixel that differs always shows.
pub(crate) fn fingerprint(pages: &[Arc<Picture>]) -> String {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, value: u64| (hash ^ value).wrapping_mul(PRIME);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for page in pages {
        hash = step(hash, u64::from(page.width()));
        hash = step(hash, u64::from(page.height()));
        for pixel in page.rgb().chunks_exact(3) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u64::from);
            hash = step(hash, r << 16 | g << 8 | b);
        }
    }
    format!("{} {hash:016x}", pages.len())
}
