//! People sign in at a real OpenID provider (oidc-provider), in a real browser.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{fs, net::Ipv4Addr, path::PathBuf, process::Stdio, time::Duration};

use saal_fleet::{Options, Server};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

const PATIENCE: Duration = Duration::from_secs(240);

/// Where the set-up put what is not ours (`./dev test setup`).
fn tools() -> Value {
    let list = std::env::var_os("SAAL_TOOLS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/saal/tools.json"),
        PathBuf::from,
    );
    let text = fs::read_to_string(list).expect("./dev test setup");
    serde_json::from_str(&text).unwrap()
}

const SETTINGS: &str = "
client_id = \"fleet\"
client_secret_file = \"sign-in.secret\"
name = \"City login\"
[[roles]]
group = \"saal-it\"
role = \"administrator\"
scope = \"kassel\"
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_at_a_real_provider_in_a_real_browser_and_out_again() {
    let tools = tools();
    let path = |name: &str| tools[name].as_str().unwrap().to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/provider.mjs");
    let mut other = Command::new(path("node"))
        .args([script, &path("node_modules"), &path("chromium_shell")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
    let mut next = async || {
        loop {
            let line = tokio::time::timeout(PATIENCE, said.next_line()).await;
            let line = line.expect("it goes on").unwrap();
            let line = line.expect("it says why it ended");
            // The provider prints more.
            if let Some(said) = line.strip_prefix("said ") {
                break said.to_owned();
            }
        }
    };
    let issuer = next().await;

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sign-in.secret"), "not a secret\n").unwrap();
    let settings = format!("version = 1\nissuer = {issuer:?}\n{SETTINGS}");
    fs::write(folder.path().join("sign-in.toml"), settings).unwrap();
    let options = Options {
        data: folder.path().to_owned(),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        shared: None,
        names: vec!["localhost".to_owned()],
    };
    let server = Server::start(options).await.unwrap();
    let mut stdin = other.stdin.take().unwrap();
    let line = format!("{}\n", server.url());
    stdin.write_all(line.as_bytes()).await.unwrap();

    let mut page = async || serde_json::from_str::<Value>(&next().await).unwrap();
    let inside = page().await;
    assert_eq!(inside["path"], "/rooms", "where she was going: {inside}");
    let text = inside["text"].as_str().unwrap();
    assert!(text.contains("anna") && text.contains("People"), "{text}");
    let outside = page().await;
    assert_eq!(outside["path"], "/sign-in", "{outside}");
    let refused = page().await;
    let text = refused["text"].as_str().unwrap();
    assert!(text.contains("may do nothing here"), "{text}");
    assert!(other.wait().await.unwrap().success());
    server.stop().await;
}
