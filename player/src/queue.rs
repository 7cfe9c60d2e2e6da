//! Media waiting to be appended: views into the pieces that `fetch` delivered, per request, never copied. Views that lie side
//! by side in one piece become one, so that a burst is appended in few steps. Whose turn it is decides `core`'s `buffer`.

use hawker_player_core::media::RequestId;
use js_sys::{Object, Uint8Array};
use std::collections::VecDeque;

/// See the module text.
#[derive(Default)]
pub(crate) struct Queue {
    views: VecDeque<(RequestId, Uint8Array)>,
}

impl Queue {
    /// Adds a view of this request.
    pub(crate) fn push(&mut self, request: RequestId, view: Uint8Array) {
        if let Some((last_request, last)) = self.views.back_mut()
            && *last_request == request
            && last.byte_offset() + last.byte_length() == view.byte_offset()
            && Object::is(&last.buffer(), &view.buffer())
        {
            let length = last.byte_length() + view.byte_length();
            *last = Uint8Array::new_with_byte_offset_and_length(&last.buffer(), last.byte_offset(), length);
            return;
        }
        self.views.push_back((request, view));
    }

    /// Takes the next view of this request: what is being appended must not grow.
    pub(crate) fn take(&mut self, request: RequestId) -> Option<Uint8Array> {
        let at = self.views.iter().position(|(id, _)| *id == request)?;
        self.views.remove(at).map(|(_, view)| view)
    }

    /// Puts a view back that could not be appended.
    pub(crate) fn put_back(&mut self, request: RequestId, view: Uint8Array) {
        self.views.push_front((request, view));
    }

    /// Lets go of everything.
    pub(crate) fn clear(&mut self) {
        self.views.clear();
    }
}
