//! Tokens as a shop's backend makes them: JWT with HS256. Only for tests: a real shop uses its language's library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hawker_server::ops::secret::hmac;
use serde_json::Value;

/// A token with these claims.
pub fn sign(claims: &Value, secret: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(secret.as_bytes(), &[signed.as_bytes()]));
    format!("{signed}.{signature}")
}

/// A token of the host of `room` that outlives every test.
pub fn host(room: &str, secret: &str) -> String {
    let claims =
        serde_json::json!({ "sub": "host", "name": "Host", "room": room, "role": "host", "exp": FAR });
    sign(&claims, secret)
}

/// A time that no test lives to see, seconds since 1970.
pub const FAR: u64 = 4_000_000_000;
