//! A room's media over HTTP, as players and caches ask for it: playlists that block, parts that are announced, segments while
//! they are made, ranges, refusals. The encoder is made of frames by hand, so that every answer is known.

use std::time::Duration;

use bytes::Bytes;
use hawker_server::media::Publisher;
use hawker_server_core::media::frame::{Config, Event, Frame, Meta, Track};
use hawker_tests::server::{self, Server};
use hawker_wire::proto::{Stream, stream::State};
use prost::Message as _;
use reqwest::{Client, Response};

/// x264: High, 320x180 at 30 fps.
const AVCC: &[u8] = &[
    0x01, 0x64, 0x00, 0x0d, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9f,
    0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x42, 0x99, 0x60,
    0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];

/// A server with a room, and an encoder of 25 fps with an IDR a second.
pub(crate) struct Rig {
    pub(crate) server: Server,
    client: Client,
    encoder: Publisher,
    frame: i64,
}

pub(crate) async fn rig() -> Rig {
    let server = server::start_with(|config| config.udp.listen = Some(([127, 0, 0, 1], 0).into())).await;
    server.room("shop").await;
    let encoder = server.running.app.media.publisher("shop", "source").expect("a place");
    encoder.push(Event::Meta(Meta { frame_rate_milli: 25_000, ..Meta::default() }));
    encoder.push(Event::Config(Config::Video(Bytes::from_static(AVCC))));
    Rig { server, client: server::client(), encoder, frame: 0 }
}

