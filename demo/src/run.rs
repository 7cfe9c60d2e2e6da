//! `hawker-demo run`: the server as a child, a camera, a shelf with flash sales, some audience, and a shop of another origin.
//!
//! Order matters: ports are tried before anything starts, and whatever fails later stops what was started.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::api::Api;
use crate::settings::{self, Secrets};
use crate::shop::{self, Shop};
use crate::{audience, camera, child, clock, places, seed};

/// What `run` may be told.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Where pages and media are served; the demo shop takes the next port. 0.0.0.0:8080 opens them to your network, port 0
    /// takes any two that are free.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub http: SocketAddr,
    /// Where encoders publish.
    #[arg(long, default_value = "127.0.0.1:1935", value_name = "ADDR")]
    pub rtmp: SocketAddr,
    /// Folder for everything the demo keeps; `data` in the checkout when left out.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs until Ctrl-C or SIGTERM.
///
/// # Errors
/// What keeps the demo from starting, or ended it.
pub async fn run(mut options: Options) -> Result<()> {
    // From the first moment, so that Ctrl-C during the start leaves nothing behind either.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let asked_to_stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let folder = options.data.clone().unwrap_or_else(|| crate::root().join("data"));
    let shop_address = places::shop_address(options.http)?;
    let http = places::bind(options.http, "pages and media", "--http").await?;
    let rtmp = places::bind(options.rtmp, "encoders", "--rtmp").await?;
    let listener = places::bind(shop_address, "the demo shop, on the port after --http", "--http").await?;
    (options.http, options.rtmp) = (http.local_addr()?, rtmp.local_addr()?);
    // Given back: the server takes them in a moment. The shop's stays.
    drop((http, rtmp));

    let secrets = Secrets::open(&folder)?;
    let config =
        settings::write_config(&folder, options.http, options.rtmp, listener.local_addr()?, &secrets)?;
    let mut server = child::start(&config, folder.join("hawker.log"))?;
    eprintln!("starting the server (log: {})", folder.join("hawker.log").display());
    let result = tokio::select! {
        result = live(&options, &secrets, &mut server, listener) => result,
        () = asked_to_stop => Ok(()),
    };
    eprintln!("stopping");
    let stopped = server.stop().await.map(drop);
    result.and(stopped)
}

/// Everything that runs beside the server; ends only by an error.
async fn live(
    options: &Options,
    secrets: &Secrets,
    server: &mut child::Server,
    listener: tokio::net::TcpListener,
) -> Result<()> {
    let local = SocketAddr::new(places::local(options.http.ip()), options.http.port());
    let url = format!("http://{local}");
    server.ready(&url).await?;
    let api = Api::new(&url, &secrets.admin)?;
    // Pictures must load for whoever sees the page, here or in the network.
    let lan = places::lan();
    let seen = lan.filter(|_| options.http.ip().is_unspecified()).unwrap_or(local.ip());
    let shop_port = listener.local_addr()?.port();
    let shop_url = format!("http://{}", SocketAddr::new(seen, shop_port));
    let (demo_key, studio_key) = seed::rooms(&api, &shop_url).await?;
    let shop = Shop::new(&url, options.http.port(), &secrets.shop)?;
    println!("{}", addresses(options, shop_port, &studio_key, &secrets.admin, lan));

    let rtmp = SocketAddr::new(places::local(options.rtmp.ip()), options.rtmp.port());
    let clips = crate::root().join("demo/sample");
    let authority = local.to_string();
    tokio::select! {
        error = server.ended() => Err(error),
        result = shop::serve(shop, listener) => result.context("the demo shop"),

        result = camera::run(rtmp, seed::DEMO, &demo_key, &clips) => result.context("the camera"),
        result = seed::rounds(&api, &shop_url, seed::PACE, clock::wall_ms) => result.context("the flash sales"),
        () = audience::run(&authority, seed::DEMO) => Ok(()),
    }
}

/// What to open, one address a line; `lan` is this machine's address in its network.
fn addresses(
    options: &Options,
    shop_port: u16,
    studio_key: &str,
    admin: &str,
    lan: Option<IpAddr>,
) -> String {
    let block = |http: IpAddr, rtmp: IpAddr| {
        let (shop, http) = (SocketAddr::new(http, shop_port), SocketAddr::new(http, options.http.port()));
        let (rtmp, studio) = (SocketAddr::new(rtmp, options.rtmp.port()), seed::STUDIO);
        format!(
            "  shop page           http://{shop}/\n\
             \x20 your own encoder    rtmp://{rtmp}/live/{studio}?key={studio_key}\n\
             \x20 its page            http://{http}/room/{studio}\n\
             \x20 operators' console  http://{http}/console/#token={admin}\n"
        )
    };
    let (http, rtmp) = (options.http.ip(), options.rtmp.ip());
    let mut text = format!("\n{}", block(places::local(http), places::local(rtmp)));
    let rtmp_port = options.rtmp.port();
    match lan {
        Some(lan) if http.is_unspecified() => {
            let rtmp = if rtmp.is_unspecified() { lan } else { rtmp };
            text.push_str(&format!("\n  in your network:\n{}", block(lan, rtmp)));
            if rtmp.is_loopback() {
                text.push_str(&format!(
                    "  encoders on other machines: start with --rtmp 0.0.0.0:{rtmp_port} too\n"
                ));
            }
        }
        Some(lan) if http.is_loopback() => text.push_str(&format!(
            "\n  in your network     start with --http 0.0.0.0:{} --rtmp 0.0.0.0:{rtmp_port}, then http://{}/\n",
            options.http.port(),
            SocketAddr::new(lan, shop_port)
        )),
        Some(_) | None => {}
    }
    text.push_str("\n  stop with Ctrl-C\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_whole_and_on_a_line_of_its_own() {
        let lan = Some(IpAddr::from([192, 168, 0, 7]));
        let check = |http: &str, rtmp: &str, expected: &[&str]| {
            let (http, rtmp) = (http.parse().expect("an address"), rtmp.parse().expect("an address"));
            let text = addresses(&Options { http, rtmp, data: None }, 8081, "KEY", "TOKEN", lan);
            for line in expected {
                assert!(text.lines().any(|found| found.trim() == *line), "{line:?} is not in {text}");
            }
        };
        let here = [
            "shop page           http://127.0.0.1:8081/",
            "your own encoder    rtmp://127.0.0.1:1935/live/studio?key=KEY",
            "its page            http://127.0.0.1:8080/room/studio",
            "operators' console  http://127.0.0.1:8080/console/#token=TOKEN",
        ];
        let network = [
            "shop page           http://192.168.0.7:8081/",
            "your own encoder    rtmp://192.168.0.7:1935/live/studio?key=KEY",
            "its page            http://192.168.0.7:8080/room/studio",
            "operators' console  http://192.168.0.7:8080/console/#token=TOKEN",
        ];
        check("127.0.0.1:8080", "127.0.0.1:1935", &here);
        check("0.0.0.0:8080", "0.0.0.0:1935", &[here, network].concat());
        let hint = "encoders on other machines: start with --rtmp 0.0.0.0:1935 too";
        check("0.0.0.0:8080", "127.0.0.1:1935", &[here[0], here[1], network[0], hint]);
        check("192.168.0.7:8080", "192.168.0.7:1935", &network);
    }
}
