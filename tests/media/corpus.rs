//! Replays the committed inputs of the fuzzers, so that what they found once stays found.

use hawker_tests::{fuzz, root};

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
            inputs += 1;
        }
        assert!(inputs > 0, "{target} has no corpus");
    }
}
