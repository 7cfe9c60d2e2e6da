//! Tests of the tokens: what opens, what doesn't. Vectors are made with the same HMAC, the JWT one is RFC 7515's.

use axum::http::HeaderValue;

use super::*;

const SHOP: &str = "a-shop-secret-of-some-length";
const NOW: Wall = Wall(1_700_000_000_000);

fn tokens(secret: Option<&str>) -> Tokens {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.shop.secret = secret.map(str::to_owned);
    Tokens::open(&config, dir.path()).unwrap().0
}

fn jwt(head: &str, claims: &str, secret: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let mac = secret::hmac(secret.as_bytes(), &[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn hs256(claims: &str) -> String {
    jwt(r#"{"alg":"HS256","typ":"JWT"}"#, claims, SHOP)
}

#[test]
fn guests_are_known_by_our_signature_only() {
    let tokens = tokens(None);
    let (id, signed) = tokens.issue_guest();
    assert_eq!(tokens.guest(&signed), Some(id.clone()));
    assert_ne!(tokens.issue_guest().0, id);
    let (_, signature) = signed.split_once('.').unwrap();
    for forged in [
        String::new(),
        id.0.clone(),
        format!("{}.", id.0),
        format!("0123456789abcdef.{signature}"),
        format!("{signed}A"),
        signed.replace('.', ":"),
    ] {
        assert_eq!(tokens.guest(&forged), None, "{forged}");
    }
    let stranger = self::tokens(None);
    assert_eq!(stranger.guest(&signed), None, "another server's guest");
}

#[test]
fn signatures_count_for_their_purpose_only() {
    let tokens = tokens(None);
    let signature = tokens.sign("hold", "h1");
    assert!(tokens.signed("hold", "h1", &signature));
    assert!(!tokens.signed("hold", "h2", &signature));
    assert!(!tokens.signed("guest", "h1", &signature));
}

#[test]
fn a_shop_token_says_who_and_what() {
    let tokens = tokens(Some(SHOP));
    let full =
        hs256(r#"{"sub":"u1","name":"小明","room":"demo","role":"host","exp":1700000001,"extra":[1]}"#);
    let viewer = Viewer { subject: "u1".to_owned(), name: "小明".to_owned(), role: Role::Host };
    assert_eq!(tokens.viewer(&full, "demo", NOW), Ok(viewer));
    let plain = hs256(r#"{"sub":"u1","exp":1700000001}"#);
    let viewer = Viewer { subject: "u1".to_owned(), name: String::new(), role: Role::Member };
    assert_eq!(tokens.viewer(&plain, "anywhere", NOW), Ok(viewer));
}

#[test]
fn a_shop_token_is_refused_with_the_reason() {
    let tokens = tokens(Some(SHOP));
    let claims = r#"{"sub":"u1","room":"demo","exp":1700000001}"#;
    let check = |jwt: &str, room: &str, expected: TokenError| {
        assert_eq!(tokens.viewer(jwt, room, NOW), Err(expected), "{jwt}");
    };
    check(&hs256(claims), "other", TokenError::WrongRoom);
    check(&hs256(r#"{"sub":"u1","exp":1700000000}"#), "demo", TokenError::Expired);
    check(&hs256(r#"{"sub":"u1","exp":1700000001,"nbf":1700000001}"#), "demo", TokenError::Expired);
    check(&hs256(r#"{"sub":"u1"}"#), "demo", TokenError::Malformed);
    check(&hs256(r#"{"sub":"","exp":1700000001}"#), "demo", TokenError::Malformed);
    check(&jwt(r#"{"alg":"HS256"}"#, claims, "another secret"), "demo", TokenError::BadSignature);
    // The classic holes: no algorithm, another algorithm, no signature.
    check(&jwt(r#"{"alg":"none"}"#, claims, SHOP), "demo", TokenError::Malformed);
    check(&jwt(r#"{"alg":"RS256"}"#, claims, SHOP), "demo", TokenError::Malformed);
    let unsigned = hs256(claims);
    let (signed, _) = unsigned.rsplit_once('.').unwrap();
    check(&format!("{signed}."), "demo", TokenError::BadSignature);
    check(signed, "demo", TokenError::Malformed);
    check("", "demo", TokenError::Malformed);
    check(&"a".repeat(limits::TOKEN_BYTES + 1), "demo", TokenError::Malformed);
    assert_eq!(self::tokens(None).viewer(&hs256(claims), "demo", NOW), Err(TokenError::NotConfigured));
}

#[test]
fn the_example_of_rfc_7515_verifies() {
    // Appendix A.1: the algorithm and the encoding are those of other people's libraries.
    let key = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                  eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let mac = URL_SAFE_NO_PAD.encode(secret::hmac(&key, &[signed.as_bytes()]));
    assert_eq!(mac, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

#[test]
fn calls_of_the_shop_are_signed_and_recent() {
    let tokens = tokens(Some(SHOP));
    let body = br#"{"hold":"h1"}"#;
    let check = |signature: &str, body: &[u8], now: Wall| {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(signature).unwrap());
        tokens.shop_signature(&headers, body, now).map_err(|error| error.message)
    };
    let good = tokens.sign_for_shop(body, NOW).unwrap();
    assert_eq!(check(&good, body, NOW), Ok(()));
    assert_eq!(check(&good, body, NOW.plus_ms(300_000)), Ok(()));
    assert!(check(&good, body, NOW.plus_ms(301_000)).unwrap_err().contains("5 minutes"));
    assert!(check(&good, b"{}", NOW).unwrap_err().contains("doesn't fit"));
    assert!(check(&sign_call("guess", body, NOW), body, NOW).unwrap_err().contains("doesn't fit"));
    // The time is signed too: a replayed call can't be made young again.
    let younger = good.replace("t=1700000000", "t=1700000400");
    assert!(check(&younger, body, NOW.plus_ms(400_000)).unwrap_err().contains("doesn't fit"));
    assert!(check("v1=00", body, NOW).is_err());
    assert!(check("t=x,v1=00", body, NOW).is_err());
    assert!(tokens.shop_signature(&HeaderMap::new(), body, NOW).is_err());
}

#[test]
fn the_admin_token_is_shown_once_and_kept_as_a_hash() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::default();
    let (tokens, shown) = Tokens::open(&config, dir.path()).unwrap();
    let shown = shown.unwrap();
    let bearer = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(text).unwrap());
        headers
    };
    assert!(tokens.admin(&bearer(&format!("Bearer {shown}"))).is_ok());
    for refused in ["", "Bearer ", "Bearer wrong", shown.as_str(), &format!("Basic {shown}")] {
        assert_eq!(tokens.admin(&bearer(refused)).unwrap_err().status, 401, "{refused}");
    }
    for file in fs::read_dir(dir.path()).unwrap() {
        assert!(!fs::read_to_string(file.unwrap().path()).unwrap().contains(&shown), "only the hash is kept");
    }
    let (again, shown_again) = Tokens::open(&config, dir.path()).unwrap();
    assert_eq!(shown_again, None);
    assert!(again.admin(&bearer(&format!("Bearer {shown}"))).is_ok());
    let (_, new) = new_admin_token(dir.path()).unwrap();
    let (changed, _) = Tokens::open(&config, dir.path()).unwrap();
    assert!(changed.admin(&bearer(&format!("Bearer {shown}"))).is_err());
    assert!(changed.admin(&bearer(&format!("Bearer {new}"))).is_ok());
    assert!(!format!("{changed:?}").contains("Secrets"));
}
