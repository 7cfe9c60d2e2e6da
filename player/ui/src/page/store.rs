//! What is remembered in this browser. Storage may be missing, full or forbidden (private windows, sandboxed frames): then
//! nothing is remembered and nothing fails.

use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn of_tab() -> Option<Storage> {
    window()?.session_storage().ok()?
}

/// What this tab kept under `key`; empty when nothing.
pub(crate) fn read_in_tab(key: &str) -> String {
    of_tab().and_then(|storage| storage.get_item(key).ok().flatten()).unwrap_or_default()
}

/// Keeps `value` for this tab, also when the page is loaded again.
pub(crate) fn keep_in_tab(key: &str, value: &str) {
    if let Some(storage) = of_tab() {
        // As below.
        let _ = storage.set_item(key, value);
    }
}

/// What was kept under `key`; empty when nothing.
pub(crate) fn read(key: &str) -> String {
    storage().and_then(|storage| storage.get_item(key).ok().flatten()).unwrap_or_default()
}

/// Keeps `value` under `key`, if this browser lets us.
pub(crate) fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden storage only means that it is not remembered.
        let _ = storage.set_item(key, value);
    }
}
