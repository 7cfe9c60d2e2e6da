//! Money as the reader's country writes it: the browser's `Intl` does it. The only place where an amount becomes a float,
//! and only to be shown.

use super::browser::{Moment, NumberFormat, call, field};
use super::host::object;
use hawker_player_core::decimal::decimal;

/// `minor` units of `currency` in the manner of `lang`; the bare number when the browser knows no such currency.
pub(crate) fn show(lang: &str, currency: &str, minor: i64) -> String {
    let code = if currency.len() == 3 { currency } else { "USD" };
    let options = object(&[
        ("style", "currency".into()),
        ("currency", code.into()),
        ("currencyDisplay", "narrowSymbol".into()),
    ]);
    let format = NumberFormat::new(lang, &options);
    let digits = call(&format, "resolvedOptions").unwrap_or_default();
    let digits = field(&digits, "maximumFractionDigits").as_f64().unwrap_or(2.0);
    format.format(minor as f64 / 10_f64.powi(digits as i32))
}

/// A count in the manner of `lang`, shortened from ten thousand on: 1.2万, 12K.
pub(crate) fn count(lang: &str, count: u64) -> String {
    if count < 10_000 {
        return decimal(count);
    }
    let options = object(&[("notation", "compact".into()), ("maximumFractionDigits", 1.into())]);
    NumberFormat::new(lang, &options).format(count as f64)
}

/// The time of day of a wall time.
pub(crate) fn time_of_day(lang: &str, wall_ms: u64) -> String {
    Moment::new(wall_ms as f64).time(lang)
}

/// The hour and minute of a wall time, with its day where that is not soon.
pub(crate) fn moment(lang: &str, wall_ms: u64, day: bool) -> String {
    let mut options = vec![("hour", "2-digit".into()), ("minute", "2-digit".into())];
    if day {
        options.extend([("month", "short".into()), ("day", "numeric".into())]);
    }
    Moment::new(wall_ms as f64).written(lang, &object(&options))
}
