//! The sending half of a TCP connection as [`super::link`] needs it: its window, what it learns from acknowledgements, the bound that our
//! server sets to what is on the way, and the delivery rate that a kernel tells it. Or that of a QUIC connection under our server's
//! congestion control. What is left out stands there.
//!
//! RFC 9438 (CUBIC), RFC 9406 (HyStart++, without its second phase), RFC 2861 as in Linux (a window that is not used does not grow, and
//! is cut), RFC 6298 (timeout), draft-cheng-iccrg-delivery-rate-estimation.

use super::link::Cargo;
use hawker_server_core::congestion::Congestion;
use hawker_server_core::congestion::limits::PACKET_TCP;
use std::collections::{BTreeMap, VecDeque};

/// The first window, packets (RFC 6928), and what an idle connection falls back to.
const WINDOW_FIRST: f64 = 10.0;
/// How much longer than a round trip a timeout is at least: Linux.
const TIMEOUT_MIN_US: f64 = 200_000.0;
/// What a QUIC receiver waits before it confirms (RFC 9000, 18.2).
const ACK_DELAY_US: f64 = 25_000.0;
/// A Chromium page confirms so many packets at once,
const ACKED_TOGETHER: usize = 10;
/// or what has come within this share of the shortest round trip (quiche, "ack decimation").
const ACKED_AFTER: f64 = 0.25;
/// Bytes of a packet that are not ours.
const HEADER: u64 = 40;
/// Longest timeout after doubling.
const TIMEOUT_MAX_US: f64 = 8_000_000.0;
/// So many later packets make one count as lost (RFC 6675).
const REORDER: u64 = 3;
/// Round trips looked at in each round of slow start (RFC 9406, N_RTT_SAMPLE).
const ROUND_SAMPLES: u32 = 8;
/// CUBIC's constants.
const CUBIC_C: f64 = 0.4;
/// And what a loss leaves of the window.
const CUBIC_BETA: f64 = 0.7;
/// Slow start leads back up to this share of a window that was cut because it was not used.
const KEPT: f64 = 0.75;

/// A packet on the way.
#[derive(Debug)]
pub(super) struct Packet {
    /// Its stream: 0 for all that TCP carries,
    pub(super) stream: u32,
    /// and its place in there.
    pub(super) seq: u64,
    /// On the wire.
    pub(super) bytes: u64,
    /// What it carries, until it has arrived.
    pub(super) cargo: Option<Cargo>,
    /// Counts transmissions.
    order: u64,
    sent_us: u64,
    /// Delivered when it was sent, and when that was.
    delivered: u64,
    delivered_us: u64,
    first_sent_us: u64,
    app_limited: bool,
}

#[derive(Debug)]
struct Ack {
    at_us: u64,
    order: u64,
    bytes: u64,
    sent_us: u64,
    delivered: u64,
    delivered_us: u64,
    first_sent_us: u64,
    app_limited: bool,
}

/// See the module text.
#[derive(Debug)]
pub(super) struct Sender {
    /// Otherwise TCP, with CUBIC under the same.
    quic: bool,
    congestion: Congestion,
    flying_bytes: u64,
    window: f64,
    threshold: f64,
    most: f64,
    /// CUBIC's K: from the loss to the window of before.
    plateau_s: f64,
    epoch_us: Option<u64>,
    flying: u64,
    flying_most: u64,
    /// When the window was the limit, or was cut for not being it.
    full_us: u64,
    /// The most on the way since then.
    used: u64,
    /// The newest packet that was confirmed.
    confirmed: u64,
    next_seq: BTreeMap<u32, u64>,
    next_order: u64,
    /// A loss among packets up to here has been paid for.
    paid: u64,
    lost: VecDeque<Packet>,
    again: VecDeque<Packet>,
    acks: VecDeque<Ack>,
    /// Of QUIC: the last so many of them are one message,
    together: usize,
    /// which goes off then at the latest.
    together_until_us: u64,
    srtt_us: f64,
    rttvar_us: f64,
    least_rtt_us: f64,
    /// HyStart's round: packets from here on belong to the next one,
    round_ends: u64,
    round_samples: u32,
    /// its shortest round trip and that of the one before.
    round_us: f64,
    last_round_us: f64,
    backoff: u32,
    heard_us: u64,
    sent_us: u64,
    delivered: u64,
    delivered_us: u64,
    first_sent_us: u64,
    limited_until: u64,
    rate: Option<(f64, bool)>,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            quic: false,
            congestion: Congestion::beside(0, PACKET_TCP),
            flying_bytes: 0,
            window: WINDOW_FIRST,
            threshold: f64::MAX,
            most: 0.0,
            plateau_s: 0.0,
            epoch_us: None,
            flying: 0,
            flying_most: 0,
            full_us: 0,
            used: 0,
            confirmed: 0,
            next_seq: BTreeMap::new(),
            next_order: 1,
            paid: 0,
            lost: VecDeque::new(),
            again: VecDeque::new(),
            acks: VecDeque::new(),
            together: 0,
            together_until_us: 0,
            srtt_us: 0.0,
            rttvar_us: 0.0,
            least_rtt_us: f64::MAX,
            round_ends: 0,
            round_samples: 0,
            round_us: f64::MAX,
            last_round_us: f64::MAX,
            backoff: 0,
            heard_us: 0,
            sent_us: 0,
            delivered: 0,
            delivered_us: 0,
            first_sent_us: 0,
            limited_until: 0,
            rate: None,
        }
    }
}

