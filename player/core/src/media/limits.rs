//! Numbers that bound or tune playback, each with its reason. Times are in the unit of the name.

use hawker_wire::Span;

// ---- clock

/// Pings kept for the least round trip: older ones age out, so that drift of the two clocks is followed.
pub const PINGS_KEPT: usize = 8;
/// Pings sent close together at the start, so that the first latency figure is good within a second.
pub const PINGS_FIRST: u32 = 4;
/// Between the first pings.
pub const PING_SOON: Span = Span::from_ms(250);
/// Between later pings: clocks drift by well under 1 ms in this time.
pub const PING_LATER: Span = Span::from_secs(20);
/// A ping that takes longer says nothing about the clock.
pub const PING_TIMEOUT: Span = Span::from_secs(5);

// ---- loader

/// How long before the expected end of a segment the next one is asked for: a round trip of a slow mobile link, so that the
/// request waits at the server and not the other way round.
pub const REQUEST_AHEAD_S: f64 = 0.15;
/// What a segment lasts until one has been seen: the packager cuts at the first keyframe after 1 s.
pub const SEGMENT_GUESS_S: f64 = 1.0;
/// Back-off starts here and doubles.
pub const RETRY_FIRST: Span = Span::from_ms(250);
/// The longest pause, before chance makes it half to one and a half of that: a viewer waits for 7.5 s at most once the server is back.
pub const RETRY_LAST: Span = Span::from_secs(5);
/// A segment that fails more often than this in a row is given up, and the newest one joined.
pub const SEGMENT_FAILURES_MAX: u32 = 3;
/// While playing, the state and the list of renditions are asked again this often; it is a short request.
pub const REFRESH_EVERY: Span = Span::from_secs(10);
/// A request in progress that brings nothing for so long makes the loader ask whether the room is still live.
pub const SILENCE_ASK: Span = Span::from_secs(3);
/// And for so long is taken for dead. Above the 10 s for which the server holds a request.
pub const SILENCE_DEAD: Span = Span::from_secs(12);
/// A question for the room's state is lost after this. Above the 20 s for which the server holds it.
pub const ASK_LOST: Span = Span::from_secs(30);
/// Between two long polls of a waiting page when the answer came at once.
pub const POLL_GAP: Span = Span::from_ms(1_000);
/// Renditions that are looked at; a ladder has three to six.
pub const RENDITIONS_MAX: usize = 16;

// ---- throughput and abr

