//! Whole numbers in decimal. `to_string` and `parse` would do, and bring much along into every viewer's page: the formatting of
//! everything, the parsing of every radix.

use crate::texts::concat;

/// A number.
#[must_use]
pub fn decimal(mut number: u64) -> String {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (number % 10) as u8;
        }
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let digits = digits.get(at..).unwrap_or_default();
    str::from_utf8(digits).unwrap_or_default().to_owned()
}

/// A number that may be negative.
#[must_use]
pub fn signed(number: i64) -> String {
    concat(&[if number < 0 { "-" } else { "" }, &decimal(number.unsigned_abs())])
}

/// The number that these digits make; `None` for anything else, and for what does not fit.
#[must_use]
pub fn parse(digits: &[u8]) -> Option<u64> {
    let mut number = None;
    for digit in digits {
        let digit = Some(digit.wrapping_sub(b'0')).filter(|digit| *digit < 10)?;
        number = Some(number.unwrap_or(0_u64).checked_mul(10)?.checked_add(u64::from(digit))?);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_standard_library_writes_them() {
        for number in [0, 7, 10, 99, 100, 1_795_363_200_000, u64::MAX - 1, u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
        for number in [0, 7, u64::MAX] {
            assert_eq!(parse(number.to_string().as_bytes()), Some(number));
        }
        for bad in ["", "-1", "+1", "1 ", "a", "18446744073709551616"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        for number in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(signed(number), number.to_string());
        }
    }
}
