//! Pages as a browser asks for them: signed in by a cookie, with the forms' own fields.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::{Certificate, Client, redirect::Policy};
use saal_fleet_protocol::fleet::{
    Scope,
    api::{Grant, NewPerson},
};

use super::*;
use crate::{
    Options, Server, authorisation,
    fleet::{audit::Stamp, factor, people, releases, sessions},
    keys::Keys,
    passwords,
    store::{Store, testing::Fresh},
};

const PASSWORD: &str = "korrekt pferd batterie";

pub(crate) struct Fleet {
    folder: Fresh,
    server: Server,
    pub(crate) store: Store,
    http: Client,
}

impl Fleet {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With more in its folder.
    pub(crate) async fn start_with(more: impl FnOnce(&std::path::Path)) -> Self {
        let folder = Fresh::new();
        more(folder.path());
        let options = Options {
            data: folder.path().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            shared: folder.shared(),
            names: vec!["localhost".to_owned()],
        };
        let server = Server::start(options).await.unwrap();
        let store = folder.store();
        let ca = std::fs::read(folder.path().join("ca.pem")).unwrap();
        let http = Client::builder()
            .tls_certs_only([Certificate::from_pem(&ca).unwrap()])
            .redirect(Policy::none());
        Self {
            folder,
            server,
            store,
            http: http.build().unwrap(),
        }
    }

    fn keys(&self) -> Keys {
        Keys::open(self.folder.path()).unwrap()
    }

