//! Who looks at the room from outside of it: the web view, browsers of its network, a window of the desktop.

use anyhow::Result;
use saal_fleet_protocol::config;

use super::Daemon;
use crate::{browsers::Browsers, web::Web};

impl Daemon {
    pub(super) async fn start_web(&mut self) {
        let Some(config) = self.room.config() else {
            return;
        };
        let (web, file) = (config.web.clone(), self.file.clone());
        // The old one lets go of its port first.
        if let Some(old) = self.web.take() {
            old.stop().await;
        }
        let panel = self.panel.watch();
        let television = self.television.subscribe();
        match Web::start(&web, &file, self.inputs.clone(), panel, television).await {
            Ok(web) => {
                tracing::info!("panel and television: {}", web.url());
                self.web = Some(web);
            }
            Err(error) => tracing::error!("no web view: {error:#}"),
        }
    }

    pub(super) async fn start_browsers(&mut self) {
        // The old one lets go of its port first.
        if let Some(old) = self.browsers.take() {
            old.stop().await;
        }
        let config = self.room.config().cloned();
        let Some(config) = config.filter(|config| config.browsers.is_some()) else {
            return;
        };
        let (inputs, changed) = (self.inputs.clone(), self.changed.subscribe());
        match Browsers::start(&config, &self.file, &self.state, inputs, changed).await {
            Ok(browsers) => {
                tracing::info!("browsers of this network: {}", browsers.address());
                self.browsers = Some(browsers);
            }
            Err(error) => tracing::error!("no browsers: {error:#}"),
        }
    }

    /// Shows the panel in a window of the desktop, of the configured size.
    ///
    /// # Errors
    /// When there is no desktop.
    pub(crate) fn open_window(&mut self, panel: &config::Panel) -> Result<()> {
        let pixels = |count: config::PixelCount| count.get() as usize;
        let size = (pixels(panel.width), pixels(panel.height));
        crate::window::open(size, self.panel.watch(), self.inputs.clone())
    }
}
