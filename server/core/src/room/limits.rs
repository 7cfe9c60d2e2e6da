//! Every bound of the room, with its reason. Numbers that an operator may change are defaults here and fields of
//! [`super::Rules`]; the rest are fixed.

use hawker_wire::Span;

use super::pace::Rate;

/// Time over which events are gathered into one batch. One write call costs more than encoding twenty messages; 50 ms is
/// below what a reader notices.
pub const TICK: Span = Span::from_ms(50);

/// Totals (likes, online) go out at most this often: nobody reads numbers faster, and every like would be a batch.
pub const TOTALS_EVERY: Span = Span::from_ms(500);

/// Characters (Unicode scalar values, after cleaning) in a message: about three lines on a phone.
pub const MESSAGE_CHARS: usize = 200;

/// Characters in a name: what fits before a message on a phone.
pub const NAME_CHARS: usize = 24;

/// Bytes of raw text looked at when cleaning; more cannot be a message of 200 characters, even all emoji with joiners.
pub const RAW_TEXT_BYTES: usize = 4_096;

/// Combining marks kept in a row: four are used by real writing (Vietnamese, Thai, Hebrew); stacks of them paint over others.
pub const MARKS_IN_A_ROW: usize = 4;

/// Messages a newcomer gets: more than a phone's list shows at once.
pub const HISTORY: usize = 50;

/// Events kept for resume: 70 events a second (a busy chat and moving stock) for half a minute, longer than a reconnect takes.
pub const LOG_EVENTS: usize = 2_048;

/// Bytes of events kept for resume: a resume answer must stay below what a phone fetches in a second or two.
pub const LOG_BYTES: usize = 512 * 1_024;

/// Events of the lane that must arrive, gathered before a batch leaves ahead of its tick: bounds memory and frame size.
pub const MUST_PENDING: usize = 256;

/// Messages gathered in a tick before the flood rule counts the rest as omitted unseen.
pub const SAID_PENDING: usize = 256;

/// Messages a second a room shows, and the burst. A reader follows five; danmaku lanes hold some fifty a second; Tencent's
/// rooms stop at 40 and Volcengine's at 80.
pub const ROOM_MESSAGES: Rate = Rate { per_s: 50, burst: 50 };

/// Messages of one viewer: a fast typist's pace, and a burst of short cheers.
pub const VIEWER_MESSAGES: Rate = Rate { per_s: 1, burst: 5 };

/// Messages of one operator or host: they may paste a script, not flood.
pub const STAFF_MESSAGES: Rate = Rate { per_s: 10, burst: 30 };

/// Taps of one viewer: two thumbs.
pub const VIEWER_TAPS: Rate = Rate { per_s: 20, burst: 60 };

/// Messages from one address: mobile carriers put thousands of viewers behind one, so this only stops a machine.
pub const ADDRESS_MESSAGES: Rate = Rate { per_s: 100, burst: 400 };

/// New connections from one address: a carrier's viewers all return at once after an outage.
pub const ADDRESS_CONNECTS: Rate = Rate { per_s: 200, burst: 2_000 };

/// Open connections of one address, for the same reason.
pub const ADDRESS_OPEN: u32 = 10_000;

/// Viewers or addresses whose pace is remembered; those at rest are forgotten first, and the rest share one bucket.
pub const PACED: usize = 32_768;

/// Least time between two sweeps for those at rest, so that a crowd of new keys cannot make each call walk all of them.
pub const SWEEP_EVERY: Span = Span::from_secs(1);

/// Connections a room takes unless configured otherwise: 20,000 at 10 KiB each is 200 MB.
pub const ROOM_CONNECTIONS: usize = 20_000;

/// Muted senders kept in a room.
pub const MUTED: usize = 10_000;

/// Ticks a reader may be behind before it loses messages: one second of a busy room.
pub const BEHIND_TICKS: u64 = 20;

/// Bytes a reader may be behind before it loses messages: what a poor phone link carries in a second.
pub const BEHIND_BYTES: u64 = 64 * 1_024;

/// Ticks kept for readers that are behind: 30 s of a busy room, then they are told to come back.
pub const RING_TICKS: usize = 600;

/// Bytes of ticks kept for readers that are behind, for all of them together.
pub const RING_BYTES: usize = 2 * 1_024 * 1_024;

/// Words in the list: the largest published lists have 60,000; building takes 0.1 s.
pub const WORDS: usize = 60_000;

/// Characters in one word of the list.
pub const WORD_CHARS: usize = 64;

/// Frames of one connection: taps twice a second, words, holds and pings leave it an order of magnitude below.
pub const FRAMES: Rate = Rate { per_s: 20, burst: 100 };

/// Requests for holds of one connection: a thumb on the buy button.
pub const HOLDS: Rate = Rate { per_s: 2, burst: 10 };

/// Bytes of one frame from a client: the largest is a Hello with a token, 2 to 3 KiB.
pub const FRAME_BYTES: usize = 8 * 1_024;

/// Frames for one connection alone (replies, its holds) that wait while it reads slowly.
pub const OUTBOX: usize = 64;
