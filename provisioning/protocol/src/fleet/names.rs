//! Names that check themselves.

use std::fmt;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        crate::checked::text!($(#[$doc])* #[derive(utoipa::ToSchema)] #[schema(value_type = String)] $name, $check);

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                text.to_owned().try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A device, as the server names it when it is claimed: 16 hexadecimal digits.
    DeviceId,
    |text| {
        let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == 16 && text.chars().all(digit) {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" is no device; its name has 16 digits from 0 to f"))
        }
    }
);

impl DeviceId {
    /// Of random bytes.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(random)))
    }
}

/// Letters that nobody takes for another one, and without vowels, so that no code is a word.
const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many of them a code has; as many codes as there are for 34 random bits.
const CODE_LENGTH: usize = 8;

name!(
    /// What a panel shows and somebody types to claim the device: eight letters, `BCDF-GHJK`.
    ///
    /// Small letters, blanks and a missing hyphen are forgiven.
    ClaimCode,
    |text| {
        let letters: String = text
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let known = |c: char| CODE_LETTERS.contains(&(c as u32).try_into().unwrap_or(0));
        if letters.len() == CODE_LENGTH && letters.chars().all(known) {
            Ok(format!("{}-{}", &letters[..4], &letters[4..]))
        } else {
            Err("a code has eight letters, as the panel shows them: BCDF-GHJK".to_owned())
        }
    }
);

impl ClaimCode {
    /// Of random bytes.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(random);
        let mut code = String::with_capacity(CODE_LENGTH + 1);
        for place in 0..CODE_LENGTH {
            if place == CODE_LENGTH / 2 {
                code.push('-');
            }
            let base = CODE_LETTERS.len() as u64;
            let letter = usize::try_from(rest % base).expect("below twenty");
            code.push(char::from(CODE_LETTERS[letter]));
            rest /= base;
        }
        Self(code)
    }
}

name!(
    /// A dotted key of the configuration, `room.name`; a list such as `meetings` is one key.
    Key,
    |text| {
        let part = |part: &str| {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            !part.is_empty() && part.len() <= 40 && part.chars().all(fine)
        };
        let parts = text.split('.').count();
        if parts <= 4 && text.split('.').all(part) {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" is no key; write it as \"room.name\""))
        }
    }
);

name!(
    /// A file beside the configuration that holds a secret, as keys such as
    /// `matrix.access_token_file` name it.
    FileName,
    |text| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text == crate::fleet::order::DOCUMENT {
            Err(format!("\"{text}\" is the configuration itself; give the secret another name"))
        } else if (1..=60).contains(&text.len()) && text.chars().all(fine) && !text.starts_with('.') {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" is no name of a secret; write it as \"matrix-token\""))
        }
    }
);

name!(
    /// A layer: `/` is the organisation, `kassel` a site, `kassel/rathaus` a group of it and
    /// `kassel/rathaus/lahn` a room.
    Scope,
    |text| {
        let part = |part: &str| {
            let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.len() <= 40 && part.chars().all(fine)
        };
        match text {
            "/" => Ok("/".to_owned()),
            _ if text.split('/').count() <= 3 && text.split('/').all(part) => Ok(text.to_owned()),
            _ => Err(format!(
                "\"{text}\" is no place; write \"/\", \"site\", \"site/group\" or \"site/group/room\" with small \
                 letters, digits and hyphens"
            )),
        }
    }
);

name!(
    /// A release of the system, as its bundle says: `2026.11.1`.
    ReleaseName,
    |text| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.+~".contains(c);
        if (1..=60).contains(&text.len()) && text.chars().all(fine) && !text.starts_with('.') {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" is no release; write it as \"2026.11.1\""))
        }
    }
);

name!(
    /// Which hardware a release is for: `saal-x86-64`.
    Compatible,
    |text| {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
        if (1..=60).contains(&text.len()) && text.chars().all(fine) {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" names no hardware; write it as \"saal-x86-64\""))
        }
    }
);

name!(
    /// SHA-256: 64 hexadecimal digits.
    Digest,
    |text| {
        let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() == 64 && text.chars().all(digit) {
            Ok(text.to_owned())
        } else {
            Err(format!("\"{text}\" is no SHA-256; it has 64 digits from 0 to f"))
        }
    }
);

name!(
    /// A rollout, as IT calls it: `november`.
    RolloutName,
    |text| {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if (1..=60).contains(&text.len()) && text.chars().all(fine) && !text.starts_with('.') {
            Ok(text.to_owned())
        } else {
            Err(format!(
                "\"{text}\" is no name of a rollout; it has small letters, digits, hyphens and dots"
            ))
        }
    }
);

impl Scope {
    /// All rooms.
    #[must_use]
    pub fn organisation() -> Self {
        Self("/".to_owned())
    }

    /// 0: the organisation, 1: a site, 2: a group, 3: a room.
    #[must_use]
    pub fn depth(&self) -> usize {
        if self.0 == "/" {
            0
        } else {
            self.0.split('/').count()
        }
    }

    /// One room.
    #[must_use]
    pub fn is_room(&self) -> bool {
        self.depth() == 3
    }

    /// This layer and those over it, the organisation first.
    #[must_use]
    pub fn chain(&self) -> Vec<Self> {
        let ends = self.0.match_indices('/').map(|(at, _)| at);
        let below = ends
            .chain([self.0.len()])
            .map(|end| Self(self.0[..end].to_owned()));
        let below = below.filter(|scope| !scope.0.is_empty() && scope.0 != "/");
        std::iter::once(Self::organisation()).chain(below).collect()
    }

    /// Whether it is `other` or lies in it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let begins = self.0.strip_prefix(other.0.as_str());
        other.0 == "/" || begins.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
