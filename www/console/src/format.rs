//! Numbers as people read them. Money comes in minor units; how many make a major one is the currency's.

use js_sys::{Array, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// An amount of minor units, e.g. `¥12.50`.
pub(crate) fn money(minor: i64, currency: &str, locale: &str) -> String {
    let options = Object::new();
    let set =
        |key: &str, value: &str| Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    let _ = (set("style", "currency"), set("currency", currency), set("currencyDisplay", "narrowSymbol"));
    let locales = Array::of1(&JsValue::from_str(locale));
    let digits = i32::from(fraction_digits(currency));
    let major = minor as f64 / 10_f64.powi(digits);
    let format = Intl::NumberFormat::new(&locales, &options);
    match format.format().call1(&JsValue::UNDEFINED, &JsValue::from_f64(major)) {
        Ok(text) => text.as_string().unwrap_or_default(),
        Err(_) => format!("{major} {currency}"),
    }
}

/// An amount as typed (`12.5`) in minor units; `None` when it isn't one.
pub(crate) fn minor(typed: &str, currency: &str) -> Option<i64> {
    let digits = usize::from(fraction_digits(currency));
    let (whole, fraction) = typed.trim().split_once('.').unwrap_or((typed.trim(), ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || fraction.len() > digits || !plain(whole) || !plain(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}

/// Digits after the point, ISO 4217.
fn fraction_digits(currency: &str) -> u8 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// A rate of bits, e.g. `2.4 Mb/s`.
pub(crate) fn bits(per_second: f64) -> String {
    if per_second >= 1e6 {
        format!("{} Mb/s", tenths(per_second / 1e6))
    } else {
        format!("{} kb/s", (per_second / 1e3).round())
    }
}

/// With one digit after the point, none when that is zero.
pub(crate) fn tenths(number: f64) -> String {
    ((number * 10.0).round() / 10.0).to_string()
}

/// The time of day of a moment, `17:07:55`, where the browser is.
pub(crate) fn clock(wall_ms: u64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(wall_ms as f64));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// A time that is left, `4:07` or `1:04:07`.
pub(crate) fn left(ms: u64) -> String {
    let s = ms.div_ceil(1_000);
    let (hours, minutes, seconds) = (s / 3_600, s / 60 % 60, s % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_amounts_become_minor_units() {
        for (typed, currency, expected) in [
            ("12", "CNY", Some(1_200)),
            ("12.5", "CNY", Some(1_250)),
            (" 0.05 ", "CNY", Some(5)),
            ("12.505", "CNY", None),
            ("12", "JPY", Some(12)),
            ("12.5", "JPY", None),
            ("1.234", "KWD", Some(1_234)),
            ("", "CNY", None),
            (".5", "CNY", None),
            ("-1", "CNY", None),
            ("1e3", "CNY", None),
            ("9999999999999", "CNY", None),
        ] {
            assert_eq!(minor(typed, currency), expected, "{typed} {currency}");
        }
    }

    #[test]
    fn rates_and_times() {
        assert_eq!(bits(2_449_000.0), "2.4 Mb/s");
        assert_eq!(bits(128_400.0), "128 kb/s");
        assert_eq!(tenths(30.0), "30");
        for (ms, expected) in [(0, "0:00"), (1, "0:01"), (247_000, "4:07"), (3_847_000, "1:04:07")] {
            assert_eq!(left(ms), expected);
        }
    }
}
