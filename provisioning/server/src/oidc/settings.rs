//! The provider that people sign in at: a file of the server's, as IT writes it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use saal_fleet_protocol::fleet::{
    Scope,
    api::{Grant, Role},
};
use serde::Deserialize;
use serde_json::Value;

use crate::folder::{self, FolderError};

/// Where nothing else is said.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// `saal-fleet serve --sign-in FILE`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    /// `https://…`, as the provider calls itself.
    issuer: String,
    client_id: String,
    /// Beside this file; without it the client is a public one.
    client_secret_file: Option<PathBuf>,
    /// The authority of the provider's certificate, PEM, beside this file.
    ca_file: Option<PathBuf>,
    /// What people call the provider.
    name: String,
    #[serde(default)]
    scopes: Vec<String>,
    /// The claim that people are called by.
    #[serde(default = "person")]
    person: String,
    /// The claim that says what they are: a text or a list of them; `realm_access.roles` lies deeper.
    #[serde(default = "groups")]
    groups: String,
    roles: Vec<Mapped>,
}

fn person() -> String {
    "preferred_username".to_owned()
}

fn groups() -> String {
    "groups".to_owned()
}

/// Who has a group may do this there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapped {
    group: String,
    role: Role,
    scope: Scope,
}

/// The provider, as the server needs it.
pub(crate) struct Settings {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<String>,
    /// PEM.
    pub(super) authority: Option<String>,
    pub(super) name: String,
    pub(super) scopes: String,
    person: String,
    groups: String,
    roles: Vec<Mapped>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A file that stands beside another one.
fn beside(path: &Path, name: &Path) -> Result<String, FolderError> {
    let file = path.parent().unwrap_or(Path::new("")).join(name);
    let bytes = folder::read(&file)?.ok_or_else(|| FolderError::bad(&file, &"it is not there"))?;
    let text = String::from_utf8(bytes).map_err(|_| FolderError::bad(&file, &"it is no text"))?;
    Ok(text.trim_end().to_owned())
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// It is not there, or says what can't be.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let bad = |problem: &dyn std::fmt::Display| FolderError::bad(path, problem);
        let bytes = folder::read(path)?.ok_or_else(|| bad(&"it is not there"))?;
        let text = String::from_utf8(bytes).map_err(|_| bad(&"it is no text"))?;
        let file: File = toml::from_str(&text).map_err(|e| bad(&e))?;
        if file.version != 1 {
            return Err(bad(&format!(
                "version {} is not known; write version = 1",
                file.version
            )));
        }
        crate::fleet::hooks::check_url(&file.issuer).map_err(|e| bad(&e))?;
        if file.roles.is_empty() {
            return Err(bad(
                &"nobody could do anything; write [[roles]] with group, role and scope",
            ));
        }
        let mut scopes = file.scopes;
        if scopes.is_empty() {
            scopes = SCOPES.map(str::to_owned).to_vec();
        }
        if !scopes.iter().any(|scope| scope == "openid") {
            return Err(bad(&"scopes need \"openid\""));
        }
        let authority = file.ca_file.map(|name| beside(path, &name)).transpose()?;
        crate::tls::client(authority.as_deref()).map_err(|e| bad(&e))?;
        Ok(Self {
            client_secret: file
                .client_secret_file
                .map(|name| beside(path, &name))
                .transpose()?,
            authority,
            issuer: file.issuer,
            client_id: file.client_id,
            name: file.name,
            scopes: scopes.join(" "),
            person: file.person,
            groups: file.groups,
            roles: file.roles,
        })
    }

    /// What they are called, if the provider says so.
    pub(super) fn person<'a>(&self, claims: &'a Value) -> Option<&'a str> {
        claim(claims, &self.person)?.as_str()
    }

    /// Whether the provider said what they are.
    pub(super) fn says_groups(&self, claims: &Value) -> bool {
        claim(claims, &self.groups).is_some()
    }

    /// What they may do: of each place the most that any of their groups may.
    pub(super) fn grants(&self, claims: &Value) -> Vec<Grant> {
        let groups: Vec<&str> = match claim(claims, &self.groups) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut most: BTreeMap<&Scope, Role> = BTreeMap::new();
        for mapped in self
            .roles
            .iter()
            .filter(|mapped| groups.contains(&mapped.group.as_str()))
        {
            let role = most.entry(&mapped.scope).or_insert(mapped.role);
            *role = mapped.role.max(*role);
        }
        let grants = most.into_iter().map(|(scope, role)| Grant {
            role,
            scope: scope.clone(),
        });
        grants.collect()
    }
}

/// A claim by its name, or by names with dots where there is none of the whole name.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        name.split('.')
            .try_fold(claims, |part, name| part.get(name))
    })
}
