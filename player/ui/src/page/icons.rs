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

/// An icon, hidden from readers: its button carries the name. The path may be followed.
pub(crate) fn icon(path: impl IntoText) -> El {
    let picture = svg("svg").attr("viewBox", "0 0 24 24").attr("aria-hidden", "true").class("icon");
    picture.child(svg("path").attr("d", path))
}
