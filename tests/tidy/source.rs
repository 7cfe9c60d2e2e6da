//! Rules for every source file: it says what it is, fits a screen's width and a reader's patience, and hides nothing.

use super::{files, none, text};

/// Lines of a source file. Beyond this it is two things and wants to be two files.
const LINES_MAX: usize = 600;
/// Characters in a line: rustfmt keeps code at 110; prose and string literals, which it does not break, may run longer.
const COLUMNS_MAX: usize = 152;
/// Written by a generator and checked by `player/wire/tests/generated.rs`.
const GENERATED: &[&str] = &["player/wire/src/hawker.v1.rs"];

fn rust_files() -> Vec<String> {
    let written = |file: &String| file.ends_with(".rs") && !GENERATED.contains(&file.as_str());
    files().into_iter().filter(written).collect()
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent = |file: &String| !text(file).starts_with("//! ");
    let breaches = rust_files().into_iter().filter(silent);
    none(
        breaches
            .map(|file| format!("{file}: does not open with `//!`: what it is, and what it is not"))
            .collect(),
    );
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let sources = files().into_iter().filter(|file| {
        let source = [".rs", ".js", ".css", ".html"].iter().any(|ending| file.ends_with(ending));
        source && !GENERATED.contains(&file.as_str())
    });
    let mut breaches = Vec::new();
    for file in sources {
        let lines = text(&file).lines().count();
        if lines > LINES_MAX {
            breaches.push(format!("{file}: {lines} lines, {LINES_MAX} at most"));
        }
    }
    none(breaches);
}

#[test]
fn no_line_is_wider_than_a_screen() {
    let mut breaches = Vec::new();
    for file in rust_files() {
        for (number, line) in text(&file).lines().enumerate() {
            if line.chars().count() > COLUMNS_MAX {
                breaches.push(format!("{file}:{}: over {COLUMNS_MAX} columns", number + 1));
            }
        }
    }
    none(breaches);
}

#[test]
fn no_word_promises_work_or_names_a_machine() {
    // Put together here, so that this file does not break its own rule.
    let banned: Vec<(String, &str)> = vec![
        (["TO", "DO"].concat(), "what is missing belongs into an issue"),
        (["FIX", "ME"].concat(), "what is broken belongs into an issue"),
        (["/wo", "rk/"].concat(), "a path of one machine"),
        (["/ro", "ot/"].concat(), "a path of one machine"),
        (["crates", ".io"].concat(), "registries are the package manager's business"),
        (["#[ig", "nore"].concat(), "nothing is skipped in silence"),
    ];
    let written = [".rs", ".js", ".ts", ".css", ".html", ".md", ".toml", ".sh", ".proto", ".sql"];
    let mut breaches = Vec::new();
    for file in files().into_iter().filter(|file| written.iter().any(|ending| file.ends_with(ending))) {
        for (number, line) in text(&file).lines().enumerate() {
            for (word, reason) in &banned {
                // Letters count as a whole word only.
                let found = line.split(word.as_str()).collect::<Vec<_>>();
                let apart = |side: Option<char>| !side.is_some_and(|letter| letter.is_alphanumeric());
                let whole = found.windows(2).any(|pair| {
                    let (before, after) = (pair[0].chars().last(), pair[1].chars().next());
                    !word.chars().all(char::is_alphabetic) || (apart(before) && apart(after))
                });
                if whole {
                    breaches.push(format!("{file}:{}: {word:?}: {reason}", number + 1));
                }
            }
        }
    }
    none(breaches);
}

#[test]
fn files_are_named_by_their_role() {
    let vague = ["utils.rs", "util.rs", "common.rs", "helper.rs", "helpers.rs", "manager.rs", "misc.rs"];
    let is_vague = |file: &String| vague.contains(&file.rsplit('/').next().unwrap_or_default());
    let breaches = files().into_iter().filter(is_vague);
    none(breaches.map(|file| format!("{file}: says nothing of what is in it")).collect());
}

#[test]
fn parsers_of_untrusted_bytes_cannot_panic() {
    let parsers = [
        "server/core/src/media/rtmp/",
        "server/core/src/media/flv.rs",
        "server/core/src/media/h264.rs",
        "server/core/src/media/aac.rs",
        "player/wire/src/media/",
        "player/wire/src/slim.rs",
    ];
    let panics = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "unimplemented!("];
    let mut breaches = Vec::new();
    let parses =
        |file: &String| parsers.iter().any(|parser| file.starts_with(parser)) && !file.ends_with("/tests.rs");
    for file in rust_files().into_iter().filter(parses) {
        let text = text(&file);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            if panics.iter().any(|panic| line.contains(panic)) {
                breaches.push(format!(
                    "{file}:{}: a peer's bytes must not stop the server: {}",
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    none(breaches);
}

#[test]
fn cores_do_no_io() {
    let outside = [
        "std::net",
        "std::fs",
        "std::time::",
        "std::thread",
        "tokio",
        "web_sys",
        "js_sys",
        "println!",
        "eprintln!",
    ];
    let cores = ["server/core/src/", "player/core/src/", "player/wire/src/"];
    let mut breaches = Vec::new();
    for file in rust_files().into_iter().filter(|file| cores.iter().any(|core| file.starts_with(core))) {
        for (number, line) in text(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(name) = outside.iter().find(|name| code.contains(*name)) {
                breaches.push(format!("{file}:{}: {name}: a core has no clock and no IO", number + 1));
            }
        }
    }
    none(breaches);
}

#[test]
fn every_machine_is_held_to_the_laws() {
    let laws: String =
        files().iter().filter(|file| file.starts_with("tests/laws/")).map(|file| text(file)).collect();
    let mut breaches = Vec::new();
    for file in rust_files().into_iter().filter(|file| !file.starts_with("tests/")) {
        let text = text(&file);
        let machines = text.lines().filter(|line| line.starts_with("impl") && line.contains("Machine for "));
        let listed = laws.matches(&format!("const FILE: &'static str = {file:?};")).count();
        let there = machines.count();
        if there != listed {
            breaches.push(format!("{file}: {there} machines, {listed} of them in tests/laws"));
        }
    }
    none(breaches);
}

#[test]
fn no_debug_form_shows_a_secret() {
    let secrets = ["secret", "token", "admin_token", "proof", "password"];
    // A stream key is one too; these are keys of other kinds.
    let other_keys = [
        "server/src/ops/config/read.rs",
        "server/core/src/sale/decide.rs",
        "server/core/src/sale/state.rs",
        "server/core/src/sale/record.rs",
    ];
    let mut breaches = Vec::new();
    for file in rust_files().into_iter().filter(|file| !file.starts_with("tests/")) {
        let mut debug = false;
        for (number, line) in text(&file).lines().enumerate() {
            // The derives that count are those of the item that a field is in: it begins and ends in the first column.
            if line.starts_with("#[derive(") || line.starts_with('}') {
                debug = line.contains("Debug");
            }
            let Some((name, kind)) = line.trim_start().trim_start_matches("pub ").split_once(": ") else {
                continue;
            };
            let secret = secrets.contains(&name) || (name == "key" && !other_keys.contains(&file.as_str()));
            if debug
                && secret
                && line.starts_with("    ")
                && (kind.contains("String") || kind.contains("[u8"))
            {
                breaches.push(format!(
                    "{file}:{}: {name} shows in logs: give the type a debug form without it",
                    number + 1
                ));
            }
        }
    }
    none(breaches);
}
