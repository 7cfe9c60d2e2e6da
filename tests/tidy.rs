//! The tree checks itself: what a reader may rely on in every file, and which crate may know which.
//!
//! Not a lint of Rust: rustfmt and clippy do that. Each rule here says its reason in the message that breaks.

#[path = "tidy/architecture.rs"]
mod architecture;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/source.rs"]
mod source;

use std::path::PathBuf;
use std::process::Command;

/// Every file that git knows or would add, with its path from the root.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(hawker_tests::root())
        .output()
        .expect("git runs");
    let names = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let mut files: Vec<String> =
        names.split('\0').filter(|name| !name.is_empty()).map(String::from).collect();
    files.retain(|file| path(file).is_file());
    assert!(files.len() > 20, "git lists the checkout");
    files
}

fn path(file: &str) -> PathBuf {
    hawker_tests::root().join(file)
}

fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Fails with all breaches at once, one a line.
#[track_caller]
fn none(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}