    /// Somebody who was invited and has set their account up; returns their authenticator's secret.
    pub(crate) async fn person(&self, name: &str, role: Role, scope: &str) -> Vec<u8> {
        let keys = self.keys();
        let grants = vec![Grant {
            role,
            scope: scope.parse().unwrap(),
        }];
        let new = NewPerson {
            name: name.to_owned(),
            grants,
        };
        let hash = passwords::hash(PASSWORD.to_owned()).await.unwrap();
        let work = move |tx: &crate::store::Tx<'_>| {
            let stamp = Stamp::server(Timestamp::now());
            let grant = Grant {
                role: Role::Administrator,
                scope: Scope::organisation(),
            };
            let caller = Caller {
                by: stamp.by.clone(),
                grants: vec![grant],
            };
            let invited = people::add(tx, &keys, &new, &caller, &stamp)?;
            let newcomer = people::newcomer(tx, &keys, &invited.token, stamp.now)?;
            people::welcome(tx, &newcomer, &hash, 0, &stamp)?;
            Ok(newcomer.secret)
        };
        self.store.run(work).await.unwrap()
    }

    /// Signed in, without the page; returns the cookie and what forms carry.
    pub(crate) async fn session(&self, name: &str) -> (String, String) {
        let name = name.to_owned();
        let work = move |tx: &crate::store::Tx<'_>| {
            let now = Timestamp::now();
            let token = sessions::begin(tx, &name, 1, now)?;
            let (session, _) = sessions::find(tx, &token, now)?.unwrap();
            Ok((format!("__Host-saal-fleet={token}"), session.form))
        };
        self.store.run(work).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> (StatusCode, String) {
        self.send(Method::GET, path, cookie, &[], &[]).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        cookie: Option<&str>,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> (StatusCode, String) {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.server.url()));
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !form.is_empty() {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            let body = body.extend_pairs(form).finish();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let to = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        let set = answer.headers().get_all("set-cookie").into_iter();
        let set: String = set.map(|set| set.to_str().unwrap()).collect();
        if path.starts_with("/live") && status == StatusCode::OK {
            return (status, String::new());
        }
        let text = answer.text().await.unwrap();
        (status, format!("{}{set}{text}", to.unwrap_or_default()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_is_for_its_role_and_those_above() {
    let fleet = Fleet::start().await;
    let mut sessions = Vec::new();
    for (name, role) in [
        ("vera", Role::Viewer),
        ("otto", Role::Operator),
        ("anna", Role::Administrator),
    ] {
        fleet.person(name, role, "/").await;
        sessions.push((role, fleet.session(name).await));
    }
    let said = PAGES.iter().flat_map(|page| {
        let methods = page.methods.iter();
        methods.map(|(method, role)| (method, page.path, *role))
    });
    assert_eq!(
        authorisation::said(said),
        authorisation::pages(),
        "the pages (left) are not what authorisation.txt says"
    );
    for page in PAGES {
        for (method, needed) in page.methods {
            let place = format!("{method} {}", page.path);
            let path = page
                .path
                .replace("{device}", "0123456789abcdef")
                .replace("{name}", "nobody");
            let (status, to) = fleet.send(method.clone(), &path, None, &[], &[]).await;
            if method == Method::GET {
                assert_eq!(status, StatusCode::SEE_OTHER, "{place}");
                assert!(to.starts_with("/sign-in?to="), "{place}: {to}");
            } else {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{place}");
            }
            for (role, (cookie, _)) in &sessions {
                let (status, _) = fleet
                    .send(method.clone(), &path, Some(cookie), &[], &[])
                    .await;
                let forbidden = status == StatusCode::FORBIDDEN;
                assert_eq!(forbidden, role < needed, "{place} as {role:?}: {status}");
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{place} as {role:?}");
                assert!(!status.is_server_error(), "{place} as {role:?}: {status}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_site_changes_nothing() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Administrator, "/").await;
    let (cookie, form) = fleet.session("anna").await;
    let set = |form: &'static str| {
        [
            ("form", form),
            ("scope", "kassel"),
            ("key", "panel.theme"),
            ("value", "dark"),
            ("how", "set"),
            ("sure", "yes"),
        ]
    };
    let form: &'static str = form.leak();
    let path = "/configuration/change";
    let post = async |fields: &[(&str, &str)], headers: &[(&str, &str)]| {
        fleet
            .send(Method::POST, path, Some(&cookie), fields, headers)
            .await
            .0
    };
    assert_eq!(post(&set("guessed"), &[]).await, StatusCode::BAD_REQUEST);
    let elsewhere = [("origin", "https://evil.example")];
    assert_eq!(post(&set(form), &elsewhere).await, StatusCode::BAD_REQUEST);
    let page = fleet
        .get("/configuration?scope=kassel", Some(&cookie))
        .await
        .1;
    assert!(!page.contains("panel.theme"), "{page}");
    assert_eq!(post(&set(form), &[]).await, StatusCode::SEE_OTHER);
    let page = fleet
        .get("/configuration?scope=kassel", Some(&cookie))
        .await
        .1;
    assert!(page.contains("panel.theme"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_with_a_password_and_a_code_that_is_good_once() {
    let fleet = Fleet::start().await;
    let secret = fleet.person("anna", Role::Viewer, "kassel").await;
    let code = factor::code_at(&secret, Timestamp::now().as_second());
    let sign_in = async |password: &str, code: &str| {
        let form = [
            ("name", "Anna "),
            ("password", password),
            ("code", code),
            ("to", "/rooms"),
        ];
        fleet.send(Method::POST, "/sign-in", None, &form, &[]).await
    };
    assert_eq!(
        sign_in("something else", &code).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(PASSWORD, "000000").await.0,
        StatusCode::UNAUTHORIZED
    );
    let (status, answer) = sign_in(PASSWORD, &code).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{answer}");
    assert!(
        answer.starts_with("/rooms__Host-saal-fleet=saal-session-"),
        "{answer}"
    );
    for mark in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(answer.contains(mark), "{answer}");
    }
    assert_eq!(
        sign_in(PASSWORD, &code).await.0,
        StatusCode::UNAUTHORIZED,
        "a code that was seen is over"
    );
    let cookie = between(&answer, "/rooms", ";");
    let (status, page) = fleet.get("/rooms", Some(&cookie)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let form = between(&page, "name=\"form\" value=\"", "\"");
    let fields = [("form", form.as_str())];
    let out = fleet.send(Method::POST, "/sign-out", Some(&cookie), &fields, &[]);
    assert_eq!(out.await.0, StatusCode::SEE_OTHER);
    let after = fleet.get("/rooms", Some(&cookie)).await.0;
    assert_eq!(after, StatusCode::SEE_OTHER);
}

/// What stands between two marks.
fn between(text: &str, begin: &str, end: &str) -> String {
    let rest = text.split(begin).nth(1).unwrap();
    rest.split(end).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_finds_the_door_closed_for_a_while() {
    let fleet = Fleet::start().await;
    let secret = fleet.person("anna", Role::Viewer, "/").await;
    let now = Timestamp::now();
    let work = move |tx: &crate::store::Tx<'_>| {
        for _ in 0..6 {
            sessions::failed(tx, "anna", "192.0.2.1", now)?;
        }
        sessions::failed(tx, "nobody", "192.0.2.1", now)
    };
    fleet.store.run(work).await.unwrap();
    let code = factor::code_at(&secret, Timestamp::now().as_second());
    let form = [("name", "anna"), ("password", PASSWORD), ("code", &code)];
    let (status, _) = fleet.send(Method::POST, "/sign-in", None, &form, &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_good_once_and_its_page_sets_the_account_up() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Administrator, "kassel").await;
    let (cookie, form) = fleet.session("anna").await;
    let invite = async |scope: &str| {
        let fields = [
            ("form", form.as_str()),
            ("name", "vera"),
            ("role", "viewer"),
            ("scope", scope),
        ];
        fleet
            .send(Method::POST, "/people", Some(&cookie), &fields, &[])
            .await
    };
    assert_eq!(
        invite("fulda").await.0,
        StatusCode::FORBIDDEN,
        "only where she is an administrator"
    );
    let (status, page) = invite("kassel/rathaus").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let link = page
        .split("/welcome/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let path = format!("/welcome/{link}");
    let page = fleet.get(&path, None).await.1;
    assert!(
        page.contains("vera") && page.contains("<svg class=\"qr\""),
        "{page}"
    );
    let (keys, token, now) = (fleet.keys(), link.to_owned(), Timestamp::now());
    let newcomer = move |tx: &crate::store::Tx<'_>| people::newcomer(tx, &keys, &token, now);
    let newcomer = fleet.store.read(newcomer).await.unwrap();
    let code = factor::code_at(&newcomer.secret, now.as_second());
    let set_up = async |password: &str, code: &str| {
        let fields = [("password", password), ("again", PASSWORD), ("code", code)];
        fleet.send(Method::POST, &path, None, &fields, &[]).await.0
    };
    assert_eq!(
        set_up("another password", &code).await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(set_up(PASSWORD, "000000").await, StatusCode::BAD_REQUEST);
    assert_eq!(set_up(PASSWORD, &code).await, StatusCode::SEE_OTHER);
    assert_eq!(
        set_up(PASSWORD, &code).await,
        StatusCode::NOT_FOUND,
        "the link is over"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_say_what_protects_them_and_speak_the_browsers_language() {
    let fleet = Fleet::start().await;
    let german = fleet
        .send(
            Method::GET,
            "/sign-in",
            None,
            &[],
            &[("accept-language", "de-DE,de")],
        )
        .await
        .1;
    assert!(
        german.contains("<html lang=\"de\">") && german.contains("Anmelden"),
        "{german}"
    );
    let english = fleet
        .send(
            Method::GET,
            "/sign-in",
            None,
            &[],
            &[("cookie", "language=en")],
        )
        .await
        .1;
    assert!(english.contains("Sign in"), "{english}");
    let answer = fleet
        .http
        .get(format!("{}/sign-in", fleet.server.url()))
        .send()
        .await
        .unwrap();
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_removed_is_asked_about_first_and_the_last_administrator_stays() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Administrator, "/").await;
    fleet.person("bert", Role::Administrator, "/").await;
    let (cookie, form) = fleet.session("anna").await;
    let (german, sure) = ([("accept-language", "de")], [("form", form.as_str())]);

    let (status, asked) = fleet.get("/people/bert/remove", Some(&cookie)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(asked.contains("Remove bert?"), "{asked}");
    let (_, there) = fleet.get("/people", Some(&cookie)).await;
    assert!(there.contains("bert"), "nothing happened yet: {there}");

    let remove = async |name: &str| {
        let path = format!("/people/{name}/remove");
        fleet
            .send(Method::POST, &path, Some(&cookie), &sure, &german)
            .await
    };
    let (status, _) = remove("bert").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, refused) = remove("anna").await;
    assert_eq!(status, StatusCode::CONFLICT);
    let why = "Sonst verwaltet niemand die gesamte Organisation.";
    assert!(refused.contains(why), "{refused}");
    let (_, there) = fleet.get("/people", Some(&cookie)).await;
    assert!(there.contains("anna") && !there.contains("bert"), "{there}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_begins_is_looked_at_and_ends_on_its_page() {
    let fleet = Fleet::start().await;
    fleet.person("anna", Role::Administrator, "/").await;
    fleet.person("vera", Role::Viewer, "/").await;
    let (cookie, form) = fleet.session("anna").await;
    let (looks, _) = fleet.session("vera").await;
    let german = [("accept-language", "de")];

    let (_, empty) = fleet.get("/updates", Some(&cookie)).await;
    assert!(empty.contains("No release yet"), "{empty}");
    let add = |tx: &crate::store::Tx<'_>| {
        let release = saal_fleet_protocol::fleet::update::Release {
            version: "2026.48".parse().unwrap(),
            compatible: "saal".parse().unwrap(),
            size: 9,
            sha256: "ab".repeat(32).parse().unwrap(),
        };
        releases::add(tx, &release, &Stamp::server(Timestamp::now()))
    };
    fleet.store.run(add).await.unwrap();

    let new = [
        ("form", form.as_str()),
        ("name", "winter"),
        ("release", "2026.48"),
        ("scope", "/"),
    ];
    let begin = async || {
        fleet
            .send(Method::POST, "/updates", Some(&cookie), &new, &german)
            .await
    };
    let (status, to) = begin().await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{to}");
    let (status, twice) = begin().await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(twice.contains("winter"), "{twice}");

    let (_, list) = fleet.get("/updates", Some(&looks)).await;
    assert!(
        list.contains("winter") && list.contains("goes on"),
        "{list}"
    );
    assert!(
        !list.contains("Begin a rollout"),
        "a viewer only looks: {list}"
    );
    let (_, page) = fleet.get("/updates/winter", Some(&looks)).await;
    assert!(
        page.contains("with approval") && !page.contains("/stop"),
        "{page}"
    );

    let sure = [("form", form.as_str())];
    let stop = "/updates/winter/stop";
    let (status, _) = fleet
        .send(Method::POST, stop, Some(&cookie), &sure, &german)
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, page) = fleet
        .send(Method::GET, "/updates/winter", Some(&cookie), &[], &german)
        .await;
    assert!(page.contains("beendet"), "{page}");
}
