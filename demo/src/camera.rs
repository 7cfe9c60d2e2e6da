//! The camera of the demo room: loops the sample clips over real RTMP as an encoder would, one connection a rendition, paced by
//! their time stamps. Encodes nothing; needs no ffmpeg.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use hawker_server_core::media::flv::Kind;
use hawker_server_core::media::flv::file::{self, Tag};
use hawker_server_core::media::rtmp::client::{Client, Close, Input, Output, Target};
use hawker_wire::{Instant, Machine as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant as Clock;

/// First pause before connecting again; doubles up to the last.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest pause before connecting again: what a visitor still waits for.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long the server may leave what is sent unread before the connection counts as dead.
const WRITE: Duration = Duration::from_secs(5);

/// A clip in memory, with what a loop needs to know of it.
struct Clip {
    rendition: String,
    /// Configurations and metadata: sent once a connection.
    head: Vec<Tag>,
    /// Frames, by rising stamp.
    frames: Vec<Tag>,
    /// Milliseconds after which it begins anew: whole in frames of both tracks, so the loop has no seam.
    length: u64,
}

/// Publishes every `*.flv` of the folder `clips` to `room`, named by file, until dropped. Reconnects by itself.
///
/// # Errors
/// The clips can't be read, or the server refuses the key.
pub async fn run(rtmp: SocketAddr, room: &str, key: &str, clips: &Path) -> Result<()> {
    let mut clips = read_folder(clips)?;
    clips.sort_by(|a, b| a.rendition.cmp(&b.rendition));
    // One beginning for all: their stamps are those of one clock, as an encoder's renditions are.
    let began = Clock::now();
    let mut loops = JoinSet::new();
    for clip in clips {
        let stream = format!("{room}/{}?key={key}", clip.rendition);
        let target = Target { host: rtmp.to_string(), app: "live".into(), stream };
        loops.spawn(keep_publishing(rtmp, target, clip, began));
    }
    // None of them ends but for a reason that the others share.
    match loops.join_next().await {
        Some(ended) => ended?,
        None => bail!("there is no clip to publish"),
    }
}

async fn keep_publishing(rtmp: SocketAddr, target: Target, clip: Clip, began: Clock) -> Result<()> {
    let mut pause = PAUSE;
    loop {
        let mut published = false;
        let error = match publish(rtmp, target.clone(), &clip, began, &mut published).await {
            Err(error) => error,
            Ok(never) => match never {},
        };
        if let Some(Close::Refused(code, _)) = error.downcast_ref()
            && code == "NetStream.Publish.Unauthorized"
        {
            return Err(error).with_context(|| format!("the camera's {} is not let in", clip.rendition));
        }
        if published {
            pause = PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One connection, from connecting to its end.
async fn publish(
    rtmp: SocketAddr,
    target: Target,
    clip: &Clip,
    began: Clock,
    published: &mut bool,
) -> Result<std::convert::Infallible> {
    let mut stream = TcpStream::connect(rtmp).await?;
    stream.set_nodelay(true)?;
    let now = || Instant(began.elapsed().as_micros() as u64);
    let seed = now().as_us() ^ u64::from(stream.local_addr()?.port()) << 32;
    let mut client = Client::new(now(), seed, target);
    client.tick(now());
    let mut frames = None;
    let mut buffer = BytesMut::new();
    loop {
        while let Some(output) = client.poll() {
            match output {
                Output::Send(bytes) => tokio::time::timeout(WRITE, stream.write_all(&bytes)).await??,
                Output::Ready => {
                    *published = true;
                    for tag in &clip.head {
                        client.handle(now(), Input::Tag(tag.clone()));
                    }
                    frames = Some(clip.from(now().as_ms()).peekable());
                }
                Output::Close(why) => return Err(why.into()),
            }
        }
        let due = match &mut frames {
            Some(frames) => frames.peek().map(|(at, _)| *at),
            None => client.wake().map(|(at, _)| at.as_ms()),
        };
        let due = due.context("a clip without frames")?;
        tokio::select! {
            read = stream.read_buf(&mut buffer) => {
                ensure!(read? > 0, "the server closed the connection");
                client.handle(now(), Input::Bytes(buffer.split().freeze()));
            }
            () = tokio::time::sleep_until(began + Duration::from_millis(due)) => {
                match frames.as_mut().and_then(|frames| frames.next()) {
                    Some((_, tag)) => client.handle(now(), Input::Tag(tag)),
                    None => client.tick(now()),
                }
            }
        }
    }
}

impl Clip {
    fn read(rendition: String, data: Bytes) -> Result<Self> {
        let tags: Vec<Tag> = file::tags(data)?.collect::<Result<_, _>>()?;
        let head = tags.iter().filter(|tag| tag.is_head()).cloned().collect();
        // What is neither is the end-of-sequence mark, which would end the picture in each round.
        let mut frames: Vec<Tag> = tags.into_iter().filter(Tag::is_frame).collect();
        frames.sort_by_key(|tag| tag.stamp);
        let pictures: Vec<_> = frames.iter().filter(|tag| tag.kind == Kind::Video).collect();
        let (Some(first), Some(last)) = (pictures.first(), pictures.last()) else {
            bail!("there is no picture")
        };
        let spans = pictures.len().saturating_sub(1).max(1) as u64;
        // One frame behind the last, rounded: stamps are whole milliseconds.
        let length = (u64::from(last.stamp - first.stamp) * pictures.len() as u64 + spans / 2) / spans;
        Ok(Self { rendition, head, frames, length })
    }

    /// The frames from moment `now` (ms since the beginning of all clips) on, each with the moment it is due; never ends. Starts
    /// with the keyframe that is due next.
    fn from(&self, now: u64) -> impl Iterator<Item = (u64, Tag)> {
        let rounds = (now / self.length)..;
        let all = rounds.flat_map(move |round| {
            self.frames.iter().map(move |tag| (round * self.length + u64::from(tag.stamp), tag))
        });
        all.skip_while(move |(at, tag)| *at < now || !tag.is_keyframe()).map(|(at, tag)| {
            // Stamps wrap after 49 days, as an encoder's do.
            (at, Tag { stamp: at as u32, ..tag.clone() })
        })
    }
}

fn read_folder(folder: &Path) -> Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "flv") {
            let rendition = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let data = std::fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
            clips.push(Clip::read(rendition, data.into()).with_context(|| path.display().to_string())?);
        }
    }
    Ok(clips)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Clip {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        read_folder(&folder).unwrap().into_iter().find(|clip| clip.rendition == "240p").unwrap()
    }

    #[test]
    fn the_loop_has_no_seam() {
        let clip = sample();
        assert_eq!(clip.length, 8_000);
        let pictures: Vec<u32> = clip
            .from(0)
            .filter(|(_, tag)| tag.kind == Kind::Video)
            .take(1_000)
            .map(|(_, tag)| tag.stamp)
            .collect();
        assert!(pictures.windows(2).all(|pair| (33..=34).contains(&(pair[1] - pair[0]))));
        let sounds: Vec<u32> = clip
            .from(0)
            .filter(|(_, tag)| tag.kind == Kind::Audio)
            .take(1_000)
            .map(|(_, tag)| tag.stamp)
            .collect();
        assert!(sounds.windows(2).all(|pair| (21..=22).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn a_later_connection_starts_at_the_next_keyframe_of_the_same_clock() {
        let clip = sample();
        let (at, tag) = clip.from(20_010).next().unwrap();
        assert!((20_010..21_500).contains(&at), "{at}");
        assert_eq!((u64::from(tag.stamp), tag.body[0]), (at, 0x17));
    }
}
