//! What the page relies on: who hears of a change, in which order, how often, and what goes with what.

use super::super::graph::{RUNS_MAX, places};
use super::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

/// What a follower saw, one after the other.
fn seen<T: 'static>(look: impl Fn() -> T + 'static) -> Rc<RefCell<Vec<T>>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let all = seen.clone();
    follow(move || {
        let next = look();
        all.borrow_mut().push(next);
    });
    seen
}

#[wasm_bindgen_test]
fn readers_hear_of_changes_once_a_turn() {
    let part = Part::new();
    part.build(|| {
        let (a, b) = (Signal::new(1), Signal::new(10));
        let sums = seen(move || a.get() + b.get());
        a.set(2);
        b.set(20);
        settle();
        b.show(20);
        settle();
        assert_eq!(*sums.borrow(), [11, 22]);
    });
    part.end();
}

#[wasm_bindgen_test]
fn what_is_worked_out_is_never_seen_half_changed() {
    let part = Part::new();
    part.build(|| {
        let a = Signal::new(1);
        let twice = Signal::of(move || a.get() * 2);
        let even = Signal::of(move || twice.get() % 4 == 0);
        let all = seen(move || (a.get(), twice.get(), even.get()));
        let evens = seen(move || even.get());
        for next in [2, 4] {
            a.set(next);
            settle();
        }
        assert_eq!(*all.borrow(), [(1, 2, false), (2, 4, true), (4, 8, true)]);
        assert_eq!(*evens.borrow(), [false, true], "the same again is no news");
    });
    part.end();
}

#[wasm_bindgen_test]
fn only_what_was_read_last_counts() {
    let part = Part::new();
    part.build(|| {
        let (which, a, b) = (Signal::new(true), Signal::new(1), Signal::new(5));
        let all = seen(move || if which.get() { a.get() } else { b.get() + untrack(|| a.get()) });
        which.set(false);
        settle();
        a.set(2);
        settle();
        b.set(6);
        settle();
        assert_eq!(*all.borrow(), [1, 6, 8]);
    });
    part.end();
}

#[wasm_bindgen_test]
fn what_a_run_made_goes_with_the_next_run_and_with_its_part() {
    struct Told(Rc<RefCell<u32>>);
    impl Drop for Told {
        fn drop(&mut self) {
            *self.0.borrow_mut() += 1;
        }
    }
    let gone = Rc::new(RefCell::new(0));
    let part = Part::new();
    let (again, inner) = part.build(|| {
        let (again, inner) = (Signal::new(0), Signal::new(0));
        let gone = gone.clone();
        follow(move || {
            again.track();
            keep(Told(gone.clone()));
            follow(move || inner.track());
        });
        (again, inner)
    });
    let before = places();
    for turn in 1..=100 {
        again.set(turn);
        settle();
        assert_eq!(*gone.borrow(), turn);
    }
    assert_eq!(places(), before, "places are used again");
    inner.set(1);
    part.end();
    settle();
    assert_eq!(*gone.borrow(), 101);
    again.set(5);
    settle();
    assert_eq!(*gone.borrow(), 101, "a timer that comes late does nothing");
}

#[wasm_bindgen_test]
fn a_circle_ends() {
    let part = Part::new();
    part.build(|| {
        let a = Signal::new(0_u32);
        follow(move || a.set(a.get() + 1));
        settle();
        assert!(a.peek(|a| *a) as usize <= RUNS_MAX + 1);
    });
    part.end();
}