/// Before anything is measured: 1.5 Mb/s is a poor 4G link.
pub const ESTIMATE_START_BPS: f64 = 1_500_000.0;
/// Half-lives of the two averages, seconds: the faster holds the last keyframe or two of a stream that waits for its encoder.
pub const HALF_LIFE_FAST_S: f64 = 0.5;
/// See above. Where the smaller of the two counts, a link that was slow a moment ago is not trusted at once.
pub const HALF_LIFE_SLOW_S: f64 = 2.0;
/// Half-life of what is believed of a link that is failing: two or three samples.
pub const HALF_LIFE_NOW_S: f64 = 0.3;
/// How much the rate changes is looked at this often,
pub const SPREAD_EVERY: Span = Span::from_ms(900);
/// believed to be this before,
pub const SPREAD_START: f64 = 0.2;
/// and follows what is seen: upwards by this share after a fall,
pub const SPREAD_RISE: f64 = 0.3;
/// after a rise and downwards by this one.
pub const SPREAD_FALL: f64 = 0.12;
/// A busy period gives a sample once it lasted so long; shorter ones are the page's own timing.
pub const BUSY_MIN_US: u64 = 5_000;
/// and carried so many bytes.
pub const BUSY_BYTES_MIN: u64 = 4_000;
/// or lasted so long: a link may be that slow.
pub const BUSY_LONG_US: u64 = 300_000;
/// Bytes within this time came together.
pub const SAME_BURST: Span = Span::from_ms(2);
/// What came since chunks began to be late is a rate after so long: two frames of a link that fell to a quarter.
pub const LATE_MIN_US: u64 = 150_000;
/// A long busy period is cut into samples of this length, so that a fall is seen while it happens.
pub const BUSY_CUT_US: u64 = 60_000;
/// A piece of the same chunk that comes later than this waited for more than the link: for the sender's window.
pub const TRAIN_GAP: Span = Span::from_ms(10);
/// Pieces side by side that say how fast the link is have so many bytes behind the first one, and
pub const TRAIN_BYTES_MIN: u64 = 2_800;
/// take so long: pages see the time in steps of 0.1 ms.
pub const TRAIN_MIN_US: u64 = 1_000;
/// On a slower link there are none, and what the last ones said is over after two segments.
pub const TRAIN_FRESH: Span = Span::from_ms(2_500);
/// The least transit time is the least of the last one or two windows of this length: routes change.
pub const TRANSIT_WINDOW: Span = Span::from_secs(15);
/// A chunk that was ready so long before the one ahead of it had arrived was waiting for the link.
pub const QUEUED_MS: f64 = 4.0;
/// Share of the estimate that a rendition's average may need at the join and after a stall.
pub const SAFETY_UP: f64 = 0.7;
/// Share of the estimate that a rendition's average may need not to count as too much for the link.
pub const SAFETY_KEEP: f64 = 0.9;
/// What the link may carry in a plan: of a failing one the way back to what it was, else so many spreads less than the
/// estimate; and how likely that is taken to be.
pub const PLAN_GUESSES: [(f64, f64, f64); 3] = [(0.8, 0.0, 0.4), (0.3, 0.8, 0.35), (0.0, 1.3, 0.25)];
/// A link that carries less than this share of the rung has fallen deep, when media come so late as well,
pub const DEEP_SHARE: f64 = 0.35;
/// milliseconds: a keyframe alone makes no such queue.
pub const DEEP_LATE_MS: f64 = 250.0;
/// Then it is hardly believed to come back,
pub const DEEP_GUESSES: [(f64, f64, f64); 3] = [(0.4, 0.0, 0.4), (0.1, 0.8, 0.35), (0.0, 1.3, 0.25)];
/// and leaving the segment in progress is worth so many times the stall that it saves: a deep fall that lasts makes every
/// segment after it late, too, which a plan of one segment does not see.
pub const DEEP_STALL: f64 = 2.0;
/// A plan looks so many seconds further than the next segment: beyond that nothing is known, and a shorter one never pays for
/// a switch.
pub const PLAN_S: f64 = 4.0;
/// Share of a segment that its keyframe is.
pub const KEYFRAME_SHARE: f64 = 0.17;
/// What a plan keeps in hand: Chromium stands still with a tenth of a second left, and a look at the buffer is as old as 50 ms.
pub const RESERVE_S: f64 = 0.15;
/// What fetching a segment anew costs besides its bytes and those already on the way: a round trip, and appending it.
pub const SPLICE_COST_S: f64 = 0.2;
/// What the encoder made and the link did not carry is on the way: the newest chunk's lateness and so much more, seconds.
pub const ON_THE_WAY_S: f64 = 0.2;
/// So much at most is on the way and cannot be called back, bits: what a socket and a router's queue hold.
pub const ON_THE_WAY: f64 = 96.0 * 1024.0 * 8.0;
/// Our server's UDP keeps to what the link carries in a round trip and a short queue: of usual links about so much, seconds.
pub const ON_THE_WAY_SHORT_S: f64 = 0.1;
/// Leaving a segment is a switch down and soon one up again: what a difference of a bit a second costs.
pub const ABANDON_SWITCH_S: f64 = 1.5;
/// Without such evidence for so long a probe is sent.
pub const PROBE_STALE: Span = Span::from_ms(2_500);
/// The buffer wanted on a link that could hardly carry more than the rung: what a fall to a quarter takes until a lower rung has
/// come. More would put the viewer beyond the second that latency may be.
pub const RISK_S: f64 = 0.75;
/// With so many times the rung there is no such risk,
pub const RISK_FREE: f64 = 2.8;
/// with so many all of it.
pub const RISK_FULL: f64 = 2.0;
/// A rung that is not the best one is soon left for a better one, where that fits: so much of the link counts.
pub const RISK_LIMITED: f64 = 0.15;
/// It grows by so many seconds a second.
pub const RISK_RISE: f64 = 0.2;
/// Not abandoned again for so long, unless for a lower one: the request needs time to take effect.
pub const ABANDON_HOLD: Span = Span::from_ms(1_000);
/// No switch up for so long after a switch down; doubles when a switch up fails.
pub const UP_HOLD: Span = Span::from_ms(300);
/// And twice this after one that undid a switch up.
pub const UP_AGAIN: Span = Span::from_ms(1_500);
/// The longest of those.
pub const UP_HOLD_MAX: Span = Span::from_secs(12);
/// A switch up that is undone within this time has failed; so long what proved it counts for it.
pub const UP_TRIAL: Span = Span::from_secs(4);
/// What the link was seen to carry longer ago than this does not justify a switch up.
pub const ESTIMATE_FRESH: Span = Span::from_secs(8);
/// Chunks must have been in time for so long before a probe.
pub const PROBE_CALM: Span = Span::from_ms(600);
/// First pause between probes that found nothing; doubles.
pub const PROBE_PAUSE: Span = Span::from_ms(1_500);
/// The longest of those.
pub const PROBE_PAUSE_MAX: Span = Span::from_secs(4);
/// The pause when the pieces of the media look like more.
pub const PROBE_AGAIN: Span = Span::from_ms(1_000);
/// A probe that found both requests taken, around a boundary, waits this long.
pub const PROBE_LATER: Span = Span::from_ms(150);
/// A probe is broken off when chunks come later than this: it takes more than its share.
pub const PROBE_LATE_MS: f64 = 50.0;
/// Or than this share of what lies ahead of the playhead, milliseconds a second.
pub const PROBE_LATE_SHARE: f64 = 300.0;
/// A probe asks for so much media of the next rendition, in seconds at its peak rate.
pub const PROBE_S: f64 = 0.15;
/// At most; more would delay the picture on a link that turns out slow.
pub const PROBE_BYTES_MAX: u32 = 128 * 1024;
/// At least; less says little, because TCP is still opening its window and buffers on the way take it at once. Media that
/// came at the pace of the link count like a probe from here on.
pub const PROBE_BYTES_MIN: u32 = 24 * 1024;
/// The second half of a probe says something with so many bytes.
pub const PROBE_SEEN_MIN: u64 = 8 * 1024;
/// The link keeps up as long as some chunk within this time was in time.
pub const CALM_GAP: Span = Span::from_ms(500);
/// Chunks later than this are not "in time".
pub const CALM_LATE_MS: f64 = 60.0;