impl Sender {
    /// See `Link::delivery_bps`.
    pub(super) fn delivery_bps(&self) -> Option<f64> {
        if self.is_quic() {
            return None;
        }
        self.rate.filter(|(_, limited)| !limited).map(|(bps, _)| bps)
    }

    /// From now on as QUIC, in packets of so many bytes.
    pub(super) fn quic(&mut self, now_us: u64, packet: u64) {
        (self.quic, self.congestion) = (true, Congestion::new(now_us, packet + HEADER));
    }

    /// Streams wait for themselves only.
    pub(super) fn is_quic(&self) -> bool {
        self.quic
    }

    /// The window has room.
    pub(super) fn may_send(&mut self, now_us: u64) -> bool {
        let within = self.flying_bytes < self.congestion.window();
        if self.quic {
            return within;
        }
        if self.flying == 0 {
            // Idle: the window is halved for each timeout that passed (RFC 2861).
            let mut idle_us = now_us.saturating_sub(self.sent_us) as f64 - self.timeout_us();
            if idle_us > 0.0 {
                self.threshold = self.threshold.max(self.window * KEPT);
                (self.used, self.full_us) = (0, now_us);
            }
            while idle_us > 0.0 && self.window > WINDOW_FIRST {
                self.window = (self.window / 2.0).max(WINDOW_FIRST);
                self.epoch_us = None;
                idle_us -= self.timeout_us();
            }
        }
        within && (self.flying as f64) < self.window.max(1.0)
    }

    /// What is to be sent again.
    pub(super) fn again(&mut self, now_us: u64) -> Option<Packet> {
        let packet = self.again.pop_front()?;
        Some(self.stamped(now_us, packet, false))
    }

    /// What of this stream was lost is not sent again.
    pub(super) fn forget(&mut self, stream: u32) {
        self.again.retain(|packet| packet.stream != stream);
    }

    /// New cargo of a stream; `last`: nothing waits behind it.
    pub(super) fn send(&mut self, now_us: u64, stream: u32, cargo: Cargo, bytes: u64, last: bool) -> Packet {
        let next = self.next_seq.entry(stream).or_default();
        let seq = *next;
        *next += 1;
        let packet = Packet {
            stream,
            seq,
            bytes,
            cargo: Some(cargo),
            order: 0,
            sent_us: 0,
            delivered: 0,
            delivered_us: 0,
            first_sent_us: 0,
            app_limited: false,
        };
        self.stamped(now_us, packet, last)
    }

    fn stamped(&mut self, now_us: u64, mut packet: Packet, last: bool) -> Packet {
        if self.flying == 0 {
            (self.delivered_us, self.first_sent_us, self.heard_us) = (now_us, now_us, now_us);
        }
        self.flying += 1;
        self.flying_bytes += packet.bytes;
        self.flying_most = self.flying_most.max(self.flying);
        // To a kernel what our server holds back is not there.
        let dry = last || self.flying_bytes >= self.congestion.window();
        if dry || self.flying as f64 >= self.window {
            self.validate(now_us);
        }
        if dry && (self.flying as f64) < self.window {
            self.limited_until = self.next_order;
        }
        packet.order = self.next_order;
        packet.sent_us = now_us;
        packet.delivered = self.delivered;
        packet.delivered_us = self.delivered_us;
        packet.first_sent_us = self.first_sent_us;
        packet.app_limited = self.limited_until > 0;
        self.next_order += 1;
        self.sent_us = now_us;
        packet
    }

