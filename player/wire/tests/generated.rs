//! `src/hawker.v1.rs` is what prost makes of `hawker.proto`, by a pure-Rust protobuf compiler (no protoc).

use std::path::Path;

#[test]
fn generated_code_is_what_the_proto_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let files = protox::compile(["hawker.proto"], [root]).expect("hawker.proto compiles");
    prost_build::Config::new()
        .skip_debug(["Hello"])
        .out_dir(out.path())
        .compile_fds(files)
        .expect("code is generated");
    let fresh = std::fs::read_to_string(out.path().join("hawker.v1.rs")).unwrap();
    let kept = root.join("src/hawker.v1.rs");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&kept, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&kept).unwrap() == fresh,
        "src/hawker.v1.rs is stale: UPDATE_GENERATED=1 cargo test -p hawker-wire --test generated"
    );
}
