//! Requests: the room's state, the server's clock, and segments that are scanned while they arrive. Headers are peeked at;
//! media go on as views.

use crate::browser::{AbortController, Piece, Response};
use crate::clock;
use crate::record::Record;
use crate::shell::Shell;
use hawker_player_core::media::player::Input;
use hawker_player_core::media::trouble::Answer;
use hawker_player_core::media::{RequestId, clock as time};
use hawker_wire::Span;
use hawker_wire::media::{Scanner, Want};
use hawker_wire::proto::Stream;
use hawker_wire::slim;
use js_sys::Uint8Array;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Longest answer about a room's state, bytes. A ladder of sixteen takes about 1 KiB.
const STREAM_BYTES_MAX: u32 = 64 * 1024;
/// Header bytes looked at in one step; longer boxes take several.
const PEEK: usize = 512;

/// A request, begun at once.
fn request(shell: &Shell, url: &str, abort: &AbortController, range: Option<u32>) -> JsFuture {
    let mut options = Record::new()
        .with("signal", abort.signal())
        .with("cache", "no-store")
        .with("credentials", "omit")
        .with("mode", "cors");
    if let Some(bytes) = range {
        let range = ["bytes=0-", &bytes.saturating_sub(1).to_string()].concat();
        options = options.with("headers", Record::new().with("Range", range).done());
    }
    JsFuture::from(shell.fetch(url, &options.done()))
}

/// Asks for the room's state.
pub(crate) fn stream(shell: &Rc<Shell>, after: Option<u64>) {
    let abort = Rc::new(AbortController::new());
    let turn = shell.asks(abort.clone());
    let mut url = [shell.base(), "/stream"].concat();
    if let Some(after) = after {
        url.push_str("?after=");
        url.push_str(&after.to_string());
    }
    let response = request(shell, &url, &abort, None);
    let shell = Rc::downgrade(shell);
    spawn_local(async move {
        let told = stream_read(response).await;
        if let Some(shell) = shell.upgrade()
            && shell.asked(turn)
        {
            shell.answered(answer(&told));
            shell.input(Input::Stream(told.ok().map(Box::new)));
        }
    });
}

/// One answer about the room's state, or why there is none.
pub(crate) async fn stream_once(shell: &Shell) -> Result<Stream, Answer> {
    let url = [shell.base(), "/stream"].concat();
    stream_read(request(shell, &url, &AbortController::new(), None)).await
}

async fn stream_read(response: JsFuture) -> Result<Stream, Answer> {
    let lost = |_| Answer::Nothing;
    let response: Response = response.await.map_err(lost)?.unchecked_into();
    match response.status() {
        200 => {}
        404 => return Err(Answer::NoRoom),
        _ => return Err(Answer::Nothing),
    }
    let bytes = Uint8Array::new(&JsFuture::from(response.array_buffer()).await.map_err(lost)?);
    if bytes.byte_length() > STREAM_BYTES_MAX {
        return Err(Answer::Foreign);
    }
    slim::read::<Stream>(&bytes.to_vec()).ok_or(Answer::Foreign)
}

/// As `Shell::answered` takes it.
pub(crate) fn answer(told: &Result<Stream, Answer>) -> Answer {
    told.as_ref().err().copied().unwrap_or(Answer::Told)
}

/// Asks for the server's clock.
pub(crate) fn time(shell: &Rc<Shell>) {
    let url = [shell.server(), "/api/v1/time"].concat();
    let sent = clock::now();
    let response = request(shell, &url, &AbortController::new(), None);
    let shell = Rc::downgrade(shell);
    spawn_local(async move {
        let server_ms = async {
            let response: Response = response.await.ok()?.unchecked_into();
            if response.status() != 200 {
                return None;
            }
            // The browser's own parser is there already; what is no number is NaN, which the core refuses.
            Some(js_sys::parse_float(&JsFuture::from(response.text()).await.ok()?.as_string()?))
        }
        .await;
        if let Some(shell) = shell.upgrade() {
            shell.input(Input::Time(match server_ms {
                Some(server_ms) => time::Input::Reply { sent, server_ms },
                None => time::Input::Failed,
            }));
        }
    });
}

/// Fetches a segment, or so many bytes of it as a probe.
pub(crate) fn segment(shell: &Rc<Shell>, id: RequestId, url: String, probe: Option<u32>) {
    let abort = Rc::new(AbortController::new());
    shell.begins(id, abort.clone());
    let response = request(shell, &url, &abort, probe);
    let shell = Rc::downgrade(shell);
    spawn_local(async move {
        let end = match probe {
            Some(bytes) => timed(response, &abort, bytes).await,
            None => scanned(&shell, id, response, &abort).await,
        };
        if let Some(shell) = shell.upgrade()
            && shell.ends(id)
        {
            shell.input(match end {
                Ok(End::Finished) => Input::Finished(id),
                Ok(End::Probed(bytes, took)) => Input::Probed(bytes, took),
                Ok(End::Refused(status, after)) => Input::Failed(id, status, after),
                Err(_) => Input::Failed(id, 0, None),
            });
        }
    });
}

