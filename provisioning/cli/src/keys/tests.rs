use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: KeysCommand,
}

/// Does what somebody types at a computer without a network, in a folder of theirs.
fn typed(folder: &Path, line: &str) -> Result<String> {
    let inside = |word: &str| match word.split_once('@') {
        Some((before, name)) => format!("{before}{}", folder.join(name).display()),
        None => word.to_owned(),
    };
    let words = ["keys".to_owned()]
        .into_iter()
        .chain(line.split(' ').map(inside));
    alone(&Line::parse_from(words).command).expect("it needs no server")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("phrase"), "korrekt pferd batterie\n").unwrap();
    std::fs::write(folder.path().join("other"), "falsch pferd batterie\n").unwrap();
    for name in ["anna", "ben", "carla", "server"] {
        let line = format!("new @{name} --passphrase-file @phrase");
        typed(folder.path(), &line).unwrap();
    }
    folder
}

const FIRST: &str =
    "edit @1.json --add root=@server.pub --add targets=@server.pub --add configuration=@server.pub";

#[test]
fn two_people_take_the_root_over_at_their_own_computers() {
    let folder = folder();
    let at = folder.path();
    typed(at, FIRST).unwrap();
    typed(at, "sign @1.json --key @server --passphrase-file @phrase").unwrap();
    let first =
        saal_fleet_protocol::fleet::trust::Trusted::first(read(&at.join("1.json")).unwrap());
    let first = first.unwrap();
    let server = KeyFile::read(&at.join("server")).unwrap().id();
    let next = format!(
        "edit @2.json --from @1.json --add root=@anna.pub --add root=@ben.pub --add root=@carla.pub --remove root={}",
        &server.as_str()[..12]
    );
    let told = typed(at, &next).unwrap();
    assert!(
        told.contains("root 2,") && told.contains("2 of 3"),
        "{told}"
    );
    assert!(told.contains("nobody has signed it"), "{told}");
    for name in ["server", "anna"] {
        typed(
            at,
            &format!("sign @2.json --key @{name} --passphrase-file @phrase"),
        )
        .unwrap();
    }
    let early = first.follow(read(&at.join("2.json")).unwrap());
    assert!(early.unwrap_err().to_string().starts_with("1 of the 2"));
    let told = typed(at, "show @2.json").unwrap();
    assert!(told.contains("1 of the 2 signatures"), "{told}");
    typed(at, "sign @2.json --key @carla --passphrase-file @phrase").unwrap();
    let second = first.follow(read(&at.join("2.json")).unwrap()).unwrap();
    // The server still signs what it signed.
    assert_eq!(second.root().roles.configuration.keyids, [server]);
}

#[test]
fn a_key_opens_with_its_pass_phrase_alone_and_is_never_written_over() {
    let folder = folder();
    let at = folder.path();
    typed(at, FIRST).unwrap();
    let wrong = typed(at, "sign @1.json --key @anna --passphrase-file @other");
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "this is not the key's pass phrase"
    );
    assert!(typed(at, "new @anna --passphrase-file @phrase").is_err());
    std::fs::write(at.join("short"), "kurz\n").unwrap();
    let short = typed(at, "new @dora --passphrase-file @short").unwrap_err();
    assert!(short.to_string().contains("12 characters"), "{short}");
    let file = std::fs::read(at.join("anna")).unwrap();
    let text = String::from_utf8(file).unwrap();
    assert!(!text.contains("korrekt") && !at.join("dora").exists());
    // Somebody else's public half does not make it theirs.
    let other = std::fs::read_to_string(at.join("ben")).unwrap();
    let public = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let mut mixed = public(&text);
    mixed["public"] = public(&other)["public"].clone();
    std::fs::write(at.join("mixed"), mixed.to_string()).unwrap();
    assert!(typed(at, "sign @1.json --key @mixed --passphrase-file @phrase").is_err());
}

#[test]
fn a_root_that_could_not_work_is_not_written() {
    let folder = folder();
    let at = folder.path();
    let error = typed(at, "edit @1.json --add root=@anna.pub").unwrap_err();
    assert!(error.to_string().contains("targets"), "{error}");
    assert!(!at.join("1.json").exists());
    typed(at, FIRST).unwrap();
    let nobody = typed(at, "edit @2.json --from @1.json --remove root=zz").unwrap_err();
    assert!(nobody.to_string().contains("no key"), "{nobody}");
    let many = typed(
        at,
        "edit @2.json --from @1.json --threshold configuration=2",
    );
    assert!(many.is_err() && !at.join("2.json").exists());
}
