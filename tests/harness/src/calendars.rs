//! CalDAV servers: Radicale and Xandikos, on loopback, each with one calendar of the user `room`, and its organiser's hands.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tokio::net::TcpStream;

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::tools::Tools;
use crate::{http, ports};

/// Python starts slowly on a machine that also builds, and Radicale looks through its folder first.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarProgram {
    /// Asks for the password.
    Radicale,
    /// Asks nobody for a password.
    Xandikos,
}

/// A server with one calendar. Dropping it ends it.
#[derive(Debug)]
pub struct CalendarServer {
    program: CalendarProgram,
    folder: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl CalendarServer {
    /// Who asks.
    pub const USER: &'static str = "room";
    /// With which password.
    pub const PASSWORD: &'static str = "s3cret-of-the-calendar";

    /// Starts one with its files in `folder`.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of its log.
    pub async fn start(program: CalendarProgram, folder: &Path) -> Result<Self> {
        Self::with(program, folder, &[]).await
    }

    /// The same, with these objects of its calendar on its disk before it starts: names and texts.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn with(
        program: CalendarProgram,
        folder: &Path,
        objects: &[(String, String)],
    ) -> Result<Self> {
        let mut server = Self {
            program,
            folder: folder.to_owned(),
            port: ports::free_tcp()?,
            process: None,
        };
        let files = server.files();
        if program == CalendarProgram::Radicale {
            server.make_calendar(&files)?;
            write_all(&files, objects)?;
        } else {
            // It makes its own calendar in a folder that is there.
            let all = folder.join("xandikos");
            std::fs::create_dir_all(&all).map_err(Error::file("create", &all))?;
            if !objects.is_empty() {
                server.begin().await?;
                server.stop().await;
                write_all(&files, objects)?;
                server.commit(&files).await?;
            }
        }
        server.begin().await?;
        Ok(server)
    }

    /// Where the calendar's objects are on the disk.
    fn files(&self) -> PathBuf {
        self.folder.join(match self.program {
            CalendarProgram::Radicale => "collections/collection-root/room/meetings",
            CalendarProgram::Xandikos => "xandikos/room/calendars/calendar",
        })
    }

    fn make_calendar(&self, files: &Path) -> Result<()> {
        std::fs::create_dir_all(files).map_err(Error::file("create", files))?;
        let properties = r#"{"tag": "VCALENDAR", "C:supported-calendar-component-set": "VEVENT"}"#;
        write(&files.join(".Radicale.props"), properties)?;
        let user = format!("{}:{}\n", Self::USER, Self::PASSWORD);
        write(&self.folder.join("users"), &user)
    }

