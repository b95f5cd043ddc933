//! What a firewall has to let in, from a configuration alone.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// Prints it, `tcp 8480` a line; a configuration that `saald` would refuse opens nothing.
pub(crate) fn run(file: &Path) -> ExitCode {
    let (out, err, code) = match list(file) {
        Ok(lines) => (lines, String::new(), ExitCode::SUCCESS),
        Err(problem) => (
            String::new(),
            format!("saalctl: {}: {problem}\n", file.display()),
            ExitCode::FAILURE,
        ),
    };
    // A reader that has seen enough (`| head`) is no failure.
    let _ = io::stdout().write_all(out.as_bytes());
    let _ = io::stderr().write_all(err.as_bytes());
    code
}

fn list(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let config = saal_fleet_protocol::config::parse(&text).map_err(|error| error.to_string())?;
    let lines = config.open_ports().into_iter();
    Ok(lines.map(|ports| format!("{ports}\n")).collect())
}
