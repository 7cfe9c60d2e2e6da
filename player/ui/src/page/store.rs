//! What is remembered in this browser. Storage may be missing, full or forbidden (private windows, sandboxed frames): then
//! nothing is remembered and nothing fails.

use super::browser::{Storage, part, window};

/// Where how loud it is, is kept.
pub(crate) const SOUND: &str = "hawker:sound";

/// Kept until the viewer clears it.
const BROWSER: &str = "localStorage";

/// Kept as long as the tab, also when the page is loaded again.
const TAB: &str = "sessionStorage";

fn storage(name: &str) -> Option<Storage> {
    // Asking for a forbidden storage throws: then there is no such field.
    part(&window(), name)
}

fn get(storage_name: &str, key: &str) -> String {
    storage(storage_name).and_then(|storage| storage.get(key).ok().flatten()).unwrap_or_default()
}

fn set(storage_name: &str, key: &str, value: &str) {
    if let Some(storage) = storage(storage_name) {
        // A full or forbidden storage only means that it is not remembered.
        let _ = storage.set(key, value);
    }
}

/// What this tab kept under `key`; empty when nothing.
pub(crate) fn read_in_tab(key: &str) -> String {
    get(TAB, key)
}

/// Keeps `value` for this tab, also when the page is loaded again.
pub(crate) fn keep_in_tab(key: &str, value: &str) {
    set(TAB, key, value);
}

/// What was kept under `key`; empty when nothing.
pub(crate) fn read(key: &str) -> String {
    get(BROWSER, key)
}

/// Keeps `value` under `key`, if this browser lets us.
pub(crate) fn keep(key: &str, value: &str) {
    set(BROWSER, key, value);
}