    /// Xandikos has in its calendar what its repository has.
    async fn commit(&self, files: &Path) -> Result<()> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/calendars/seed.py");
        let log = self.folder.join("seed.log");
        let program = Program::new("seed", Tools::find()?.calendar_python, log);
        let mut process = program.args([Path::new(script), files]).start().await?;
        process.wait().await;
        match process.ended() {
            Some(how) if !how.ends_with(": 0") => Err(process.error(how)),
            _ => Ok(()),
        }
    }

    /// Starts it again after [`Self::stop`], on the same port, and waits until it listens.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn begin(&mut self) -> Result<()> {
        let python = Tools::find()?.calendar_python;
        let log = self.folder.join("calendar.log");
        let program = Program::new("calendar server", python, log).args(self.arguments());
        let mut process = program.start().await?;
        let port = self.port;
        let listens = || async move { TcpStream::connect(("127.0.0.1", port)).await.is_ok() };
        process.ready(READY_WITHIN, listens).await?;
        self.process = Some(process);
        Ok(())
    }

    fn arguments(&self) -> Vec<String> {
        let (folder, port) = (self.folder.display(), self.port);
        match self.program {
            CalendarProgram::Radicale => vec![
                "-m".to_owned(),
                "radicale".to_owned(),
                "--config=".to_owned(),
                format!("--server-hosts=127.0.0.1:{port}"),
                "--auth-type=htpasswd".to_owned(),
                format!("--auth-htpasswd-filename={folder}/users"),
                "--auth-htpasswd-encryption=plain".to_owned(),
                format!("--storage-filesystem-folder={folder}/collections"),
            ],
            CalendarProgram::Xandikos => vec![
                "-m".to_owned(),
                "xandikos".to_owned(),
                "serve".to_owned(),
                "--defaults".to_owned(),
                "--current-user-principal=/room/".to_owned(),
                format!("--directory={folder}/xandikos"),
                "--listen-address=127.0.0.1".to_owned(),
                format!("--port={port}"),
            ],
        }
    }

    /// Ends it.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where to begin to look for calendars.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The calendar itself.
    #[must_use]
    pub fn calendar(&self) -> String {
        let path = match self.program {
            CalendarProgram::Radicale => "room/meetings/",
            CalendarProgram::Xandikos => "room/calendars/calendar/",
        };
        format!("{}{path}", self.base())
    }

    /// Writes an object, as its organiser does.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn put(&self, name: &str, text: &str) -> Result<()> {
        self.ask(Method::PUT, &format!("{name}.ics"), text).await?;
        Ok(())
    }

    /// Lays a message about a meeting into the inbox of the calendar's owner (RFC 6638), where the server has one.
    ///
    /// # Errors
    /// As for [`Self::put`].
    pub async fn lay(&self, name: &str, text: &str) -> Result<()> {
        let url = format!("{}{name}.ics", self.inbox());
        self.ask_at(Method::PUT, url, text).await?;
        Ok(())
    }

    /// What the server tells of the messages there, with their names.
    ///
    /// # Errors
    /// As for [`Self::put`].
    pub async fn messages(&self) -> Result<String> {
        let method = Method::from_bytes(b"PROPFIND").expect("a token");
        let what = "<d:propfind xmlns:d=\"DAV:\"><d:prop><d:getetag/></d:prop></d:propfind>";
        self.ask_at(method, self.inbox(), what).await
    }

    fn inbox(&self) -> String {
        format!("{}room/inbox/", self.base())
    }

    /// An object as its organiser sees it, long lines in one.
    ///
    /// # Errors
    /// As for [`Self::put`].
    pub async fn get(&self, name: &str) -> Result<String> {
        let text = self.ask(Method::GET, &format!("{name}.ics"), "").await?;
        Ok(text.replace("\r\n ", ""))
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// As for [`Self::put`].
    pub async fn delete(&self, name: &str) -> Result<()> {
        self.ask(Method::DELETE, &format!("{name}.ics"), "").await?;
        Ok(())
    }

    /// All objects of the calendar in one text, long lines in one: what its organiser sees of it.
    ///
    /// # Errors
    /// As for [`Self::put`].
    pub async fn all(&self) -> Result<String> {
        let query = "<c:calendar-query xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:prop>\
                     <c:calendar-data/></d:prop><c:filter><c:comp-filter name=\"VCALENDAR\"/></c:filter>\
                     </c:calendar-query>";
        let method = Method::from_bytes(b"REPORT").expect("a token");
        let text = self.ask(method, "", query).await?;
        let text = text.replace("&#13;", "").replace('\r', "");
        Ok(text.replace("\n ", ""))
    }

    async fn ask(&self, method: Method, name: &str, body: &str) -> Result<String> {
        let url = format!("{}{name}", self.calendar());
        self.ask_at(method, url, body).await
    }

    async fn ask_at(&self, method: Method, url: String, body: &str) -> Result<String> {
        let kind = match method.as_str() {
            "REPORT" | "PROPFIND" => "application/xml; charset=utf-8",
            _ => "text/calendar; charset=utf-8",
        };
        let request = http::client()
            .request(method.clone(), &url)
            .basic_auth(Self::USER, Some(Self::PASSWORD))
            .header(CONTENT_TYPE, kind)
            .header("Depth", "1")
            .timeout(READY_WITHIN)
            .body(body.to_owned());
        let no_answer = |source| Error::NoAnswer {
            method: method.to_string(),
            url: url.clone(),
            source,
        };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        let text = response.text().await.map_err(no_answer)?;
        if status.is_success() {
            return Ok(text);
        }
        Err(Error::Refused {
            method: method.to_string(),
            url,
            status: status.as_u16(),
            body: text,
        })
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(Error::file("write", path))
}

fn write_all(folder: &Path, objects: &[(String, String)]) -> Result<()> {
    let path = |name: &str| folder.join(format!("{name}.ics"));
    objects
        .iter()
        .try_for_each(|(name, text)| write(&path(name), text))
}
