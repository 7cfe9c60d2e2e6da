//! The request at the head of a stream: one line of text, `PATH` or `PATH bytes=FROM-TO`, ended by a line feed. `PATH` is what
//! comes after `/live/ROOM/` in the URL of the same object over HTTP, query and all; `socket` asks for the room's frames.

use super::limits;

/// What a stream asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The room's frames, both ways, for as long as the stream lives.
    Room,
    /// The answer that HTTP would give.
    Object(Object),
}

/// A request for bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// After `/live/ROOM/`.
    pub target: String,
    /// As in the header `Range`.
    pub range: Option<String>,
    /// Which of several streams goes first when not everything can: the greater.
    pub priority: i32,
}

/// The stream of the room goes before all others: its frames are small, and late words are worth nothing.
pub const ROOM_PRIORITY: i32 = i32::MAX;
/// Answers without a number of a segment are small and somebody waits for them.
const SMALL_PRIORITY: i32 = i32::MAX - 1;
const PROBE_PRIORITY: i32 = 0;

/// Reads the line at the start of `bytes`: what it asks, and how many bytes it took. `Ok(None)`: its end has not come yet.
///
/// # Errors
/// With the reason, when it is no request.
pub fn parse(bytes: &[u8]) -> Result<Option<(Ask, usize)>, &'static str> {
    let window = bytes.get(..limits::REQUEST_BYTES).unwrap_or(bytes);
    let Some(end) = window.iter().position(|byte| *byte == b'\n') else {
        if window.len() == limits::REQUEST_BYTES {
            return Err("the request's line is too long");
        }
        return Ok(None);
    };
    let line = window.get(..end).and_then(|line| std::str::from_utf8(line).ok()).unwrap_or("\0");
    if !line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err("a request is one line of ASCII");
    }
    let ask = match line.split_once(' ') {
        None if line == "socket" => Ask::Room,
        None => Ask::Object(object(line, None)?),
        Some((target, range)) => Ask::Object(object(target, Some(range))?),
    };
    Ok(Some((ask, end + 1)))
}

fn object(target: &str, range: Option<&str>) -> Result<Object, &'static str> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("a path is relative to the room and has no empty parts");
    }
    // Neither is an object.
    if matches!(path, "socket" | "udp") || target.contains('#') {
        return Err("this is not to be had on a stream");
    }
    if range.is_some_and(|range| !range.starts_with("bytes=") || range.contains(' ')) {
        return Err("a range is bytes=FROM-TO");
    }
    Ok(Object { target: target.to_owned(), range: range.map(str::to_owned), priority: priority(path, range) })
}

/// Of the segments that a page wants the one that it shows first; what it does not want any more it breaks off. The newest first
/// would leave the end of one that is late to wait for all of the next. Some bytes of a finished one are a probe, which delays
/// nothing.
fn priority(path: &str, range: Option<&str>) -> i32 {
    let file = path.rsplit('/').next().unwrap_or_default();
    let number = file.split('.').next().unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return SMALL_PRIORITY;
    }
    if range.is_some() {
        return PROBE_PRIORITY;
    }
    number
        .parse()
        .map_or(PROBE_PRIORITY, |number: i32| (SMALL_PRIORITY - 1).saturating_sub(number).max(PROBE_PRIORITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Object> {
        match parse(line.as_bytes()) {
            Ok(Some((Ask::Object(object), taken))) => {
                assert_eq!(taken, line.len());
                Some(object)
            }
            _ => None,
        }
    }

    #[test]
    fn a_line_is_a_request_and_segments_go_in_the_order_in_which_they_are_shown() {
        assert_eq!(parse(b"socket\nmore"), Ok(Some((Ask::Room, 7))));
        let priority = |line: &str| asked(line).map(|object| object.priority);
        assert!(priority("e/720p/18.mp4\n") < priority("e/720p/17.mp4\n"));
        assert!(priority("e/720p/video/18.3.m4s\n") < priority("e/720p/17.mp4\n"));
        assert!(priority("e/1080p/16.mp4 bytes=0-65535\n") < priority("e/720p/18.mp4\n"));
        for number in ["0", "2147483647", "99999999999999999999"] {
            assert!(priority("stream?after=3\n") > priority(&format!("e/720p/{number}.mp4\n")));
        }
        assert!(ROOM_PRIORITY > priority("stream\n").unwrap());
        let part = asked("e/720p/17.mp4 bytes=0-99\n").unwrap();
        assert_eq!((part.target.as_str(), part.range.as_deref()), ("e/720p/17.mp4", Some("bytes=0-99")));
    }

    #[test]
    fn what_is_no_request_is_refused_and_what_is_half_of_one_waits() {
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(b"e/720p/17.mp"), Ok(None));
        assert!(parse(&[b'a'; limits::REQUEST_BYTES]).is_err());
        for line in [
            "\n",
            "/e/17.mp4\n",
            "e//17.mp4\n",
            "../api\n",
            "e/./17.mp4\n",
            "udp\n",
            "socket?x\n",
            "e/1.mp4#x\n",
            "e/1.mp4 17\n",
            "e/1.mp4 bytes=0-1 more\n",
            "e/\u{e9}.mp4\n",
            "e/1.mp4\r\n",
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_request_half_of_one_or_an_error(bytes: Vec<u8>) {
            if let Ok(Some((_, taken))) = parse(&bytes) {
                assert!(taken <= bytes.len());
            }
        }
    }
}
