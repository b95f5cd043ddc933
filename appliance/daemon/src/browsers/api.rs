//! The API (`saal-api`), where a control system reaches the room.

use anyhow::Result;
use axum::extract::ConnectInfo;
use axum::{Router, extract::Request, middleware, middleware::Next, response::Response};
use saal_api::{Access, Api, From, Scope, Token};
use saal_fleet_protocol::{
    Config,
    config::{ApiScope, ApiToken},
};
use tokio::sync::watch;

use super::{long_secret, tls::Ends};
use crate::{config_file::ConfigFile, input::Inputs, local_api};

/// What the configuration allows; `None`: nobody may use it.
pub(super) fn of(
    config: &Config,
    file: &ConfigFile,
    inputs: &Inputs,
    changed: &watch::Receiver<()>,
) -> Result<Option<Router>> {
    if config.api.is_empty() {
        return Ok(None);
    }
    let tokens = config.api.iter().map(|token| read(token, file));
    let tokens: Vec<Token> = tokens.collect::<Result<_>>()?;
    let router = saal_api::router(Api {
        ask: local_api::ask(inputs),
        changed: changed.clone(),
        access: Access::Tokens(tokens.into()),
    });
    Ok(Some(router.layer(middleware::from_fn(say_from))))
}

fn read(token: &ApiToken, file: &ConfigFile) -> Result<Token> {
    let scopes = token.scopes.iter().map(|scope| match scope {
        ApiScope::Read => Scope::Read,
        ApiScope::Control => Scope::Control,
        ApiScope::Panel => Scope::Panel,
    });
    Ok(Token {
        name: token.name.as_str().to_owned(),
        secret: long_secret(file, &token.token_file)?,
        scopes: scopes.collect(),
    })
}

async fn say_from(
    ConnectInfo(ends): ConnectInfo<Ends>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(From(ends.from));
    next.run(request).await
}
