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
/// Back-off ends here: a viewer waits no longer than this once the server is back.
pub const RETRY_LAST: Span = Span::from_secs(5);
/// A segment that fails this often in a row is given up, and the newest one joined.
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
/// Half-lives of the two averages, in seconds of busy link. The smaller of the two counts.
pub const HALF_LIFE_FAST_S: f64 = 0.15;
/// See above.
pub const HALF_LIFE_SLOW_S: f64 = 1.0;
/// A busy period gives a sample once it lasted so long; shorter ones are the page's own timing.
pub const BUSY_MIN_US: u64 = 5_000;
/// and carried so many bytes.
pub const BUSY_BYTES_MIN: u64 = 4_000;
/// A long busy period is cut into samples of this length, so that a fall is seen while it happens.
pub const BUSY_CUT_US: u64 = 60_000;
/// One in the making counts from here on when the link is failing.
pub const BUSY_OPEN_US: u64 = 20_000;
/// The least transit time is the least of the last one or two windows of this length: routes change.
pub const TRANSIT_WINDOW: Span = Span::from_secs(15);
/// A chunk that was ready so long before the one ahead of it had arrived was waiting for the link.
pub const QUEUED_MS: f64 = 4.0;
/// Share of the estimate that a rendition's peak may need for a switch up.
pub const SAFETY_UP: f64 = 0.7;
/// Share of the estimate that a rendition's average may need to be kept.
pub const SAFETY_KEEP: f64 = 0.9;
/// Share of the estimate for the rendition after a fall: the backlog has to be caught up too.
pub const SAFETY_DOWN: f64 = 0.6;
/// Late by more than this, on a link slower than the rendition: leave the segment in progress.
pub const ABANDON_LATE_MS: f64 = 90.0;
/// Not abandoned again for so long, unless for a lower one: the request needs time to take effect.
pub const ABANDON_HOLD: Span = Span::from_ms(1_500);
/// No switch up for so long after a switch down; doubles when a switch up fails.
pub const UP_HOLD: Span = Span::from_secs(3);
/// The longest of those.
pub const UP_HOLD_MAX: Span = Span::from_secs(40);
/// A switch up that is undone within this time has failed.
pub const UP_TRIAL: Span = Span::from_secs(8);
/// What the link was seen to carry longer ago than this does not justify a switch up.
pub const ESTIMATE_FRESH: Span = Span::from_secs(8);
/// Chunks must have been in time for so long before a probe.
pub const PROBE_CALM: Span = Span::from_ms(1_200);
/// Least pause between probes, when a keyframe came so fast that the link may have recovered.
pub const PROBE_PAUSE_MIN: Span = Span::from_ms(1_500);
/// First pause between probes that found nothing; doubles.
pub const PROBE_PAUSE: Span = Span::from_secs(2);
/// The longest of those.
pub const PROBE_PAUSE_MAX: Span = Span::from_secs(8);
/// A probe that found both requests taken, around a boundary, waits this long.
pub const PROBE_LATER: Span = Span::from_ms(150);
/// A probe is broken off when chunks come later than this: it takes more than its share.
pub const PROBE_LATE_MS: f64 = 50.0;
/// A probe asks for so much media of the next rendition, in seconds at its peak rate.
pub const PROBE_S: f64 = 0.2;
/// At most; more would delay the picture on a link that turns out slow.
pub const PROBE_BYTES_MAX: u32 = 160 * 1024;
/// At least; less says little, because TCP is still opening its window and buffers on the way take it at once. Media that
/// came at the pace of the link count like a probe from here on.
pub const PROBE_BYTES_MIN: u32 = 24 * 1024;
/// The link keeps up as long as some chunk within this time was in time.
pub const CALM_GAP: Span = Span::from_ms(500);
/// What leaving a segment costs besides its bytes: a round trip, a new connection's slow start, a seek. Seconds.
pub const ABANDON_COST_S: f64 = 0.15;
/// Chunks later than this are not "in time".
pub const CALM_LATE_MS: f64 = 60.0;

// ---- latency

/// The target at the start: from above, because an underrun costs 0.3 to 0.4 s at once.
pub const TARGET_START_S: f64 = 0.22;
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
/// Each underrun raises the target by this much;
pub const UNDERRUN_RAISE_S: f64 = 0.06;
/// which is forgotten at this speed, seconds in a second.
pub const UNDERRUN_FALL: f64 = 0.002;
/// A lack beyond this is a failing link, not jitter.
pub const LACK_MAX_S: f64 = 0.4;
/// Seconds whose peaks of the lack are remembered.
pub const LACK_PEAKS: usize = 60;
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
/// fastest playback: audible beyond.
pub const RATE_MAX: f64 = 1.10;
/// Up to here off 1, sound may change its pitch instead of being stretched: 17 cents.
pub const RATE_TRIM: f64 = 0.01;
/// A smaller error is not worth leaving a rate of 1.
pub const RATE_DEAD_S: f64 = 0.012;
/// Steps in which the rate is set: each setting costs the element work.
pub const RATE_STEP: f64 = 0.005;
/// Further behind than this, speed cannot help within seconds: skip.
pub const SKIP_BEHIND_S: f64 = 1.0;
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
/// Rebuilds in a row without a frame, after which the player gives up with an error.
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
