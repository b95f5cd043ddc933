//! The server from the other side.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use saal_fleet_protocol::fleet::api::Problem;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

/// Names the access file where `--access` does not.
pub(crate) const ACCESS_VARIABLE: &str = "SAAL_FLEET_ACCESS";

/// Where the server is and what it lets in; the server writes the first one, `access.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    version: u32,
    server: Url,
    /// The fleet's authority; without it those of this computer.
    ca_file: Option<PathBuf>,
    token: String,
}

/// The server.
pub(crate) struct Fleet {
    http: Client,
    server: Url,
    token: String,
}

impl Fleet {
    /// Reads the access file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let access: Access = toml::from_str(&text).with_context(|| path.display().to_string())?;
        if access.version != 1 {
            bail!("{}: version {} is unknown", path.display(), access.version);
        }
        let mut http = Client::builder();
        if let Some(file) = &access.ca_file {
            let file = path.parent().unwrap_or(Path::new(".")).join(file);
            let pem = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let authorities =
                Certificate::from_pem_bundle(&pem).with_context(|| file.display().to_string())?;
            http = http.tls_certs_only(authorities);
        }
        Ok(Self {
            http: http.build().context("HTTPS can't be set up")?,
            server: access.server,
            token: access.token,
        })
    }

    /// Asks one thing.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let path: Vec<&str> = path.split('/').collect();
        self.ask_at(method, &path, query, body).await
    }

    /// The same where a part of the path may have any character.
    pub(crate) async fn ask_at<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answered(request).await
    }

    /// Sends a file.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        file: tokio::fs::File,
    ) -> Result<T> {
        let request = self.http.post(self.url(&[path])?).bearer_auth(&self.token);
        self.answered(request.body(file)).await
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = self
            .server
            .join("/api/v1")
            .context("the server's address")?;
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the server's address has no path"))?
            .extend(path);
        Ok(url)
    }

    async fn answered<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let answer = request
            .send()
            .await
            .with_context(|| format!("{} is not reached", self.server))?;
        let status = answer.status();
        let bytes = answer.bytes().await.context("the answer broke off")?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).context("the server is of another release");
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => bail!("{}", problem.message),
            Err(_) => bail!(
                "the server answers {status}: {}",
                String::from_utf8_lossy(&bytes)
            ),
        }
    }
}
