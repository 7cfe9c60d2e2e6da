//! The pages of the lab's players, served on the server's side of the link, so that a cold start pays for them too: compressed as a
//! shop's pages are, each player with its release build. Not the SDK, which the live server has.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use super::plan::Player;

/// Ours: as the documentation embeds it, without what is not the picture. `{..}` is filled in.
const HAWKER: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>Hawker</title>
<link rel="icon" href="data:,">
<style>hawker-live { width: 640px }</style>
{before}<script type="module" src="{server}/sdk/hawker.js"></script>
<script type="module" src="hawker.js"></script>
<hawker-live room="{room}" {how} bare></hawker-live>
"#;

/// With its room, which talks. The lab asks for all rungs, however small the picture is beside the words.
const ROOM: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>Hawker</title>
<link rel="icon" href="data:,">
<style>hawker-live { width: 640px }</style>
<script type="module" src="{server}/sdk/hawker.js"></script>
<script type="module" src="hawker.js"></script>
<script type="module" src="words.js"></script>
<hawker-live room="{room}" {how} uncapped></hawker-live>
"#;

/// All are silent but one.
const MUTED: &str = "muted";
/// Keeps our player to HTTP.
const HTTP: &str = "muted transport=\"http\"";
/// Notes what it takes the link for.
const ESTIMATE: &str = "<script type=\"module\" src=\"estimate.js\"></script>\n";

/// Where the pages are.
#[derive(Clone, Debug)]
pub struct Site {
    /// Scheme, host and port.
    origin: String,
    server: String,
    room: &'static str,
}

/// Serves them to a viewer who reaches this machine as `host`, and the live server at `server`.
///
/// # Errors
/// A player was not fetched from npm, or there is no port.
pub async fn serve(host: Ipv4Addr, server: &str, room: &'static str) -> Result<Site> {
    let folder = crate::root().join("tests");
    let file = |path: &str, kind: &'static str| -> Result<_> {
        let bytes = std::fs::read(folder.join(path))
            .with_context(|| format!("tests/{path}: `npm ci` in tests/ fetches the players"))?;
        Ok(get(move || async move { ([(header::CONTENT_TYPE, kind)], bytes) }))
    };
    let ours = |before: &str, how: &str| {
        let page = HAWKER.replace("{server}", server).replace("{room}", room);
        let page = page.replace("{before}", before).replace("{how}", how);
        get(move || async move { ([(header::CONTENT_TYPE, "text/html")], page) })
    };
    let talking = |how: &str| {
        let page = ROOM.replace("{server}", server).replace("{room}", room).replace("{how}", how);
        get(move || async move { ([(header::CONTENT_TYPE, "text/html")], page) })
    };
    let script = "text/javascript";
    let router = Router::new()
        .route("/hawker.html", ours("", MUTED))
        .route("/hawker-http.html", ours("", HTTP))
        .route("/hawker-sound.html", ours("", ""))
        // What stands before the SDK looks at `fetch`, so that all must go over it.
        .route("/hawker-plain.html", ours("<script src=\"plain.js\"></script>\n", HTTP))
        .route("/hawker-hls.html", ours("<script src=\"parts.js\"></script>\n", HTTP))
        .route("/estimate-udp.html", ours(ESTIMATE, MUTED))
        .route("/estimate-http.html", ours(ESTIMATE, HTTP))
        .route("/hawker-room-http.html", talking(HTTP))
        .route("/hawker-room.html", talking(MUTED))
        .route("/words.js", file("lab/words.js", script)?)
        .route("/players.html", file("lab/players.html", "text/html")?)
        .route("/reader.js", file("lab/reader.js", script)?)
        .route("/hawker.js", file("lab/hawker.js", script)?)
        .route("/plain.js", file("lab/plain.js", script)?)
        .route("/estimate.js", file("lab/estimate.js", script)?)
        .route("/parts.js", file("lab/parts.js", script)?)
        .route("/players.js", file("lab/players.js", script)?)
        .route("/hls.js", file("node_modules/hls.js/dist/hls.min.js", script)?)
        .route("/shaka.js", file("node_modules/shaka-player/dist/shaka-player.compiled.js", script)?)
        .route("/dash.js", file("node_modules/dashjs/dist/modern/umd/dash.mediaplayer.min.js", script)?)
        .layer(CompressionLayer::new());
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let origin = format!("http://{host}:{}", listener.local_addr()?.port());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Site { origin, server: server.into(), room })
}

impl Site {
    /// Where the pages are.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The page of ours that notes its estimates of the link, kept to HTTP or not.
    pub fn estimates(&self, over: &str) -> String {
        format!("{}/estimate-{over}.html", self.origin)
    }

    /// The page of a player.
    pub fn page(&self, player: Player) -> String {
        let Self { origin, server, room } = self;
        match player.name {
            name if name.starts_with("hawker") => format!("{origin}/{}.html", player.name),
            other => format!("{origin}/players.html?player={other}&server={server}&room={room}"),
        }
    }
}
