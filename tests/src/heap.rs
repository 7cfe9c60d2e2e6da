//! What a page keeps in memory: the heap of its scripts after a collection, and the memories of its WebAssembly. Chromium only; not
//! the media in its buffers, which the browser counts by itself and `buffered` shows.

use serde_json::{Value, json};

use crate::browser::Browser;

/// Notes the memories of WebAssembly as they are made: for [`Browser::before_pages`].
pub const MEMORIES: &str = "
    window.memories = [];
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const make = WebAssembly[name];
        WebAssembly[name] = async (...given) => {
            const made = await make.apply(WebAssembly, given);
            const things = Object.values((made.instance ?? made).exports);
            window.memories.push(...things.filter((thing) => thing instanceof WebAssembly.Memory));
            return made;
        };
    }";

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heap {
    /// Objects of scripts that are in use.
    pub script: f64,
    /// Memories of WebAssembly, which never shrink.
    pub wasm: f64,
    /// Bytes behind array buffers.
    pub arrays: f64,
    /// The document's own objects.
    pub document: f64,
}

impl Heap {
    /// Of the page at hand, whether it is seen or not. What is not in use is collected first.
    pub async fn of(page: &Browser) -> Self {
        // What a first collection lets go of a second one frees.
        for _ in 0..2 {
            page.command("HeapProfiler.collectGarbage", json!({})).await;
        }
        let usage = page.command("Runtime.getHeapUsage", json!({})).await;
        let of = |name: &str| usage.get(name).and_then(Value::as_f64).unwrap_or_default();
        let wasm = "return window.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)";
        let wasm = page.eval(wasm).await.as_f64().unwrap_or_default();
        Self {
            script: of("usedSize"),
            wasm,
            arrays: of("backingStorageSize"),
            document: of("embedderHeapUsedSize"),
        }
    }

    /// All of it, MiB.
    #[must_use]
    pub fn mib(&self) -> f64 {
        (self.script + self.wasm + self.arrays + self.document) / f64::from(1 << 20)
    }
}
