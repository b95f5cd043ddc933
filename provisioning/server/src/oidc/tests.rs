//! Signing in at a small provider of the test's own, which is as strict as real ones, and lies where a test wants it to.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use reqwest::Method;
use saal_fleet_protocol::fleet::api::Role;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::web::tests::Fleet;

const CODE: &str = "a code";

/// What it says of somebody, and how it lies.
struct Says {
    url: String,
    key: EcdsaKeyPair,
    /// Over what is true.
    claims: Value,
    /// What the browser was sent with.
    asked: HashMap<String, String>,
    /// What somebody is by the user information.
    info: Value,
}

type Shared = Arc<Mutex<Says>>;

fn new_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

fn signed(key: &EcdsaKeyPair, claims: &Value) -> String {
    let part = |value: &Value| encode(value.to_string().as_bytes());
    let message = format!(
        "{}.{}",
        part(&json!({"alg": "ES256", "kid": "1"})),
        part(claims)
    );
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", encode(signature.as_ref()))
}

async fn describe(State(provider): State<Shared>) -> Json<Value> {
    let url = provider.lock().unwrap().url.clone();
    let at = |path: &str| format!("{url}{path}");
    Json(json!({
        "issuer": url, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "userinfo_endpoint": at("/me"), "end_session_endpoint": at("/bye"),
        "authorization_response_iss_parameter_supported": true, "response_types_supported": ["code"],
    }))
}

async fn keys(State(provider): State<Shared>) -> Json<Value> {
    let provider = provider.lock().unwrap();
    let point = provider.key.public_key().as_ref();
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
        "x": encode(&point[1..33]), "y": encode(&point[33..])});
    Json(json!({"keys": [{"kty": "unheard of"}, key]}))
}

async fn token(
    State(provider): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let provider = provider.lock().unwrap();
    // "fleet" and "not a secret", as a form has them.
    let known = headers["authorization"] == "Basic ZmxlZXQ6bm90K2Erc2VjcmV0";
    let challenge = encode(&Sha256::digest(form["code_verifier"].as_bytes()));
    let asked = &provider.asked;
    let good = form["code"] == CODE
        && form["redirect_uri"] == asked["redirect_uri"]
        && asked["code_challenge_method"] == "S256"
        && challenge == asked["code_challenge"];
    if !known || !good {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": "invalid_grant"})),
        );
    }
    let now = Timestamp::now().as_second();
    let mut claims = json!({"iss": provider.url, "aud": "fleet", "sub": "4711", "iat": now, "exp": now + 60,
        "nonce": asked["nonce"]});
    claims
        .as_object_mut()
        .unwrap()
        .extend(provider.claims.as_object().unwrap().clone());
    let id = signed(&provider.key, &claims);
    (
        StatusCode::OK,
        Json(json!({"id_token": id, "access_token": "access", "token_type": "Bearer"})),
    )
}

async fn me(State(provider): State<Shared>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if headers["authorization"] != "Bearer access" {
        return (StatusCode::UNAUTHORIZED, Json(Value::Null));
    }
    (StatusCode::OK, Json(provider.lock().unwrap().info.clone()))
}

/// A fleet whose people sign in there.
struct World {
    fleet: Fleet,
    provider: Shared,
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Mutex::new(Says {
            url: url.clone(),
            key: new_key(),
            claims: json!({"preferred_username": "Anna Schmidt", "groups": ["saal-it", "rathaus"]}),
            asked: HashMap::new(),
            info: Value::Null,
        }));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let fleet = Fleet::start_with(|folder| write(folder, &url)).await;
        Self { fleet, provider }
    }

    /// There and back; what the fleet answers, and its session's cookie.
    async fn sign_in(&self) -> (StatusCode, String) {
        self.sign_in_as(|_, _, _| {}).await
    }

    async fn sign_in_as(
        &self,
        on_the_way: impl Fn(&mut String, &mut String, &mut String),
    ) -> (StatusCode, String) {
        let (status, answer) = self.fleet.get("/sign-in/provider?to=/rooms", None).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{answer}");
        let (to, cookie) = answer.split_once("__Host-saal-sign-in=").unwrap();
        let to = Url::parse(to).unwrap();
        let mut cookie = cookie.split(';').next().unwrap().to_owned();
        let asked: HashMap<String, String> = to.query_pairs().into_owned().collect();
        let (mut state, mut issuer) = (
            asked["state"].clone(),
            self.provider.lock().unwrap().url.clone(),
        );
        self.provider.lock().unwrap().asked = asked;
        on_the_way(&mut cookie, &mut state, &mut issuer);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", CODE), ("state", &state), ("iss", &issuer)])
            .finish();
        let cookie = format!("__Host-saal-sign-in={cookie}");
        let path = format!("{BACK}?{query}");
        self.fleet
            .send(Method::GET, &path, Some(&cookie), &[], &[])
            .await
    }

    fn claims(&self, claims: Value) {
        self.provider.lock().unwrap().claims = claims;
    }
}

