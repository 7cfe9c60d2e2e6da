//! Money: integer minor units and a currency. No floats, no formatting rules of countries (the page's `Intl` does that).

/// An amount in minor units (cents, fen) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// An ISO 4217 currency code: three capital ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a code such as `CNY`; `None` unless it is three capital ASCII letters.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_iso_codes_parse() {
        assert_eq!(Currency::parse("CNY").map(|c| c.as_str().to_owned()).as_deref(), Some("CNY"));
        for bad in ["", "cny", "CN", "CNYY", "人民币"] {
            assert_eq!(Currency::parse(bad), None, "{bad}");
        }
    }
}
