//! Writes what a room needs to know into the factory partition of an image file or a flashed disk, on any computer: without
//! mounting anything, and so without being the administrator for a file.

mod gpt;

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use fatfs::{FileSystem, FsOptions};
use saal_fleet_protocol::{
    authorities::{self, AuthoritiesError},
    config::{Language, RoomName, TimeZoneName},
    fleet::Digest,
};

use gpt::GptError;

/// The partition that IT writes (image/disk/30-factory.conf).
const PARTITION: &str = "factory";
/// What the agent of the fleet reads there; and the token that enrols the room, beside it.
const AGENT: &str = "agent.toml";
const TOKEN: &str = "enrolment-token";
/// The authority that the server's certificate is from.
const AUTHORITY: &str = "fleet-ca.pem";

/// Authorities that the room trusts beside its computer's, whatever its configuration says.
const AUTHORITIES: &str = "authorities";

/// What is to be written.
#[derive(Debug, clap::Args)]
pub(crate) struct Provision {
    /// The image (saal-VERSION.raw) or the disk that it was flashed to
    image: PathBuf,
    /// The fleet's server, `https://fleet.example.org` [default: the one that the room's network names]
    #[arg(long, requires = "name")]
    server: Option<String>,
    /// Token that enrols the room there [default: somebody claims it by the code on its panel]
    #[arg(long, requires = "name")]
    token: Option<String>,
    /// File with the authority that the server's certificate is from (ca.pem in the fleet's folder) [default: those that browsers trust]
    #[arg(long, requires = "name", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Fingerprint of the fleet's root (`saal-fleetctl keys show`): the room goes into no other fleet
    #[arg(long, requires = "name", value_name = "FINGERPRINT")]
    root: Option<Digest>,
    /// File with authorities of your own (PEM) that the room trusts beside those that browsers trust; may be given more than once
    #[arg(long, value_name = "FILE")]
    authority: Vec<PathBuf>,
    /// What people call the room, until its fleet says more
    #[arg(long, requires = "time_zone", value_parser = room_name)]
    name: Option<RoomName>,
    /// Where its clock is, `Europe/Berlin`
    #[arg(long, requires = "name", value_parser = time_zone)]
    time_zone: Option<TimeZoneName>,
    /// Of its panel: de or en
    #[arg(long, value_parser = language, default_value = "de")]
    language: Language,
    /// A file to put there as it is: saal.toml and the files that it names; may be given more than once
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
}

/// Why it was not written.
#[derive(Debug, thiserror::Error)]
enum ProvisionError {
    /// Neither a server nor files.
    #[error(
        "there is nothing to write; give --name and --time-zone of a fleet's room, --file, or --authority"
    )]
    Nothing,
    /// A token for whichever server answers.
    #[error(
        "without --server whoever answers in the room's network would get the token; give --server, or --ca with the \
         authority that the server's certificate has to be from"
    )]
    TokenForAnybody,
    /// The image can't be opened for writing.
    #[error("can't write {}: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no image of a room.
    #[error("{} is no image of a room: {source}", path.display())]
    Image {
        /// Which.
        path: PathBuf,
        /// Why.
        source: GptError,
    },
    /// A file that was given can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration would be refused in the room.
    #[error("{}: {problem}", path.display())]
    Configuration {
        /// Which.
        path: PathBuf,
        /// What saald would say.
        problem: String,
    },
    /// A file of no authorities.
    #[error("{}: {problem}", path.display())]
    Authority {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: AuthoritiesError,
    },
    /// The partition is full or damaged.
    #[error("can't write {name} to the factory partition: {source}")]
    Write {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
}

/// Writes it, and names what is there now.
pub(crate) fn run(wanted: &Provision) -> ExitCode {
    let (out, err, code) = match provision(wanted) {
        Ok(names) => (
            format!("Written to the factory partition: {}.\n", names.join(", ")),
            String::new(),
            ExitCode::SUCCESS,
        ),
        Err(error) => (
            String::new(),
            format!("saalctl: {error}\n"),
            ExitCode::FAILURE,
        ),
    };
    // A reader that has seen enough (`| head`) is no failure.
    let _ = io::stdout().write_all(out.as_bytes());
    let _ = io::stderr().write_all(err.as_bytes());
    code
}

