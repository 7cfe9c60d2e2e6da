//! One WebSocket, or what the element gives in its place, closed and silent once dropped. Knows no frame.

use crate::page::browser::{Bytes, Event, WebSocket, call, field, number, set};
use crate::page::events::Callback;
use wasm_bindgen::JsValue;

/// `WebSocket.OPEN`.
const OPEN: f64 = 1.0;

/// What a socket reports.
pub(crate) enum Report {
    Opened,
    Closed(u16),
    Frame(Vec<u8>),
}

/// An open, or opening, socket.
pub(crate) struct Socket {
    socket: WebSocket,
    _callbacks: [Callback; 3],
}

impl Socket {
    /// On what the element connected; `report` hears everything until the socket is dropped.
    pub(crate) fn new(socket: WebSocket, report: impl Fn(Report) + Clone + 'static) -> Self {
        set(&socket, "binaryType", &"arraybuffer".into());
        let (on_open, on_close) = (report.clone(), report.clone());
        let callbacks = [
            Callback::new(move |_| on_open(Report::Opened)),
            Callback::new(move |event: Event| on_close(Report::Closed(number(&event, "code") as u16))),
            Callback::new(move |event: Event| {
                let data = field(&event, "data");
                // A text is no frame.
                if data.is_object() {
                    report(Report::Frame(Bytes::new(&data).slice()));
                }
            }),
        ];
        let [open, close, message] = &callbacks;
        set(&socket, "onopen", open.function());
        set(&socket, "onclose", close.function());
        set(&socket, "onmessage", message.function());
        Self { socket, _callbacks: callbacks }
    }

    /// Sends one binary message; one that is not open any more reports its close.
    pub(crate) fn send(&self, bytes: &[u8]) {
        if number(&self.socket, "readyState") == OPEN {
            // Fails only when not open.
            let _ = self.socket.send(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for name in ["onopen", "onclose", "onmessage"] {
            set(&self.socket, name, &JsValue::NULL);
        }
        // Closing a closed socket does nothing.
        let _ = call(&self.socket, "close");
    }
}
