//! The room: who says what, at which pace, under which rules, and the batch of each tick. Opens no socket.
