//! The page that says who signs what.

use reqwest::StatusCode;
use saal_fleet_protocol::fleet::api::Role;

use super::tests::Fleet;
use crate::fleet::enrolment;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_look_everywhere_sees_which_keys_count_and_what_devices_know() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Viewer, "/").await;
    fleet.person("otto", Role::Administrator, "kassel").await;
    let silent = |tx: &crate::store::Tx<'_>| enrolment::in_kassel(tx, jiff::Timestamp::UNIX_EPOCH);
    fleet.store.run(silent).await.unwrap();
    let (cookie, _) = fleet.session("anna").await;
    let (status, page) = fleet.get("/keys", Some(&cookie)).await;
    assert_eq!(status, StatusCode::OK);
    for words in [
        "Root 1",
        "this server",
        "1 of 1",
        "whoever has the server can change who signs",
        "None yet.",
        "says nothing (older software)",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let (cookie, _) = fleet.session("otto").await;
    let (status, _) = fleet.get("/keys", Some(&cookie)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "keys are the organisation's");
}
