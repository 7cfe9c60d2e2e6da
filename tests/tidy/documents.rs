//! The documents stay true where a machine can tell: links lead somewhere, and the protocol's page knows every message.

use super::{files, none, path, text};

/// What a newcomer is sent to.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "www/docs/architecture.md",
    "www/docs/embedding.md",
    "www/docs/protocol.md",
    "www/docs/operating.md",
    "www/docs/benching.md",
    "www/docs/player.md",
];

#[test]
fn every_document_is_there() {
    none(
        DOCUMENTS
            .iter()
            .filter(|file| !path(file).is_file())
            .map(|file| format!("{file}: missing"))
            .collect(),
    );
}

#[test]
fn links_between_files_lead_somewhere() {
    let mut breaches = Vec::new();
    for file in files().into_iter().filter(|file| file.ends_with(".md")) {
        let folder = path(&file).parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        for link in text(&file).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let elsewhere = target.is_empty()
                || target.contains("://")
                || target.starts_with('/')
                || target.starts_with("mailto:");
            if !elsewhere && !folder.join(target).exists() {
                breaches.push(format!("{file}: {link} leads nowhere"));
            }
        }
    }
    none(breaches);
}

#[test]
fn the_protocol_page_names_every_message() {
    let page = text("www/docs/protocol.md");
    let proto = text("player/wire/hawker.proto");
    let messages = proto
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("message ")?.split_whitespace().next());
    let unknown = messages.filter(|name| !page.contains(*name));
    none(unknown.map(|name| format!("www/docs/protocol.md: says nothing of {name}")).collect());
}

#[test]
fn ci_runs_what_a_developer_runs() {
    let script = text(".ci/run");
    let commands: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(
        commands.iter().any(|command| command.contains("tests/run")) && commands.len() <= 3,
        ".ci/run calls tests/run and nothing else: {commands:?}"
    );
}