impl Rig {
    pub(crate) fn send(&mut self, frames: i64) {
        for _ in 0..frames {
            let (dts, key) = (self.frame * 40, self.frame % 25 == 0);
            let data = Bytes::from(vec![(self.frame % 250) as u8; 500]);
            self.encoder.push(Event::Frame(Frame { track: Track::Video, dts, cts: 0, key, data }));
            self.frame += 1;
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    async fn get_with(&self, path: &str, name: &str, value: &str) -> Response {
        self.client.get(self.url(path)).header(name, value).send().await.expect("an answer")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/live/shop/{path}", self.server.url)
    }

    async fn stream(&self, query: &str) -> Stream {
        let body = self.get(&format!("stream{query}")).await.bytes().await.expect("a body");
        Stream::decode(body).expect("a Stream")
    }

    pub(crate) async fn base(&self) -> String {
        format!("{}/source", self.stream("").await.epoch)
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

#[tokio::test]
async fn a_waiting_page_is_told_when_the_encoder_comes() {
    let mut rig = rig().await;
    let offline = rig.stream("").await;
    assert_eq!(offline.state(), State::Offline);
    let (client, url) = (rig.client.clone(), rig.url(&format!("stream?after={}", offline.version)));
    let waiting = tokio::spawn(async move { client.get(url).send().await.unwrap().bytes().await.unwrap() });
    rig.send(1);
    let live = Stream::decode(waiting.await.unwrap()).unwrap();
    assert_eq!((live.state(), live.newest), (State::Live, 1));
    assert_eq!(live.renditions[0].codecs, "avc1.64000d");
}

#[tokio::test]
async fn a_page_that_knows_nothing_gets_what_to_begin_with() {
    let mut rig = rig().await;
    let early = rig.get("join").await;
    assert_eq!((early.status().as_u16(), header(&early, "cache-control")), (204, "no-store"));
    rig.send(3);
    let path = format!("{}/1.mp4", rig.base().await);
    let join = rig.get("join").await;
    assert_eq!((join.status().as_u16(), header(&join, "content-location")), (200, &*path));
    assert_eq!(header(&join, "content-type"), "video/mp4; codecs=\"avc1.64000d\"");
    assert_eq!((header(&join, "cache-control"), header(&join, "hawker-independent")), ("no-store", "1"));
    assert!(header(&join, "access-control-expose-headers").contains("content-location"));
    rig.send(23);
    assert_eq!(join.bytes().await.unwrap(), rig.get(&path).await.bytes().await.unwrap(), "streamed like it");
    rig.server.call(reqwest::Method::POST, "/rooms/shop/end", None).await;
    assert_eq!(rig.get("join").await.status(), 204);
}

#[tokio::test]
async fn a_segment_is_streamed_while_it_is_made_and_then_immutable() {
    let mut rig = rig().await;
    rig.send(3);
    let base = rig.base().await;
    let mut response = rig.get(&format!("{base}/1.mp4")).await;
    assert_eq!((response.status().as_u16(), header(&response, "hawker-independent")), (200, "1"));
    assert_eq!(header(&response, "content-length"), "", "its length is not known yet");
    let mut live = response.chunk().await.unwrap().unwrap().to_vec();
    assert_eq!(&live[4..8], b"ftyp");
    // Who had its beginning by another way goes on behind that (RFC 8673); who claims to have what is not made yet gets all.
    let rest = |from: usize| format!("bytes={from}-9007199254740991");
    let path = format!("{base}/1.mp4");
    let onward = rig.get_with(&path, "range", &rest(10)).await;
    assert_eq!(
        (onward.status().as_u16(), header(&onward, "content-range")),
        (206, "bytes 10-9007199254740991/*")
    );
    assert_eq!(header(&onward, "cache-control"), "no-store");
    let claimed = rig.get_with(&path, "range", &rest(1 << 30)).await;
    assert_eq!(claimed.status(), 200);
    rig.send(23);
    while let Some(chunk) = response.chunk().await.unwrap() {
        live.extend_from_slice(&chunk);
    }
    assert_eq!(onward.bytes().await.unwrap(), &live[10..]);
    assert_eq!(claimed.bytes().await.unwrap(), live);
    let ended = rig.get_with(&path, "range", &rest(10)).await;
    assert_eq!((ended.status().as_u16(), ended.bytes().await.unwrap().as_ref()), (206, &live[10..]));
    let finished = rig.get(&format!("{base}/1.mp4")).await;
    assert_eq!(header(&finished, "content-length"), live.len().to_string());
    assert!(header(&finished, "cache-control").contains("immutable"));
    assert_eq!(header(&finished, "access-control-allow-origin"), "*");
    let etag = header(&finished, "etag").to_owned();
    assert_eq!(finished.bytes().await.unwrap(), live, "the same bytes, live and later");

    assert_eq!(rig.get_with(&path, "if-none-match", &etag).await.status(), 304);
    let part = rig.get_with(&path, "range", "bytes=10-19").await;
    assert_eq!(
        (part.status().as_u16(), header(&part, "content-range")),
        (206, &*format!("bytes 10-19/{}", live.len()))
    );
    assert_eq!(part.bytes().await.unwrap(), &live[10..20]);
    assert_eq!(rig.get_with(&path, "range", "bytes=999999-").await.status(), 416);
}

/// CTA-5006, as the player reads it and as pages of other origins may.
#[tokio::test]
async fn a_segment_tells_what_the_kernel_knows_of_the_path() {
    let mut rig = rig().await;
    rig.send(30);
    let path = format!("{}/1.mp4", rig.base().await);
    for _ in 0..5 {
        let answer = rig.get(&path).await;
        let told = header(&answer, "cmsd-dynamic").to_owned();
        let figures: Vec<(&str, u64)> = told
            .split(',')
            .map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("{told}")))
            .map(|(key, value)| (key, value.parse().unwrap_or_else(|_| panic!("{told}"))))
            .collect();
        let (rtt, etp) = match figures.as_slice() {
            [("rtt", rtt)] => (*rtt, None),
            [("etp", etp), ("rtt", rtt)] => (*rtt, Some(*etp)),
            _ => panic!("{told}"),
        };
        assert!(rtt < 1_000, "{told}: ms, within one machine");
        assert!(etp.is_none_or(|kbps| kbps > 1_000), "{told}: kb/s, within one machine");
        assert!(header(&answer, "access-control-expose-headers").contains("cmsd-dynamic"));
        answer.bytes().await.expect("the whole segment");
    }
    let playlist = rig.get("index.m3u8").await;
    assert_eq!(header(&playlist, "cmsd-dynamic"), "", "a playlist says nothing about the path of media");
}

#[tokio::test]
async fn the_next_segment_is_waited_for() {
    let mut rig = rig().await;
    rig.send(10);
    let base = rig.base().await;
    let (client, url) = (rig.client.clone(), rig.url(&format!("{base}/2.mp4")));
    let waiting = tokio::spawn(async move { client.get(url).send().await.unwrap() });
    rig.send(16);
    let mut response = waiting.await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(&response.chunk().await.unwrap().unwrap()[4..8], b"ftyp");
    assert_eq!(rig.get(&format!("{base}/4.mp4")).await.status(), 404, "further ahead is not waited for");
}

#[tokio::test]
async fn playlists_block_and_the_announced_part_comes_whole() {
    let mut rig = rig().await;
    rig.send(7);
    let base = rig.base().await;
    let text = rig.get(&format!("{base}/video.m3u8")).await.text().await.unwrap();
    assert!(text.contains("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"video/1.1.m4s\""), "{text}");
    let get = |path: &str| {
        let (client, url) = (rig.client.clone(), rig.url(&format!("{base}/{path}")));
        tokio::spawn(async move { client.get(url).send().await.unwrap() })
    };
    let (playlist, part) = (get("video.m3u8?_HLS_msn=1&_HLS_part=1"), get("video/1.1.m4s"));
    rig.send(5);
    let playlist = playlist.await.unwrap();
    assert_eq!(header(&playlist, "content-type"), "application/vnd.apple.mpegurl");
    assert!(playlist.text().await.unwrap().contains("video/1.1.m4s\"\n"));
    let part = part.await.unwrap().bytes().await.unwrap();
    assert_eq!(part.windows(4).filter(|w| *w == b"moof").count(), 5);

    for bad in ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=9", "_HLS_skip=maybe"] {
        let answer = rig.get(&format!("{base}/video.m3u8?{bad}")).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (400, "no-store"), "{bad}");
    }
    let zipped = rig.get_with("index.m3u8", "accept-encoding", "gzip").await;
    assert_eq!(header(&zipped, "content-encoding"), "gzip");
    let object = rig.get_with(&format!("{base}/video-1.mp4"), "accept-encoding", "gzip").await;
    assert_eq!(header(&object, "content-encoding"), "", "media is not compressed twice");
}

