//! The second module of the SDK: everything around the picture. `mount` draws controls, danmaku, chat, shelf and sale into
//! the element's shadow root and drives the engine through the same public JS API that a shop uses. Plays no media.

mod app;
mod media;
mod page;
mod room;
mod sale;

use page::browser::Node;
use page::host::Host;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Half the bytes of the allocator that comes with std, and as quick.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

thread_local! {
    static MOUNTED: RefCell<Vec<(Node, app::Mounted)>> = const { RefCell::new(Vec::new()) };
}

/// Draws the interface of `element` into its shadow `root`. A root is mounted once; a second call changes nothing.
///
/// # Errors
/// When `root` holds no `.hawker` box to draw into.
#[wasm_bindgen]
pub fn mount(element: Host, root: Node) -> Result<(), JsValue> {
    let known = MOUNTED.with_borrow(|mounted| mounted.iter().any(|(known, _)| *known == root));
    if !known {
        let mounted = app::mount(element, &root)?;
        MOUNTED.with_borrow_mut(|all| all.push((root, mounted)));
    }
    Ok(())
}

/// Takes the interface out of `root` again, with its socket and timers.
#[wasm_bindgen]
pub fn unmount(root: &Node) {
    let mounted = MOUNTED.with_borrow_mut(|all| {
        let at = all.iter().position(|(known, _)| known == root)?;
        Some(all.remove(at).1)
    });
    drop(mounted);
}

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
