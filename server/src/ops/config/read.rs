//! Reads `hawker.toml` and the environment into a [`Config`], or says what is wrong: in which file, line and key (or in
//! which variable), and what to write instead. What values mean is checked by each section.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize as _;
use toml::de::DeTable;
use toml::{Table, Value};

use super::keys::{self, Section};
use super::{Check, Config, Fault};

/// The default configuration with a comment on every key: what `hawker config` prints.
pub const DEFAULT: &str = include_str!("../../../hawker.toml");

/// Variables of ours that aren't configuration keys.
const OTHER_VARIABLES: [&str; 1] = ["HAWKER_CONFIG"];

/// A configuration that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// `hawker.toml:3` or `HAWKER_HTTP_LISTEN`.
    pub place: String,
    /// `[http] listen`; empty when no key could be told.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.place, self.message),
            key => write!(f, "{}: {key}: {}", self.place, self.message),
        }
    }
}

/// Reads the file, if one is named, and then the environment's `HAWKER_SECTION_KEY`, which win.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(
    path: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut draft = Draft::default();
    if let Some(path) = path {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            place: file.clone(),
            key: String::new(),
            message: format!("can't be read ({error}): `hawker config > {file}` writes one to start from"),
        })?;
        draft.file(&file, &text)?;
    }
    // Sorted, so that of two mistakes the same one is told each time.
    for (name, value) in environment.collect::<BTreeMap<_, _>>() {
        draft.variable(&name, &value)?;
    }
    draft.finish()
}

/// What has been read so far, and where each key came from.
#[derive(Default)]
struct Draft {
    values: Table,
    places: BTreeMap<(String, String), String>,
}

