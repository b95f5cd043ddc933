//! JSON out of bytes: what a reader knows, with changes. Bytes that are JSON themselves stand for
//! themselves, so that what is found can be written down and read.

use serde_json::{Map, Value, json};

/// Changes to one document.
const MOST_CHANGES: usize = 4;
/// Documents in one input.
const MOST_DOCUMENTS: usize = 24;
/// Longer than anything that is shown.
const LONG: usize = 5_000;

/// A list of documents like those in `known`, a JSON array.
pub(crate) fn documents(known: &str, data: &[u8]) -> Vec<Value> {
    match serde_json::from_slice(data) {
        Ok(Value::Array(list)) => return list,
        Ok(value @ Value::Object(_)) => return vec![value],
        _ => {}
    }
    let known: Vec<Value> = serde_json::from_str(known).expect("seeds are a JSON array");
    let mut words = Vec::new();
    known.iter().for_each(|one| collect(one, &mut words));
    let mut choices = Choices { data, words };
    let mut documents = Vec::new();
    while !choices.data.is_empty() && documents.len() < MOST_DOCUMENTS {
        let mut one = known[choices.below(known.len())].clone();
        for _ in 0..choices.below(MOST_CHANGES + 1) {
            choices.change(&mut one);
        }
        documents.push(one);
    }
    documents
}

/// The known documents as they are, all together and each.
pub(crate) fn seeds(known: &str) -> Vec<Vec<u8>> {
    let list: Vec<Value> = serde_json::from_str(known).expect("seeds are a JSON array");
    let each = list.iter().map(|one| one.to_string().into_bytes());
    std::iter::once(known.as_bytes().to_vec())
        .chain(each)
        .collect()
}

/// All texts and keys: what is put elsewhere should mean something there.
fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| collect(one, words)),
        Value::Object(object) => {
            for (key, value) in object {
                words.push(key.clone());
                collect(value, words);
            }
        }
        _ => {}
    }
}

/// Decides by the bytes, and for the first of everything when there are no more.
struct Choices<'a> {
    data: &'a [u8],
    words: Vec<String>,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.data.split_first().unwrap_or((&0, &[]));
        self.data = rest;
        *first
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// Changes something at a random place.
    fn change(&mut self, value: &mut Value) {
        match value {
            Value::Object(object) if !object.is_empty() => self.change_in_object(object),
            Value::Array(list) if !list.is_empty() => {
                let at = self.below(list.len());
                match self.below(4) {
                    0 => drop(list.remove(at)),
                    1 => list.push(list[at].clone()),
                    _ => self.change(&mut list[at]),
                }
            }
            leaf => *leaf = self.leaf(),
        }
    }

    fn change_in_object(&mut self, object: &mut Map<String, Value>) {
        let at = self.below(object.len());
        let key = object.keys().nth(at).cloned().unwrap_or_default();
        match self.below(8) {
            0 => drop(object.remove(&key)),
            1 => drop(object.insert(key, self.leaf())),
            2 => {
                let word = self.word();
                object.insert(word, self.leaf());
            }
            _ => self.change(&mut object[&key]),
        }
    }

    fn word(&mut self) -> String {
        let at = self.below(self.words.len());
        self.words.get(at).cloned().unwrap_or_default()
    }

    fn leaf(&mut self) -> Value {
        match self.below(16) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(0),
            3 => json!(-1),
            4 => json!(u64::MAX),
            5 => json!(i64::MIN),
            6 => json!(1e300),
            7 => json!(self.byte()),
            8 => json!([]),
            9 => json!({}),
            10 => json!(""),
            11 => json!(self.word().repeat(2)),
            12 => json!("x\u{202e}\u{1F469}\u{200D}".repeat(LONG / 10)),
            13 => self.text(),
            _ => json!(self.word()),
        }
    }

    /// Of the bytes themselves.
    fn text(&mut self) -> Value {
        let length = self.below(64).min(self.data.len());
        let (own, rest) = self.data.split_at(length);
        self.data = rest;
        json!(String::from_utf8_lossy(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = r#"[{"type":"a","content":{"b":[1,"c"]}}]"#;

    #[test]
    fn bytes_become_documents_and_json_stands_for_itself() {
        let read = documents(KNOWN, &[0, 0]);
        assert_eq!(read, [json!({"type": "a", "content": {"b": [1, "c"]}})]);
        assert_eq!(documents(KNOWN, br#"{"type":7}"#), [json!({"type": 7})]);
        let changed = documents(KNOWN, &[0, 1, 0, 3, 0, 1, 4]);
        assert_ne!(changed, read);
        for seed in seeds(KNOWN) {
            assert_eq!(documents(KNOWN, &seed), read);
        }
    }

    #[test]
    fn what_comes_out_is_bounded() {
        let long: Vec<u8> = (0..10_000_u32).map(|n| (n * 37 % 251) as u8).collect();
        assert!(documents(KNOWN, &long).len() <= MOST_DOCUMENTS);
    }
}