// ---- latency

/// The target at the start: from above, because an underrun costs 0.3 to 0.4 s at once. What is shown before the engine is there
/// lies as far behind (`BEHIND_S` of `hawker.js`).
pub const TARGET_START_S: f64 = 0.22;
/// A picture that is shown already may lie so much before the first chunk's stamp: tracks begin apart, and times are rounded.
pub const SHOWN_EARLIER_S: f64 = 0.1;
/// What Chromium stands still with although it is buffered, at a rate of 1 or within the trim: measured 67 and 79 ms with
/// sound, 40 ms muted.
pub const HOLD_S: f64 = 0.08;
/// The same while it stretches sound and keeps its pitch, which looks ahead: slower, measured 99 ms,
pub const HOLD_SLOW_S: f64 = 0.12;
/// and faster, measured 125 to 147 ms.
pub const HOLD_FAST_S: f64 = 0.165;
/// So much more before sound is stretched again, or it would change its pitch to and fro.
pub const HOLD_AGAIN_S: f64 = 0.04;
/// On top of hold and lack: the page's own timing.
pub const TARGET_MARGIN_S: f64 = 0.01;
/// The lowest while probes may come: they make chunks late by `PROBE_LATE_MS` and a round trip.
pub const TARGET_PROBED_S: f64 = 0.22;
/// The highest: beyond it a lower rendition helps more than waiting.
pub const TARGET_MAX_S: f64 = 1.0;
/// For so long after the first start the page is busy with itself, and what comes late because of that is no jitter.
pub const SETTLES: Span = Span::from_secs(3);
/// How fast the target falls, seconds in a second.
pub const TARGET_FALL: f64 = 0.02;
/// The same of what the link was thought to need: as fast as it can be played off unheard.
pub const RISK_FALL: f64 = 0.1;
/// Each underrun raises the target by this much;
pub const UNDERRUN_RAISE_S: f64 = 0.06;
/// which is forgotten at this speed, seconds in a second.
pub const UNDERRUN_FALL: f64 = 0.002;
/// Round trips that a lost packet takes to come again: 9/8 (RFC 9002, 6.1.2), what the other side waits before it tells of it, and jitter.
pub const RESENT: f64 = 1.5;
/// A lack beyond this is a failing link, not jitter.
pub const LACK_MAX_S: f64 = 0.4;
/// Media missing by so much more than the lack learnt are held back by the link.
pub const LATE_S: f64 = 0.1;
/// Seconds whose peaks of the lack are remembered.
pub const LACK_PEAKS: usize = 60;
/// And so many of them alone keep sound from being stretched: two or three segments.
pub const LACK_LATELY: u64 = 3;
/// The edge is the furthest of one to two windows of this length.
pub const EDGE_WINDOW: Span = Span::from_secs(5);
/// The element is looked at so often while playing. 20 Hz is what the measured loop ran at.
pub const SAMPLE_EVERY: Span = Span::from_ms(50);
/// Smoothing of the level per sample.
pub const LEVEL_EMA: f64 = 0.2;
/// Rate change per second of error of the level.
pub const RATE_GAIN: f64 = 1.0;
/// Slowest and
pub const RATE_MIN: f64 = 0.95;
/// Slowest while the link holds media back: heard, but a standstill is worse.
pub const RATE_LATE_MIN: f64 = 0.85;
/// fastest playback: audible beyond.
pub const RATE_MAX: f64 = 1.10;
/// More than this behind the target the speed may be heard: being late for ten seconds is worse.
pub const RATE_FAR_S: f64 = 0.2;
/// Fastest playback then.
pub const RATE_FAR_MAX: f64 = 1.5;
/// Up to here off 1, sound may change its pitch instead of being stretched: 17 cents.
pub const RATE_TRIM: f64 = 0.01;
/// A smaller error is not worth leaving a rate of 1.
pub const RATE_DEAD_S: f64 = 0.012;
/// Steps in which the rate is set: each setting costs the element work.
pub const RATE_STEP: f64 = 0.005;
/// Further behind than this, speed cannot help within seconds: skip.
pub const SKIP_BEHIND_S: f64 = 2.5;
/// After a hidden tab: skip already when this far behind.
pub const SKIP_SHOWN_S: f64 = 0.25;

