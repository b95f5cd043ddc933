//! The server as a whole: what it has open, and how it begins and ends.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Grant, NewAccess, Role},
    trust::{Metadata, TrustError},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    api,
    authority::{Authority, CERTIFICATE_FILE},
    bundles::Bundles,
    error::FleetError,
    fleet::{
        access::{self, Caller},
        audit::Stamp,
        identity, lists, roots,
    },
    folder::{self, FolderError},
    hub::Hub,
    keys::{self, Keys},
    nodes::{self, NatsError, Others, Siblings, Standing},
    oidc::{Provider, Settings},
    panels::Panels,
    processes,
    store::{Shared, Store, StoreError, Tx},
    tls::{self, OwnCertificate, TlsError},
    web,
};

/// What `saalctl`'s sister needs to reach a new fleet: address, authority and a token.
const ACCESS_FILE: &str = "access.toml";
/// Where people sign in besides here, if IT says so.
const PROVIDER_FILE: &str = "sign-in.toml";
/// The first root, where people make it before the fleet's first start.
const ROOT_FILE: &str = "root.json";
/// The access of that file.
const FIRST: &str = "first";
/// How often the server's own certificate is made anew.
const NEW_CERTIFICATE: Duration = Duration::from_secs(24 * 60 * 60);

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The fleet's folder.
    pub data: PathBuf,
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database that nodes share; `None`: the folder's own.
    pub shared: Option<Shared>,
    /// Names and addresses that devices and people know the server by, the first for its own links.
    pub names: Vec<String>,
}

/// The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Files.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The way to other nodes.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The first token.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// Certificates.
    #[error("can't make the server's certificate for {names:?}: {source}")]
    Certificate {
        /// For which names.
        names: Vec<String>,
        /// Why.
        source: rcgen::Error,
    },
    /// A node without the fleet's keys.
    #[error(
        "the keys in {} are not those of the fleet in the database; copy {} from another node into an empty folder",
        data.display(),
        keys::FILES.join(", ")
    )]
    OtherKeys {
        /// The node's folder.
        data: PathBuf,
    },
    /// The port.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// What handlers and connections share.
pub(crate) struct App {
    /// Where people reach it.
    pub(crate) url: String,
    pub(crate) store: Store,
    pub(crate) keys: Arc<Keys>,
    pub(crate) authority: Authority,
    /// Names and addresses that devices and people know it by.
    pub(crate) names: Vec<String>,
    pub(crate) hub: Hub,
    pub(crate) bundles: Bundles,
    /// What is looked at here.
    pub(crate) panels: Arc<Panels>,
    /// Where people sign in besides here.
    pub(crate) provider: Option<Provider>,
    /// True once the server goes down.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    url: String,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Opens the folder, makes what is missing, and serves.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::start_among(options, None).await
    }

    /// The same for one of several processes, which share a port.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_among(
        options: Options,
        siblings: Option<Siblings>,
    ) -> Result<Self, StartError> {
        let now = Timestamp::now();
        folder::make(&options.data)?;
        let number = siblings.as_ref().map_or(0, |siblings| siblings.number);
        let standing = Standing::take(options.shared.as_ref(), number).await?;
        let store = Store::connect(&options.data, options.shared.as_ref()).await?;
        standing.begin(&store).await?;
        let provider = provider(&options)?;
        let known = known_keys(&options, &store).await?;
        let keys = Arc::new(Keys::open(&options.data)?);
        let bundles = Bundles::open(&options.data);
        let bundles = bundles.map_err(|e| FolderError::io(&options.data, e))?;
        let authority = Authority::open(&options.data, now)?;
        let authority = authority.in_force(&options, &store, now).await?;
        if options.shared.is_some() && known.is_none() {
            note_keys(&options, &store).await?;
        }
        let failed = |source| StartError::Listen {
            address: options.listen,
            source,
        };
        let (listener, siblings) = match siblings {
            Some(all) => (all.listener, Some((number, all.others))),
            None => (processes::listen(options.listen).map_err(failed)?, None),
        };
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = url(&options.names, address);
        begin_root(&options, &store, &keys).await?;
        first_access(&options, &store, &url).await?;
        let own = OwnCertificate::new(own_certificate(&authority, &options.names)?)?;
        let config = tls::config(&authority, own.clone())?;
        let listener = tls::Listener::new(listener, address, config);
        let known = keys::digest(&options.data)?;
        let (hub, others) = nodes::hub(options.shared.as_ref(), known.as_deref(), siblings)?;
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(App {
            url: url.clone(),
            store,
            keys,
            authority,
            names: options.names,
            hub,
            bundles,
            panels: Arc::default(),
            provider,
            stopping,
        });
        let serving = tokio::spawn(serve(app, (listener, own), (standing, others)));
        Ok(Self { url, stop, serving })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until it ends by itself: another node may take over.
    pub async fn ended(&mut self) {
        let _ = (&mut self.serving).await;
    }

    /// Ends all connections.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if !self.serving.is_finished() {
            let _ = self.serving.await;
        }
    }
}

fn provider(options: &Options) -> Result<Option<Provider>, FolderError> {
    let path = options.data.join(PROVIDER_FILE);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(Provider::new(Settings::open(&path)?)))
}

fn url(names: &[String], address: SocketAddr) -> String {
    let name = names.first().map_or("localhost", String::as_str);
    let host = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    match address.port() {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    }
}

fn own_certificate(
    authority: &Authority,
    names: &[String],
) -> Result<crate::authority::ServerCertificate, StartError> {
    let made = authority.for_server(names, Timestamp::now());
    made.map_err(|source| StartError::Certificate {
        names: names.to_owned(),
        source,
    })
}

