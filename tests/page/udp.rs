//! Pages over WebTransport: the picture and the room go over it by themselves where it works, and back to HTTP where it does not.
//! What the server answers on a stream is in `tests/media/udp.rs`, what decides in `player/js/udp.js`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hawker_tests::browser::{self, Browser};
use hawker_tests::talk::Dial;
use hawker_wire::proto::event::Kind as Event;
use serde_json::json;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::show;

/// Sessions, for the test to close.
const SESSIONS: &str = "
    window.sessions = [];
    window.WebTransport = class extends WebTransport {
        constructor(...given) {
            super(...given);
            window.sessions.push(this);
            const writable = this.datagrams.writable ?? this.datagrams.createWritable();
            const writer = writable.getWriter();
            const write = writer.write.bind(writer);
            writer.write = (bytes) => { window.taps = new DataView(bytes.buffer).getUint32(0); return write(bytes); };
            Object.defineProperty(this.datagrams, 'writable', { value: { getWriter: () => writer } });
        }
    };
";

/// Notes to where there was media when something was first asked over HTTP after `edge` was cleared, and when the session was
/// given up. One thread does both, however busy it is.
const GIVEN_UP: &str = "
    window.end = () => { const { buffered } = document.querySelector('hawker-live').shadowRoot.querySelector('video'); \
        return buffered.length ? buffered.end(buffered.length - 1) : 0; };
    window.edge = 0;
    const real = window.fetch;
    window.fetch = (url, options) => {
        if (String(url).endsWith('.mp4') && window.edge === null) window.edge = end();
        return real(url, options);
    };
    window.WebTransport = class extends WebTransport {
        close(...given) { if (window.edge) window.given ??= end(); super.close(...given); }
    };
";

const LIKE: &str = "document.querySelector('hawker-live').shadowRoot.querySelector('.like-button')";

/// No socket gets through.
const NO_SOCKET: &str = "window.WebSocket = class { constructor() { throw new Error('blocked'); } };";

/// A show with a UDP port of its own: by itself it has HTTP's number, which somebody else's socket may have where many tests run.
async fn on_air(advertise: Option<String>) -> show::Show {
    show::on_air_with(|config| {
        config.udp.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.udp.advertise = advertise;
    })
    .await
}

