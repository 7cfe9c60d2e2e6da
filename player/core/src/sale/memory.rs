//! What of the cart outlives a reload: taps without an answer, as a text for the tab's own storage. Asked again under the same
//! keys they are held once, however often the page was loaded meanwhile. Keeps nothing itself.

use super::limits;
use hawker_wire::Wall;
use hawker_wire::proto::PlaceHold;

/// The text for these taps of `viewer` (as the Welcome names them); empty for none.
#[must_use]
pub fn write(taps: &[PlaceHold], viewer: &str, now: Wall) -> String {
    if taps.is_empty() {
        return String::new();
    }
    let mut text = [&now.as_ms().to_string(), " ", viewer].concat();
    for PlaceHold { key, product, sale, quantity, price, .. } in taps {
        let (quantity, price) = (quantity.to_string(), price.to_string());
        text.push('\n');
        text.push_str(&[key, product, sale, &quantity, &price].map(String::as_str).join("\t"));
    }
    text
}

/// The taps of a text of [`write`]; none if it is another viewer's, too old or damaged.
#[must_use]
pub fn read(text: &str, viewer: &str, now: Wall) -> Vec<PlaceHold> {
    parse(text, viewer, now).unwrap_or_default()
}

fn parse(text: &str, viewer: &str, now: Wall) -> Option<Vec<PlaceHold>> {
    let mut lines = text.lines();
    let (written, whose) = lines.next()?.split_once(' ')?;
    let age_ms = now.as_ms().checked_sub(written.parse().ok()?)?;
    if whose != viewer || age_ms > limits::REMEMBERED.as_ms() {
        return None;
    }
    lines.take(limits::PENDING).map(tap).collect()
}

fn tap(line: &str) -> Option<PlaceHold> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(PlaceHold {
        request: 0,
        key: next()?.to_owned(),
        product: next()?.to_owned(),
        sale: next()?.to_owned(),
        quantity: next()?.parse().ok()?,
        price: next()?.parse().ok()?,
    })
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
