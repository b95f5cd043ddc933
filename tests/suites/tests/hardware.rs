//! The code that talks to V4L2, ALSA and evdev, on the kernel's own drivers: vivid's cameras, uvcvideo and snd-usb-audio with
//! webcams and speakerphones that are software, vicodec's encoder, the sound cards of snd-aloop and snd-dummy, keys of uinput, telephones of uhid and the HDMI cable of vivid, in a virtual machine that this starts.
//! The tests themselves are those of the crates; on a machine with devices they run as well.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use saal_hal_sim::pattern::Code;
use saal_harness::{Finished, Guest, GuestScreen, GuestSpeed, Picture, Pixels, TestProgram, run};
use saal_suites::Result;
use tokio::sync::{Mutex, MutexGuard};

/// The guest has time limits of its own, by its own clock; this bounds one that hangs.
const WITHIN: Duration = Duration::from_secs(900);
/// Has a suite fail that finds no device.
const EXPECT_DEVICES: [(&str, &str); 1] = [("SAAL_EXPECT_DEVICES", "1")];
/// A webcam and an HDMI input, of one make; the input's cable leads to an HDMI output, and both ends have a CEC line.
const CAMERAS: [&str; 6] = [
    "n_devs=2",
    "node_types=0x1,0x101",
    "num_inputs=1,1",
    "input_types=0x0,0x3",
    "num_outputs=0,1",
    "output_types=0x0,0x1",
];
/// One user at a time, as with most cards.
const SOUND_CARD: [&str; 1] = ["pcm_substreams=1"];
/// One that has a control for its volume, and hears nothing of what it plays.
const OTHER_SOUND_CARD: [&str; 2] = ["pcm_devs=1", "pcm_substreams=1"];

/// The display that a test of the daemon plugs in for its television.
const TELEVISION: usize = 2;
/// Pictures are compared by the brightness of so many parts across and down, which may differ by so much: text has other edges
/// at another size, and a clock goes on.
const PARTS: u32 = 12;
const SAME: f64 = 8.0;

