//! The keys there are, asked of the structs themselves, and the one that somebody may have meant. Reads no file.

use serde::de::{DeserializeOwned, Deserializer, Visitor, value::Error};

/// A section's name and the keys of its struct.
pub(super) type Section = (&'static str, &'static [&'static str]);

/// The names of `T`'s fields, as serde knows them.
pub(super) fn of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The probe never gives a value, so this ends in an error as soon as the fields are known.
    let _ = T::deserialize(Probe(&mut fields));
    fields
}

struct Probe<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("only asks for names"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// What to do about an unknown key: the one that was probably meant, the section it belongs to, or all there are.
pub(super) fn suggest(key: &str, section: &Section, all: &[Section]) -> String {
    if let Some(meant) = nearest(key, section.1) {
        return format!("did you mean {meant}?");
    }
    if let Some((other, _)) = all.iter().find(|(_, keys)| keys.contains(&key)) {
        return format!("it belongs into [{other}]");
    }
    format!("[{}] knows {}", section.0, section.1.join(", "))
}

/// The candidate that a few typing mistakes away from `word`.
pub(super) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let tolerated = word.chars().count() / 3 + 1;
    let near = candidates.iter().map(|candidate| (distance(word, candidate), *candidate));
    near.filter(|(distance, _)| *distance <= tolerated).min().map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: insertions, deletions and replacements from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((left + 1).min(above + 1).min(diagonal + usize::from(x != *y)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::config::{Config, DataConfig, HttpConfig};

    #[test]
    fn structs_tell_their_keys() {
        assert_eq!(of::<DataConfig>(), ["dir"]);
        assert!(of::<HttpConfig>().contains(&"tls_cert"));
        assert!(of::<Config>().contains(&"http"));
    }

    #[test]
    fn nearest_is_a_typing_mistake_away() {
        let keys = ["listen", "origins", "tls_cert", "tls_key"];
        for (typed, meant) in [
            ("lisen", Some("listen")),
            ("origin", Some("origins")),
            ("tls-cert", Some("tls_cert")),
            ("tlskey", Some("tls_key")),
            ("bind", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &keys), meant, "{typed}");
        }
    }
}
