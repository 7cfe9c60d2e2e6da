//! One WebSocket, closed and silent once dropped. Knows no frame.

use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// What a socket reports.
pub(crate) enum Report {
    Opened,
    Closed(u16),
    Frame(Vec<u8>),
}

/// An open, or opening, socket.
pub(crate) struct Socket {
    socket: WebSocket,
    _open: Closure<dyn FnMut()>,
    _close: Closure<dyn FnMut(CloseEvent)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
}

impl Socket {
    /// Connects to `url`; `report` hears everything until the socket is dropped.
    ///
    /// # Errors
    /// When the browser refuses the URL.
    pub(crate) fn open(url: &str, report: impl Fn(Report) + Clone + 'static) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(url, "hawker.v1")?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_open = report.clone();
        let open = Closure::<dyn FnMut()>::new(move || on_open(Report::Opened));
        let on_close = report.clone();
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            on_close(Report::Closed(event.code()));
        });
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(buffer) = event.data().dyn_into::<js_sys::ArrayBuffer>() {
                report(Report::Frame(js_sys::Uint8Array::new(&buffer).to_vec()));
            }
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        Ok(Self { socket, _open: open, _close: close, _message: message })
    }

    /// Sends one binary message; one that is not open any more reports its close.
    pub(crate) fn send(&self, bytes: &[u8]) {
        if self.socket.ready_state() == WebSocket::OPEN {
            // Fails only when not open.
            let _ = self.socket.send_with_u8_array(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        self.socket.set_onmessage(None);
        // Closing a closed socket does nothing.
        let _ = self.socket.close();
    }
}