impl Draft {
    fn file(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let place = |offset: usize| {
            let before = text.get(..offset).unwrap_or(text);
            format!("{file}:{}", before.matches('\n').count() + 1)
        };
        let syntax = |error: toml::de::Error| ConfigError {
            place: place(error.span().map_or(0, |span| span.start)),
            key: String::new(),
            message: format!("{}: this is not TOML", error.message().trim_end().replace('\n', ": ")),
        };
        let spans = DeTable::parse(text).map_err(syntax)?;
        let values: Table = toml::from_str(text).map_err(syntax)?;
        // In the order of the file, so that the first mistake is told first.
        let mut sections: Vec<_> = spans.get_ref().iter().collect();
        sections.sort_by_key(|(name, _)| name.span().start);
        for (name, section) in sections {
            let here = place(name.span().start);
            let known = section_named(name.get_ref(), &here)?;
            let (Some(keys), Some(Value::Table(given))) =
                (section.get_ref().as_table(), values.get(name.get_ref().as_ref()))
            else {
                let message =
                    format!("is a section: write [{}] on a line of its own, its keys below", known.0);
                return Err(ConfigError { place: here, key: known.0.to_owned(), message });
            };
            let mut keys: Vec<_> = keys.iter().map(|(key, _)| (key.span().start, key.get_ref())).collect();
            keys.sort_unstable();
            for (offset, key) in keys {
                let here = place(offset);
                known_key(&known, key, &here)?;
                let Some(value) = given.get(key.as_ref()) else { continue };
                try_value(known.0, key, value).map_err(|message| {
                    let inner = keys_inside(section.get_ref().as_table(), key);
                    let here = inner.iter().find(|(name, _)| message.contains(&format!("`{name}`")));
                    error(&place(here.map_or(offset, |(_, offset)| *offset)), known.0, key, &message)
                })?;
                self.set(known.0, key, value.clone(), here);
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let Some(rest) = name.strip_prefix("HAWKER_").filter(|_| !OTHER_VARIABLES.contains(&name)) else {
            return Ok(());
        };
        let rest = rest.to_ascii_lowercase();
        let (section, key) = rest.split_once('_').unwrap_or((&rest, ""));
        let known = section_named(section, name)?;
        known_key(&known, key, name)?;
        // The key's type decides how the text is read: as it is, as TOML, or as a list with commas.
        let list = text.split(',').map(|item| Value::String(item.trim().to_owned())).collect();
        let literal =
            toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut t| t.remove("value"));
        let candidates = [Some(Value::String(text.to_owned())), literal, Some(Value::Array(list))];
        let mut message = String::new();
        for candidate in candidates.into_iter().flatten() {
            match try_value(known.0, key, &candidate) {
                Ok(()) => {
                    self.set(known.0, key, candidate, name.to_owned());
                    return Ok(());
                }
                Err(refusal) if message.is_empty() => message = refusal,
                Err(_) => {}
            }
        }
        Err(error(name, known.0, key, &message))
    }

    fn set(&mut self, section: &str, key: &str, value: Value, place: String) {
        let table = self.values.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(table) = table {
            table.insert(key.to_owned(), value);
        }
        self.places.insert((section.to_owned(), key.to_owned()), place);
    }

    fn finish(self) -> Result<Config, ConfigError> {
        let config = Config::deserialize(self.values).map_err(|error| ConfigError {
            place: "configuration".to_owned(),
            key: String::new(),
            message: error.message().to_owned(),
        })?;
        for (section, check) in checks(&config) {
            check.check().map_err(|Fault { key, message }| {
                let place = self.places.get(&(section.to_owned(), key.to_owned()));
                error(place.map_or("default", String::as_str), section, key, &message)
            })?;
        }
        Ok(config)
    }
}

fn sections() -> [Section; 10] {
    [
        ("http", keys::of::<super::HttpConfig>()),
        ("rtmp", keys::of::<super::RtmpConfig>()),
        ("udp", keys::of::<super::UdpConfig>()),
        ("data", keys::of::<super::DataConfig>()),
        ("admin", keys::of::<super::AdminConfig>()),
        ("media", keys::of::<super::MediaConfig>()),
        ("room", keys::of::<super::RoomConfig>()),
        ("sale", keys::of::<super::SaleConfig>()),
        ("shop", keys::of::<super::ShopConfig>()),
        ("log", keys::of::<super::LogConfig>()),
    ]
}

fn checks(config: &Config) -> [(&'static str, &dyn Check); 10] {
    [
        ("http", &config.http),
        ("rtmp", &config.rtmp),
        ("udp", &config.udp),
        ("data", &config.data),
        ("admin", &config.admin),
        ("media", &config.media),
        ("room", &config.room),
        ("sale", &config.sale),
        ("shop", &config.shop),
        ("log", &config.log),
    ]
}

fn section_named(name: &str, place: &str) -> Result<Section, ConfigError> {
    let all = sections();
    if let Some(section) = all.iter().find(|(known, _)| *known == name) {
        return Ok(*section);
    }
    let names = all.map(|(known, _)| known);
    let hint = match (keys::nearest(name, &names), all.iter().find(|(_, keys)| keys.contains(&name))) {
        (_, Some((section, _))) => format!("the key belongs below [{section}]"),
        (Some(meant), None) => format!("did you mean [{meant}]?"),
        (None, None) => format!("there are {}", names.map(|name| format!("[{name}]")).join(", ")),
    };
    let message = format!("there is no such section: {hint}");
    Err(ConfigError { place: place.to_owned(), key: name.to_owned(), message })
}

fn known_key(section: &Section, key: &str, place: &str) -> Result<(), ConfigError> {
    if section.1.contains(&key) {
        return Ok(());
    }
    let message = format!("there is no such key: {}", keys::suggest(key, section, &sections()));
    Err(ConfigError { place: place.to_owned(), key: format!("[{}] {key}", section.0), message })
}

/// Keys whose values are shown to nobody.
const SECRETS: [(&str, &str); 2] = [("admin", "token"), ("shop", "secret")];

/// Reads one value alone, so that a refusal is about this key and no other.
fn try_value(section: &str, key: &str, value: &Value) -> Result<(), String> {
    let keys = Table::from_iter([(key.to_owned(), value.clone())]);
    let alone = Table::from_iter([(section.to_owned(), Value::Table(keys))]);
    match Config::deserialize(alone) {
        Ok(_) => Ok(()),
        // What is wrong with a value quotes it.
        Err(_) if SECRETS.contains(&(section, key)) => Err("must be a text in quotes".to_owned()),
        Err(error) => Err(error.message().lines().next().unwrap_or_default().to_owned()),
    }
}

/// The keys of the table that `key` of a section is, if it is one, and where they are.
fn keys_inside(section: Option<&DeTable<'_>>, key: &str) -> Vec<(String, usize)> {
    let found = section.into_iter().flat_map(|table| table.iter()).find(|(name, _)| name.get_ref() == key);
    let Some(table) = found.and_then(|(_, value)| value.get_ref().as_table()) else { return Vec::new() };
    table.iter().map(|(name, _)| (name.get_ref().to_string(), name.span().start)).collect()
}

fn error(place: &str, section: &str, key: &str, message: &str) -> ConfigError {
    let example = example(section, key).map(|line| format!("; for example: {line}")).unwrap_or_default();
    ConfigError {
        place: place.to_owned(),
        key: format!("[{section}] {key}"),
        message: format!("{message}{example}"),
    }
}

/// The line of the default configuration that shows this key, also when it is commented out there (`#key = …`) or a table
/// of its own (`[section.key]`).
fn example(section: &str, key: &str) -> Option<&'static str> {
    let header = format!("[{section}]");
    let table = format!("[{section}.{key}]");
    let lines =
        DEFAULT.lines().skip_while(|line| *line != header).skip(1).take_while(|line| !line.starts_with('['));
    let mut shown = lines.map(|line| line.strip_prefix('#').unwrap_or(line));
    let line =
        shown.find(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')));
    line.or_else(|| DEFAULT.lines().find(|line| *line == table))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        let mut draft = Draft::default();
        draft.file("hawker.toml", text)?;
        draft.finish()
    }

    #[test]
    fn the_default_file_is_the_default_configuration() {
        assert_eq!(parse(DEFAULT).unwrap(), Config::default());
    }

    #[test]
    fn the_default_file_shows_every_key_and_no_other() {
        for (section, keys) in sections() {
            for key in keys {
                assert!(
                    example(section, key).is_some(),
                    "[{section}] {key} is missing in server/hawker.toml"
                );
            }
        }
        // Every key that is commented out is one, and its example is a value it takes.
        let all: String = DEFAULT
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        parse(&all).unwrap();
        assert_eq!(keys::of::<Config>().len(), sections().len());
    }
}
