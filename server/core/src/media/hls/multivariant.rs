//! The multivariant playlist as text (RFC 8216bis, 4.4.6): every rendition's picture, and the sound as a group of its own.

/// One rendition.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Relative to the playlist.
    pub uri: String,
    /// RFC 6381, picture and sound.
    pub codecs: String,
    /// Pixels; `None` for sound alone.
    pub resolution: Option<(u32, u32)>,
    /// Frames in 1,000 seconds; 0 where not known yet or for sound alone.
    pub frame_rate_milli: u32,
    /// Bits a second at most, over one segment.
    pub peak_bps: u64,
    /// Bits a second on average.
    pub average_bps: u64,
}

/// The sound that all pictures share.
#[derive(Clone, Debug)]
pub struct Sound {
    /// Relative to the playlist.
    pub uri: String,
    /// CHANNELS.
    pub channels: u32,
}

/// The playlist. `independent`: every segment begins with an IDR. `query` goes to every URL inside.
#[must_use]
pub fn write(variants: &[Variant], sound: Option<&Sound>, independent: bool, query: &str) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:9\n");
    if independent {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    if let Some(Sound { uri, channels }) = sound {
        out.push_str(&format!(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"{channels}\",\
             URI=\"{uri}{query}\"\n"
        ));
    }
    for variant in variants {
        let Variant { uri, codecs, peak_bps, average_bps, .. } = variant;
        out.push_str(&format!(
            "#EXT-X-STREAM-INF:BANDWIDTH={peak_bps},AVERAGE-BANDWIDTH={average_bps},CODECS=\"{codecs}\""
        ));
        if let Some((width, height)) = variant.resolution {
            out.push_str(&format!(",RESOLUTION={width}x{height}"));
        }
        if variant.frame_rate_milli > 0 {
            let milli = variant.frame_rate_milli;
            out.push_str(&format!(",FRAME-RATE={}.{:03}", milli / 1_000, milli % 1_000));
        }
        if sound.is_some() && variant.resolution.is_some() {
            out.push_str(",AUDIO=\"sound\"");
        }
        out.push_str(&format!("\n{uri}{query}\n"));
    }
    out
}
