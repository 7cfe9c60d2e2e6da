//! Styles as one constructable sheet shared by all mounts: no style element or attribute, so a strict CSP is content.

use super::browser::{self, Array, Node, Sheet, field};
use wasm_bindgen::{JsCast, JsValue};

/// `src/styles`, made one by `build.rs`.
const CSS: &str = include_str!(concat!(env!("OUT_DIR"), "/ui.css"));

thread_local! {
    static SHEET: Option<Sheet> = Sheet::new().ok().inspect(|sheet| sheet.replace(CSS));
}

/// Adds the sheet to `root`, after the engine's own.
pub(crate) fn adopt(root: &Node) {
    change(root, true);
}

/// Takes the sheet out of `root`.
pub(crate) fn abandon(root: &Node) {
    change(root, false);
}

fn change(root: &Node, add: bool) {
    const KEY: &str = "adoptedStyleSheets";
    SHEET.with(|sheet| {
        let there = field(root, KEY);
        let Some(sheet) = sheet.as_ref().filter(|_| there.is_object()) else { return };
        let sheet: &JsValue = sheet.as_ref();
        let sheets = Array::new();
        let there: Array = there.unchecked_into();
        for other in (0..there.length()).map(|n| there.at(n)) {
            if other != *sheet {
                sheets.push(&other);
            }
        }
        if add {
            sheets.push(sheet);
        }
        // Browsers without it show the page unstyled but working.
        browser::set(root, KEY, &sheets);
    });
}