/// servers.md, rule 14: a cache asks again for every playlist and for nothing else, and may answer for any piece of it.
#[tokio::test]
async fn rule_14_what_caches_may_keep() {
    let mut rig = rig().await;
    rig.send(40);
    let base = rig.base().await;
    for playlist in ["index.m3u8".to_owned(), "index.mpd".to_owned(), format!("{base}/video.m3u8")] {
        assert_eq!(header(&rig.get(&playlist).await, "cache-control"), "no-cache", "{playlist}");
    }
    for object in ["video-1.mp4", "video/1.m4s", "video-1/1.m4s", "video/1.2.m4s", "1.mp4"] {
        let path = format!("{base}/{object}");
        let whole = rig.get(&path).await;
        assert_eq!(header(&whole, "cache-control"), "public, max-age=31536000, immutable", "{path}");
        let whole = whole.bytes().await.unwrap();
        let size = whole.len();
        for (range, from, to) in [("0-0", 0, 1), ("5-", 5, size), ("-7", size - 7, size)] {
            let part = rig.get_with(&path, "range", &format!("bytes={range}")).await;
            let said = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(
                (part.status().as_u16(), header(&part, "content-range")),
                (206, &*said),
                "{path} {range}"
            );
            assert_eq!(part.bytes().await.unwrap(), &whole[from..to], "{path} {range}");
        }
        let with_token = rig.get(&format!("{path}?token=a")).await;
        assert_eq!(with_token.bytes().await.unwrap(), whole, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let mut rig = rig().await;
    let offline = rig.get("index.m3u8").await;
    assert_eq!((offline.status().as_u16(), header(&offline, "hawker-state")), (404, "offline"));
    let unknown = rig.client.get(format!("{}/live/nowhere/index.m3u8", rig.server.url)).send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), header(&unknown, "hawker-state")), (404, ""));
    rig.send(25 * 45);
    let base = rig.base().await;
    assert_eq!(rig.get(&format!("{base}/1.mp4")).await.status(), 410, "fallen out of the window");
    assert_eq!(rig.get("000000001/source/1.mp4").await.status(), 410, "an epoch of the past");
    assert_eq!(rig.get(&format!("{base}/nothing.mp4")).await.status(), 404);
    rig.server.post("/rooms/shop/end", &serde_json::Value::Null).await;
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let answer = rig.get("index.m3u8").await;
            if header(&answer, "hawker-state") == "ended" {
                return answer.status().as_u16();
            }
        }
    });
    assert_eq!(ended.await.expect("the end arrives"), 404);
}

/// What DASH players do: read the manifest, go on with their epoch's own, ask for segments while they are made, and for the next.
#[tokio::test]
async fn dash_players_get_segments_in_the_making_and_the_end_of_their_epoch() {
    let mut rig = rig().await;
    assert_eq!(header(&rig.get("index.mpd").await, "hawker-state"), "offline");
    rig.send(30);
    let base = rig.base().await;
    let answer = rig.get("index.mpd?token=a").await;
    assert_eq!(header(&answer, "content-type"), "application/dash+xml");
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    let text = answer.text().await.unwrap();
    assert!(text.contains(&format!("media=\"{base}/video-1/$Number$.m4s?token=a\"")), "{text}");
    let own = text.split_once("<Location>").unwrap().1.split_once("</Location>").unwrap().0.to_owned();
    assert_eq!(rig.get(&own).await.text().await.unwrap(), text, "the same under its own address");

    let mut response = rig.get(&format!("{base}/video-1/2.m4s")).await;
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, "video/mp4"));
    let mut live = response.chunk().await.unwrap().unwrap().to_vec();
    assert_eq!(&live[4..8], b"prft", "without the initialisation");
    let (client, url) = (rig.client.clone(), rig.url(&format!("{base}/video-1/3.m4s")));
    let next = tokio::spawn(async move { client.get(url).send().await.unwrap() });
    rig.send(22);
    while let Some(chunk) = response.chunk().await.unwrap() {
        live.extend_from_slice(&chunk);
    }
    let whole = rig.get(&format!("{base}/video/2.m4s")).await.bytes().await.unwrap();
    assert_eq!(live, whole, "the same bytes as for HLS");
    assert_eq!(&next.await.unwrap().chunk().await.unwrap().unwrap()[4..8], b"prft");

    rig.server.post("/rooms/shop/end", &serde_json::Value::Null).await;
    let end = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let text = rig.get(&own).await.text().await.unwrap();
            if text.contains("type=\"static\"") {
                return text;
            }
        }
    });
    let end = end.await.expect("who plays is told that it is over");
    assert!(end.contains("mediaPresentationDuration=\"PT2.080S\""), "{end}");
    assert_eq!(header(&rig.get("index.mpd").await, "hawker-state"), "ended", "who comes is told so");
}
