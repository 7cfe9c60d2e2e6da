//! What befalls an encoder in the middle of a show, and what a page that is open makes of it: for the test that asserts that it
//! goes on and for the bench that times it. The encoder is our own (`enhanced.rs`); judges nothing.

use std::time::Duration;

use hawker_server_core::media::frame::Track;
use hawker_wire::media::{Kind, Scanner, Unit};
use hawker_wire::proto::Stream;
use prost::Message as _;
use serde_json::Value;
use tokio::time::Instant;

use crate::browser::Browser;
use crate::enhanced::{self, Clip, Codecs};
use crate::server::{self, Server};

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The encoder starts again after a second, its stamps at zero.
    Restart,
    /// And in another size.
    Size,
    /// And in AV1 and Opus instead of H.264 and AAC.
    Codec,
    /// It sends nothing for 3 s, and goes on.
    Silence,
}

/// All of them.
pub const ALL: [Break; 4] = [Break::Restart, Break::Size, Break::Codec, Break::Silence];

/// What a page saw.
#[derive(Debug)]
pub struct Seen {
    /// From the first byte that came again to the first frame made since that is on the screen, ms.
    pub on_air_ms: f64,
    /// The time between what was there before and that frame, in media, ms.
    pub missed_ms: f64,
    /// How far sound and picture of one moment are apart in what the page is sent, ms.
    pub apart_ms: f64,
    /// Of the picture afterwards.
    pub width: u64,
    /// Of the picture afterwards, as the player names it.
    pub codecs: String,
    /// Errors that the player told.
    pub errors: Value,
    /// The page is the one that was opened.
    pub same_page: bool,
}

/// Collects when frames are presented (wall clock, ms) and of which time they are (media, s), and errors.
const WATCH: &str = "
    const live = document.querySelector('hawker-live'), video = live.shadowRoot.querySelector('video');
    window.shown = []; window.errors = [];
    live.addEventListener('hawker:error', (event) => window.errors.push(event.detail));
    const frame = (now, data) => {
        window.shown.push([performance.timeOrigin + data.presentationTime, data.mediaTime]);
        video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);";

/// Notes where the media end that the page has.
const EDGE: &str = "
    const { buffered } = document.querySelector('hawker-live').shadowRoot.querySelector('video');
    window.edge = buffered.end(buffered.length - 1);";

const LIVE: &str = "document.querySelector('hawker-live')?.state === 'live' && \
                    document.querySelector('hawker-live').shadowRoot.querySelector('video').currentTime > 2";

const START: Duration = Duration::from_secs(30);

/// Puts a room on air, opens it, lets that happen and waits for a second of moving picture after it.
///
/// # Panics
/// When no picture comes back within 30 s, or a clip cannot be made.
pub async fn see(page: &Browser, what: Break) -> Seen {
    let server = server::start().await;
    let stream = format!("demo?key={}", server.room("demo").await);
    let first = enhanced::clip(Codecs::H264);
    let second = match what {
        Break::Restart | Break::Silence => first.clone(),
        Break::Size => enhanced::clip_of(Codecs::H264, "480x270"),
        Break::Codec => enhanced::clip(Codecs::Av1),
    };
    let mut camera = enhanced::publish(server.running.rtmp, &stream, &first, Instant::now()).await;
    page.open(&format!("{}/room/demo", server.url)).await;
    page.until(LIVE, START).await;
    page.eval(WATCH).await;
    page.until("window.shown.length > 60", START).await;
    if what == Break::Silence {
        camera.silent(true);
        tokio::time::sleep(Duration::from_secs(3)).await;
        page.eval(EDGE).await;
        camera.silent(false);
    } else {
        camera.end().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        page.eval(EDGE).await;
        camera = enhanced::publish(server.running.rtmp, &stream, &second, Instant::now()).await;
    }
    let since = camera.sends_since().await;
    let again_ms = server.running.app.clock.wall().as_ms() as f64 - since.elapsed().as_secs_f64() * 1e3;
    page.until("window.shown.filter(([, media]) => media >= window.edge).length > 30", START).await;
    let asked = "
        const live = document.querySelector('hawker-live'), video = live.shadowRoot.querySelector('video');
        const [at, media] = window.shown.find(([, media]) => media >= window.edge);
        return [at, 1e3 * (media - window.edge), video.videoWidth, live.stats().codecs ?? '', window.errors]";
    let told = page.eval(asked).await;
    Seen {
        on_air_ms: told[0].as_f64().unwrap_or(f64::INFINITY) - again_ms,
        missed_ms: told[1].as_f64().unwrap_or(f64::INFINITY),
        apart_ms: apart_ms(&server, &second).await,
        width: told[2].as_u64().unwrap_or_default(),
        codecs: told[3].as_str().unwrap_or_default().to_owned(),
        errors: told[4].clone(),
        same_page: !told[4].is_null(),
    }
}

/// Finds the frames of a clip in the newest whole segment: how far sound and picture lie apart in it, compared with the clip.
async fn apart_ms(server: &Server, clip: &Clip) -> f64 {
    let get = async |path: String| {
        let answer = server::client().get(format!("{}/live/demo/{path}", server.url)).send().await;
        answer.expect("an answer").bytes().await.expect("a body")
    };
    let stream = Stream::decode(get("stream".into()).await).expect("the room's state");
    let segment = get(format!("{}/{}/{}.mp4", stream.epoch, stream.renditions[0].name, stream.newest)).await;
    let (known, mut at, mut offsets) = (clip.known(), 0, [Vec::new(), Vec::new()]);
    Scanner::new()
        .feed(&segment, |unit| match unit {
            Unit::Init { len, .. } => at += len as usize,
            Unit::Chunk { chunk, len } => {
                let whole = &segment[at..at + len as usize];
                at += len as usize;
                let mdat = whole.windows(4).position(|name| name == b"mdat").expect("media") + 4;
                // A chunk is of several frames where bits are few. The longest that it may begin with is the last in order.
                let first = known.iter().rev().find(|(frame, _)| whole[mdat..].starts_with(frame));
                if let Some((_, (track, dts))) = first {
                    assert_eq!(*track == Track::Video, chunk.kind == Kind::Video);
                    offsets[usize::from(*track == Track::Video)].push(chunk.start_s() * 1e3 - *dts as f64);
                }
            }
        })
        .expect("a segment");
    let [sound, picture] = offsets.map(|mut all| {
        all.sort_by(f64::total_cmp);
        *all.get(all.len() / 2).expect("frames that are known")
    });
    // A clip that began again lies its length further on.
    let apart = (sound - picture).abs() % enhanced::LENGTH_MS as f64;
    apart.min(enhanced::LENGTH_MS as f64 - apart)
}
