//! The congestion control of the core as QUIC asks for one. No rule of its own: those are in `hawker_server_core::congestion`.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use hawker_server_core::congestion::Congestion;
use hawker_server_core::congestion::limits::WINDOW_FIRST;
use quinn_proto::RttEstimator;
use web_transport_quinn::quinn::congestion::{Controller, ControllerFactory};

/// Makes one for each connection.
#[derive(Debug)]
pub(super) struct Live;

impl ControllerFactory for Live {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Adapter { began: now, sent: 0, core: Congestion::new(0, u64::from(current_mtu)) })
    }
}

/// Times are told from when the connection began.
#[derive(Clone, Debug)]
struct Adapter {
    began: Instant,
    /// The last packet.
    sent: u64,
    core: Congestion,
}

impl Adapter {
    fn us(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }
}

impl Controller for Adapter {
    fn on_sent(&mut self, _: Instant, _: u64, last_packet_number: u64) {
        self.sent = last_packet_number;
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, _: &RttEstimator) {
        self.core.acked(self.us(now), self.us(sent), bytes, !app_limited);
    }

    fn on_end_acks(&mut self, now: Instant, _: u64, _: bool, largest_packet_num_acked: Option<u64>) {
        if let Some(confirmed) = largest_packet_num_acked {
            self.core.told(self.us(now), confirmed, self.sent);
        }
    }

    fn on_congestion_event(
        &mut self,
        _: Instant,
        _: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.core.lost(lost_bytes, is_persistent_congestion);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.core.packet(u64::from(new_mtu));
    }

    fn window(&self) -> u64 {
        self.core.window()
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        WINDOW_FIRST
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
