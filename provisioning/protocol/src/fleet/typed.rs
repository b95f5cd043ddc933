//! What people type, as values of the configuration.

/// A TOML value; what is none is text, so that `Lahn` needs no quotes.
#[must_use]
pub fn typed(text: &str) -> toml::Value {
    let document = format!("value = {text}");
    let table = toml::from_str::<toml::Table>(&document).ok();
    // A second line would be a second key.
    let one = table.filter(|table| table.len() == 1);
    let value = one.and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_text() {
        assert_eq!(typed("Lahn"), toml::Value::String("Lahn".to_owned()));
        assert_eq!(typed("\"Lahn\""), toml::Value::String("Lahn".to_owned()));
        assert_eq!(typed("60"), toml::Value::Integer(60));
        assert_eq!(typed("true"), toml::Value::Boolean(true));
        assert_eq!(typed("1\nother = 2").as_str(), Some("1\nother = 2"));
        assert_eq!(typed("[\"a\", \"b\"]").as_array().unwrap().len(), 2);
    }
}
