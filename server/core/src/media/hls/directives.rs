//! The delivery directives of a playlist request (RFC 8216bis, 6.2.5) and what of its query goes on to the URLs inside. Parses
//! text from strangers; decides no waiting.

use crate::media::limits::QUERY_MAX;

/// What a client asks of a media playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `_HLS_msn` and `_HLS_part`: hold the answer until the playlist has that part. Without a part, part 0 is meant.
    pub until: Option<(u64, u32)>,
    /// `_HLS_skip`: leave out what the client has.
    pub skip: bool,
    /// The rest of the query, with its `?`, or empty: a token that the URLs inside must carry too.
    pub query: String,
}

impl Directives {
    /// Reads a query string. The error is what to tell the client with a 400.
    pub fn parse(query: Option<&str>) -> Result<Self, &'static str> {
        let mut out = Self::default();
        let (mut msn, mut part) = (None, None);
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "_HLS_msn" => {
                    msn = Some(value.parse::<u64>().map_err(|_| "_HLS_msn must be a whole number")?)
                }
                "_HLS_part" => {
                    part = Some(value.parse::<u32>().map_err(|_| "_HLS_part must be a whole number")?)
                }
                "_HLS_skip" => {
                    out.skip = match value {
                        "YES" | "v2" => true,
                        _ => return Err("_HLS_skip must be YES or v2"),
                    }
                }
                _ if key.starts_with("_HLS_") => return Err("this _HLS_ directive is not known here"),
                _ => {
                    out.query.push(if out.query.is_empty() { '?' } else { '&' });
                    out.query.push_str(pair);
                }
            }
        }
        if out.query.len() > QUERY_MAX {
            return Err("the query string is too long");
        }
        if !out
            .query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\'))
        {
            return Err("the query string has characters that a playlist cannot carry");
        }
        out.until = match (msn, part) {
            (None, None) => None,
            (Some(msn), part) => Some((msn, part.unwrap_or(0))),
            (None, Some(_)) => return Err("_HLS_part needs _HLS_msn"),
        };
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_5_and_13_directives() {
        let check = |query: &str, until, skip, rest: &str| {
            let want = Directives { until, skip, query: rest.to_owned() };
            assert_eq!(Directives::parse(Some(query)), Ok(want), "{query}");
        };
        check("", None, false, "");
        check("_HLS_msn=7", Some((7, 0)), false, "");
        check("_HLS_msn=7&_HLS_part=3&_HLS_skip=YES", Some((7, 3)), true, "");
        check("token=a%2Fb&_HLS_skip=v2&x", None, true, "?token=a%2Fb&x");
        for bad in [
            "_HLS_part=1",
            "_HLS_msn=-1",
            "_HLS_msn=",
            "_HLS_part=x&_HLS_msn=1",
            "_HLS_skip=NO",
            "_HLS_x=1",
            "a=\"",
            "a=\n",
        ] {
            assert!(Directives::parse(Some(bad)).is_err(), "{bad}");
        }
        assert!(Directives::parse(Some(&"a".repeat(5_000))).is_err());
    }
}