/// The virtual machine, one for all tests here; it ends with this process.
struct Machine(MutexGuard<'static, Option<Guest>>);

impl Machine {
    async fn take() -> Result<Self> {
        static MACHINE: Mutex<Option<Guest>> = Mutex::const_new(None);
        let mut guest = MACHINE.lock().await;
        if guest.is_none() {
            *guest = Some(Guest::start(GuestSpeed::Modest).await?);
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
        self.guest().load("snd-usb-audio", &[]).await?;
        self.guest().load("vhci-hcd", &[]).await?;
        self.guest().load("snd-aloop", &SOUND_CARD).await?;
        self.guest().load("snd-dummy", &OTHER_SOUND_CARD).await?;
        self.guest().load("evdev", &[]).await?;
        self.guest().load("uinput", &[]).await?;
        self.guest().load("hid-generic", &[]).await?;
        self.guest().load("uhid", &[]).await
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

/// Past the runner's capture: how many devices a suite ran against, and how long something took, is worth seeing each time.
fn say(output: &str) {
    for of in ["conformance:", "pulled:"] {
        for (start, _) in output.match_indices(of) {
            let line = output[start..].lines().next().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "in the virtual machine: {line}");
        }
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
            "--skip",
            "pulled::",
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
        // A camera whose memory it reads.
        machine.guest().load("vivid", &CAMERAS).await?;
        // In a process each: one knows the encoder by its node, which is another one after it was pulled.
        for test in ["an_encoder_reads", "an_encoder_is_listed"] {
            let arguments = ["--ignored", "--test-threads=1", test];
            let done = machine.test("saal-media", "hardware", &arguments).await?;
            let said = done.success("saal-media/hardware encoder")?;
            say(&said);
            assert!(said.contains("1 passed"), "{said}");
        }
        machine.guest().unload("vicodec").await
    })
}

/// Where a picture of this shape is on a display that shows all of it, as large as it can: left, top, width, height.
fn fitted(display: &Picture, (wide, high): (u32, u32)) -> (u32, u32, u32, u32) {
    let width = display.width.min(display.height * wide / high);
    let height = display.height.min(display.width * high / wide);
    let (left, top) = (display.width - width, display.height - height);
    (left / 2, top / 2, width, height)
}

/// The code that a display of the guest shows, whatever its size.
async fn code_on(screen: &mut GuestScreen, display: usize) -> Result<Code> {
    loop {
        let picture = screen.picture(display).await?;
        let (x, y, width, height) = fitted(&picture, (16, 9));
        if let Some(code) = picture.code_in(x, y, width, height) {
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

/// The next question about the displays that the guest asks; it asks one after the other.
async fn given(folder: &Path) -> PathBuf {
    loop {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut questions = entries.map(|entry| entry.path()).filter(|path| {
            let told = |word| path.with_extension(word).exists();
            let asks =
                ["png", "jpg", "code"].map(|ending| path.extension() == Some(ending.as_ref()));
            asks.contains(&true) && !told("same") && !told("other")
        });
        match questions.next() {
            Some(question) => return question,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn read(picture: &Path) -> Pixels {
    let file = std::fs::File::open(picture).expect("the guest gave it");
    let decoder = png::Decoder::new(std::io::BufReader::new(file));
    let mut reader = decoder.read_info().expect("a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("it has a size")];
    let info = reader.next_frame(&mut rgb).expect("a whole PNG");
    Pixels {
        width: info.width,
        height: info.height,
        rgb,
    }
}

/// Exactly this picture is on one of the displays that are always there.
async fn is_on_a_display(screen: &mut GuestScreen, picture: &Path) -> Result<bool> {
    let wanted = read(picture);
    let mut same = false;
    for display in [0, 1] {
        same |= screen.pixels(display).await? == wanted;
    }
    Ok(same)
}

/// This picture, as far as JPEG keeps it, is in the middle of the television.
async fn is_on_the_television(screen: &mut GuestScreen, picture: &Path) -> Result<bool> {
    let jpeg = std::fs::read(picture).expect("the guest gave it");
    let wanted = Picture::from_jpeg(&jpeg).expect("a JPEG");
    let shown = screen.picture(TELEVISION).await?;
    let area = fitted(&shown, (wanted.width, wanted.height));
    let whole = (0, 0, wanted.width, wanted.height);
    let parts = (0..PARTS).flat_map(|row| (0..PARTS).map(move |column| (column, row)));
    let differ = parts.map(|(column, row)| {
        let of = |picture: &Picture, (left, top, width, height): (u32, u32, u32, u32)| {
            let (wide, high) = (width / PARTS, height / PARTS);
            let part = picture.brightness_in(left + column * wide, top + row * high, wide, high);
            part.unwrap_or_default()
        };
        (of(&shown, area) - of(&wanted, whole)).abs()
    });
    let most = differ.fold(0.0, f64::max);
    Ok(most < SAME)
}

/// A picture that carries a code, and then another one, fills the middle of the television.
async fn moves_on_the_television(screen: &mut GuestScreen) -> Result<bool> {
    let first = code_on(screen, TELEVISION).await?;
    while code_on(screen, TELEVISION).await? == first {}
    Ok(true)
}

/// Answers what the guest asks about its displays.
async fn look(screen: &mut GuestScreen, folder: &Path) -> Result<()> {
    loop {
        let question = given(folder).await;
        let kind = question.extension().unwrap_or_default();
        let same = match kind.to_str() {
            Some("png") => is_on_a_display(screen, &question).await?,
            Some("jpg") => is_on_the_television(screen, &question).await?,
            _ => moves_on_the_television(screen).await?,
        };
        let word = if same { "same" } else { "other" };
        std::fs::write(question.with_extension(word), "")
            .expect("the folder that both share can be written");
    }
}

impl Machine {
    /// Runs one test of the daemon, and looks at the displays for it.
    async fn of_the_daemon(&mut self, test: &str) -> Result<()> {
        let mut screen = self.guest().screen().await?;
        let (here, there) = self.guest().exchange();
        let (here, there) = (here.join(test), format!("{there}/{test}"));
        let _ = std::fs::remove_dir_all(&here);
        std::fs::create_dir(&here).expect("the folder that both share can be written");
        let program = TestProgram::find("saald", "hardware")?;
        let arguments = ["--ignored", "--test-threads=1", test];
        let tools = std::env::var("SAAL_TOOLS").unwrap_or_default();
        let variables = [
            EXPECT_DEVICES[0],
            ("SAAL_SEEN", there.as_str()),
            ("SAAL_TOOLS", tools.as_str()),
        ];
        let shows = self.guest().test(&program, &arguments, &variables, WITHIN);
        let done = tokio::select! {
            looked = look(&mut screen, &here) => return looked,
            done = shows => done?,
        };
        let said = done.success("saald/hardware")?;
        assert!(!said.contains("running 0 tests"), "{test}: {said}");
        Ok(())
    }
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_panel_is_what_the_web_view_shows_and_is_touched() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        machine.of_the_daemon("the_panel_is_on_its_display").await
    })
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_television_that_is_lent_shows_the_day_and_the_meeting() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        machine.of_the_daemon("the_television_that_is_lent").await
    })
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "the virtual machine is an x86-64"
)]
fn hardware_grabber_presents_what_is_plugged_into_it() -> Result<()> {
    run(async {
        let mut machine = Machine::take().await?;
        machine.plug().await?;
        machine.of_the_daemon("what_is_plugged_into").await
    })
}

/// Runs one test of a call that goes on while something is pulled, in a machine that keeps up with it, and has nothing but these
/// modules for it.
async fn in_a_call(modules: &[(&str, &[&str])], test: &str) -> Result<()> {
    let mut guest = Guest::start(GuestSpeed::Twice).await?;
    for (module, options) in modules {
        guest.load(module, options).await?;
    }
    // What the call's sound is held to is how it is in the guest, whatever this computer does beside it.
    guest.keep_busy().await?;
    let program = TestProgram::find("saal-media", "hardware")?;
    let arguments = ["--ignored", "--nocapture", test];
    let done = guest.test(&program, &arguments, &EXPECT_DEVICES, WITHIN);
    let said = done.await?.success("saal-media/hardware pulled")?;
    say(&said);
    assert!(said.contains("1 passed"), "{said}");
    Ok(())
}

/// Deep, for a call whose processor is never idle costs minutes of ours.
#[test]
#[ignore = "minutes of an emulated processor (x86-64): ./dev test deep"]
fn hardware_webcam_is_pulled_out_of_a_call_and_put_back_beside_real_sound() -> Result<()> {
    let modules: [(&str, &[&str]); 3] = [
        ("uvcvideo", &[]),
        ("vhci-hcd", &[]),
        ("snd-aloop", &SOUND_CARD),
    ];
    run(in_a_call(&modules, "pulled::a_webcam"))
}

#[test]
#[ignore = "minutes of an emulated processor (x86-64): ./dev test deep"]
fn hardware_on_usb_is_pulled_out_of_a_call_and_put_back() -> Result<()> {
    // Another sound card would do the work of a speakerphone that is not there.
    let modules: [(&str, &[&str]); 3] =
        [("uvcvideo", &[]), ("snd-usb-audio", &[]), ("vhci-hcd", &[])];
    run(in_a_call(&modules, "pulled::on_usb"))
}
