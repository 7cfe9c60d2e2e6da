//! Every mistake in a configuration is told with its place, its key and what to write instead.

use hawker_server::ops::config::read::{self, DEFAULT};
use hawker_server::ops::config::{Config, LogFormat};
use hawker_server::ops::tokens::Tokens;

fn read(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hawker.toml");
    let path = file.map(|text| {
        std::fs::write(&path, text).unwrap();
        path.as_path()
    });
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let folder = format!("{}/", dir.path().display());
    read::read(path, environment).map_err(|error| error.to_string().replace(&folder, ""))
}

/// The error for this file and environment contains each of the fragments.
#[track_caller]
fn refused(file: &str, environment: &[(&str, &str)], fragments: &[&str]) {
    let error = read(Some(file), environment).expect_err("it must be refused");
    for fragment in fragments {
        assert!(error.contains(fragment), "{fragment:?} is not in:\n{error}");
    }
}

#[test]
fn mistakes_in_the_file_are_told_with_file_line_and_key() {
    // Syntax.
    refused("[http]\nlisten = \"127.0.0.1:80\n", &[], &["hawker.toml:2: ", "TOML"]);
    refused("[http\n", &[], &["hawker.toml:1: "]);
    refused("[http]\nlisten = 1\nlisten = 2\n", &[], &["hawker.toml:3: ", "duplicate"]);
    // Sections and keys that don't exist, and what was meant.
    refused("\n[htpp]\n", &[], &["hawker.toml:2: htpp: ", "did you mean [http]?"]);
    refused("listen = \"x\"\n", &[], &["hawker.toml:1: listen: ", "belongs below [http]"]);
    refused("http = 1\n", &[], &["hawker.toml:1: http: ", "write [http] on a line of its own"]);
    refused("[zzzzzzzz]\n", &[], &["there are [http], [rtmp]"]);
    refused(
        "[http]\n\nlisen = \"127.0.0.1:80\"\n",
        &[],
        &["hawker.toml:3: [http] lisen: ", "did you mean listen?"],
    );
    refused("[room]\nhold_s = 3\n", &[], &["hawker.toml:2: [room] hold_s: ", "it belongs into [sale]"]);
    refused("[data]\nzzzzzzzz = 3\n", &[], &["[data] knows dir"]);
    refused(
        "[media.ladder]\npreset = \"fast\"\nffmeg = \"x\"\n",
        &[],
        &["hawker.toml:3: [media] ladder: ", "ffmeg"],
    );
    // Types and values, with an example of what works.
    refused(
        "# comment\n[http]\nlisten = \"localhost\"\n",
        &[],
        &["hawker.toml:3: [http] listen: ", "for example: listen = \"127.0.0.1:8080\""],
    );
    refused(
        "[sale]\nhold_s = \"long\"\n",
        &[],
        &["hawker.toml:2: [sale] hold_s: ", "for example: hold_s = 120"],
    );
    refused("[sale]\nhold_s = -1\n", &[], &["hawker.toml:2: [sale] hold_s: "]);
    refused("[sale]\nhold_s = 1\n", &[], &["hawker.toml:2: [sale] hold_s: ", "5 to 3600"]);
    refused("[sale]\ncurrency = \"yuan\"\n", &[], &["[sale] currency: ", "three capital letters"]);
    refused(
        "[http]\norigins = [\"shop.example\"]\n",
        &[],
        &["[http] origins: ", "\"shop.example\" is not an origin"],
    );
    refused("[http]\norigins = [\"https://shop.example/\"]\n", &[], &["is not an origin"]);
    refused(
        "[http]\ntrusted_proxies = [\"10.0.0.0/99\"]\n",
        &[],
        &["hawker.toml:2: [http] trusted_proxies: "],
    );
    refused("[http]\ntls_cert = \"a.pem\"\n", &[], &["[http] tls_key: ", "needed as well"]);
    refused(
        "[log]\nformat = \"xml\"\n",
        &[],
        &["hawker.toml:2: [log] format: ", "for example: format = \"text\""],
    );
    refused("[log]\nlevel = \"loud=very\"\n", &[], &["hawker.toml:2: [log] level: "]);
    refused("[shop]\nsecret = \"short\"\n", &[], &["hawker.toml:2: [shop] secret: ", "16 characters"]);
    refused("[admin]\ntoken = \"short\"\n", &[], &["hawker.toml:2: [admin] token: ", "16 characters"]);
    // Of two mistakes the first one.
    refused("[sale]\nhold_s = \"x\"\n[http]\nlisten = \"x\"\n", &[], &["hawker.toml:2: "]);
}

