//! The page of what is wrong, as people use it.

use super::{tests::Fleet, *};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_has_somebody_told_and_a_viewer_only_looks() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Administrator, "kassel").await;
    fleet.person("vera", Role::Viewer, "kassel").await;
    let (cookie, form) = fleet.session("anna").await;
    let (looks, _) = fleet.session("vera").await;
    let german = [("accept-language", "de")];
    let add = async |scope: &str, address: &str| {
        let fields = [
            ("form", form.as_str()),
            ("channel", "webhook"),
            ("name", "Nachtschicht"),
            ("scope", scope),
            ("after", "10"),
            ("pause", "15"),
            ("kind", "offline"),
            ("kind", "not_ready"),
            ("url", address),
        ];
        let path = "/alerts";
        fleet
            .send(Method::POST, path, Some(&cookie), &fields, &german)
            .await
    };
    let (status, page) = add("fulda", "https://tickets.example.org/").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{page}");
    let (status, page) = add("kassel", "http://tickets.example.org/").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{page}");
    let (status, page) = add("kassel", "https://tickets.example.org/").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("saal-webhook-"), "its secret, once: {page}");

    let (_, page) = fleet
        .send(Method::GET, "/alerts", Some(&cookie), &[], &german)
        .await;
    for part in [
        "Nachtschicht",
        "Raum offline",
        "Nicht bereit",
        "Probe senden",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("saal-webhook-"), "not twice: {page}");
    let (status, page) = fleet.get("/alerts", Some(&looks)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        !page.contains("Nachtschicht") && !page.contains("Tell by"),
        "{page}"
    );

    is_removed(&fleet, &cookie, &form).await;
}

/// Once the administrator is sure.
async fn is_removed(fleet: &Fleet, cookie: &str, form: &str) {
    let path = "/alerts/Nachtschicht/remove";
    let (_, asked) = fleet.get(path, Some(cookie)).await;
    assert!(asked.contains("Remove Nachtschicht?"), "{asked}");
    let sure = [("form", form)];
    let (status, _) = fleet
        .send(Method::POST, path, Some(cookie), &sure, &[])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, page) = fleet.get("/alerts", Some(cookie)).await;
    assert!(page.contains("Nobody is told yet"), "{page}");
}
