//! A test program in a network of its own.

use std::{env, io, os::unix::process::CommandExt, process::Command};

use nix::unistd::geteuid;

use crate::namespace::ip;

/// Says that this program is in a network of its own.
const APART: &str = "SAAL_APART";

/// Starts this program again, with the same arguments, in a network of its own (`network_namespaces(7)`) that has
/// loopback alone and ends with it; returns when it is in one. Whoever is not root becomes it in a user namespace:
/// that is possible before a program has threads, so the program begins anew (`exec(3)`).
///
/// # Errors
/// When the kernel does not allow it, and what would help.
pub fn apart() -> io::Result<()> {
    if env::var_os(APART).is_some() {
        return ip("link set lo up");
    }
    allowed()?;
    let program = env::current_exe()?;
    let mut again = unshare();
    again.arg(program).args(env::args_os().skip(1));
    Err(again.env(APART, "1").exec())
}

/// `unshare(1)` of util-linux.
fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.arg("--net");
    if !geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.arg("--");
    unshare
}

fn allowed() -> io::Result<()> {
    let tried = unshare().arg("true").output()?;
    if tried.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&tried.stderr);
    Err(io::Error::other(format!(
        "this test needs a network of its own: run it as root, or allow user namespaces \
         (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone); {}",
        why.trim()
    )))
}