// ---- gap

/// A playhead that stands for so long is stalled. Gaps between presented frames above 100 ms are what a viewer sees.
pub const STALL_AFTER: Span = Span::from_ms(120);
/// A playhead that stands for so long is seeked to the next frame when `RESUME_AHEAD_S` is there. A seek itself takes
/// 0.1 s until the clock runs.
pub const RESUME_AFTER: Span = Span::from_ms(200);
/// After an underrun Chromium goes on by itself with 0.45 s, after a seek with 0.2 s.
pub const RESUME_AHEAD_S: f64 = 0.25;
/// A seek that gets it going is not repeated for so long.
pub const STUCK_AFTER: Span = Span::from_ms(1_200);
/// No frame was decoded for so long although some were due: the picture counts as frozen.
pub const FROZEN_AFTER: Span = Span::from_ms(180);
/// And so many of them,
pub const FROZEN_FRAMES: usize = 4;
/// each overdue by this much, seconds. Decoding runs ahead of the playhead by more.
pub const FROZEN_DUE_S: f64 = 0.05;
/// A nudge for a frozen picture is given so long to work: it decodes from the keyframe before.
pub const FROZEN_AGAIN: Span = Span::from_ms(400);
/// A playhead that stands with less than this ahead is at the end of its media: Chromium's decoders keep the last tenth of
/// a second until more comes.
pub const STANDS_S: f64 = 0.15;
/// A hole is crossed when so much is buffered behind it.
pub const HOLE_NEED_S: f64 = 0.1;
/// Attempts to get a standing playhead or picture going, before everything is rebuilt.
pub const NUDGES_MAX: u32 = 3;
/// Appended frame times remembered for the frozen check: 4 s at 60 fps.
pub const FRAMES_KEPT: usize = 240;
/// Ranges of the element that are looked at; a live buffer has one to three.
pub const RANGES_MAX: usize = 16;

