//! A simulated room in which somebody is who allows everything.

use saal_fleet_protocol::fleet::{
    help::{HelpNews, HelpSaid, HelpWanted, PanelPicture, PanelTarget, Shown},
    wire::FromDevice,
};

use crate::link::Link;

/// One white pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";

/// Where its panel was touched last; its one button goes there.
pub(super) type Touched = (u32, u32);

/// Whether the connection holds.
pub(super) async fn answer(link: &mut Link, touched: &mut Touched, wanted: HelpWanted) -> bool {
    match wanted {
        HelpWanted::Ask { number, .. } => {
            say(link, number, HelpNews::Allowed {}).await && show(link, number, *touched).await
        }
        HelpWanted::Look { number } => show(link, number, *touched).await,
        HelpWanted::Touch { number, x, y } => {
            *touched = (x, y);
            show(link, number, *touched).await
        }
        HelpWanted::End { .. } => true,
    }
}

async fn show(link: &mut Link, number: u64, (x, y): Touched) -> bool {
    let label = "Simulated".to_owned();
    let shown = Shown::Picture {
        png: PIXEL.to_owned(),
        targets: vec![PanelTarget { label, x, y }],
    };
    let (width, height) = (1280, 800);
    let panel = PanelPicture {
        width,
        height,
        shown,
    };
    say(link, number, HelpNews::Panel(panel)).await
}

async fn say(link: &mut Link, number: u64, news: HelpNews) -> bool {
    let said = HelpSaid { number, news };
    link.say(&FromDevice::Help(Box::new(said))).await
}
