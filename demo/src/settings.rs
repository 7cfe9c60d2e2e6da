//! What the demo keeps between two starts: its secrets, and the server's configuration made from them.
//!
//! Not the server's data: that is a folder beside these two files.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::places;

/// Secrets of this demo, made at its first start.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// The administrators' token of the server.
    pub admin: String,
    /// Shared by the server and the demo shop's backend.
    pub shop: String,
}

impl Secrets {
    /// Reads them from the folder, or makes them there, for the owner's eyes only.
    ///
    /// # Errors
    /// The folder cannot be made, or the file cannot be read or written.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
        let path = folder.join("demo.toml");
        match fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).with_context(|| format!("{} is damaged: delete it", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secrets = Self { admin: random()?, shop: random()? };
                write_private(&path, &toml::to_string(&secrets)?)?;
                Ok(secrets)
            }
            Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
        }
    }
}

/// 32 hex digits nobody can guess.
///
/// # Errors
/// The system gives no randomness.
pub fn random() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(hex::encode(bytes))
}

/// The part of `hawker.toml` that the demo sets; the rest stays at its default.
#[derive(Serialize)]
struct Config<'a> {
    http: Listen,
    rtmp: Listen,
    data: Data,
    admin: Admin<'a>,
    shop: Shop<'a>,
}

#[derive(Serialize)]
struct Listen {
    listen: SocketAddr,
}

#[derive(Serialize)]
struct Data {
    dir: PathBuf,
}

#[derive(Serialize)]
struct Admin<'a> {
    token: &'a str,
}

#[derive(Serialize)]
struct Shop<'a> {
    secret: &'a str,
    webhook_url: String,
}

/// Writes the server's configuration and returns where.
///
/// # Errors
/// The file cannot be written.
pub fn write_config(
    folder: &Path,
    http: SocketAddr,
    rtmp: SocketAddr,
    shop: SocketAddr,
    secrets: &Secrets,
) -> Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    let config = Config {
        http: Listen { listen: http },
        rtmp: Listen { listen: rtmp },
        data: Data { dir: folder.join("server") },
        admin: Admin { token: &secrets.admin },
        shop: Shop {
            secret: &secrets.shop,
            webhook_url: format!(
                "http://{}/hawker/webhook",
                SocketAddr::new(places::local(shop.ip()), shop.port())
            ),
        },
    };
    let path = folder.join("hawker.toml");
    let text = format!(
        "# Made by the demo at every start. The commented defaults are in server/hawker.toml.\n{}",
        toml::to_string(&config)?
    );
    write_private(&path, &text)?;
    Ok(path)
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("can't write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_go_to_where_the_shop_listens() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let secrets = Secrets::open(folder.path())?;
        let local = SocketAddr::from(([127, 0, 0, 1], 1));
        for (shop, expected) in [
            ("0.0.0.0:8081", "http://127.0.0.1:8081/hawker/webhook"),
            ("192.168.0.7:8081", "http://192.168.0.7:8081/hawker/webhook"),
            ("[::1]:8081", "http://[::1]:8081/hawker/webhook"),
        ] {
            let config = write_config(folder.path(), local, local, shop.parse()?, &secrets)?;
            let text = fs::read_to_string(config)?;
            assert!(text.contains(&format!("webhook_url = \"{expected}\"")), "{shop}: {text}");
        }
        Ok(())
    }

    #[test]
    fn secrets_stay_the_same_from_start_to_start() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let first = Secrets::open(folder.path())?;
        assert_eq!(first.admin, Secrets::open(folder.path())?.admin);
        assert_ne!(first.admin, first.shop);
        Ok(())
    }
}
