//! What of the cart outlives a reload: taps without an answer, as a text for the tab's own storage. Asked again under the same
//! keys they are held once, however often the page was loaded meanwhile. Keeps nothing itself.

use super::limits;
use crate::decimal::{self, decimal, signed};
use crate::texts::concat;
use hawker_wire::Wall;
use hawker_wire::proto::PlaceHold;

/// The text for these taps of `viewer` (as the Welcome names them); empty for none.
#[must_use]
pub fn write(taps: &[PlaceHold], viewer: &str, now: Wall) -> String {
    if taps.is_empty() {
        return String::new();
    }
    let mut text = concat(&[&decimal(now.as_ms()), " ", viewer]);
    for PlaceHold { key, product, sale, quantity, price, .. } in taps {
        let (quantity, price) = (decimal(u64::from(*quantity)), signed(*price));
        text.push_str(&concat(&["\n", key, "\t", product, "\t", sale, "\t", &quantity, "\t", &price]));
    }
    text
}

/// The taps of a text of [`write`]; none if it is another viewer's, too old or damaged.
#[must_use]
pub fn read(text: &str, viewer: &str, now: Wall) -> Vec<PlaceHold> {
    parse(text, viewer, now).unwrap_or_default()
}

fn parse(text: &str, viewer: &str, now: Wall) -> Option<Vec<PlaceHold>> {
    let mut lines = text.as_bytes().split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let age_ms = now.as_ms().checked_sub(decimal::parse(first.next()?)?)?;
    if first.next()? != viewer.as_bytes() || age_ms > limits::REMEMBERED.as_ms() {
        return None;
    }
    let mut taps = Vec::new();
    for line in lines.take(limits::PENDING) {
        taps.push(tap(line)?);
    }
    Some(taps)
}

fn tap(line: &[u8]) -> Option<PlaceHold> {
    let mut fields = line.split(|byte| *byte == b'\t');
    let mut text = || Some(str::from_utf8(fields.next()?).ok()?.to_owned());
    let (key, product, sale) = (text()?, text()?, text()?);
    let quantity = u32::try_from(decimal::parse(fields.next()?)?).ok()?;
    let price = fields.next()?;
    let price = match price.strip_prefix(b"-") {
        Some(price) => 0_i64.checked_sub_unsigned(decimal::parse(price)?)?,
        None => i64::try_from(decimal::parse(price)?).ok()?,
    };
    Some(PlaceHold { request: 0, key, product, sale, quantity, price })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_remembered_for_their_viewer_and_a_while() {
        let tap = |key: &str| PlaceHold {
            key: key.into(),
            product: "茶 pot".into(),
            quantity: 2,
            price: -1,
            ..PlaceHold::default()
        };
        let taps = [tap("AAAAAAAAAAAAAAAA"), tap("BBBBBBBBBBBBBBBB")];
        let (then, text) = (Wall(1_000_000), write(&taps, "me", Wall(1_000_000)));
        assert_eq!(read(&text, "me", then), taps);
        assert_eq!(read(&text, "me", Wall(then.as_ms() + limits::REMEMBERED.as_ms())), taps);
        assert_eq!(read(&text, "you", then), []);
        assert_eq!(read(&text, "me", Wall(then.as_ms() + limits::REMEMBERED.as_ms() + 1)), []);
        assert_eq!(read(&text, "me", Wall(then.as_ms() - 1)), [], "a clock that was set back");
        assert_eq!(write(&[], "me", then), "");
        for damaged in
            ["", "x", "1000000 me\nzz", "1000000 me\na\tb\tc\t1", "1000000 me\na\tb\tc\t-1\t5", "me 5"]
        {
            assert_eq!(read(damaged, "me", then), [], "{damaged}");
        }
    }
}
