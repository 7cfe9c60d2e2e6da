//! Who may do what: signed guest ids, viewers' tokens made by the shop, the administrators' token, signatures between the
//! shop's backend and us. It says who somebody is; what they may do with it is asked by the features.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hawker_wire::Wall;
use hawker_wire::proto::viewer::Role;
use serde::Deserialize;

use super::api::ApiError;
use super::config::Config;
use super::{limits, secret};

/// All the secrets. A cheap clone; prints none of them.
#[derive(Clone)]
pub struct Tokens(Arc<Secrets>);

struct Secrets {
    guest_key: [u8; 32],
    admin_hash: [u8; 32],
    shop_secret: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// A guest: 16 hex digits of our own making, kept in the browser together with our signature.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestId(pub String);

/// Somebody the shop vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The shop's own id of the buyer (`sub`).
    pub subject: String,
    /// The name to show; empty when the shop leaves it to the viewer.
    pub name: String,
    /// What they are in the room.
    pub role: Role,
}

/// Why a viewer's token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// `[shop] secret` isn't set: no token can be checked.
    #[error("this server takes no shop tokens")]
    NotConfigured,
    /// Not a JWT signed with HS256.
    #[error("not a token")]
    Malformed,
    /// The signature isn't the shop's.
    #[error("the signature is wrong")]
    BadSignature,
    /// `exp` is over, or `nbf` not reached.
    #[error("the token has expired")]
    Expired,
    /// `room` names another one.
    #[error("the token is for another room")]
    WrongRoom,
}

/// The claims of a shop's token. Others are skipped.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    name: String,
    room: Option<String>,
    #[serde(default)]
    role: String,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
struct JwtHeader {
    alg: String,
}

impl Tokens {
    /// Reads the secrets of the data folder, or makes them at the first start: then the administrators' token is returned,
    /// once; only its hash is kept.
    ///
    /// # Errors
    /// The folder can't be read or written, or holds something else.
    pub fn open(config: &Config, data: &Path) -> Result<(Self, Option<String>)> {
        let guest_key = match read(&data.join("guest.key"))? {
            Some(key) => key,
            None => write(&data.join("guest.key"), secret::random())?,
        };
        let (admin_hash, admin_token) = match (&config.admin.token, read(&data.join("admin.hash"))?) {
            (Some(token), _) => (secret::sha256(token.as_bytes()), None),
            (None, Some(hash)) => (hash, None),
            (None, None) => {
                let (hash, token) = new_admin_token(data)?;
                (hash, Some(token))
            }
        };
        let shop_secret = config.shop.secret.clone();
        Ok((Self(Arc::new(Secrets { guest_key, admin_hash, shop_secret })), admin_token))
    }

    /// The guest whose signed id this is; `None` when we didn't sign it.
    #[must_use]
    pub fn guest(&self, signed: &str) -> Option<GuestId> {
        let (id, signature) = signed.split_once('.')?;
        let plain = id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let expected = self.guest_signature(id);
        (plain && secret::equal(signature.as_bytes(), expected.as_bytes())).then(|| GuestId(id.to_owned()))
    }

    /// A new guest, and the signed form for their browser.
    #[must_use]
    pub fn issue_guest(&self) -> (GuestId, String) {
        let id = hex::encode(secret::random::<8>());
        let signed = format!("{id}.{}", self.guest_signature(&id));
        (GuestId(id), signed)
    }

    fn guest_signature(&self, id: &str) -> String {
        let mac = secret::hmac(&self.0.guest_key, &[b"guest:", id.as_bytes()]);
        URL_SAFE_NO_PAD.encode(mac.get(..16).unwrap_or_default())
    }

