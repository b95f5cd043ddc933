//! JSON in one way only, as TUF's signatures are over it ("OLPC canonical JSON"): names sorted, no blanks, whole numbers, and
//! of characters only `"` and `\` escaped.

use serde_json::Value;

use super::{TrustError, malformed};

/// The bytes of a value.
///
/// # Errors
/// [`TrustError::Malformed`] for a number that is not whole.
pub(super) fn bytes(value: &Value) -> Result<Vec<u8>, TrustError> {
    let mut to = Vec::new();
    write(value, &mut to)?;
    Ok(to)
}

fn write(value: &Value, to: &mut Vec<u8>) -> Result<(), TrustError> {
    match value {
        Value::Null => to.extend_from_slice(b"null"),
        Value::Bool(true) => to.extend_from_slice(b"true"),
        Value::Bool(false) => to.extend_from_slice(b"false"),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            to.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Number(number) => return Err(malformed(format!("{number} is no whole number"))),
        Value::String(text) => string(text, to),
        Value::Array(items) => {
            to.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    to.push(b',');
                }
                write(item, to)?;
            }
            to.push(b']');
        }
        Value::Object(fields) => {
            // Whatever order serde_json was built to keep.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            to.push(b'{');
            for (at, (name, field)) in fields.into_iter().enumerate() {
                if at > 0 {
                    to.push(b',');
                }
                string(name, to);
                to.push(b':');
                write(field, to)?;
            }
            to.push(b'}');
        }
    }
    Ok(())
}

fn string(text: &str, to: &mut Vec<u8>) {
    to.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            to.push(b'\\');
        }
        to.push(byte);
    }
    to.push(b'"');
}