    /// A window that was not the limit for as long as a timeout comes half of the way down to what was used of it, over and over
    /// (`tcp_cwnd_validate`).
    fn validate(&mut self, now_us: u64) {
        if self.quic {
            return;
        }
        let flying = self.flying as f64;
        let limit = flying >= self.window || (self.window < self.threshold && flying * 2.0 > self.window);
        if !limit {
            self.used = self.used.max(self.flying);
            if (now_us.saturating_sub(self.full_us) as f64) < self.timeout_us() {
                return;
            }
            let used = WINDOW_FIRST.max(self.used as f64);
            // While losses are mended it stays.
            if used < self.window && self.confirmed >= self.paid {
                self.threshold = self.threshold.max(self.window * KEPT);
                self.window = f64::midpoint(self.window, used);
            }
        }
        (self.used, self.full_us) = (0, now_us);
    }

    /// Its acknowledgement is on the way.
    pub(super) fn arrived(&mut self, back_us: u64, packet: &Packet) {
        let at_us = if self.is_quic() {
            self.joins(back_us)
        } else {
            back_us.max(self.acks.back().map_or(0, |ack| ack.at_us))
        };
        self.acks.push_back(Ack {
            at_us,
            order: packet.order,
            bytes: packet.bytes,
            sent_us: packet.sent_us,
            delivered: packet.delivered,
            delivered_us: packet.delivered_us,
            first_sent_us: packet.first_sent_us,
            app_limited: packet.app_limited,
        });
    }

    /// When the message comes that confirms the packet whose confirmation could come now.
    fn joins(&mut self, back_us: u64) -> u64 {
        if self.together >= ACKED_TOGETHER || back_us >= self.together_until_us {
            let least_us = if self.least_rtt_us < f64::MAX { self.least_rtt_us } else { 0.0 };
            self.together = 0;
            self.together_until_us = back_us + (least_us * ACKED_AFTER).min(ACK_DELAY_US) as u64;
        }
        self.together += 1;
        if self.together == ACKED_TOGETHER {
            let others = self.acks.len().saturating_sub(ACKED_TOGETHER - 1);
            for ack in self.acks.range_mut(others..) {
                ack.at_us = back_us;
            }
            return back_us;
        }
        self.together_until_us
    }

    /// It was lost on the way; nobody knows yet.
    pub(super) fn dropped(&mut self, packet: Packet) {
        self.lost.push_back(packet);
    }

    fn timeout_us(&self) -> f64 {
        if self.is_quic() && self.srtt_us > 0.0 {
            let base = self.srtt_us + 4.0 * self.rttvar_us + ACK_DELAY_US;
            return (base * f64::from(1 << self.backoff.min(6))).min(TIMEOUT_MAX_US);
        }
        let base =
            if self.srtt_us > 0.0 { self.srtt_us + (4.0 * self.rttvar_us).max(TIMEOUT_MIN_US) } else { 1e6 };
        (base * f64::from(1 << self.backoff.min(6))).min(TIMEOUT_MAX_US)
    }

    /// When it hears something or gives up waiting for it.
    pub(super) fn next_us(&self) -> Option<u64> {
        let ack = self.acks.front().map(|ack| ack.at_us);
        let timeout = (!self.lost.is_empty()).then(|| self.heard_us + self.timeout_us() as u64);
        [ack, timeout].into_iter().flatten().min()
    }

    /// Takes what is due; `dry`: there is nothing else to send.
    pub(super) fn step(&mut self, now_us: u64, dry: bool) {
        while self.acks.front().is_some_and(|ack| ack.at_us <= now_us) {
            if let Some(ack) = self.acks.pop_front() {
                self.heard(now_us, &ack, dry);
                let whole = self.acks.front().is_none_or(|next| next.at_us > ack.at_us);
                if whole {
                    self.congestion.told(now_us, ack.order, self.next_order - 1);
                }
            }
        }
        if !self.lost.is_empty() && self.heard_us + self.timeout_us() as u64 <= now_us {
            self.threshold = (self.window * CUBIC_BETA).max(2.0);
            self.most = self.window;
            self.window = 1.0;
            self.epoch_us = None;
            self.backoff += 1;
            self.heard_us = now_us;
            self.paid = self.next_order;
            self.flying -= self.lost.len() as u64;
            let bytes = self.lost.iter().map(|packet| packet.bytes).sum();
            self.flying_bytes -= bytes;
            if self.quic {
                self.congestion.lost(bytes, self.backoff > 2);
            }
            self.again.extend(self.lost.drain(..));
        }
    }

