//! Somebody with a laptop in the room, at the room's own page.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::Result;
use crate::farend::{FarEnd, Picture};
use crate::page::Page;
use crate::wait::until;

/// A page answers in milliseconds; a busy machine takes longer.
const PAGE_WITHIN: Duration = Duration::from_secs(30);

/// A page of the room in a browser. Dropping it closes it.
#[derive(Debug)]
pub struct Laptop {
    page: Page,
}

impl FarEnd {
    /// Opens an address of a room in a browser that wants this language.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn laptop(&self, url: &str, language: &str) -> Result<Laptop> {
        let page = self.page("laptop");
        let request = json!({ "url": url, "language": language });
        page.ask::<Value>("browse", request).await?;
        Ok(Laptop { page })
    }
}

impl Laptop {
    /// Types into the field of this name.
    ///
    /// # Errors
    /// When there is none; so for every method here.
    pub async fn fill(&self, label: &str, value: &str) -> Result<()> {
        let request = json!({ "label": label, "value": value });
        self.page.ask::<Value>("fill", request).await.map(drop)
    }

    /// Clicks the button of this name.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn click(&self, name: &str) -> Result<()> {
        let request = json!({ "name": name });
        self.page.ask::<Value>("click", request).await.map(drop)
    }

    /// Waits until this can be read on the page.
    ///
    /// # Errors
    /// With what could be read instead.
    pub async fn reads(&self, words: &str) -> Result<String> {
        let text = async || self.page.ask::<String>("text", json!({})).await;
        let what = format!("\"{words}\" on the page");
        until(&what, PAGE_WITHIN, text, |text| text.contains(words)).await
    }

    /// The next picture that the page shows of the room.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn pictures(&self) -> Result<Vec<Picture>> {
        self.page.pictures().await
    }

    /// Saves what the page looks like as PNG.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.page.screenshot(path).await
    }
}