async fn goes_over(page: &Browser, transport: &str) {
    let wanted = format!("document.querySelector('hawker-live')?.stats()?.transport === '{transport}'");
    page.until(&wanted, show::START).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_picture_and_words_go_over_udp_and_back_when_it_fails() {
    let show = on_air(None).await;
    let page = browser::chromium().await;
    page.before_pages(&[SESSIONS, NO_SOCKET].concat()).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    goes_over(&page, "udp").await;
    show::moves(&page).await;
    // Without a socket words come and go over the session alone.
    show::says(&page, "Ann", "over QUIC").await;
    said(&show, "demo", "over QUIC").await;
    // Likes are datagrams, and count for everybody.
    let mut ben = Dial::new(show.server.running.http, "demo").guest("Ben").await;
    page.eval(&format!("for (let n = 0; n < 3; n++) {LIKE}.click()")).await;
    page.until("window.taps === 3", show::START).await;
    ben.until_event(|kind| matches!(kind, Event::Totals(totals) if totals.likes >= 3)).await;
    show::quiet(&page, "WebTransport").await;

    // The session ends in the middle: the picture does not, and nothing of it is left out. Whether it stands for a moment is
    // measured by the bench, for here the machine may take as much.
    let video = "const video = document.querySelector('hawker-live').shadowRoot.querySelector('video');";
    page.eval(&format!("{video} sessions.at(-1).close(); window.from = video.currentTime")).await;
    goes_over(&page, "http").await;
    show::moves(&page).await;
    let whole = "const { buffered, currentTime } = video; return Array.from({ length: buffered.length }, (_, n) => n) \
                 .some((n) => buffered.start(n) <= window.from && currentTime <= buffered.end(n))";
    assert_eq!(page.eval(&format!("{video} {whole}")).await, json!(true), "the viewer saw it");
}

/// Passes packets on to the server's port but for a time in which it loses all of them: a path that dies without a word, or
/// lives again.
struct Path {
    address: String,
    dead: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Path {
    /// The server that it leads to is known later: it advertises the path's address.
    async fn new(mut server: watch::Receiver<Option<SocketAddr>>) -> Self {
        let door = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = door.local_addr().expect("an address").to_string();
        let dead = Arc::new(AtomicBool::new(false));
        let lost = dead.clone();
        let task = tokio::spawn(async move {
            let out = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a free port");
            let server = server.wait_for(Option::is_some).await.ok().and_then(|server| *server);
            let Some(server) = server else { return };
            let (mut there, mut back) = ([0; 65_536], [0; 65_536]);
            // One page, thus one other end.
            let mut page = None;
            loop {
                tokio::select! {
                    Ok((size, from)) = door.recv_from(&mut there) => {
                        page = Some(from);
                        if !lost.load(Ordering::Relaxed) {
                            let _ = out.send_to(&there[..size], server).await;
                        }
                    }
                    Ok((size, _)) = out.recv_from(&mut back) => {
                        if let Some(page) = page.filter(|_| !lost.load(Ordering::Relaxed)) {
                            let _ = door.send_to(&back[..size], page).await;
                        }
                    }
                }
            }
        });
        Self { address, dead, task }
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A page that watches a show over UDP, along a path of the test's.
async fn over_a_path() -> (Path, show::Show, Browser) {
    let (tell, server) = watch::channel(None);
    let path = Path::new(server).await;
    let show = on_air(Some(path.address.clone())).await;
    tell.send_replace(show.server.running.app.udp.as_ref().map(|door| door.addr));
    let page = browser::chromium().await;
    page.before_pages(GIVEN_UP).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    goes_over(&page, "udp").await;
    (path, show, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_dies_without_a_word_is_left_at_once() {
    let (path, _show, page) = over_a_path().await;
    show::moves(&page).await;
    page.eval("window.edge = null").await;
    path.dead.store(true, Ordering::Relaxed);
    goes_over(&page, "http").await;
    show::moves(&page).await;
    // How long the picture stands on a quiet machine is in `www/docs/player.md`.
    page.until("window.given", show::START).await;
    let ends = page.eval("return [window.edge, window.given]").await;
    let (edge, given) = (ends[0].as_f64().expect("asked over HTTP"), ends[1].as_f64().expect("given up"));
    assert!(given > edge, "HTTP had brought nothing when the session was given up: {edge} s, {given} s");
}

/// A phone that walks past a pillar: the session that fell silent is the one that carries the picture afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_lives_again_is_gone_on_with() {
    let (path, _show, page) = over_a_path().await;
    for _ in 0..2 {
        page.eval("window.edge = null").await;
        // For too short a time to be given up; a page that was busy meanwhile may not have noticed.
        while page.eval("return edge").await.is_null() {
            path.dead.store(true, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(300)).await;
            path.dead.store(false, Ordering::Relaxed);
            show::moves(&page).await;
        }
        // Two segments later.
        page.until("window.end() > window.edge + 2", show::START).await;
        goes_over(&page, "udp").await;
        show::moves(&page).await;
    }
    assert_eq!(page.eval("return window.given ?? null").await, json!(null), "the session was given up");
}

async fn said(show: &show::Show, room: &str, text: &str) {
    for _ in 0..200 {
        let messages = show.server.get(&format!("/rooms/{room}/messages")).await;
        if messages.to_string().contains(text) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{text:?} was not heard");
}

/// Many come before it begins, and talk.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_show_talks_over_udp_too() {
    let show = on_air(None).await;
    show.server.room("later").await;
    let page = browser::chromium().await;
    page.before_pages(NO_SOCKET).await;
    page.open(&format!("{}/room/later", show.server.url)).await;
    show::says(&page, "Ann", "soon").await;
    said(&show, "later", "soon").await;
    show::quiet(&page, "waiting").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_does_not_get_through_http_plays_on() {
    // Bound, and nobody ever answers.
    let silent = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    let address = silent.local_addr().expect("an address").to_string();
    let show = on_air(Some(address)).await;
    let page = browser::chromium().await;
    page.before_pages(SESSIONS).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until("sessions.length", show::START).await;
    show::moves(&page).await;
    assert_eq!(
        page.eval("return document.querySelector('hawker-live').stats().transport").await,
        json!("http")
    );
    // After the attempt's time is over as well.
    page.eval("return sessions[0].ready.catch(() => {})").await;
    show::moves(&page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_wants_http_gets_no_session() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages(SESSIONS).await;
    page.open(&format!("{}/", show.server.url)).await;
    page.eval(
        "await import('/sdk/hawker.js'); const live = document.createElement('hawker-live'); live.setAttribute('room', 'demo'); \
         live.setAttribute('transport', 'http'); live.setAttribute('muted', ''); document.body.replaceChildren(live)",
    )
    .await;
    show::moves(&page).await;
    show::moves(&page).await;
    let seen =
        page.eval("return [sessions.length, document.querySelector('hawker-live').stats().transport]").await;
    assert_eq!(seen, json!([0, "http"]));
}
