//! A room's start, as far as its calendar is concerned: sources, core and panel in a process of their own.

use std::{path::Path, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use saal_calendar::{Calendar, link::JitsiHosts};
use saal_core::{Event, Now, Room};
use saal_fleet_protocol::config;
use saal_panel::{Navigation, Renderer, View};
use saal_sources::{Answers, At, Pace, Settings, Source, Sources, What};

use crate::file::TITLE;

/// A room with this folder of calendars alone.
fn config(calendar: &Path) -> String {
    format!(
        "version = 1\n[room]\nname = \"Raum Lahn\"\ntime_zone = \"Europe/Berlin\"\n\
         [[calendars]]\nname = \"Room\"\nfolder = {calendar:?}\n"
    )
}

/// Says when there is a screen and when today's meeting is on it, and then what it costs, in MiB.
pub(crate) fn start(calendar: &Path, keep: &Path) {
    saal_hal_linux::memory::hold_little();
    let mut panel = Panel {
        room: Room::new(),
        calendar: Calendar::default(),
        renderer: Renderer::new(),
    };
    let config = Box::new(config::parse(&config(calendar)).unwrap());
    panel.room.handle(now(), Event::Config(config));
    panel.draw();
    println!("screen");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let sources = runtime.block_on(day(&mut panel, calendar, keep));
    println!("day");
    saal_hal_linux::memory::give_back();
    println!("memory {}", of_this_process("smaps_rollup", "Pss_Anon:"));
    println!("peak {}", of_this_process("status", "VmHWM:"));
    drop(sources);
}

struct Panel {
    room: Room,
    calendar: Calendar,
    renderer: Renderer,
}

impl Panel {
    /// What stands on it.
    fn draw(&mut self) -> String {
        let view = View::of(&self.room, now(), &Navigation::default());
        let layout = self.renderer.lay_out(&view, None);
        self.renderer.draw(&layout);
        let labels = layout.elements().iter().map(|e| e.label.as_str());
        labels.collect::<Vec<_>>().join("\n")
    }
}

/// Until the panel shows today's meeting, and what there is has been read and kept.
async fn day(panel: &mut Panel, calendar: &Path, keep: &Path) -> Sources {
    let source = Source {
        name: "Room".to_owned(),
        at: At::Folder {
            path: calendar.to_owned(),
        },
        every: Duration::from_secs(3600),
        answers: Answers::Never,
    };
    let settings = Settings {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        room: Vec::new(),
        jitsi: JitsiHosts::Any,
        proxy: None,
        taken: String::new(),
        keep: Some(keep.to_owned()),
    };
    let mut sources = Sources::start(vec![source], settings, Pace::new(1));
    loop {
        let What::Read { file, .. } = sources.next().await.what else {
            continue;
        };
        panel.calendar.set_source("Room", file);
        let (meetings, problems) = panel.calendar.meetings(Timestamp::now());
        let news = Event::Meetings {
            meetings,
            problems,
            put_off: Vec::new(),
        };
        panel.room.handle(now(), news);
        if panel.draw().contains(TITLE) {
            return sources;
        }
    }
}

fn now() -> Now {
    Now {
        wall: Timestamp::now(),
        mono: Duration::from_secs(1),
    }
}

/// MiB that the kernel tells of this process (proc(5)).
fn of_this_process(file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().split_whitespace().next().unwrap();
    kib.parse::<f64>().unwrap() / 1024.0
}
