//! The cart on simulated time: what a buyer notices of taps, answers, lost links and other tabs.

use super::*;

fn cart() -> Cart {
    let mut cart = Cart::new(11);
    cart.handle(Instant::ZERO, Input::Online(true));
    cart
}

fn tap() -> Input {
    Input::Want(Want { product: "p".into(), sale: "s".into(), quantity: 1, price: 990 })
}

fn drain(cart: &mut Cart) -> Vec<Output> {
    std::iter::from_fn(|| cart.poll()).filter(|output| *output != Output::Changed).collect()
}

fn placed(outputs: &[Output]) -> Vec<PlaceHold> {
    outputs
        .iter()
        .filter_map(|o| if let Output::Place(place) = o { Some(place.clone()) } else { None })
        .collect()
}

fn hold(id: &str, state: hold::State, placed_ms: u64) -> Hold {
    Hold {
        id: id.into(),
        product: "p".into(),
        sale: "s".into(),
        state: state.into(),
        placed_ms,
        ..Hold::default()
    }
}

#[test]
fn row_38_a_tap_is_held_and_checked_out_once() {
    let mut cart = cart();
    cart.handle(Instant::ZERO, tap());
    cart.handle(Instant::ZERO, tap());
    let outputs = drain(&mut cart);
    let [place] = &placed(&outputs)[..] else { panic!("a second tap asks again: {outputs:?}") };
    assert!(place.key.len() >= 16 && place.key.bytes().all(|b| KEY_ALPHABET.contains(&b)), "{}", place.key);
    assert!(cart.busy("p", "s"));
    let held = hold("h1", hold::State::Held, 5);
    let reply = HoldReply { request: place.request, hold: Some(held.clone()), ..HoldReply::default() };
    cart.handle(Instant::from_ms(5), Input::Reply(reply.clone()));
    cart.handle(Instant::from_ms(6), Input::Reply(reply));
    assert_eq!(drain(&mut cart), [Output::Held(held.clone())]);
    assert_eq!((cart.holds(), cart.busy("p", "s"), cart.wake()), (&[held][..], false, None));
}

#[test]
fn row_38_a_lost_link_repeats_the_same_key() {
    let mut cart = cart();
    cart.handle(Instant::ZERO, tap());
    let first = placed(&drain(&mut cart));
    cart.handle(Instant::from_ms(10), Input::Online(false));
    assert_eq!(cart.wake(), None);
    cart.handle(Instant::from_ms(60_000), Input::Online(true));
    assert_eq!(placed(&drain(&mut cart)), first);
    cart.tick(Instant::from_ms(60_000) + limits::REPEAT);
    assert_eq!(placed(&drain(&mut cart)), first);
    cart.tick(Instant::from_ms(600_000));
    let outputs = drain(&mut cart);
    assert!(placed(&outputs).iter().all(|place| *place == first[0]));
    assert!(matches!(outputs.last(), Some(Output::NoAnswer(_))), "told after {} repeats", limits::REPEATS);
    cart.handle(Instant::from_ms(600_001), tap());
    assert_ne!(placed(&drain(&mut cart))[0].key, first[0].key, "a new tap is a new purchase");
}

#[test]
fn row_38_a_reload_asks_again_under_the_same_key_and_only_while_there_is_no_answer() {
    let mut before = cart();
    before.handle(Instant::ZERO, tap());
    let first = placed(&drain(&mut before));
    let left = before.unanswered();
    let mut after = Cart::new(12);
    after.handle(Instant::ZERO, Input::Again(left));
    after.handle(Instant::ZERO, tap());
    assert!(after.busy("p", "s") && drain(&mut after).is_empty(), "nothing leaves before the room is there");
    after.handle(Instant::ZERO, Input::Online(true));
    let again = placed(&drain(&mut after));
    assert_eq!(again.iter().map(|p| &p.key).collect::<Vec<_>>(), [&first[0].key]);
    let held = Some(hold("h1", hold::State::Held, 5));
    let reply = HoldReply { request: again[0].request, hold: held, ..HoldReply::default() };
    after.handle(Instant::from_ms(5), Input::Reply(reply));
    assert_eq!((after.unanswered(), after.holds().len()), (vec![], 1));
}

#[test]
fn refusals_reach_the_buyer_and_too_fast_is_tried_again() {
    let mut cart = cart();
    cart.handle(Instant::ZERO, tap());
    let request = placed(&drain(&mut cart))[0].request;
    let fast = HoldReply { request, refusal: Refusal::TooFast.into(), retry_ms: 250, ..HoldReply::default() };
    cart.handle(Instant::from_ms(1), Input::Reply(fast));
    assert!(drain(&mut cart).is_empty());
    cart.tick(Instant::from_ms(251));
    assert_eq!(placed(&drain(&mut cart)).len(), 1);
    let gone = HoldReply { request, refusal: Refusal::SoldOut.into(), ..HoldReply::default() };
    cart.handle(Instant::from_ms(300), Input::Reply(gone.clone()));
    let outputs = drain(&mut cart);
    assert!(matches!(&outputs[..], [Output::Refused(want, reply)] if want.product == "p" && *reply == gone));
}

#[test]
fn another_tab_shows_but_does_not_check_out() {
    let mut cart = cart();
    cart.handle(Instant::ZERO, Input::Hold(hold("h1", hold::State::Held, 1)));
    assert!(drain(&mut cart).is_empty());
    cart.handle(Instant::ZERO, Input::Hold(hold("h1", hold::State::Paid, 1)));
    assert!(matches!(&drain(&mut cart)[..], [Output::Paid(hold)] if hold.id == "h1"));
    cart.handle(Instant::ZERO, Input::Hold(hold("h1", hold::State::Held, 1)));
    assert_eq!(cart.holds()[0].state(), hold::State::Paid, "an overtaken answer opens nothing again");
}

#[test]
fn a_reload_finds_its_holds_and_the_list_is_bounded() {
    let mut cart = cart();
    cart.handle(
        Instant::ZERO,
        Input::Holds(vec![hold("a", hold::State::Held, 1), hold("b", hold::State::Paid, 9)]),
    );
    assert_eq!(cart.holds().iter().map(|h| h.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    for n in 0..500 {
        cart.handle(Instant::ZERO, Input::Hold(hold(&format!("x{n}"), hold::State::Expired, 10 + n)));
    }
    assert_eq!(cart.holds().len(), limits::HOLDS);
    assert!(cart.holds().iter().any(|h| h.id == "a"), "an open hold is never the one to leave");
}

#[test]
fn giving_back_is_asked_once() {
    let mut cart = cart();
    cart.handle(Instant::ZERO, Input::Hold(hold("h1", hold::State::Held, 1)));
    cart.handle(Instant::ZERO, Input::Cancel("h1".into()));
    cart.handle(Instant::ZERO, Input::Cancel("h1".into()));
    let outputs = drain(&mut cart);
    let [Output::Cancel(cancel)] = &outputs[..] else { panic!("{outputs:?}") };
    let hold = Some(hold("h1", hold::State::Cancelled, 1));
    cart.handle(
        Instant::ZERO,
        Input::Reply(HoldReply { request: cancel.request, hold, ..HoldReply::default() }),
    );
    assert_eq!((cart.holds()[0].state(), cart.cancelling("h1")), (hold::State::Cancelled, false));
}
