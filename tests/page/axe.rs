//! axe-core (npm, pinned) looks at a page as it is, its open shadow roots too. What it cannot see is for the other tests.

use hawker_tests::browser::Browser;
use serde_json::json;

/// Fails with what axe finds.
pub(crate) async fn finds_nothing(page: &Browser, what: &str) {
    let path = hawker_tests::root().join("tests/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: (cd tests && npm ci)", path.display()));
    let script = format!(
        "if (!window.axe) {{ {axe} }} const {{ violations }} = await axe.run(document, {{ resultTypes: ['violations'] }}); \
         return violations.flatMap(v => v.nodes.map(n => v.id + ': ' + JSON.stringify(n.target) + ' ' + n.failureSummary))"
    );
    let found = page.eval(&script).await;
    assert!(found.as_array().is_some_and(Vec::is_empty), "{what}: {found:#}");
}

/// The same by day and by night, which leaves the page dark. Chromium only.
pub(crate) async fn finds_nothing_by_day_and_night(page: &Browser, what: &str) {
    for scheme in ["light", "dark"] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        page.command("Emulation.setEmulatedMedia", features).await;
        finds_nothing(page, &format!("{what}, {scheme}")).await;
    }
}
