//! Changing a layer: first everybody sees what it does.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Change, Edit},
    typed,
};

use super::{
    Failed, Shared, View,
    configuration::{self, Beside, Typed},
    forms::encoded,
};
use crate::{api::change_for, error::FleetError};

fn read(asked: &Typed) -> Result<Change, FleetError> {
    let scope: Scope = asked.scope.trim().parse().map_err(FleetError::Malformed)?;
    let key = asked.key.trim().parse().map_err(FleetError::Setting)?;
    let edit = match asked.how.as_str() {
        "unset" => Edit::Unset { key },
        _ => Edit::Set {
            key,
            value: typed(asked.value.trim()),
            locked: asked.locked.is_some(),
        },
    };
    Ok(Change {
        scope,
        edits: vec![edit],
    })
}

pub(crate) async fn change(
    State(app): State<Shared>,
    view: View,
    Form(asked): Form<Typed>,
) -> Result<Response, Failed> {
    view.check(&asked.form)?;
    let scope: Scope = asked
        .scope
        .trim()
        .parse()
        .map_err(|e| view.failed(FleetError::Malformed(e)))?;
    let sure = asked.sure.is_some();
    let done = match read(&asked) {
        Ok(change) => change_for(&app, view.caller(), change, !sure).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) if sure => {
            let to = format!("/configuration?scope={}", encoded(scope.as_str()));
            Ok(Redirect::to(&to).into_response())
        }
        Ok(preview) => {
            let beside = Beside::Preview(&preview);
            Ok(configuration::page(&app, &view, &scope, asked, &beside)
                .await?
                .into_response())
        }
        Err(error) => {
            let status = crate::api::status(&error);
            let beside = Beside::Problem(&error);
            let page = configuration::page(&app, &view, &scope, asked, &beside).await?;
            Ok((status, page).into_response())
        }
    }
}
