//! Programs and sockets in a network of their own.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    sync::mpsc,
    thread,
};

use nix::sched::{CloneFlags, unshare};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Handle,
    sync::oneshot,
};

use crate::tcp::Forwarding;

type Order = Box<dyn FnOnce() + Send>;

/// A network namespace (`network_namespaces(7)`) with loopback, and the thread that is in it.
///
/// It ends with its last clone, and so do programs that die with the thread that started them.
#[derive(Clone, Debug)]
pub struct Namespace {
    orders: mpsc::Sender<Order>,
}

impl Namespace {
    /// A new one. Blocks for some milliseconds.
    ///
    /// # Errors
    /// For who may not have one; root may, also of a user namespace ([`crate::apart`]).
    pub fn new() -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel::<Order>();
        let (tell, told) = mpsc::channel();
        let live = move || {
            let made = unshare(CloneFlags::CLONE_NEWNET).map_err(io::Error::from);
            let made = made.and_then(|()| ip("link set lo up"));
            let lives = made.is_ok();
            let _ = tell.send(made);
            if lives {
                inbox.into_iter().for_each(|order| order());
            }
        };
        thread::Builder::new()
            .name("namespace".to_owned())
            .spawn(live)?;
        told.recv().map_err(|_| ended())??;
        Ok(Self { orders })
    }

    /// Does something in it: sockets that are made, programs that are started meanwhile are in it for good. It has one
    /// thread, so nothing that waits.
    ///
    /// # Errors
    /// When the work panicked.
    ///
    /// # Panics
    /// Outside of tokio, whose sockets and programs may be what is made.
    pub async fn inside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (tell, told) = oneshot::channel();
        let runtime = Handle::current();
        let order = move || {
            let _entered = runtime.enter();
            let _ = tell.send(work());
        };
        self.orders.send(Box::new(order)).map_err(|_| ended())?;
        told.await.map_err(|_| ended())
    }

    /// Gives this network's 127.0.0.1 the TCP port that a program in the namespace listens on at its own 127.0.0.1.
    ///
    /// # Errors
    /// When the port is taken here.
    pub async fn reach(&self, port: u16) -> io::Result<Forwarding> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(at).await?;
        Ok(Forwarding::start(listener, Some(self.clone()), at))
    }

    pub(crate) async fn listen(&self, at: SocketAddr) -> io::Result<TcpListener> {
        let make = move || {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(at)?;
            socket.listen(64)
        };
        self.inside(make).await?
    }

    pub(crate) async fn ip(&self, arguments: String) -> io::Result<()> {
        self.inside(move || ip(&arguments)).await?
    }
}

fn ended() -> io::Error {
    io::Error::other("the namespace's thread has ended")
}

/// Runs `ip(8)` of iproute2 in the network of this thread.
pub(crate) fn ip(arguments: &str) -> io::Result<()> {
    let done = Command::new("ip").args(arguments.split(' ')).output()?;
    if done.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&done.stderr);
    Err(io::Error::other(format!("ip {arguments}: {}", why.trim())))
}
