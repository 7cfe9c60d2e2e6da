//! Styles as one constructable sheet shared by all mounts: no style element or attribute, so a strict CSP is content.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{CssStyleSheet, ShadowRoot};

const CSS: &[&str] = &[
    include_str!("../styles/base.css"),
    include_str!("../styles/picture.css"),
    include_str!("../styles/room.css"),
    include_str!("../styles/sale.css"),
];

thread_local! {
    static SHEET: Option<CssStyleSheet> = {
        CssStyleSheet::new().ok().inspect(|sheet| sheet.replace_sync(&CSS.concat()).unwrap_or_default())
    };
}

/// Adds the sheet to `root`, after the engine's own.
pub(crate) fn adopt(root: &ShadowRoot) {
    with_sheets(root, |sheets, sheet| {
        sheets.push(sheet);
    });
}

/// Takes the sheet out of `root`.
pub(crate) fn abandon(root: &ShadowRoot) {
    with_sheets(root, |sheets, sheet| {
        *sheets = sheets.filter(&mut |other, _, _| !Object::is(&other, sheet));
    });
}

fn with_sheets(root: &ShadowRoot, change: impl FnOnce(&mut Array, &CssStyleSheet)) {
    let key = JsValue::from_str("adoptedStyleSheets");
    SHEET.with(|sheet| {
        if let (Some(sheet), Ok(sheets)) = (sheet, Reflect::get(root, &key)) {
            let mut sheets = Array::from(&sheets);
            change(&mut sheets, sheet);
            // Browsers without it show the page unstyled but working.
            let _ = Reflect::set(root, &key, &sheets);
        }
    });
}
