//! Links and words of the HTML that calendars put into descriptions.

use mail_parser::decoders::html::html_to_text;

/// What a page holds.
pub(super) struct Page {
    /// What is read on it, with each anchor's target before its words.
    pub(super) words: String,
}

/// Whether a text is markup, as Google's and Exchange's descriptions are.
pub(super) fn is_html(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "<a ", "<br", "<p>", "<p ", "<html", "<div", "<span", "<ul>", "</a>",
    ]
    .iter()
    .any(|tag| lower.contains(tag))
}

pub(super) fn read(text: &str) -> Page {
    // Made into text, anchors lose their targets, so these are put among the words first.
    let lower = text.to_ascii_lowercase();
    let mut page = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = lower[from..].find("<a") {
        let start = from + at;
        let end = lower[start..]
            .find('>')
            .map_or(lower.len(), |end| start + end + 1);
        page.push_str(&text[from..start]);
        if let Some(at) = lower[start..end].find("href")
            && let Some(target) = value(&text[start + at + "href".len()..end])
        {
            page.push_str(" &lt;");
            page.push_str(target);
            page.push_str("&gt; ");
        }
        from = end;
    }
    page.push_str(&text[from..]);
    let words = html_to_text(&page);
    Page { words }
}

/// ` = "…"`, in either quotes or none.
fn value(after: &str) -> Option<&str> {
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote) {
            return inside.split(quote).next();
        }
    }
    value.split(|c: char| c.is_whitespace() || c == '>').next()
}
