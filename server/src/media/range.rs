//! Conditional and range requests for bytes that never change (RFC 9110, 13 and 14): one range, since nobody asks media for
//! several. Reads headers from strangers.

use axum::http::header::{self, HeaderMap, HeaderValue};

/// What of an object is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// `len` bytes, at least one, from `start`.
    Part { start: u64, len: u64 },
    /// A range outside of it: 416.
    Nothing,
}

/// Does an `If-None-Match` name this tag? `*` names every one; weak tags compare equal.
pub(super) fn matches(known: &HeaderValue, etag: &str) -> bool {
    let tags = known.to_str().unwrap_or_default().split(',');
    tags.map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// What a request for an object of this tag and size wants.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Wanted::All;
    };
    let same = headers.get(header::IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
    // What is not understood is ignored (14.2).
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::All;
    };
    if !same {
        return Wanted::All;
    }
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => (first, size),
        (Err(_), Ok(last)) if first.is_empty() => (size.saturating_sub(last), size),
        _ => return Wanted::All,
    };
    if start < end { Wanted::Part { start, len: end - start } } else { Wanted::Nothing }
}

/// From where a client goes on with an object that is being made, by a range that ends beyond everything (RFC 8673).
pub(super) fn onward(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(header::IF_RANGE) {
        return None;
    }
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes=")?.strip_suffix(ENDLESS)?.strip_suffix('-')?.parse().ok()
}

/// The last byte of such a range: the greatest whole number that every client can say.
pub(super) const ENDLESS: &str = "9007199254740991";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_on_is_asked_for_without_an_end() {
        let check = |range: &'static str, want| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(range));
            assert_eq!(onward(&headers), want, "{range}");
        };
        check("bytes=17-9007199254740991", Some(17));
        check("bytes=17-", None);
        check("bytes=17-100", None);
        check("bytes=-9007199254740991", None);
        check("bytes=x-9007199254740991", None);
    }

    #[test]
    fn ranges() {
        let check = |range: &'static str, want: Wanted| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(range));
            assert_eq!(wanted(&headers, "\"a\"", 100), want, "{range}");
        };
        check("bytes=0-0", Wanted::Part { start: 0, len: 1 });
        check("bytes=10-19", Wanted::Part { start: 10, len: 10 });
        check("bytes=90-", Wanted::Part { start: 90, len: 10 });
        check("bytes=90-1000", Wanted::Part { start: 90, len: 10 });
        check("bytes=-5", Wanted::Part { start: 95, len: 5 });
        check("bytes=-500", Wanted::Part { start: 0, len: 100 });
        check("bytes=100-", Wanted::Nothing);
        check("bytes=-0", Wanted::Nothing);
        for ignored in ["bytes=5-4", "bytes=0-1,5-6", "lines=0-1", "bytes=", "bytes=-", "bytes=a-b", "0-1"] {
            check(ignored, Wanted::All);
        }
    }

    #[test]
    fn a_range_of_something_else_is_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-0"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"b\""));
        assert_eq!(wanted(&headers, "\"a\"", 100), Wanted::All);
        assert!(matches(&HeaderValue::from_static("\"x\", W/\"a\""), "\"a\""));
        assert!(matches(&HeaderValue::from_static("*"), "\"a\""));
        assert!(!matches(&HeaderValue::from_static("\"ab\""), "\"a\""));
    }
}
