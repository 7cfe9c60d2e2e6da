//! One WebSocket, or what the element gives in its place, closed and silent once dropped. Knows no frame.

use crate::page::browser::{Bytes, Event, WebSocket};
use crate::page::events::Callback;

/// `WebSocket.OPEN`.
const OPEN: u16 = 1;

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
        socket.set_binary_type("arraybuffer");
        let (on_open, on_close) = (report.clone(), report.clone());
        let callbacks = [
            Callback::new(move |_| on_open(Report::Opened)),
            Callback::new(move |event: Event| on_close(Report::Closed(event.code()))),
            Callback::new(move |event: Event| {
                let data = event.data();
                // A text is no frame.
                if data.is_object() {
                    report(Report::Frame(Bytes::new(&data).slice()));
                }
            }),
        ];
        let [open, close, message] = &callbacks;
        socket.on_open(Some(open.function()));
        socket.on_close(Some(close.function()));
        socket.on_message(Some(message.function()));
        Self { socket, _callbacks: callbacks }
    }

    /// Sends one binary message; one that is not open any more reports its close.
    pub(crate) fn send(&self, bytes: &[u8]) {
        if self.socket.ready_state() == OPEN {
            // Fails only when not open.
            let _ = self.socket.send(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.on_open(None);
        self.socket.on_close(None);
        self.socket.on_message(None);
        // Closing a closed socket does nothing.
        self.socket.close();
    }
}
