//! The box scanner on real shapes and on hostile bytes. What it must not do: depend on where bytes are cut, panic, or
//! remember media.

use hawker_wire::Wall;
use hawker_wire::media::{Kind, Scanner, Unit};

fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = ((body.len() + 8) as u32).to_be_bytes().to_vec();
    out.extend(name);
    out.extend(body);
    out
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn trak(id: u32, handler: &[u8; 4], timescale: u32) -> Vec<u8> {
    let tkhd = boxed(b"tkhd", &words(&[0, 0, 0, id, 0, 0]));
    let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, timescale, 0, 0]));
    let hdlr = boxed(b"hdlr", &[&words(&[0, 0])[..], handler, &[0; 13]].concat());
    boxed(b"trak", &[tkhd, boxed(b"mdia", &[mdhd, hdlr].concat())].concat())
}

fn moov() -> Vec<u8> {
    let trex = boxed(b"trex", &words(&[0, 2, 1, 1024, 0, 0x0200_0000]));
    boxed(b"moov", &[trak(1, b"vide", 1_000), trak(2, b"soun", 48_000), boxed(b"mvex", &trex)].concat())
}

fn chunk(track: u32, start: u64, duration: Option<u32>, flags: u32, media: usize) -> Vec<u8> {
    fragment(
        track,
        start,
        duration,
        flags,
        &[boxed(b"trun", &words(&[0x0000_0201, 1, 0, media as u32]))],
        media,
    )
}

fn fragment(
    track: u32,
    start: u64,
    duration: Option<u32>,
    flags: u32,
    runs: &[Vec<u8>],
    media: usize,
) -> Vec<u8> {
    let mut tfhd = words(&[0x0002_0000, track]);
    if let Some(duration) = duration {
        tfhd = words(&[0x0002_0028, track, duration, flags]);
    }
    let tfdt = [words(&[0x0100_0000]), start.to_be_bytes().to_vec()].concat();
    let traf = [boxed(b"tfhd", &tfhd), boxed(b"tfdt", &tfdt), runs.concat()].concat();
    // 1,000 ms after 1970 in NTP form.
    let prft = [words(&[0x0100_0000, track, 2_208_988_801, 0]), start.to_be_bytes().to_vec()].concat();
    let moof = [boxed(b"mfhd", &words(&[0, 1])), boxed(b"traf", &traf)].concat();
    [boxed(b"prft", &prft), boxed(b"moof", &moof), boxed(b"mdat", &vec![7; media])].concat()
}

fn object() -> Vec<u8> {
    [
        boxed(b"ftyp", b"cmf2"),
        moov(),
        chunk(1, 40, Some(33), 0x0200_0000, 900),
        chunk(2, 1_920, None, 0, 200),
        boxed(b"free", &[0; 5]),
        chunk(1, 73, Some(33), 0x0101_0000, 0),
    ]
    .concat()
}

fn scan(bytes: &[u8], step: usize) -> Vec<Unit> {
    let mut scanner = Scanner::new();
    let mut units = Vec::new();
    for piece in bytes.chunks(step) {
        scanner.feed(piece, |unit| units.push(unit)).expect("a good object");
    }
    units
}

#[test]
fn units_carry_times_keys_and_lengths() {
    let bytes = object();
    let units = scan(&bytes, bytes.len());
    let mut at = 0;
    let mut seen = Vec::new();
    for unit in &units {
        match unit {
            Unit::Init { init, len } => {
                assert!(init.has(Kind::Video) && init.has(Kind::Audio));
                at += len;
            }
            Unit::Chunk { chunk, len } => {
                assert_eq!(chunk.made, Some(Wall(1_000)));
                seen.push((chunk.kind, chunk.start_s(), chunk.end_s(), chunk.key));
                at += len;
            }
        }
    }
    assert_eq!(at, bytes.len() as u64, "every byte belongs to a unit");
    assert_eq!(
        seen,
        [
            (Kind::Video, 0.040, 0.073, true),
            (Kind::Audio, 0.040, 2_944.0 / 48_000.0, true),
            (Kind::Video, 0.073, 0.106, false)
        ]
    );
}

#[test]
fn of_several_samples_the_last_is_known() {
    let own = |samples: &[u32]| {
        let fields = samples.iter().flat_map(|duration| [*duration, 9]);
        let head = [0x0000_0301, samples.len() as u32, 0];
        boxed(b"trun", &words(&head.into_iter().chain(fields).collect::<Vec<_>>()))
    };
    let alike = boxed(b"trun", &words(&[0x0000_0001, 3, 0]));
    let cases = [
        (vec![own(&[33, 34, 33])], 0.107, vec![0.040, 0.0735, 0.107]),
        (vec![own(&[33]), own(&[40, 60])], 0.113, vec![0.040, 0.113]),
        (vec![alike], 0.106, vec![0.040, 0.073, 0.106]),
        (vec![own(&[0, 0])], 0.040, vec![0.040]),
        (
            vec![own(&[9_000_000, 1])],
            9_000.040,
            (0..64).map(|n| 0.04 + f64::from(n) * 9_000.0 / 63.0).collect(),
        ),
    ];
    for (runs, last_s, starts_s) in cases {
        let bytes = [boxed(b"ftyp", b"cmf2"), moov(), fragment(1, 40, Some(33), 0, &runs, 9)].concat();
        let units = scan(&bytes, bytes.len());
        let Some(Unit::Chunk { chunk, .. }) = units.last() else { panic!("{units:?}") };
        assert_eq!(chunk.last_s(), last_s);
        let seen: Vec<f64> = chunk.starts_s().collect();
        assert!(seen.len() == starts_s.len(), "{seen:?}");
        assert!(
            seen.iter().zip(&starts_s).all(|(seen, start)| (seen - start).abs() < 1e-6),
            "{seen:?} {starts_s:?}"
        );
    }
}

#[test]
fn cutting_elsewhere_changes_nothing() {
    let bytes = object();
    let whole = scan(&bytes, bytes.len());
    for step in 1..64 {
        assert_eq!(scan(&bytes, step), whole, "pieces of {step}");
    }
}

#[test]
fn hostile_bytes_end_in_an_error_and_never_in_a_panic() {
    let check = |bytes: &[u8], what: &str| {
        let error = Scanner::new().feed(bytes, |_| {}).unwrap_err();
        assert_eq!(error.what, what);
    };
    check(&[0, 0, 0, 0, b'm', b'd', b'a', b't'], "a box without an end");
    check(&[0, 0, 0, 4, b'f', b'r', b'e', b'e'], "a box shorter than its header");
    check(&boxed(b"mdat", b"x"), "media without a header");
    check(&boxed(b"moof", b""), "a fragment before the init segment");
    check(&boxed(b"moov", b""), "an init segment without tracks");
    check(&[0x7f, 0, 0, 0, b'm', b'o', b'o', b'v'], "a header box longer than its limit");

    // Every single-byte change of a good object, and every truncation: no panic, and no more units than the good one has.
    let good = object();
    for at in 0..good.len().min(1_200) {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            let mut units = 0;
            let _ = Scanner::new().feed(&bad, |_| units += 1);
            assert!(units <= 4);
        }
        let _ = Scanner::new().feed(&good[..at], |_| {});
    }
}