fn write(folder: &Path, url: &str) {
    std::fs::write(folder.join("sign-in.secret"), "not a secret\n").unwrap();
    let text = format!(
        "version = 1\nissuer = {url:?}\nclient_id = \"fleet\"\nclient_secret_file = \"sign-in.secret\"\nname = \"City login\"\n\
         [[roles]]\ngroup = \"saal-it\"\nrole = \"administrator\"\nscope = \"kassel\"\n\
         [[roles]]\ngroup = \"rathaus\"\nrole = \"viewer\"\nscope = \"kassel\"\n\
         [[roles]]\ngroup = \"rathaus\"\nrole = \"operator\"\nscope = \"fulda/dom\"\n"
    );
    std::fs::write(folder.join("sign-in.toml"), text).unwrap();
}

/// The session's cookie of an answer.
fn session(answer: &str) -> String {
    let begins = answer.find("__Host-saal-fleet=").expect(answer);
    answer[begins..].split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_there_and_may_do_what_their_groups_may_at_each_place() {
    let world = World::start().await;
    let (_, page) = world.fleet.get("/sign-in", None).await;
    assert!(page.contains("Sign in with City login"), "{page}");
    let (status, answer) = world.sign_in().await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{answer}");
    assert!(answer.starts_with("/rooms"), "{answer}");
    let cookie = session(&answer);
    let (status, page) = world.fleet.get("/people", Some(&cookie)).await;
    assert_eq!(status, StatusCode::OK, "an administrator somewhere: {page}");
    assert!(page.contains("annaschmidt"), "{page}");
    for (place, expected) in [
        ("kassel", StatusCode::OK),
        ("fulda/dom", StatusCode::OK),
        ("fulda", StatusCode::FORBIDDEN),
    ] {
        let path = format!("/configuration?scope={place}");
        assert_eq!(
            world.fleet.get(&path, Some(&cookie)).await.0,
            expected,
            "{place}"
        );
    }
    // The next time they may do less, and then nothing; whoever was in is out.
    world.claims(json!({"preferred_username": "Anna Schmidt", "groups": "rathaus"}));
    let (_, answer) = world.sign_in().await;
    assert_eq!(
        world.fleet.get("/people", Some(&session(&answer))).await.0,
        StatusCode::FORBIDDEN
    );
    world.claims(json!({"preferred_username": "Anna Schmidt", "groups": []}));
    let (status, answer) = world.sign_in().await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
    assert_eq!(
        world.fleet.get("/rooms", Some(&cookie)).await.0,
        StatusCode::SEE_OTHER,
        "signed out"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_by_a_token_that_is_not_this_sign_ins() {
    let world = World::start().await;
    let now = Timestamp::now().as_second();
    for (claims, why) in [
        (json!({"aud": "another"}), "for somebody else"),
        (json!({"aud": ["fleet", "another"]}), "for somebody else"),
        (json!({"azp": "another"}), "for somebody else"),
        (json!({"iss": "https://evil.example"}), "another issuer"),
        (json!({"nonce": "guessed"}), "another sign-in"),
        (json!({"exp": now - 61}), "over"),
        (json!({"iat": now - 3600}), "not made now"),
        (json!({"sub": ""}), "who it is"),
    ] {
        world.claims(claims);
        let (status, page) = world.sign_in().await;
        assert!(
            status == StatusCode::UNAUTHORIZED && page.contains(why),
            "{why}: {page}"
        );
        assert!(!page.contains("__Host-saal-fleet="), "{why}");
    }
    world.claims(json!({"groups": ["saal-it"]}));
    let begun = "not begun here";
    for (status, page) in [
        world
            .sign_in_as(|cookie, _, _| *cookie = String::new())
            .await,
        world
            .sign_in_as(|cookie, _, _| {
                let another = if cookie.starts_with('_') { "A" } else { "_" };
                cookie.replace_range(0..1, another);
            })
            .await,
        world
            .sign_in_as(|_, state, _| *state = "guessed".to_owned())
            .await,
    ] {
        assert!(
            status == StatusCode::UNAUTHORIZED && page.contains(begun),
            "{page}"
        );
    }
    let (_, page) = world
        .sign_in_as(|_, _, issuer| *issuer = "https://evil.example".to_owned())
        .await;
    assert!(page.contains("another provider"), "{page}");
}

#[test]
fn a_token_is_signed_by_a_key_of_the_provider_and_does_not_choose_how() {
    let own = new_key();
    let expected = Expected {
        issuer: "x",
        client_id: "fleet",
        nonce: "n",
        now: 1000,
    };
    let said =
        json!({"iss": "x", "aud": "fleet", "nonce": "n", "iat": 1000, "exp": 1060, "sub": "4711"});
    let point = own.public_key().as_ref();
    let part = |bytes: &[u8]| encode(bytes);
    let key = json!({"kty": "EC", "kid": "1", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])});
    let keys: [Key; 1] = [serde_json::from_value(key).unwrap()];
    assert_eq!(
        claims(&signed(&own, &said), &keys, &expected).unwrap(),
        said
    );

    let strange = "none of the provider's keys signed it";
    let body = encode(said.to_string().as_bytes());
    let unsigned = |header: &str| format!("{}.{body}.", encode(header.as_bytes()));
    for token in [
        signed(&new_key(), &said),
        unsigned(r#"{"alg":"none"}"#),
        unsigned(r#"{"alg":"HS256","kid":"1"}"#),
    ] {
        assert_eq!(claims(&token, &keys, &expected).unwrap_err(), strange);
    }
    let critical = unsigned(r#"{"alg":"ES256","crit":["x"]}"#);
    assert!(
        claims(&critical, &keys, &expected)
            .unwrap_err()
            .contains("understand")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_this_server_is_never_somebody_elses() {
    let world = World::start().await;
    world.fleet.person("anna", Role::Administrator, "/").await;
    world.claims(json!({"preferred_username": "anna"}));
    // What they are tells the user information alone.
    world.provider.lock().unwrap().info = json!({"sub": "4711", "groups": ["rathaus"]});
    let (_, answer) = world.sign_in().await;
    let cookie = session(&answer);
    let (_, page) = world.fleet.get("/rooms", Some(&cookie)).await;
    assert!(page.contains("anna-2"), "{page}");
    assert_eq!(
        world.fleet.get("/people", Some(&cookie)).await.0,
        StatusCode::FORBIDDEN
    );
    // The same person again is no third one.
    let (_, answer) = world.sign_in().await;
    assert!(
        world
            .fleet
            .get("/rooms", Some(&session(&answer)))
            .await
            .1
            .contains("anna-2")
    );
    world.provider.lock().unwrap().info = json!({"sub": "4712", "groups": ["saal-it"]});
    let (status, page) = world.sign_in().await;
    assert!(
        status == StatusCode::UNAUTHORIZED && page.contains("somebody else"),
        "{page}"
    );

    let (_, page) = world.fleet.get("/rooms", Some(&cookie)).await;
    let form = page
        .split("name=\"form\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let (status, page) = world
        .fleet
        .send(
            Method::POST,
            "/sign-out",
            Some(&cookie),
            &[("form", &form)],
            &[],
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("/bye?client_id=fleet"), "{page}");
    assert_eq!(
        world.fleet.get("/rooms", Some(&cookie)).await.0,
        StatusCode::SEE_OTHER
    );
}