// ---- buffer

/// Media kept behind the playhead, for a seek back by a keyframe.
pub const BEHIND_KEEP_S: f64 = 6.0;
/// Removed from when it is this much: in few, larger removals.
pub const BEHIND_MAX_S: f64 = 12.0;
/// Kept behind the playhead when the browser reports a full buffer.
pub const BEHIND_FULL_S: f64 = 1.0;
/// Media waiting to be appended; beyond it the page is not keeping up (a tab that slept) and joins anew. About 20 s of 6 Mb/s.
pub const QUEUE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Media ahead of the playhead; beyond it playing does not consume what comes, and the player joins anew.
pub const AHEAD_MAX_S: f64 = 20.0;
/// Wait before appending again after a full buffer.
pub const FULL_WAIT: Span = Span::from_ms(500);
/// Full buffers in a row before everything is rebuilt.
pub const FULL_MAX: u32 = 4;
/// Requests whose media may wait: the one that plays, the one before and the one after it.
pub const REQUESTS_MAX: usize = 8;

// ---- ledger

/// An overlapping lower rendition is appended when the playhead is so close to the end of the old one: what Chromium stands
/// still with in its buffer (0.1 s), a look at the element, and the time that appending takes.
pub const SPLICE_AHEAD_S: f64 = 0.2;
/// A splice goes back by no more than this to the first frame that was not shown.
pub const SPLICE_BACK_S: f64 = 0.1;
/// A chunk counts as had when it begins so much before the end of what is there.
pub const OVERLAP_EPSILON_S: f64 = 0.005;

// ---- player

/// Pause between two rebuilds; doubles up to `RETRY_LAST`, so that a stream the browser cannot decode does not spin.
pub const REBUILD_PAUSE: Span = Span::from_ms(250);
/// Rebuilds in a row, none of which showed `PLAYS_FRAMES`, after which the player gives up with an error.
pub const REBUILDS_MAX: u32 = 6;
/// A hidden and silent page stops loading after this.
pub const HIDDEN_STOP: Span = Span::from_secs(5);

// ---- gate

/// A request held back for longer than a segment is given up: what it asked for lies behind the live edge.
pub const HELD_MAX: Span = Span::from_secs(1);

// ---- trouble

/// Questions for the room's state that may stay without an answer before the viewer is told: with the back-off between them
/// a second or two, in which most lost links come back.
pub const UNREACHED_MAX: u32 = 2;

// ---- codecs

/// From the start of playback, with media ahead, to the first decoded picture of a codec that the browser said it plays. A decoder
/// in hardware takes up to a second to begin; who waits longer takes it for broken.
pub const FIRST_PICTURE: Span = Span::from_secs(3);