    /// Signs something of the server's own that comes back through a browser, such as a hold's proof. `purpose` keeps
    /// signatures for one thing from counting for another.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        let mac = secret::hmac(&self.0.guest_key, &[purpose.as_bytes(), b":", text.as_bytes()]);
        URL_SAFE_NO_PAD.encode(mac)
    }

    /// Is this our signature of `text` for `purpose`?
    #[must_use]
    pub fn signed(&self, purpose: &str, text: &str, signature: &str) -> bool {
        secret::equal(self.sign(purpose, text).as_bytes(), signature.as_bytes())
    }

    /// The viewer that a shop's token speaks of: a JWT signed with HS256 and `[shop] secret`, with `sub`, `exp` and perhaps
    /// `name`, `room`, `role` ("member", "operator", "host").
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn viewer(&self, jwt: &str, room: &str, now: Wall) -> Result<Viewer, TokenError> {
        let shop_secret = self.0.shop_secret.as_deref().ok_or(TokenError::NotConfigured)?;
        if jwt.len() > limits::TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = jwt.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
        let head: JwtHeader = serde_json::from_slice(&decode(head)?).map_err(|_| TokenError::Malformed)?;
        // One algorithm, and not the token's choice: "none" and key confusion are the classic holes of JWT.
        if head.alg != "HS256" {
            return Err(TokenError::Malformed);
        }
        let expected = secret::hmac(shop_secret.as_bytes(), &[signed.as_bytes()]);
        if !secret::equal(&expected, &decode(signature)?) {
            return Err(TokenError::BadSignature);
        }
        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::Malformed)?;
        let now_s = now.as_ms() as f64 / 1e3;
        if claims.exp <= now_s || claims.nbf.is_some_and(|nbf| nbf > now_s) {
            return Err(TokenError::Expired);
        }
        if claims.room.is_some_and(|claimed| claimed != room) {
            return Err(TokenError::WrongRoom);
        }
        if claims.sub.is_empty() {
            return Err(TokenError::Malformed);
        }
        let role = match claims.role.as_str() {
            "host" => Role::Host,
            "operator" => Role::Operator,
            "guest" => Role::Guest,
            _ => Role::Member,
        };
        Ok(Viewer { subject: claims.sub, name: claims.name, role })
    }

    /// Does the request carry the administrators' token (`Authorization: Bearer TOKEN`)?
    ///
    /// # Errors
    /// 401 with what to do.
    pub fn admin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = given.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(ApiError::unauthorized(
                "send the administrators' token as \"Authorization: Bearer TOKEN\"",
            ));
        };
        if secret::equal(&secret::sha256(token.trim().as_bytes()), &self.0.admin_hash) {
            return Ok(());
        }
        Err(ApiError::unauthorized(
            "this is not the administrators' token: `hawker token` makes a new one when it is lost",
        ))
    }

    /// Is this body from the shop's backend? Header `Hawker-Signature: t=UNIX_SECONDS,v1=HEX`, see [`Self::sign_for_shop`].
    ///
    /// # Errors
    /// 401 with what is wrong.
    pub fn shop_signature(&self, headers: &HeaderMap, body: &[u8], now: Wall) -> Result<(), ApiError> {
        let Some(shop_secret) = self.0.shop_secret.as_deref() else {
            return Err(ApiError::unauthorized("set [shop] secret on the server to make signed calls"));
        };
        let header = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let part = |name: &str| {
            header
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v)
        };
        let (Some(time), Some(signature)) = (part("t"), part("v1")) else {
            return Err(ApiError::unauthorized("sign the call: Hawker-Signature: t=UNIX_SECONDS,v1=HEX"));
        };
        let Ok(time_s) = time.parse::<u64>() else {
            return Err(ApiError::unauthorized("the t of Hawker-Signature is not a number of seconds"));
        };
        let expected = hex::encode(secret::hmac(shop_secret.as_bytes(), &[time.as_bytes(), b".", body]));
        if !secret::equal(expected.as_bytes(), signature.as_bytes()) {
            return Err(ApiError::unauthorized(
                "the signature doesn't fit: v1 = hex(HMAC-SHA256(secret, \"t.body\"))",
            ));
        }
        if time_s.abs_diff(now.as_ms() / 1_000) > limits::SIGNATURE_TOLERANCE_S {
            return Err(ApiError::unauthorized(
                "the call was signed more than 5 minutes ago: check the clocks",
            ));
        }
        Ok(())
    }

    /// The value of `Hawker-Signature` for a call between us and the shop's backend; `None` without a `[shop] secret`.
    #[must_use]
    pub fn sign_for_shop(&self, body: &[u8], now: Wall) -> Option<String> {
        Some(sign_call(self.0.shop_secret.as_deref()?, body, now))
    }
}

/// The header that both directions sign with.
pub const SIGNATURE_HEADER: &str = "hawker-signature";

/// `t=UNIX_SECONDS,v1=HEX(HMAC-SHA256(secret, "t.body"))`, for shops' backends written in Rust as well.
#[must_use]
pub fn sign_call(shop_secret: &str, body: &[u8], now: Wall) -> String {
    let time = (now.as_ms() / 1_000).to_string();
    let mac = secret::hmac(shop_secret.as_bytes(), &[time.as_bytes(), b".", body]);
    format!("t={time},v1={}", hex::encode(mac))
}

/// Makes a new administrators' token and keeps its hash in the data folder: the old one is void from the next start.
///
/// # Errors
/// The folder can't be written.
pub fn new_admin_token(data: &Path) -> Result<([u8; 32], String)> {
    // 160 random bits: a fast hash is enough, there is nothing to guess.
    let token = secret::key();
    let hash = write(&data.join("admin.hash"), secret::sha256(token.as_bytes()))?;
    Ok((hash, token))
}

fn read(path: &Path) -> Result<Option<[u8; 32]>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("can't read {}", path.display())),
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).with_context(|| {
        format!("{} is damaged: restore it, or delete it to have a new one made", path.display())
    })?;
    Ok(Some(bytes))
}

/// Written whole or not at all, readable by its owner only.
fn write(path: &Path, bytes: [u8; 32]) -> Result<[u8; 32]> {
    let new = path.with_extension("new");
    let attempt = || -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        writeln!(file, "{}", hex::encode(bytes))?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    attempt().with_context(|| format!("can't write {}", path.display()))?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