async fn serve(
    app: Arc<App>,
    (listener, own): (tls::Listener, Arc<OwnCertificate>),
    (standing, others): (Standing, Others),
) {
    let router = api::router(app.clone()).merge(web::router(app.clone()));
    let service = router.into_make_service_with_connect_info::<tls::Peer>();
    let mut stopping = app.stopping.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    });
    let renewing = async {
        let mut day = tokio::time::interval(NEW_CERTIFICATE);
        day.tick().await;
        loop {
            day.tick().await;
            let renewed = own_certificate(&app.authority, &app.names);
            let renewed = renewed.and_then(|new| Ok(own.replace(new)?));
            if let Err(error) = renewed {
                tracing::error!(%error, "the server keeps its old certificate");
            }
            let keys = app.keys.clone();
            let renewed = app
                .store
                .run(move |tx| lists::renew(tx, &keys, Timestamp::now()));
            if let Err(error) = renewed.await {
                tracing::error!(%error, "the list of releases is not signed anew");
            }
        }
    };
    let orphaned = others.orphaned();
    tokio::select! {
        () = orphaned.notified() => tracing::warn!("the first process of this node is gone; this one ends"),
        ended = server => if let Err(error) = ended {
            tracing::error!(%error, "the server ended");
        },
        () = standing.lost() => tracing::error!("other nodes take this one for dead now; it ends"),
        () = renewing => {}
        () = nodes::run(&app, &standing, others) => {}
    }
}

/// What the nodes' keys are known by; a node that has others, or none, is no node of this fleet.
pub(crate) async fn known_keys(
    options: &Options,
    store: &Store,
) -> Result<Option<String>, StartError> {
    if options.shared.is_none() {
        return Ok(None);
    }
    let known = store.read(identity::known).await?;
    let here = keys::digest(&options.data)?;
    if known.is_some() && known != here {
        return Err(other_keys(options));
    }
    Ok(known)
}

/// The first node's keys are those of all.
pub(crate) async fn note_keys(options: &Options, store: &Store) -> Result<(), StartError> {
    let Some(here) = keys::digest(&options.data)? else {
        return Ok(());
    };
    let noted = store.run_quietly(move |tx| identity::note(tx, &here));
    if noted.await? {
        Ok(())
    } else {
        Err(other_keys(options))
    }
}

fn other_keys(options: &Options) -> StartError {
    StartError::OtherKeys {
        data: options.data.clone(),
    }
}

/// The fleet has a root before it serves: the one in its folder, if somebody laid one there before its first start, or one of the
/// server's own key.
async fn begin_root(options: &Options, store: &Store, keys: &Arc<Keys>) -> Result<(), StartError> {
    let path = options.data.join(ROOT_FILE);
    let bad = |e: TrustError| FolderError::bad(&path, &e);
    let given = folder::read(&path)?;
    let given = given.map(|bytes| Metadata::read(&bytes)).transpose();
    let given = given.map_err(bad)?;
    let (own, now) = (keys.clone(), Timestamp::now());
    let made = store.run(move |tx| {
        let made = roots::begin(tx, &own, given.as_ref(), now)?;
        lists::renew(tx, &own, now)?;
        Ok(made)
    });
    let Some(root) = made.await? else {
        return Ok(());
    };
    let fingerprint = root.metadata().fingerprint().map_err(bad)?;
    let (version, needed) = (root.root().version, root.root().roles.root.threshold);
    if keys.fills(&root.root().roles.root) {
        tracing::info!(
            %fingerprint,
            "this fleet's root is the server's own key: whoever has this folder may change who signs what. \
             docs/keys.md tells how people with keys of their own take that over"
        );
    } else {
        tracing::info!(%fingerprint, version, needed, "the root is that of {}", path.display());
    }
    Ok(())
}

/// A new fleet has one administrator: whoever can read its folder.
async fn first_access(options: &Options, store: &Store, url: &str) -> Result<(), StartError> {
    let path = options.data.join(ACCESS_FILE);
    if folder::read(&path)?.is_some() {
        return Ok(());
    }
    let together = options.shared.is_some();
    let token = store.run(move |tx| {
        // Another node has it.
        if together && access::is_there(tx, FIRST)? {
            return Ok(None);
        }
        first_token(tx, Timestamp::now()).map(Some)
    });
    let Some(token) = token.await? else {
        return Ok(());
    };
    let ca = options.data.join(CERTIFICATE_FILE);
    let ca = ca.canonicalize().unwrap_or(ca);
    let text = format!(
        "# Whoever has this file administers the fleet: saal-fleetctl --access {ACCESS_FILE}\n\
         version = 1\nserver = {url:?}\nca_file = {:?}\ntoken = {token:?}\n",
        ca.display().to_string()
    );
    folder::write(&path, text.as_bytes())?;
    tracing::info!("a new fleet; its first token is in {}", path.display());
    Ok(())
}

/// The token of the access file; whoever lost the file gets another one, and the one before is over.
fn first_token(tx: &Tx<'_>, now: Timestamp) -> Result<String, FleetError> {
    let stamp = Stamp::server(now);
    let (role, scope) = (Role::Administrator, Scope::organisation());
    let grant = Grant {
        role,
        scope: scope.clone(),
    };
    let itself = Caller {
        by: stamp.by.clone(),
        grants: vec![grant],
    };
    match access::remove(tx, FIRST, &itself, &stamp) {
        Ok(()) | Err(FleetError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let new = NewAccess {
        name: FIRST.to_owned(),
        role,
        scope,
        days: None,
    };
    access::grant(tx, &new, &stamp)
}