enum End {
    Finished,
    Probed(u64, Span),
    Refused(u16, Option<Span>),
}

async fn scanned(
    shell: &Weak<Shell>,
    id: RequestId,
    response: JsFuture,
    abort: &AbortController,
) -> Result<End, JsValue> {
    let response: Response = response.await?.unchecked_into();
    let status = response.status();
    let headers = response.headers();
    if status != 200 {
        abort.abort();
        let after = headers.header("retry-after").and_then(|text| text.trim().parse().ok());
        return Ok(End::Refused(status, after.map(|seconds: u64| Span::from_secs(seconds.min(30)))));
    }
    let independent = headers.header("hawker-independent").as_deref() != Some("0");
    let hint = headers.header("cmsd-dynamic").as_deref().and_then(estimated_throughput);
    let live = |shell: &Weak<Shell>| shell.upgrade().filter(|shell| shell.running(id));
    let Some(running) = live(shell) else { return Ok(End::Finished) };
    running.input(Input::Opened(id, independent, hint));
    drop(running);

    let Some(body) = response.body() else { return Err(JsValue::NULL) };
    let reader = body.reader();
    let mut scanner = Scanner::new();
    let mut waiting: Vec<Uint8Array> = Vec::new();
    loop {
        let piece: Piece = JsFuture::from(reader.read()).await?.unchecked_into();
        let Some(view) = piece.value().filter(|_| !piece.done()) else { return Ok(End::Finished) };
        let Some(running) = live(shell) else { return Ok(End::Finished) };
        scan(&running, id, &mut scanner, &mut waiting, &view)?;
    }
}

/// Finds the units that end in this piece and tells them.
fn scan(
    shell: &Rc<Shell>,
    id: RequestId,
    scanner: &mut Scanner,
    waiting: &mut Vec<Uint8Array>,
    piece: &Uint8Array,
) -> Result<(), JsValue> {
    let length = piece.byte_length();
    let (mut at, mut from) = (0, 0);
    let mut peek = [0; PEEK];
    while at < length {
        let left = length - at;
        match scanner.want() {
            Want::Read(wanted) => {
                let step = left.min(u32::try_from(wanted.min(PEEK)).unwrap_or(left));
                let Some(bytes) = peek.get_mut(..step as usize) else { return Err(JsValue::NULL) };
                piece.subarray(at, at + step).copy_to(bytes);
                scanner.read(bytes).map_err(|error| JsValue::from_str(error.what))?;
                at += step;
            }
            Want::Skip(wanted) => {
                let step = left.min(u32::try_from(wanted).unwrap_or(left));
                scanner.skip(u64::from(step));
                at += step;
            }
        }
        if let Some(unit) = scanner.poll() {
            waiting.push(piece.subarray(from, at));
            from = at;
            shell.offer(id, core::mem::take(waiting), unit);
        }
    }
    if from < length {
        waiting.push(piece.subarray(from, length));
        shell.input(Input::Piece(id, u64::from(length - from), scanner.made()));
    }
    Ok(())
}

/// Times a transfer from its first piece to its last.
async fn timed(response: JsFuture, abort: &AbortController, bytes: u32) -> Result<End, JsValue> {
    let response: Response = response.await?.unchecked_into();
    if response.status() != 206 && response.status() != 200 {
        abort.abort();
        return Ok(End::Refused(response.status(), None));
    }
    let Some(body) = response.body() else { return Err(JsValue::NULL) };
    let reader = body.reader();
    let (mut first, mut counted) = (None, 0);
    loop {
        let piece: Piece = JsFuture::from(reader.read()).await?.unchecked_into();
        let now = clock::now();
        let Some(view) = piece.value().filter(|_| !piece.done()) else {
            return match first {
                Some((began, last)) if counted > 0 => {
                    let last: hawker_wire::Instant = last;
                    Ok(End::Probed(counted, last.since(began)))
                }
                _ => Ok(End::Refused(0, None)),
            };
        };
        match &mut first {
            None => first = Some((now, now)),
            Some((_, last)) => {
                *last = now;
                counted += u64::from(view.byte_length());
            }
        }
        if counted > u64::from(bytes) * 2 {
            // A server that ignores ranges: enough was seen.
            abort.abort();
        }
    }
}

/// `etp` of a CMSD-Dynamic header (CTA-5006), in bits a second; the header counts kb/s.
fn estimated_throughput(header: &str) -> Option<f64> {
    let (_, after) = header.split_once("etp=")?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse::<u32>().ok().map(|kbps| f64::from(kbps) * 1e3)
}
