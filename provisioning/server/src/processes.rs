//! A node of several processes: the first one starts the others and sees to it that they are there.

use std::{
    ffi::OsString,
    io,
    net::SocketAddr,
    os::fd::{AsFd as _, OwnedFd},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpSocket, UnixStream},
    process::{Child, Command},
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::nodes::{Sibling, Siblings};

/// Connections that wait to be accepted, in the order in which they came. A device waits 20 s: a longer line would let a slow
/// server greet only those that have gone, and nobody else. Who finds it full is tried again by its own kernel, after 1, 3 and 7 s.
const BACKLOG: u32 = 512;
/// Between two starts of a process that ends.
const AGAIN: Duration = Duration::from_secs(1);
/// So long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// Says to a process which one it is; its port is its standard input, the way to the first one its standard output.
pub const SIBLING: &str = "--sibling";

/// The processes that the first one starts.
#[derive(Debug)]
pub struct Processes {
    listener: std::net::TcpListener,
    arguments: Vec<OsString>,
    links: UnboundedSender<Sibling>,
}

/// Opens a port, with so many connections waiting there as the kernel allows.
///
/// # Errors
/// Why it can't be.
pub(crate) fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// What the first process needs to serve with others, which this program becomes with these arguments.
///
/// # Errors
/// When the port can't be opened.
pub fn first(address: SocketAddr, arguments: Vec<OsString>) -> io::Result<(Siblings, Processes)> {
    let listener = listen(address)?;
    let (links, others) = unbounded_channel();
    let processes = Processes {
        listener: listener.try_clone()?,
        arguments,
        links,
    };
    let siblings = Siblings {
        number: 0,
        listener,
        others,
    };
    Ok((siblings, processes))
}

/// What another process has of the first one.
///
/// # Errors
/// When it was not started by one.
pub fn another(number: u32) -> io::Result<Siblings> {
    let listener: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    let socket: OwnedFd = io::stdout().as_fd().try_clone_to_owned()?;
    let (links, others) = unbounded_channel();
    let socket = link(socket.into())?;
    let _ = links.send(Sibling { number: 0, socket });
    Ok(Siblings {
        number,
        listener: listener.into(),
        others,
    })
}

fn link(socket: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

impl Processes {
    fn start(&self, number: u32) -> io::Result<Child> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(&self.arguments)
            .args([SIBLING, &number.to_string()])
            .stdin(Stdio::from(OwnedFd::from(self.listener.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)));
        let child = command.kill_on_drop(true).spawn()?;
        let socket = link(ours)?;
        let _ = self.links.send(Sibling { number, socket });
        Ok(child)
    }

    async fn keep(self: Arc<Self>, number: u32, over: Arc<AtomicBool>) {
        loop {
            let ended = match self.start(number) {
                Ok(mut child) => child.wait().await.map(|status| status.to_string()),
                Err(error) => Err(error),
            };
            if over.load(Ordering::Relaxed) {
                return;
            }
            let ended = ended.unwrap_or_else(|error| error.to_string());
            tracing::error!(number, ended, "a process of this node is not there");
            sleep(AGAIN).await;
        }
    }

    /// Starts so many others, and starts them again, until the work is done; then they end, as the sockets to this one do.
    /// `up` says when the first one has made what they need.
    pub async fn beside<T>(
        self,
        others: u32,
        up: oneshot::Receiver<()>,
        work: impl Future<Output = T>,
    ) -> T {
        let (processes, over) = (Arc::new(self), Arc::new(AtomicBool::new(false)));
        let mut all = JoinSet::new();
        let starting = async {
            if up.await.is_ok() {
                for number in 1..=others {
                    all.spawn(processes.clone().keep(number, over.clone()));
                }
            }
        };
        let (done, ()) = tokio::join!(work, starting);
        over.store(true, Ordering::Relaxed);
        let ending = async { while all.join_next().await.is_some() {} };
        if timeout(PATIENCE, ending).await.is_err() {
            tracing::warn!("a process of this node does not end; it is killed");
        }
        done
    }
}
