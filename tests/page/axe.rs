//! axe-core (npm, pinned) looks at a page as it is, its open shadow roots too. What it cannot see is for the other tests.

use std::time::Duration;

use hawker_tests::browser::Browser;
use serde_json::json;

/// How long a fade may take, on a machine that is busy.
const SETTLES: Duration = Duration::from_secs(10);
/// Whether nothing on the page is being faded, in its shadow roots either.
const SETTLED: &str = "[document, ...[...document.querySelectorAll('*')].flatMap(one => one.shadowRoot ?? [])]\
    .flatMap(root => root.getAnimations())\
    .every(one => one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity\
        || one.effect.getKeyframes().every(frame => !('opacity' in frame)))";

/// Fails with what axe finds.
pub(crate) async fn finds_nothing(page: &Browser, what: &str) {
    let path = hawker_tests::root().join("tests/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: (cd tests && npm ci)", path.display()));
    // What is still being faded in has colours that nobody is meant to read.
    page.until(SETTLED, SETTLES).await;
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
