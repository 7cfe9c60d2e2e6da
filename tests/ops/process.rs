//! The life of the process: first start, second start, signals, and what stops it from starting.

use std::net::TcpListener;
use std::process::Output;

use hawker_tests::binary::{command, serve};
use hawker_tests::server::client;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_token_is_printed_once_and_signals_drain() {
    let data = tempfile::tempdir().unwrap();
    let first = serve(&mut command(data.path()));
    let health = client().get(format!("{}/healthz", first.url)).send().await.unwrap();
    assert_eq!(health.status(), 200);
    let url = first.url.clone();
    first.signal("TERM");
    let (status, printed) = first.ended();
    assert!(status.success(), "{status}");
    assert!(client().get(format!("{url}/healthz")).send().await.is_err(), "nothing is left running");
    let token = printed.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(token.len() >= 32, "{printed}");

    let second = serve(&mut command(data.path()));
    let rooms =
        client().get(format!("{}/api/v1/rooms", second.url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(rooms.status(), 200, "the token of the first start opens");
    second.signal("INT");
    let (status, printed) = second.ended();
    assert!(status.success(), "{status}");
    assert_eq!(printed, "", "the token is shown once");

    let renewed = command(data.path()).arg("token").output().unwrap();
    let renewed = String::from_utf8(renewed.stdout).unwrap();
    let third = serve(&mut command(data.path()));
    let ask = async |token: &str| {
        client().get(format!("{}/api/v1/rooms", third.url)).bearer_auth(token).send().await.unwrap().status()
    };
    assert_eq!(ask(&token).await, 401, "the old token is void");
    assert_eq!(ask(renewed.trim()).await, 200);
}

#[test]
fn a_port_in_use_is_named_and_nothing_stays() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (variable, key) in [("HAWKER_HTTP_LISTEN", "[http] listen"), ("HAWKER_RTMP_LISTEN", "[rtmp] listen")]
    {
        let data = tempfile::tempdir().unwrap();
        let output = command(data.path()).env(variable, &address).arg("serve").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        for expected in [address.as_str(), "in use", key, variable] {
            assert!(said(&output).contains(expected), "{expected} is not in: {}", said(&output));
        }
    }
}

#[test]
fn a_data_folder_is_for_one_process() {
    let data = tempfile::tempdir().unwrap();
    let _first = serve(&mut command(data.path()));
    for verb in ["serve", "token"] {
        let second = command(data.path()).arg(verb).output().unwrap();
        assert_eq!(second.status.code(), Some(1), "{verb}");
        assert!(said(&second).contains("in use by another hawker"), "{}", said(&second));
    }
}

#[test]
fn a_newer_data_folder_is_refused_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let format = data.path().join("format");
    for (content, expected) in [("2\n", "has format 2"), ("what?\n", "doesn't hold a format number")] {
        std::fs::write(&format, content).unwrap();
        let output = command(data.path()).arg("serve").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(expected), "{}", said(&output));
        assert_eq!(std::fs::read_to_string(&format).unwrap(), content);
        assert!(!data.path().join("hawker.db").exists(), "nothing was written");
    }
}

#[test]
fn the_printed_configuration_starts_and_a_wrong_one_does_not() {
    let data = tempfile::tempdir().unwrap();
    let printed = command(data.path()).arg("config").output().unwrap();
    assert!(printed.status.success());
    let file = data.path().join("hawker.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    // The environment's ports and folder win over the file's.
    let folder = data.path().join("data");
    let running = serve(command(&folder).env("HAWKER_CONFIG", &file));
    running.signal("TERM");
    assert!(running.ended().0.success());

    std::fs::write(&file, "[http]\nlisten = 80\n").unwrap();
    let output = command(&folder).args(["serve", "--config"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("hawker.toml:2: [http] listen: "), "{}", said(&output));
}
