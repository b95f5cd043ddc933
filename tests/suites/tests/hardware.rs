//! The code that talks to V4L2, ALSA and evdev, on the kernel's own drivers: vivid's cameras, uvcvideo with webcams that are
//! software, vicodec's encoder, the sound cards of snd-aloop and snd-dummy and keys of uinput, in a virtual machine that this starts.
//! The tests themselves are those of the crates; on a machine with devices they run as well.

use std::{io::Write, time::Duration};

use saal_hal_sim::pattern::Code;
use saal_harness::{Finished, Guest, GuestScreen, TestProgram, run};
use saal_suites::Result;
use tokio::sync::{Mutex, MutexGuard};

/// The guest has time limits of its own, by its own clock; this bounds one that hangs.
const WITHIN: Duration = Duration::from_secs(900);
/// Has a suite fail that finds no device.
const EXPECT_DEVICES: [(&str, &str); 1] = [("SAAL_EXPECT_DEVICES", "1")];
/// A webcam and an HDMI input, of one make.
const CAMERAS: [&str; 4] = [
    "n_devs=2",
    "node_types=0x1,0x1",
    "num_inputs=1,1",
    "input_types=0x0,0x3",
];
/// One user at a time, as with most cards.
const SOUND_CARD: [&str; 1] = ["pcm_substreams=1"];
/// One that has a control for its volume, and hears nothing of what it plays.
const OTHER_SOUND_CARD: [&str; 2] = ["pcm_devs=1", "pcm_substreams=1"];

/// The virtual machine, one for all tests here; it ends with this process.
struct Machine(MutexGuard<'static, Option<Guest>>);

impl Machine {
    async fn take() -> Result<Self> {
        static MACHINE: Mutex<Option<Guest>> = Mutex::const_new(None);
        let mut guest = MACHINE.lock().await;
        if guest.is_none() {
            *guest = Some(Guest::start().await?);
        }
        Ok(Self(guest))
    }

    fn guest(&mut self) -> &mut Guest {
        self.0.as_mut().expect("started when it was taken")
    }

    async fn plug(&mut self) -> Result<()> {
        self.guest().load("virtio-gpu", &[]).await?;
        self.guest().load("vivid", &CAMERAS).await?;
        // The tests plug webcams into the second one.
        self.guest().load("uvcvideo", &[]).await?;
        self.guest().load("vhci-hcd", &[]).await?;
        self.guest().load("snd-aloop", &SOUND_CARD).await?;
        self.guest().load("snd-dummy", &OTHER_SOUND_CARD).await?;
        self.guest().load("evdev", &[]).await?;
        self.guest().load("uinput", &[]).await
    }

    async fn unplug(&mut self) -> Result<()> {
        self.guest().unload("virtio-gpu").await?;
        self.guest().unload("vivid").await?;
        self.guest().unload("snd-aloop").await?;
        self.guest().unload("snd-dummy").await
    }

    async fn test(&mut self, package: &str, name: &str, arguments: &[&str]) -> Result<Finished> {
        let program = TestProgram::find(package, name)?;
        let guest = self.guest();
        guest
            .test(&program, arguments, &EXPECT_DEVICES, WITHIN)
            .await
    }
}

/// Past the runner's capture: how many devices a suite ran against is worth seeing each time.
fn say(output: &str) {
    for (start, _) in output.match_indices("conformance:") {
        let line = output[start..].lines().next().unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "in the virtual machine: {line}");
    }
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_suites_pass_on_the_kernels_drivers_and_fail_without_devices() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        let said = machine
            .test("saal-hal-linux", "conformance", &[])
            .await?
            .success("conformance")?;
        say(&said);
        assert!(said.contains("V4L2 suite ran against 2 devices"), "{said}");
        assert!(said.contains("ALSA suite ran against 6 devices"), "{said}");
        assert!(said.contains("DRM suite ran against 2 devices"), "{said}");

        machine.unplug().await?;
        let without = machine.test("saal-hal-linux", "conformance", &[]).await?;
        assert_ne!(without.status, 0, "{}", without.output);
        for suite in ["V4L2", "ALSA", "DRM"] {
            let found = format!("the {suite} suite found 0 devices");
            assert!(without.output.contains(&found), "{}", without.output);
        }
        Ok(())
    })
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_in_use_or_of_one_make_is_told_apart() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        let arguments = ["--ignored", "--test-threads=1"];
        let done = machine
            .test("saal-hal-linux", "hardware", &arguments)
            .await?;
        done.success("saal-hal-linux/hardware").map(drop)
    })
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_in_a_call_is_captured_played_pulled_and_put_back() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        let arguments = [
            "--ignored",
            "--test-threads=1",
            "--skip",
            "display",
            "--skip",
            "encoder",
        ];
        let done = machine.test("saal-media", "hardware", &arguments).await?;
        done.success("saal-media/hardware").map(drop)
    })
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_encoder_is_tried_used_and_left_when_it_fails() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.guest().load("vicodec", &[]).await?;
        let arguments = ["--ignored", "--test-threads=1", "encoder"];
        let done = machine.test("saal-media", "hardware", &arguments).await?;
        done.success("saal-media/hardware encoder")?;
        machine.guest().unload("vicodec").await
    })
}

/// The code that a display of the guest shows, whatever its size.
async fn code_on(screen: &mut GuestScreen, display: usize) -> Result<Code> {
    loop {
        let picture = screen.picture(display).await?;
        // 16:9 in the middle of the display.
        let high = picture.width * 9 / 16;
        let y = picture.height.saturating_sub(high) / 2;
        if let Some(code) = picture.code_in(0, y, picture.width, high) {
            return Ok(code);
        }
    }
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_displays_show_what_is_composed_and_are_given_back() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        let mut screen = machine.guest().screen().await?;
        let (here, there) = machine.guest().exchange();
        let (seen, there) = (here.join("seen"), format!("{there}/seen"));
        let _ = std::fs::remove_file(&seen);
        let look = async {
            for display in [0, 1] {
                let first = code_on(&mut screen, display).await?;
                while code_on(&mut screen, display).await? == first {}
            }
            std::fs::write(&seen, "").expect("the folder that both share can be written");
            Ok::<_, saal_harness::Error>(())
        };
        let program = TestProgram::find("saal-media", "hardware")?;
        let arguments = ["--ignored", "--test-threads=1", "display"];
        let variables = [EXPECT_DEVICES[0], ("SAAL_SEEN", there.as_str())];
        let guest = machine.guest();
        let shows = guest.test(&program, &arguments, &variables, WITHIN);
        tokio::pin!(shows);
        let done = tokio::select! {
            looked = look => {
                looked?;
                shows.await?
            }
            done = &mut shows => done?,
        };
        done.success("saal-media/hardware display").map(drop)
    })
}
