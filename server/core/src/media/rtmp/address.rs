//! Where an encoder wants to publish: room, rendition and key, out of `app` and the stream name, however the encoder split
//! them. Checks no key.

use core::fmt;

use super::limits;

/// The rendition of an address that names none: the encoder's own picture.
pub const SOURCE: &str = "source";

/// `rtmp://HOST/live/ROOM[/RENDITION]?key=KEY`. The key is left out of the debug form.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// 1 to 64 characters of `[A-Za-z0-9_-]`.
    pub room: String,
    /// As the room; [`SOURCE`] when the address names none.
    pub rendition: String,
    /// Empty when the address has none. A secret.
    pub key: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "live/{}/{}", self.room, self.rendition)
    }
}

/// The address is not of the form that [`Address`] states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address must be rtmp://HOST/live/ROOM?key=KEY, or live/ROOM/RENDITION?key=KEY")
    }
}

impl core::error::Error for AddressError {}

impl Address {
    /// Reads `app` of `connect` and the stream name of `publish`. OBS sends `live` and `ROOM?key=KEY`; ffmpeg moves all but the
    /// last part of the path into `app`, and some encoders leave the query there.
    pub fn parse(app: &str, stream: &str) -> Result<Self, AddressError> {
        if app.len() > limits::NAME || stream.len() > limits::NAME {
            return Err(AddressError);
        }
        let (app, app_query) = app.split_once('?').unwrap_or((app, ""));
        let (stream, query) = stream.split_once('?').unwrap_or((stream, ""));
        let mut parts = app.split('/').chain(stream.split('/')).filter(|part| !part.is_empty());
        let (Some("live"), Some(room), rendition, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AddressError);
        };
        let rendition = rendition.unwrap_or(SOURCE);
        if !is_name(room) || !is_name(rendition) {
            return Err(AddressError);
        }
        let key = query.split('&').chain(app_query.split('&')).find_map(|pair| pair.strip_prefix("key="));
        let key = percent_decode(key.unwrap_or_default());
        Ok(Self { room: room.to_owned(), rendition: rendition.to_owned(), key })
    }
}

impl Address {
    /// Where another picture of the same encoder goes: `RENDITION-1`, by the id of its track; a long name is cut for it.
    #[must_use]
    pub fn picture(&self, id: u8) -> Self {
        let ending = format!("-{id}");
        let name: String = self.rendition.chars().take(NAME_MAX - ending.len()).collect();
        Self { rendition: name + &ending, ..self.clone() }
    }
}

/// Characters of a name.
const NAME_MAX: usize = 64;

/// Rooms and renditions are parts of URLs and of log lines: plain characters only.
fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| core::str::from_utf8(hex).ok());
        let code = hex.filter(|_| byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_however_they_are_split() {
        #[track_caller]
        fn check(app: &str, stream: &str, expect: Option<(&str, &str, &str)>) {
            let got = Address::parse(app, stream).ok();
            let got = got.as_ref().map(|a| (a.room.as_str(), a.rendition.as_str(), a.key.as_str()));
            assert_eq!(got, expect, "{app} {stream}");
        }
        check("live", "demo?key=abc", Some(("demo", "source", "abc")));
        check("live", "demo/720p?key=abc", Some(("demo", "720p", "abc")));
        check("live/demo", "720p?key=abc", Some(("demo", "720p", "abc")));
        check("live/", "/demo?x=1&key=a%2Bb", Some(("demo", "source", "a+b")));
        check("live?key=abc", "demo", Some(("demo", "source", "abc")));
        check("live/demo", "?key=abc", Some(("demo", "source", "abc")));
        check("live", "demo", Some(("demo", "source", "")));
        check("live", "demo?key=%zz%4", Some(("demo", "source", "%zz%4")));
        check("live", "", None);
        check("app", "demo?key=abc", None);
        check("live", "a/b/c", None);
        check("live", "a b", None);
        check("live", "房间", None);
        check("live", &"x".repeat(65), None);
    }

    #[test]
    fn other_pictures_have_names_of_their_own() {
        let at = |stream: &str| Address::parse("live", stream).unwrap();
        assert_eq!(at("demo?key=x").picture(1), at("demo/source-1?key=x"));
        let long = at(&format!("demo/{}", "x".repeat(64)));
        assert!([0, 9, 10, 255].iter().all(|id| is_name(&long.picture(*id).rendition)));
    }

    #[test]
    fn the_key_does_not_reach_a_log() {
        let address = Address::parse("live", "demo?key=verysecret").unwrap();
        assert!(!format!("{address:?}").contains("verysecret"));
    }
}
