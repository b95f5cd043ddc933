//! What can go wrong while servers, browsers and rooms are set up or asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;
use std::{error, fmt};

/// One variant per failed operation, with the thing it failed on.
#[derive(thiserror::Error)]
pub enum Error {
    /// The set-up of the tools has not run, or its result cannot be read.
    #[error("the tools are not set up ({path}): run ./dev test setup")]
    Tools {
        /// Where the list of tools should be.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The list of tools is not what this harness expects.
    #[error("{path} is not a list of tools: run ./dev test setup")]
    ToolsFormat {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The set-up made no virtual machine.
    #[error("the virtual machine is not set up: run ./dev test setup; it needs an x86-64 machine")]
    GuestTools,
    /// A test program is not where it was built.
    #[error("{list} has no test program {name}: run ./dev test e2e, which builds all of them")]
    TestProgram {
        /// Package and file.
        name: String,
        /// The list that should name it.
        list: PathBuf,
    },
    /// Something did not work in the virtual machine.
    #[error("in the virtual machine: {what}; it said:\n{output}")]
    InGuest {
        /// What was tried, and how it ended.
        what: String,
        /// What it said.
        output: String,
    },
    /// A file or folder of the run could not be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried: "write", "create", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No free port on loopback.
    #[error("no free port on loopback")]
    Port(#[source] io::Error),
    /// A program did not start.
    #[error("{name} does not start")]
    Spawn {
        /// Which program.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ended although it should run, or did not get ready in time.
    #[error("{name} {what}; the end of its log {log}:\n{tail}")]
    Process {
        /// Which program.
        name: String,
        /// "ended with exit status 1", "was not ready within 30 s", ...
        what: String,
        /// Its whole log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A server could not be asked.
    #[error("{method} {url} got no answer")]
    NoAnswer {
        /// HTTP method.
        method: String,
        /// Address.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// A server refused.
    #[error("{method} {url} was answered {status}: {body}")]
    Refused {
        /// HTTP method.
        method: String,
        /// Address.
        url: String,
        /// HTTP status code.
        status: u16,
        /// The answer's body.
        body: String,
    },
    /// An answer has another shape than the contract says.
    #[error("{what} answered something unexpected: {answer}")]
    Answer {
        /// Who answered.
        what: String,
        /// What it said.
        answer: String,
    },
    /// The browser's driver reported an error.
    #[error("far end: {operation} failed: {message}\nlog: {log}")]
    FarEnd {
        /// Which operation.
        operation: String,
        /// The driver's words.
        message: String,
        /// The driver's log.
        log: PathBuf,
    },
    /// `saal-fleetctl` failed.
    #[error("{0}")]
    Fleet(String),
    /// Something awaited did not come.
    #[error("waited {waited:?} for: {what}; last seen: {last}")]
    Deadline {
        /// What was awaited.
        what: String,
        /// How long.
        waited: Duration,
        /// The last state seen.
        last: String,
    },
}

/// Result of the harness.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// As text with its causes: this is what a test that returns an error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let causes = std::iter::successors(error::Error::source(self), |cause| cause.source());
        causes
            .into_iter()
            .try_for_each(|cause| write!(f, "\n  because: {cause}"))
    }
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
