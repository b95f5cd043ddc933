//! A bundle in pieces: which it has says a list, from the cache or the server; what the device has need not come.
//!
//! The list needs no trust. A wrong one costs the pieces that were fetched by it: the whole is checked against the signed
//! hash, and then fetched as it is.

use std::{io, path::Path};

use reqwest::{Response, StatusCode, header};
use saal_fleet_protocol::fleet::pieces::Index;

use super::{
    assembly::{self, Assembly},
    download::{Fetch, FetchError, Line, Source, percent},
};

/// Why a source does not help.
enum Unhelpful {
    /// It may come another time.
    Network(String),
    /// It says other things than the list.
    Other(String),
    /// It has no place.
    Disk(io::Error),
}

impl<E: Into<FetchError>> From<E> for Unhelpful {
    fn from(error: E) -> Self {
        match error.into() {
            FetchError::Network(problem) => Self::Network(problem),
            FetchError::Disk(error) => Self::Disk(error),
            error @ FetchError::Checksum => Self::Other(error.to_string()),
        }
    }
}

impl Fetch {
    /// Puts the bundle together in `file`. `false`: that is no way, it has to be fetched whole. Pieces are checked and written in
    /// between: a fetch has a thread of its own ([`super::job`]).
    pub(super) async fn in_pieces(
        &self,
        file: &Path,
        line: &mut Line,
        progress: &impl Fn(u8),
    ) -> Result<bool, FetchError> {
        let Some(index) = self.index(line).await? else {
            return Ok(false);
        };
        match self.assemble(file, index, line, progress).await {
            Ok(()) if self.is_right(file).await? => Ok(true),
            Ok(()) => {
                tracing::warn!("the list of the bundle's pieces is not of this bundle");
                Ok(false)
            }
            Err(Unhelpful::Other(problem)) => {
                tracing::warn!(problem, "the bundle is fetched whole");
                Ok(false)
            }
            // The bundle before has a place too: it goes when all of this one is fetched.
            Err(Unhelpful::Disk(error)) if is_full(&error) => {
                tracing::warn!(%error, "no place for pieces; the bundle is fetched whole");
                Ok(false)
            }
            Err(Unhelpful::Disk(error)) => Err(error.into()),
            Err(Unhelpful::Network(problem)) => Err(FetchError::Network(problem)),
        }
    }

    /// The list, if somebody has one. A server that can't be reached now may have one.
    async fn index(&self, line: &mut Line) -> Result<Option<Index>, FetchError> {
        let mut found = Ok(None);
        for source in &self.sources {
            found = match self.index_of(source, line).await {
                Ok(index) => return Ok(Some(index)),
                Err(Unhelpful::Network(problem)) => Err(FetchError::Network(problem)),
                Err(Unhelpful::Other(problem)) => {
                    tracing::info!(url = %source.pieces, problem, "no list of the bundle's pieces");
                    Ok(None)
                }
                Err(Unhelpful::Disk(error)) => Err(error.into()),
            };
        }
        found
    }

    async fn index_of(&self, source: &Source, line: &mut Line) -> Result<Index, Unhelpful> {
        let mut answer = source.client.get(source.pieces.clone()).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(Unhelpful::Other(answer.status().to_string()));
        }
        let (mut bytes, size) = (Vec::new(), self.release.size);
        while let Some(more) = answer.chunk().await? {
            bytes.extend_from_slice(&more);
            if bytes.len() as u64 > Index::largest(size) {
                return Err(Unhelpful::Other("it is endless".to_owned()));
            }
            line.take(more.len()).await;
        }
        Index::parse(&bytes, size).map_err(|error| Unhelpful::Other(error.to_string()))
    }

    async fn assemble(
        &self,
        file: &Path,
        index: Index,
        line: &mut Line,
        progress: &impl Fn(u8),
    ) -> Result<(), Unhelpful> {
        let seeds = self.all_seeds().await?;
        let mut assembly = assembly::begin(file.to_owned(), index, seeds).await?;
        let mut last = Err(Unhelpful::Network("there is no source".to_owned()));
        for source in &self.sources {
            last = self.missing(source, &mut assembly, line, progress).await;
            match &last {
                Ok(()) => break,
                Err(Unhelpful::Disk(_)) => return last,
                Err(Unhelpful::Network(problem) | Unhelpful::Other(problem)) => {
                    tracing::info!(url = %source.bundle, problem, "pieces do not come from here");
                }
            }
        }
        last?;
        assembly.sync()?;
        Ok(())
    }

    /// Fetches what is missing, as much at a time as lies side by side.
    async fn missing(
        &self,
        source: &Source,
        assembly: &mut Assembly,
        line: &mut Line,
        progress: &impl Fn(u8),
    ) -> Result<(), Unhelpful> {
        while let Some((numbers, bytes)) = assembly.missing() {
            let request = source.client.get(source.bundle.clone());
            let range = format!("bytes={}-{}", bytes.start, bytes.end - 1);
            let request = request.header(header::RANGE, range);
            let mut answer = request.send().await?.error_for_status()?;
            // Who knows no ranges gives all of it.
            let begun = match answer.status() {
                StatusCode::PARTIAL_CONTENT if begins(&answer) == Some(bytes.start) => numbers,
                StatusCode::PARTIAL_CONTENT => {
                    return Err(Unhelpful::Other("it gives another range".to_owned()));
                }
                _ => 0..numbers.end,
            };
            let (mut number, mut came) = (begun.start, Vec::new());
            while let Some(more) = answer.chunk().await? {
                came.extend_from_slice(&more);
                line.take(more.len()).await;
                number = place(assembly, number, &mut came)?;
                let have = self.release.size - assembly.left();
                progress(percent(have, self.release.size));
            }
            if number < begun.end {
                let problem = format!("it broke off at piece {number}");
                return Err(Unhelpful::Network(problem));
            }
        }
        Ok(())
    }
}

/// Puts whole pieces where they belong, from piece `number` on; says which one comes next.
fn place(
    assembly: &mut Assembly,
    mut number: usize,
    came: &mut Vec<u8>,
) -> Result<usize, Unhelpful> {
    let mut at = 0;
    while let Some(length) = assembly.length(number) {
        let Some(piece) = came.get(at..at + length) else {
            break;
        };
        if !assembly.put(number, piece)? {
            let problem = format!("piece {number} is another one than the list says");
            return Err(Unhelpful::Other(problem));
        }
        (at, number) = (at + length, number + 1);
    }
    came.drain(..at);
    Ok(number)
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Where the range of an answer begins (RFC 9110, section 14.4).
fn begins(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(header::CONTENT_RANGE)?;
    let range = range.to_str().ok()?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.parse().ok()
}
