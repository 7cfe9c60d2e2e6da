//! The operators' console: rooms, signal, goods, sales, orders, words, over the server's REST API and nothing else. It
//! decides nothing: what an operator may do is the server's business.
//!
//! Elements are made by Leptos' builder, not by its `view!` macro: the macro turns static parts into markup for `innerHTML`,
//! which the page's Trusted Types policy forbids.

mod api;
mod clock;
mod desk;
mod format;
mod history;
mod limits;
mod poll;
mod refusals;
mod view;
mod widget;

use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the console into the page. Called by the module's loader.
#[wasm_bindgen(start)]
pub fn start() {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("console"))
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    let Some(root) = root else { return };
    root.set_text_content(None);
    leptos::mount::mount_to(root, view::shell).forget();
}
