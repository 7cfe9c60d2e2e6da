//! The engine of the SDK, its own WASM module: fetches, feeds MSE, plays. What must arrive before the first frame, and nothing
//! else: no controls, no chat, no sale (those are `player/ui`, which drives this through the element's public API).
//!
//! `js/hawker.js` defines the element and makes an [`engine::Engine`]; what to do next is decided by `hawker-player-core`, what is
//! done in the page does `js/port.js`, which holds the media on their way from `fetch` to `appendBuffer`.

mod browser;
mod clock;
pub mod engine;
mod load;
mod native;
mod shell;

/// Half the bytes of the allocator that comes with std, and as quick.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
