//! Replays the committed inputs of the fuzzers, so that what they found once stays found, and bends each a little in ways that
//! are the same in every run.

use hawker_tests::{fuzz, root};

/// Bent copies of each input.
const BENT: u64 = 300;

#[test]
fn every_committed_input_keeps_the_promises() {
    for (target, run) in fuzz::TARGETS {
        let folder = root().join("tests/fuzz/corpus").join(target);
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut inputs = 0;
        for file in files {
            let data = std::fs::read(file.unwrap().path()).unwrap();
            run(&data);
            // And every beginning of it, since a peer may stop anywhere.
            (0..data.len().min(512)).for_each(|end| run(&data[..end]));
            (0..BENT).for_each(|seed| run(&bend(&data, seed)));
            inputs += 1;
        }
        assert!(inputs > 0, "{target} has no corpus");
    }
}

/// Changes, repeats or removes a few bytes.
fn bend(data: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = |below: usize| {
        // xorshift64 (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % below.max(1)
    };
    let mut data = data.to_vec();
    for _ in 0..1 + seed % 8 {
        let at = random(data.len());
        let end = (at + random(16)).min(data.len());
        match random(5) {
            0 => data[at.min(end)..end].fill(0xff),
            1 => data[at.min(end)..end].fill(0),
            2 => drop(data.drain(at.min(end)..end)),
            3 => {
                let copy = data[at.min(end)..end].to_vec();
                data.splice(at..at, copy);
            }
            _ => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << random(8);
                }
            }
        }
    }
    data
}