    fn heard(&mut self, now_us: u64, ack: &Ack, dry: bool) {
        self.flying = self.flying.saturating_sub(1);
        self.flying_bytes = self.flying_bytes.saturating_sub(ack.bytes);
        self.heard_us = now_us;
        self.confirmed = self.confirmed.max(ack.order);
        self.backoff = 0;
        self.delivered += ack.bytes;
        self.delivered_us = now_us;
        self.first_sent_us = ack.sent_us;
        self.sample_rate(now_us, ack);
        if self.limited_until > 0 && ack.order > self.limited_until && !dry {
            self.limited_until = 0;
        }
        let rtt = (now_us - ack.sent_us) as f64;
        if self.srtt_us > 0.0 {
            self.rttvar_us += ((self.srtt_us - rtt).abs() - self.rttvar_us) / 4.0;
            self.srtt_us += (rtt - self.srtt_us) / 8.0;
        } else {
            (self.srtt_us, self.rttvar_us) = (rtt, rtt / 2.0);
        }
        self.least_rtt_us = self.least_rtt_us.min(rtt);
        self.losses(ack.order);
        let limited = !dry && self.flying_bytes + ack.bytes >= self.congestion.window();
        self.congestion.acked(now_us, ack.sent_us, ack.bytes, limited);
        if self.quic {
            return;
        }
        let used = self.flying_most as f64;
        if self.window < self.threshold {
            if self.slower(ack.order, rtt) {
                self.threshold = self.window;
            } else if used * 2.0 > self.window {
                self.window += 1.0;
            }
        } else if used + 1.0 >= self.window {
            self.grow(now_us);
        }
        // What was used lately, forgotten within a few round trips.
        if ack.order.is_multiple_of(64) {
            self.flying_most = self.flying;
        }
    }

    /// HyStart: the first round trips of this round are all longer than the shortest of the last one.
    fn slower(&mut self, order: u64, rtt_us: f64) -> bool {
        if order >= self.round_ends {
            self.round_ends = self.next_order;
            self.last_round_us = std::mem::replace(&mut self.round_us, f64::MAX);
            self.round_samples = 0;
        }
        self.round_samples += 1;
        if self.round_samples <= ROUND_SAMPLES {
            self.round_us = self.round_us.min(rtt_us);
        }
        let late_us = (self.last_round_us / 8.0).clamp(4_000.0, 16_000.0);
        self.round_samples == ROUND_SAMPLES
            && self.last_round_us < f64::MAX
            && self.round_us >= self.last_round_us + late_us
    }

    fn grow(&mut self, now_us: u64) {
        if self.epoch_us.is_none() {
            self.epoch_us = Some(now_us);
            self.most = self.most.max(self.window);
            self.plateau_s = ((self.most - self.window) / CUBIC_C).cbrt();
        }
        let t = (now_us - self.epoch_us.unwrap_or(now_us)) as f64 / 1e6 + self.least_rtt_us / 1e6;
        let wanted = CUBIC_C * (t - self.plateau_s).powi(3) + self.most;
        let step = ((wanted - self.window) / self.window).clamp(0.0, 0.5);
        // No slower than Reno.
        self.window += step.max(0.5 / self.window);
    }

    fn losses(&mut self, order: u64) {
        let mut pay = false;
        while self.lost.front().is_some_and(|packet| packet.order + REORDER <= order) {
            let Some(packet) = self.lost.pop_front() else { break };
            self.flying = self.flying.saturating_sub(1);
            self.flying_bytes = self.flying_bytes.saturating_sub(packet.bytes);
            if self.quic {
                self.congestion.lost(packet.bytes, false);
            }
            pay |= packet.order > self.paid;
            self.again.push_back(packet);
        }
        if pay {
            self.paid = self.next_order;
            self.most = self.window;
            self.window = (self.window * CUBIC_BETA).max(2.0);
            self.threshold = self.window;
            self.epoch_us = None;
        }
    }

    fn sample_rate(&mut self, now_us: u64, ack: &Ack) {
        let acked_us = now_us.saturating_sub(ack.delivered_us);
        let sent_us = ack.sent_us.saturating_sub(ack.first_sent_us);
        let us = acked_us.max(sent_us);
        if us == 0 || (us as f64) < self.least_rtt_us {
            return;
        }
        let bps = (self.delivered - ack.delivered) as f64 * 8e6 / us as f64;
        if !ack.app_limited || self.rate.is_none_or(|(had, _)| bps >= had) {
            self.rate = Some((bps, ack.app_limited));
        }
    }
}
