//! Media engines that the service manager starts, as another user: the room is the same, and what hangs is killed all the same.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saal_control::{PhaseName, Status};
use saal_harness::{EngineHost, Room, RoomOptions, run, until};
use saal_suites::{PATIENCE, Result, Scene, Taken};

/// A room in a call, with engines by the service manager, and where it keeps its state.
struct Stage {
    scene: Scene,
    engines: EngineHost,
    state: PathBuf,
}

impl Stage {
    async fn set(stage: &mut Taken, title: &str) -> Result<Self> {
        let folder = stage.servers.folder().join(title);
        // As `StateDirectoryMode=` of saald.service makes it.
        let state = folder.join("state");
        std::fs::create_dir_all(&state).expect("the run's folder is writable");
        let closed = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&state, closed).expect("it was made above");
        let engines = EngineHost::start(&folder)?;
        let options = RoomOptions {
            arguments: vec![
                "--engine-socket".to_owned(),
                engines.socket().display().to_string(),
            ],
            state: Some(state.clone()),
            ..RoomOptions::default()
        };
        let scene = stage.scene(title, &options).await?;
        scene.join().await?;
        scene.television_moves().await?;
        scene.far_end_sees_the_room().await?;
        Ok(Self {
            scene,
            engines,
            state,
        })
    }

    fn room(&self) -> &Room {
        &self.scene.room
    }

    /// The number of the engine's process.
    async fn engine(&self) -> Result<u32> {
        let known = |status: &Status| status.engine.pid.is_some();
        let status = self.room().status_is("an engine", PATIENCE, known).await?;
        Ok(status.engine.pid.unwrap_or_default())
    }

    /// In the call by another engine than this one, which is gone.
    async fn has_another_engine(&self, before: u32) -> Result<()> {
        let another = |status: &Status| {
            status.engine.pid.is_some_and(|pid| pid != before) && status.phase == PhaseName::Call
        };
        self.room()
            .status_is("another engine", PATIENCE, another)
            .await?;
        self.scene.television_moves().await?;
        self.scene.far_end_sees_the_room().await?;
        is_gone(before).await?;
        self.engines_are(1).await
    }

    async fn engines_are(&self, wanted: usize) -> Result<()> {
        let running = async || Result::Ok(self.engines.running());
        let what = format!("{wanted} engines");
        until(&what, PATIENCE, running, |engines| *engines == wanted)
            .await
            .map(drop)
    }
}

/// As the kernel shows it to everybody (proc_pid_status(5)).
fn status_of(process: u32, field: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

async fn is_gone(process: u32) -> Result<()> {
    let state = async || Result::Ok(status_of(process, "State:"));
    let gone = |state: &Option<String>| state.is_none();
    until("the end of an engine", PATIENCE, state, gone)
        .await
        .map(drop)
}

/// Files below a folder that this user can open.
fn readable(folder: &Path, user: u32) -> String {
    let user = [format!("--reuid={user}"), format!("--regid={user}")];
    let mut look = Command::new("setpriv");
    look.args(user).args(["--clear-groups", "--", "find"]);
    let found = look.arg(folder).args(["-type", "f", "-readable"]).output();
    String::from_utf8_lossy(&found.expect("setpriv runs").stdout).into_owned()
}

/// Past the runner's capture: what was not tested must not look like what was.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn an_engine_of_another_user_takes_part_in_a_call_and_reads_nothing_of_the_daemons() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let stage = Stage::set(&mut stage, "Other user").await?;
        stage.scene.far_end_hears_the_room().await?;
        let engine = stage.engine().await?;
        let keeper = status_of(engine, "PPid:");
        assert_ne!(
            keeper,
            stage.room().pid().map(|pid| pid.to_string()),
            "it is no child of the daemon"
        );
        let Some(user) = stage.engines.user() else {
            say("the engine's user: not tested, that needs root");
            return Ok(());
        };
        // Real, effective, saved and of the file system.
        let number = user.to_string();
        let of_user = [number.as_str(); 4].join(" ");
        assert_eq!(status_of(engine, "Uid:"), Some(of_user.clone()));
        assert_eq!(status_of(engine, "Gid:"), Some(of_user));
        assert_eq!(status_of(engine, "Groups:").as_deref(), Some(""));
        assert!(stage.state.join("seal.key").exists(), "the daemon has one");
        assert_eq!(readable(&stage.state, user), "", "of the daemon's files");
        stage.scene.room.stop().await;
        is_gone(engine).await
    })
}

#[test]
fn one_that_dies_or_hangs_is_replaced_in_the_call() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let stage = Stage::set(&mut stage, "Hanging").await?;
        let killed = stage.room().kill_engine().await?;
        stage.has_another_engine(killed).await?;
        let said = "signal: 9 (SIGKILL)";
        let log = stage.room().log();
        assert!(log.contains(said), "how it ended: {log}");

        let hanging = stage.engine().await?;
        kill(Pid::from_raw(hanging.cast_signed()), Signal::SIGSTOP).expect("it runs");
        stage.has_another_engine(hanging).await?;
        stage.scene.room.stop().await;
        Ok(())
    })
}

#[test]
fn a_daemon_that_is_gone_leaves_no_engine_not_even_one_that_hangs() -> Result<()> {
    run(async {
        let mut stage = Taken::take().await?;
        let stage = Stage::set(&mut stage, "Left alone").await?;
        let hanging = stage.engine().await?;
        kill(Pid::from_raw(hanging.cast_signed()), Signal::SIGSTOP).expect("it runs");
        stage.room().hold_restart(true);
        stage.room().kill();
        is_gone(hanging).await?;
        stage.engines_are(0).await?;

        stage.room().hold_restart(false);
        stage.has_another_engine(hanging).await?;
        stage.scene.room.stop().await;
        Ok(())
    })
}
