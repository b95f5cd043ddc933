//! Where PostgreSQL says it otherwise than SQLite. Statements are written as SQLite takes them.

/// Words that PostgreSQL calls otherwise. SQLite's LIKE does not tell large letters from small ones.
const WORDS: [(&str, &str); 2] = [("LIKE", "ILIKE"), ("INSTR", "STRPOS")];
/// The same in what makes tables. Texts are compared byte by byte, as SQLite does it, whatever language the database has.
const TYPES: [(&str, &str); 3] = [
    ("INTEGER", "BIGINT"),
    ("TEXT", "TEXT COLLATE \"C\""),
    ("BLOB", "BYTEA"),
];

/// A statement for PostgreSQL: `$1` for `?1`, and its words.
pub(super) fn statement(sql: &str) -> String {
    translated(sql, &WORDS)
}

/// What makes tables, for PostgreSQL.
pub(super) fn tables(sql: &str) -> String {
    translated(sql, &TYPES)
}

fn translated(sql: &str, words: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sql.len() + 16);
    for (number, part) in sql.split('\'').enumerate() {
        if number > 0 {
            text.push('\'');
        }
        // Each second part stands between quotes.
        if number % 2 == 1 {
            text.push_str(part);
        } else {
            outside(&mut text, part, words);
        }
    }
    text
}

/// Where no text is quoted.
fn outside(text: &mut String, part: &str, words: &[(&str, &str)]) {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = part;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        if end > 0 {
            let (word, after) = rest.split_at(end);
            let other = words.iter().find(|(ours, _)| *ours == word);
            text.push_str(other.map_or(word, |(_, theirs)| theirs));
            rest = after;
        } else {
            text.push(if first == '?' { '$' } else { first });
            rest = &rest[first.len_utf8()..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_words_change_and_what_is_quoted_does_not() {
        assert_eq!(
            statement(
                "SELECT 'was LIKE ?1' FROM t WHERE a LIKE ?1 AND INSTR(b, '?') = ?12 AND c NOT LIKE 'ä?'"
            ),
            "SELECT 'was LIKE ?1' FROM t WHERE a ILIKE $1 AND STRPOS(b, '?') = $12 AND c NOT ILIKE 'ä?'"
        );
        assert_eq!(
            tables("CREATE TABLE t (a TEXT PRIMARY KEY, text_b BLOB, c INTEGER DEFAULT 0)"),
            "CREATE TABLE t (a TEXT COLLATE \"C\" PRIMARY KEY, text_b BYTEA, c BIGINT DEFAULT 0)"
        );
    }
}