/// All that is wrong with the input is found before the image is touched.
fn provision(wanted: &Provision) -> Result<Vec<String>, ProvisionError> {
    let files = files(wanted)?;
    let path = &wanted.image;
    let opened = File::options().read(true).write(true).open(path);
    let mut image = opened.map_err(|source| ProvisionError::Open {
        path: path.clone(),
        source,
    })?;
    let found = gpt::partition(&mut image, PARTITION);
    let partition = found.map_err(|source| ProvisionError::Image {
        path: path.clone(),
        source,
    })?;
    let slice = slice_of(image, partition.start, partition.end);
    write_all(slice, &files)?;
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

/// Names and contents.
fn files(wanted: &Provision) -> Result<Vec<(String, Vec<u8>)>, ProvisionError> {
    let mut files = Vec::new();
    if let (Some(name), Some(zone)) = (&wanted.name, &wanted.time_zone) {
        if wanted.server.is_none() && wanted.token.is_some() && wanted.ca.is_none() {
            return Err(ProvisionError::TokenForAnybody);
        }
        let settings = settings(wanted, name, zone);
        files.push((AGENT.to_owned(), settings.into_bytes()));
        if let Some(token) = &wanted.token {
            files.push((TOKEN.to_owned(), format!("{token}\n").into_bytes()));
        }
        if let Some(path) = &wanted.ca {
            files.push((AUTHORITY.to_owned(), read(path)?));
        }
    }
    for path in &wanted.file {
        files.push(given(path)?);
    }
    for path in &wanted.authority {
        files.push(authority(path)?);
    }
    if files.is_empty() {
        return Err(ProvisionError::Nothing);
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, ProvisionError> {
    fs::read(path).map_err(|source| ProvisionError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Under its own name, with the ending that the room looks for.
fn authority(path: &Path) -> Result<(String, Vec<u8>), ProvisionError> {
    let content = read(path)?;
    authorities::read(&content).map_err(|problem| ProvisionError::Authority {
        path: path.to_owned(),
        problem,
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok((format!("{AUTHORITIES}/{name}.pem"), content))
}

fn given(path: &Path) -> Result<(String, Vec<u8>), ProvisionError> {
    let content = read(path)?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if name == "saal.toml" {
        let text = String::from_utf8_lossy(&content);
        saal_fleet_protocol::config::parse(&text).map_err(|error| {
            ProvisionError::Configuration {
                path: path.to_owned(),
                problem: error.to_string(),
            }
        })?;
    }
    Ok((name, content))
}

/// The agent's file, version 1. Values are quoted as JSON strings are, which TOML reads as its basic strings.
fn settings(wanted: &Provision, name: &RoomName, zone: &TimeZoneName) -> String {
    let quoted = |value: &str| serde_json::Value::from(value).to_string();
    let text = |value: serde_json::Result<serde_json::Value>| {
        value.expect("a name is plain data").to_string()
    };
    let line = |key: &str, value: Option<&str>| match value {
        Some(value) => format!("{key} = {}\n", quoted(value)),
        None => String::new(),
    };
    format!(
        "version = 1\n{}{}{}{}\n[first]\nname = {}\nlanguage = {}\ntime_zone = {}\n",
        line("server", wanted.server.as_deref()),
        line("token_file", wanted.token.as_ref().map(|_| TOKEN)),
        line("ca_file", wanted.ca.as_ref().map(|_| AUTHORITY)),
        line("root", wanted.root.as_ref().map(Digest::as_str)),
        text(serde_json::to_value(name)),
        text(serde_json::to_value(wanted.language)),
        text(serde_json::to_value(zone)),
    )
}

fn write_all(slice: Slice, files: &[(String, Vec<u8>)]) -> Result<(), ProvisionError> {
    let of = |name: &str| {
        let name = name.to_owned();
        move |source| ProvisionError::Write { name, source }
    };
    let system = FileSystem::new(slice, FsOptions::new()).map_err(of("anything"))?;
    for (name, content) in files {
        let folder = name.split_once('/').map(|(folder, _)| folder);
        let made = folder.map(|folder| system.root_dir().create_dir(folder));
        made.transpose().map_err(of(name))?;
        let written = system.root_dir().create_file(name).and_then(|mut file| {
            file.truncate()?;
            file.write_all(content)?;
            file.flush()
        });
        written.map_err(of(name))?;
    }
    system.unmount().map_err(of("the rest"))
}

/// A part of a file, as a file.
struct Slice {
    file: BufReader<File>,
    start: u64,
    size: u64,
    at: u64,
}

fn slice_of(file: File, start: u64, end: u64) -> Slice {
    Slice {
        file: BufReader::new(file),
        start,
        size: end - start,
        at: 0,
    }
}

impl Slice {
    /// How many of so many bytes are left before the end.
    fn left(&self, wanted: usize) -> usize {
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        wanted.min(left)
    }
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left(buffer.len());
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let read = self.file.read(&mut buffer[..left])?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Write for Slice {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let left = self.left(buffer.len());
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let written = self.file.get_mut().write(&buffer[..left])?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.get_mut().sync_data()
    }
}

impl Seek for Slice {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let inside = at.filter(|at| *at <= self.size);
        self.at = inside.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

fn room_name(text: &str) -> Result<RoomName, String> {
    RoomName::try_from(text.to_owned()).map_err(|problem| problem.to_string())
}

fn time_zone(text: &str) -> Result<TimeZoneName, String> {
    TimeZoneName::try_from(text.to_owned()).map_err(|problem| problem.to_string())
}

fn language(text: &str) -> Result<Language, String> {
    let value = serde_json::from_value(serde_json::Value::from(text));
    value.map_err(|_| "de or en".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        wanted: Provision,
    }

    fn wanted(image: &Path, more: &[&str]) -> Provision {
        let words = ["saalctl", image.to_str().unwrap()]
            .into_iter()
            .chain(more.iter().copied());
        Line::try_parse_from(words).unwrap().wanted
    }

    /// A disk of 8 MiB whose factory partition begins at 1 MiB.
    fn image(folder: &Path) -> PathBuf {
        let path = folder.join("saal.raw");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.set_len(8 << 20).unwrap();
        file.write_all_at_once(&gpt::tests::table(&[
            ("esp", 34, 2_047),
            (PARTITION, 2_048, 14_335),
        ]));
        let mut slice = slice_of(file, 2_048 * 512, 14_336 * 512);
        fatfs::format_volume(&mut slice, fatfs::FormatVolumeOptions::new()).unwrap();
        path
    }

    trait WriteAllAtOnce {
        fn write_all_at_once(&mut self, bytes: &[u8]);
    }

    impl WriteAllAtOnce for File {
        fn write_all_at_once(&mut self, bytes: &[u8]) {
            self.seek(SeekFrom::Start(0)).unwrap();
            self.write_all(bytes).unwrap();
        }
    }

    fn content(image: &Path, name: &str) -> String {
        let file = File::options().read(true).write(true).open(image).unwrap();
        let system =
            FileSystem::new(slice_of(file, 2_048 * 512, 14_336 * 512), FsOptions::new()).unwrap();
        let mut text = String::new();
        system
            .root_dir()
            .open_file(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn a_room_learns_of_its_fleet() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let fleet = [
            "--server",
            "https://fleet.example.org",
            "--token",
            "t0ken",
            "--name",
            "Raum \"Lahn\"",
            "--time-zone",
            "Europe/Berlin",
        ];
        let names = provision(&wanted(&image, &fleet)).unwrap();
        assert_eq!(names, [AGENT, TOKEN]);
        assert_eq!(content(&image, TOKEN), "t0ken\n");
        let settings = content(&image, AGENT);
        assert!(
            settings.contains("name = \"Raum \\\"Lahn\\\"\"\n"),
            "{settings}"
        );
        assert!(
            settings.contains("server = \"https://fleet.example.org\"\n"),
            "{settings}"
        );
        assert!(!settings.contains("ca_file"), "{settings}");
        assert!(!settings.contains("root ="), "{settings}");
        // What was there before is replaced, also by something shorter.
        let other = wanted(
            &image,
            &[
                fleet[0],
                fleet[1],
                "--token",
                "x",
                "--name",
                "A",
                "--time-zone",
                "Etc/UTC",
            ],
        );
        provision(&other).unwrap();
        assert_eq!(content(&image, TOKEN), "x\n");
    }

    #[test]
    fn a_fleet_with_an_authority_of_its_own_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let ca = folder.path().join("ca.pem");
        fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
        let line = format!(
            "--server https://fleet.example.org --token t --name A --time-zone Etc/UTC --ca {} --root {}",
            ca.display(),
            "ab".repeat(32)
        );
        let words: Vec<&str> = line.split(' ').collect();
        let names = provision(&wanted(&image, &words)).unwrap();
        assert_eq!(names, [AGENT, TOKEN, AUTHORITY]);
        assert!(content(&image, AGENT).contains("\nca_file = \"fleet-ca.pem\"\n"));
        assert_eq!(content(&image, AUTHORITY), "-----BEGIN CERTIFICATE-----\n");
        let root = format!("\nroot = \"{}\"\n", "ab".repeat(32));
        assert!(content(&image, AGENT).contains(&root));
    }

    #[test]
    fn authorities_come_into_their_folder_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let file = folder.path().join("kreis.crt");
        let words = ["--authority", file.to_str().unwrap()];
        fs::write(&file, "DER").unwrap();
        let error = provision(&wanted(&image, &words)).unwrap_err().to_string();
        assert!(
            error.contains("kreis.crt: there is no certificate in it"),
            "{error}"
        );

        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        fs::write(&file, &pem).unwrap();
        // Again, as when somebody provisions the same disk twice.
        for _ in 0..2 {
            let names = provision(&wanted(&image, &words)).unwrap();
            assert_eq!(names, ["authorities/kreis.pem"]);
        }
        assert_eq!(content(&image, "authorities/kreis.pem"), pem);
    }

    #[test]
    fn a_configuration_that_the_room_would_refuse_is_refused_here() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let file = folder.path().join("saal.toml");
        fs::write(&file, "version = 1\n[room]\nnam = \"Lahn\"\n").unwrap();
        let error = provision(&wanted(&image, &["--file", file.to_str().unwrap()])).unwrap_err();
        assert!(error.to_string().contains("room.nam"), "{error}");
    }

    #[test]
    fn what_is_no_image_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        fs::write(&path, "Dear IT").unwrap();
        let error = provision(&wanted(&path, &["--file", path.to_str().unwrap()])).unwrap_err();
        assert!(matches!(error, ProvisionError::Image { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "Dear IT");
        let nothing = provision(&wanted(&path, &[])).unwrap_err();
        assert!(matches!(nothing, ProvisionError::Nothing), "{nothing}");
    }
}
