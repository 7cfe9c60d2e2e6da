//! What a shop's backend signs and checks with the secret that it shares with the server: calls, webhooks, viewers' tokens.
//!
//! Written here anew, from `www/docs/operating.md` alone, as any shop would: it is the proof that the page suffices.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::limits;

/// The header that carries a signature, in both directions.
pub const HEADER: &str = "hawker-signature";

fn mac(secret: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The value of the header for a body: `t=UNIX_SECONDS,v1=HEX(HMAC-SHA256(secret, "t.body"))`.
pub fn call(secret: &str, body: &[u8], now_ms: u64) -> String {
    let time = (now_ms / 1_000).to_string();
    let signature = mac(secret, &[time.as_bytes(), b".", body]).finalize().into_bytes();
    format!("t={time},v1={}", hex::encode(signature))
}

/// Is this the server's signature of this body, and a recent one?
pub fn is_genuine(secret: &str, header: &str, body: &[u8], now_ms: u64) -> bool {
    let part = |name: &str| {
        header.split(',').filter_map(|part| part.trim().split_once('=')).find(|(key, _)| *key == name)
    };
    let (Some((_, time)), Some((_, signature))) = (part("t"), part("v1")) else { return false };
    let recent =
        time.parse::<u64>().is_ok_and(|time| time.abs_diff(now_ms / 1_000) <= limits::SIGNATURE_TOLERANCE_S);
    let Ok(signature) = hex::decode(signature) else { return false };
    recent && mac(secret, &[time.as_bytes(), b".", body]).verify_slice(&signature).is_ok()
}

/// A viewer's token: a JWT (RFC 7519) signed with HS256 that says who the shop's customer is.
pub fn viewer_token(secret: &str, customer: &str, name: &str, room: &str, now_ms: u64) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let exp = now_ms / 1_000 + limits::TOKEN_S;
    let claims =
        json!({ "sub": customer, "name": name, "room": room, "role": "member", "exp": exp }).to_string();
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = mac(secret, &[signed.as_bytes()]).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_body_its_secret_and_five_minutes() {
        let header = call("secret", b"body", 1_000_000);
        assert!(is_genuine("secret", &header, b"body", 1_000_000));
        assert!(is_genuine("secret", &header, b"body", 1_299_000));
        assert!(!is_genuine("secret", &header, b"body", 1_400_000), "too old");
        assert!(!is_genuine("secret", &header, b"other", 1_000_000));
        assert!(!is_genuine("another", &header, b"body", 1_000_000));
        assert!(!is_genuine("secret", "t=1000,v1=zz", b"body", 1_000_000));
        assert!(!is_genuine("secret", "", b"body", 1_000_000));
    }

    #[test]
    fn the_server_and_the_shop_sign_alike() {
        // Computed with `printf 1000.body | openssl dgst -sha256 -hmac secret`.
        let expected = "b758bf26aabb35e5311bc10fd17ab6ad0881e9717e7d5fa7e233f3cea6868b45";
        assert_eq!(call("secret", b"body", 1_000_000), format!("t=1000,v1={expected}"));
    }
}
