//! Money as the reader's country writes it: the browser's `Intl` does it. The only place where an amount becomes a float,
//! and only to be shown.

use js_sys::{Array, Function, Intl, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::host::object;

/// `minor` units of `currency` in the manner of `lang`; the bare number when the browser knows no such currency.
pub(crate) fn show(lang: &str, currency: &str, minor: i64) -> String {
    let code = if currency.len() == 3 { currency } else { "USD" };
    let options = object(&[
        ("style", "currency".into()),
        ("currency", code.into()),
        ("currencyDisplay", "narrowSymbol".into()),
    ]);
    let format = Intl::NumberFormat::new(&Array::of1(&lang.into()), options.unchecked_ref());
    let digits = Reflect::get(&format.resolved_options(), &"maximumFractionDigits".into())
        .ok()
        .and_then(|digits| digits.as_f64())
        .unwrap_or(2.0);
    let amount = minor as f64 / 10_f64.powi(digits as i32);
    let function: Function = format.format().unchecked_into();
    function
        .call1(&JsValue::UNDEFINED, &amount.into())
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

/// A count in the manner of `lang`, shortened from ten thousand on: 1.2万, 12K.
pub(crate) fn count(lang: &str, count: u64) -> String {
    if count < 10_000 {
        return count.to_string();
    }
    let options = object(&[("notation", "compact".into()), ("maximumFractionDigits", 1.into())]);
    let format = Intl::NumberFormat::new(&Array::of1(&lang.into()), options.unchecked_ref());
    let function: Function = format.format().unchecked_into();
    let text = function.call1(&JsValue::UNDEFINED, &(count as f64).into()).ok();
    text.and_then(|text| text.as_string()).unwrap_or_else(|| count.to_string())
}

/// The time of day of a wall time.
pub(crate) fn time_of_day(lang: &str, wall_ms: u64) -> String {
    let date = js_sys::Date::new(&(wall_ms as f64).into());
    date.to_locale_time_string(lang).into()
}
