//! Somebody with a laptop or a phone in the room, at the room's own page.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::Result;
use crate::farend::{FarEnd, Picture};
use crate::page::{Page, decode};
use crate::wait::until;

/// A page answers in milliseconds; a busy machine takes longer.
const PAGE_WITHIN: Duration = Duration::from_secs(60);

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
        self.browse(url, language, false).await
    }

    /// The same on a phone: small, and touched.
    ///
    /// # Errors
    /// As for [`Self::laptop`].
    pub async fn phone(&self, url: &str, language: &str) -> Result<Laptop> {
        self.browse(url, language, true).await
    }

    async fn browse(&self, url: &str, language: &str, phone: bool) -> Result<Laptop> {
        let page = self.page(if phone { "phone" } else { "laptop" });
        let request = json!({ "url": url, "language": language, "phone": phone });
        page.ask::<Value>("browse", request).await?;
        Ok(Laptop { page })
    }
}

impl Laptop {
    /// Goes to another address, as the same visitor.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn go(&self, url: &str) -> Result<()> {
        let request = json!({ "url": url });
        self.page.ask::<Value>("go", request).await.map(drop)
    }

    /// Types into the field of this name.
    ///
    /// # Errors
    /// When there is none; so for every method here.
    pub async fn fill(&self, label: &str, value: &str) -> Result<()> {
        let request = json!({ "label": label, "value": value });
        self.page.ask::<Value>("fill", request).await.map(drop)
    }

    /// Chooses what is called so.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn check(&self, label: &str) -> Result<()> {
        let request = json!({ "label": label });
        self.page.ask::<Value>("check", request).await.map(drop)
    }

    /// Clicks the button of this name.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn click(&self, name: &str) -> Result<()> {
        let request = json!({ "name": name });
        self.page.ask::<Value>("click", request).await.map(drop)
    }

    /// Taps a picture at a part of its width and height, from the left and from the top.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn tap_image(&self, label: &str, (x, y): (f64, f64)) -> Result<()> {
        let request = json!({ "label": label, "x": x, "y": y });
        self.page.ask::<Value>("tap_image", request).await.map(drop)
    }

    /// The file of a picture that the page holds itself; `None`: it shows none.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn image(&self, label: &str) -> Result<Option<Vec<u8>>> {
        let request = json!({ "label": label });
        let image: Option<String> = self.page.ask("image", request).await?;
        image.map(|image| decode("image", &image)).transpose()
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

    /// What stands between this page and people with disabilities, as far as axe-core finds it, in light and dark.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub async fn barriers(&self) -> Result<Vec<String>> {
        self.page.ask("barriers", json!({})).await
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
