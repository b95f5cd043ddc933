//! Serves the host page and Element Call to browsers.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Segments, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::process::{Program, tail};
use crate::runtime;
use crate::tools::{Tools, far_end_sources};

/// A server task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Serving(JoinHandle<()>);

impl Serving {
    pub(crate) fn new(task: JoinHandle<()>) -> Self {
        Self(task)
    }

    /// It has ended by itself.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The web host.
#[derive(Debug)]
pub(crate) struct Web {
    origin: String,
    _serving: Serving,
}

#[derive(Debug)]
struct Site {
    bundle: PathBuf,
    element_call: PathBuf,
}

impl Web {
    pub(crate) async fn start(tools: &Tools, folder: &Path) -> Result<Self> {
        let bundle = bundle(tools, folder).await?;
        let element_call = tools
            .node_modules
            .join("@element-hq/element-call-embedded/dist");
        let site = Arc::new(Site {
            bundle,
            element_call,
        });
        let routes = Router::new()
            .route(
                "/host.html",
                get(|| async { html(include_str!("../farend/src/host.html")) }),
            )
            .route(
                "/phone.html",
                get(|| async { html(include_str!("../farend/src/phone.html")) }),
            )
            .route("/call/{mode}/{codec}/{*path}", get(call_file))
            .route("/{*path}", get(bundle_file))
            .with_state(site);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::Port)?;
        let origin = format!("http://{}", listener.local_addr().map_err(Error::Port)?);
        let serving = Serving::new(runtime::runtime().spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the web host ended");
            }
        }));
        Ok(Self {
            origin,
            _serving: serving,
        })
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }
}

fn html(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// Element Call's files; its configuration comes from the address, so that each user may have another one.
async fn call_file(
    State(site): State<Arc<Site>>,
    Segments((mode, codec, path)): Segments<(String, String, String)>,
) -> Response {
    if path == "config.json" {
        let config = json!({ "matrix_rtc_mode": mode, "media_quality": { "video_codec": codec }, "matrix_rtc_session": { "wait_for_key_rotation_ms": 5000 } });
        return axum::Json(config).into_response();
    }
    file(&site.element_call, &path).await
}

async fn bundle_file(State(site): State<Arc<Site>>, Segments(path): Segments<String>) -> Response {
    file(&site.bundle, &path).await
}

async fn file(folder: &Path, path: &str) -> Response {
    if path.split('/').any(|part| part == "..") {
        return StatusCode::NOT_FOUND.into_response();
    }
    match tokio::fs::read(folder.join(path)).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, media_type(path))], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        _ => "application/octet-stream",
    }
}

/// The bundled host page, made once per state of its sources.
async fn bundle(tools: &Tools, folder: &Path) -> Result<PathBuf> {
    let sources = far_end_sources();
    let out = tools
        .cache
        .join(format!("host-{}", fingerprint(tools, sources)?));
    if out.join("host.js").exists() {
        return Ok(out);
    }
    let log = folder.join("bundle.log");
    let making = out.with_extension(format!("making-{}", std::process::id()));
    let program = Program::new("esbuild", &tools.node, log.clone()).args([
        sources.join("bundle.mjs"),
        tools.node_modules.clone(),
        making.clone(),
    ]);
    let mut process = program.start().await?;
    process.wait().await;
    if !making.join("host.js").exists() {
        return Err(process.error(format!("made no bundle: {}", tail(&log, 5))));
    }
    // Another run may have been faster; both bundles are the same.
    let _ = std::fs::rename(&making, &out);
    Ok(out)
}

/// A name that changes with the sources of the host page and with the libraries that it bundles.
fn fingerprint(tools: &Tools, sources: &Path) -> Result<String> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(tools.node_modules.as_os_str().as_encoded_bytes());
    for name in [
        "client.mjs",
        "host.mjs",
        "phone.mjs",
        "widget_driver.mjs",
        "bundle.mjs",
    ] {
        let path = sources.join(name);
        hash.update(std::fs::read(&path).map_err(Error::file("read", &path))?);
    }
    Ok(hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
