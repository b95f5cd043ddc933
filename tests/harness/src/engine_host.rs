//! The service manager, as far as media engines go: one for each connection to a socket, as another user where this process may.

use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::unistd::{Uid, geteuid};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::process::Program;
use crate::room::product;
use crate::runtime;

/// `nobody`, who owns no file.
const NOBODY: u32 = 65_534;

/// Does for a room what saal-media.socket and saal-media@.service do on an appliance. Dropping it takes the socket away.
#[derive(Debug)]
pub struct EngineHost {
    starter: Starter,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug)]
struct Starter {
    folder: PathBuf,
    program: PathBuf,
    user: Option<u32>,
    running: Arc<AtomicUsize>,
}

impl EngineHost {
    /// Listens below `folder`, which every user can enter.
    ///
    /// # Errors
    /// When the engine's program or the socket can't be made there.
    pub fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("engines");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let user = (geteuid() == Uid::from_raw(0)).then_some(NOBODY);
        let program = match user {
            Some(user) => lay_out(&folder, user)?,
            None => product("saal-media"),
        };
        let socket = folder.join("media.sock");
        let _inside = runtime::runtime().enter();
        let listener = UnixListener::bind(&socket).map_err(Error::file("listen at", &socket))?;
        let starter = Starter {
            folder,
            program,
            user,
            running: Arc::default(),
        };
        let task = runtime::runtime().spawn(starter.clone().serve(listener));
        Ok(Self { starter, task })
    }

    /// Where a room gets its engines: `--engine-socket`.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.starter.folder.join("media.sock")
    }

    /// Whose the engines are, where that is not the user of this process.
    #[must_use]
    pub fn user(&self) -> Option<u32> {
        self.starter.user
    }

    /// How many run, or have not been given up by those who keep them.
    #[must_use]
    pub fn running(&self) -> usize {
        self.starter.running.load(Ordering::SeqCst)
    }

    /// Everything they have logged.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.starter.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for EngineHost {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(self.socket());
    }
}

/// A program that this user may start, and a folder for what it keeps, as `CacheDirectory=` makes one.
fn lay_out(folder: &Path, user: u32) -> Result<PathBuf> {
    let (program, cache) = (folder.join("saal-media"), folder.join("cache"));
    std::fs::copy(product("saal-media"), &program).map_err(Error::file("write", &program))?;
    std::fs::create_dir_all(&cache).map_err(Error::file("create", &cache))?;
    chown(&cache, Some(user), Some(user)).map_err(Error::file("give away", &cache))?;
    let open = std::fs::Permissions::from_mode(0o755);
    for path in [folder, &program] {
        std::fs::set_permissions(path, open.clone()).map_err(Error::file("open", path))?;
    }
    Ok(program)
}

impl Starter {
    fn log(&self) -> PathBuf {
        self.folder.join("engines.log")
    }

    async fn serve(self, listener: UnixListener) {
        while let Ok((connection, _)) = listener.accept().await {
            let this = self.clone();
            this.running.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                if let Err(error) = this.start(connection).await {
                    tracing::error!(%error, "an engine does not start");
                }
                this.running.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }

    /// Starts an engine for this connection and waits for its end.
    async fn start(&self, connection: UnixStream) -> Result<()> {
        let blocking = |connection: std::os::unix::net::UnixStream| {
            connection.set_nonblocking(false)?;
            Ok(connection)
        };
        let connection = connection.into_std().and_then(blocking);
        let connection = connection.map_err(Error::file("take from", &self.folder))?;
        let registry = self.folder.join("cache/registry.bin");
        let program = match self.user {
            Some(user) => Program::of_user("saal-media", &self.program, self.log(), user),
            None => Program::new("saal-media", &self.program, self.log()),
        };
        let mut engine = program
            .args(["--accepted"])
            .env_only(&[
                ("PATH", "/usr/bin:/bin".as_ref()),
                ("GST_REGISTRY", registry.as_ref()),
            ])
            .input(Stdio::from(OwnedFd::from(connection)))
            .start()
            .await?;
        engine.wait().await;
        Ok(())
    }
}
