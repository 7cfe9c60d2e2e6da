//! The icons: stroked paths on a 24 by 24 grid, built as elements (no markup strings).

use super::dom::{El, IntoText, svg};

/// The path data of an icon.
pub(crate) type Icon = &'static str;

pub(crate) const PLAY: Icon = "M7 4.5v15l12.5-7.5z";
pub(crate) const PAUSE: Icon = "M8 5v14M16 5v14";
pub(crate) const SOUND: Icon = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11";
pub(crate) const MUTED: Icon = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5";
pub(crate) const FULL: Icon = "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5";
pub(crate) const TUNE: Icon = "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5";
pub(crate) const CHART: Icon = "M5 20v-7M12 20V4M19 20v-11";
pub(crate) const HEART: Icon =
    "M12 20s-7.5-4.6-7.5-10.2A4.3 4.3 0 0 1 12 7.2a4.3 4.3 0 0 1 7.5 2.6C19.5 15.4 12 20 12 20z";
pub(crate) const SEND: Icon = "M4 12l16-8-5 16-3.5-6.5z";
pub(crate) const CLOSE: Icon = "M6 6l12 12M18 6L6 18";
pub(crate) const EXPAND: Icon = "M13 4h7v7M20 4l-8 8M11 20H4v-7M4 20l8-8";
pub(crate) const SHRINK: Icon = "M6 10l6 6 6-6";
pub(crate) const PEN: Icon = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";
pub(crate) const BAG: Icon = "M5 8h14l-1 12H6zM9 8V7a3 3 0 0 1 6 0v1";
pub(crate) const PEOPLE: Icon =
    "M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c0-3.5 3-5.5 7-5.5s7 2 7 5.5";

pub(crate) const SMALL: Icon = "M4 5h16v6M4 5v14h6M13 14h7v5h-7z";
pub(crate) const CLOCK: Icon = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2";
pub(crate) const CAMERA: Icon = "M3 7h11v10H3zM14 11l7-4v10l-7-4";
pub(crate) const FLAG: Icon = "M5 21V4h13l-3 4 3 4H5";
pub(crate) const SCREEN: Icon = "M3 5h18v12H3zM8 21h8M9 8l6 6M15 8l-6 6";
pub(crate) const LENS: Icon = "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21";
pub(crate) const CLOUD: Icon =
    "M7 18a4.5 4.5 0 0 1-.5-9A6 6 0 0 1 18 9.5a4.3 4.3 0 0 1-.5 8.5zM12 11v3M12 16h0";
pub(crate) const CUT: Icon =
    "M4 4l16 16M3 10a14 14 0 0 1 5-3M12 6a14 14 0 0 1 9 4M6 14a9 9 0 0 1 4.5-2.5M17 13.5l1 .5M12 19h0";
pub(crate) const LOCK: Icon = "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 15v1.5";
pub(crate) const GLOBE: Icon =
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c-4.5 5-4.5 13 0 18M12 3c4.5 5 4.5 13 0 18";
pub(crate) const ALERT: Icon = "M12 4L2.5 20h19zM12 10v4.5M12 17.5h0";
pub(crate) const TAP: Icon = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM10 8.5v7l5.5-3.5z";

/// An icon, hidden from readers: its button carries the name. The path may be followed.
pub(crate) fn icon(path: impl IntoText) -> El {
    let picture = svg("svg").attr("viewBox", "0 0 24 24").attr("aria-hidden", "true").class("icon");
    picture.child(svg("path").attr("d", path))
}