#[test]
fn mistakes_in_the_environment_are_told_with_the_variable() {
    refused(
        "",
        &[("HAWKER_HTTP_LISTEN", "nowhere")],
        &["HAWKER_HTTP_LISTEN: [http] listen: ", "for example"],
    );
    refused("", &[("HAWKER_HTTP_LISEN", "x")], &["HAWKER_HTTP_LISEN: ", "did you mean listen?"]);
    refused("", &[("HAWKER_HTPP_LISTEN", "x")], &["HAWKER_HTPP_LISTEN: htpp: ", "did you mean [http]?"]);
    refused("", &[("HAWKER_SALE_HOLD_S", "2")], &["HAWKER_SALE_HOLD_S: [sale] hold_s: ", "5 to 3600"]);
    // A good file with a bad override: the override is blamed, not the file.
    refused("[sale]\nhold_s = 60\n", &[("HAWKER_SALE_HOLD_S", "2")], &["HAWKER_SALE_HOLD_S: "]);
}

#[test]
fn secrets_are_not_repeated_in_errors() {
    for (section, key) in [("shop", "secret"), ("admin", "token")] {
        // Too short, not in quotes, and not TOML at all.
        for value in ["\"s3cr3t\"", "83732172", "[\"s3cr3t\"]", "s3cr3t"] {
            let error = read(Some(&format!("[{section}]\n{key} = {value}\n")), &[]).unwrap_err();
            assert!(error.starts_with("hawker.toml:2: "), "{error}");
            assert!(!error.contains("s3cr3t") && !error.contains("83732172"), "{error}");
        }
    }
}

#[test]
fn secrets_are_not_in_the_debug_form() {
    let file = "[shop]\nsecret = \"s3cr3t-of-the-shop\"\n[admin]\ntoken = \"s3cr3t-of-the-operators\"\n";
    let config = read(Some(file), &[]).unwrap();
    assert_eq!(config.shop.secret.as_deref(), Some("s3cr3t-of-the-shop"));
    let (whole, pretty) = (format!("{config:?}"), format!("{config:#?}"));
    assert!(!whole.contains("s3cr3t") && !pretty.contains("s3cr3t"), "{pretty}");
    let data = tempfile::tempdir().unwrap();
    let (tokens, _) = Tokens::open(&config, data.path()).unwrap();
    assert!(!format!("{tokens:?}").contains("s3cr3t"));
}

#[test]
fn the_environment_wins_and_takes_text_numbers_truths_and_lists() {
    let config = read(
        Some("[http]\nlisten = \"127.0.0.1:1\"\n[sale]\nhold_s = 60\n"),
        &[
            ("HAWKER_HTTP_LISTEN", "0.0.0.0:2"),
            ("HAWKER_SALE_REQUIRE_TOKEN", "true"),
            ("HAWKER_HTTP_ORIGINS", "https://a.example, https://b.example"),
            ("HAWKER_HTTP_TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
            ("HAWKER_LOG_FORMAT", "json"),
            ("HAWKER_SHOP_SECRET", "1234567890123456"),
            ("HAWKER_CONFIG", "not a key"),
            ("PATH", "not ours"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.listen.to_string(), "0.0.0.0:2");
    assert_eq!(config.sale.hold_s, 60);
    assert!(config.sale.require_token);
    assert_eq!(config.http.origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.http.trusted_proxies.len(), 1);
    assert_eq!(config.log.format, LogFormat::Json);
    // A secret of digits stays a text.
    assert_eq!(config.shop.secret.as_deref(), Some("1234567890123456"));
}

#[test]
fn no_file_is_fine_and_the_printed_one_changes_nothing() {
    assert_eq!(read(None, &[]).unwrap(), Config::default());
    assert_eq!(read(Some(DEFAULT), &[]).unwrap(), Config::default());
    let missing =
        read::read(Some("/nonexistent/hawker.toml".as_ref()), std::iter::empty()).unwrap_err().to_string();
    assert!(missing.contains("hawker config > /nonexistent/hawker.toml"), "{missing}");
}
