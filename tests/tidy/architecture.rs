//! The arrows of the architecture, read from `cargo metadata`: which crate may know which, and what a core never pulls in.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use super::none;

/// Each crate with the crates of this workspace that it may depend on. `demo` and `tests` stand outside and may use all.
const ARROWS: &[(&str, &[&str])] = &[
    ("hawker-wire", &[]),
    ("hawker-player-core", &["hawker-wire"]),
    ("hawker-player", &["hawker-player-core", "hawker-wire"]),
    ("hawker-ui", &["hawker-player-core", "hawker-wire"]),
    ("hawker-server-core", &["hawker-wire"]),
    ("hawker-server", &["hawker-server-core", "hawker-wire"]),
    ("hawker-console", &["hawker-wire"]),
];
const OUTSIDE: &[&str] = &["hawker-demo", "hawker-tests", "hawker-fuzz"];

/// Crates that read clocks, sockets or pages: none may be anywhere under a core.
const IMPURE: &[&str] = &[
    "tokio",
    "hyper",
    "axum",
    "reqwest",
    "sqlx",
    "mio",
    "socket2",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "leptos",
    "getrandom",
];
const CORES: &[&str] = &["hawker-wire", "hawker-player-core", "hawker-server-core"];

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(hawker_tests::root()).exec().expect("cargo metadata answers")
}

#[test]
fn crates_know_only_what_the_arrows_allow() {
    let metadata = metadata();
    let members: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut breaches = Vec::new();
    for package in metadata.workspace_packages() {
        if OUTSIDE.contains(&package.name.as_str()) {
            continue;
        }
        let Some(allowed) = arrows.get(package.name.as_str()) else {
            breaches.push(format!(
                "{}: not in the architecture: give it its arrows here and there",
                package.name
            ));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| members.contains(&dependency.name))
        {
            if !allowed.contains(&dependency.name.as_str()) {
                breaches.push(format!("{} -> {}: this arrow does not exist", package.name, dependency.name));
            }
        }
    }
    none(breaches);
}

#[test]
fn nothing_under_a_core_does_io() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata holds the graph");
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let mut breaches = Vec::new();
    for core in CORES {
        let root =
            metadata.packages.iter().find(|package| package.name.as_str() == *core).expect("the core exists");
        let mut open = vec![&root.id];
        let mut seen = BTreeSet::from([&root.id]);
        while let Some(id) = open.pop() {
            let node = resolve.nodes.iter().find(|node| node.id == *id).expect("the graph is whole");
            let linked = node.deps.iter().filter(|dependency| {
                // Build scripts and macros run on the developer's machine; what a target adds counts on that target only.
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal && kind.target.is_none())
            });
            for dependency in linked {
                let name = names.get(&dependency.pkg).copied().unwrap_or_default();
                if IMPURE.contains(&name) {
                    breaches.push(format!(
                        "{core} reaches {name} through {}",
                        names.get(id).copied().unwrap_or_default()
                    ));
                }
                if seen.insert(&dependency.pkg) {
                    open.push(&dependency.pkg);
                }
            }
        }
    }
    none(breaches);
}
