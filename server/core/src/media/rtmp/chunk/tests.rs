//! Chunk streams: every header type, extended timestamps, chunk sizes, aborts, hostile lengths, and bytes cut anywhere.

use proptest::prelude::*;

use super::*;

fn read_all(reader: &mut Reader, bytes: &[u8]) -> Result<Vec<Message>, ChunkError> {
    let mut buffer = BytesMut::from(bytes);
    core::iter::from_fn(|| reader.next(&mut buffer).transpose()).collect()
}

#[track_caller]
fn check(bytes: &[&[u8]], expect: &[(u8, u32, u32, &[u8])]) {
    let messages = read_all(&mut Reader::default(), &bytes.concat()).unwrap();
    let messages: Vec<_> = messages.iter().map(|m| (m.kind, m.stream, m.stamp, &m.body[..])).collect();
    assert_eq!(messages, expect);
}

#[test]
fn header_types_leave_out_what_stays_the_same() {
    check(
        &[
            b"\x04\x00\x00\x0a\x00\x00\x02\x09\x01\x00\x00\x00ab",
            b"\x44\x00\x00\x05\x00\x00\x01\x08c",
            b"\x84\x00\x00\x03d",
            b"\xc4e",
        ],
        &[(9, 1, 10, b"ab"), (8, 1, 15, b"c"), (8, 1, 18, b"d"), (8, 1, 21, b"e")],
    );
}

#[test]
fn type_3_after_type_0_adds_the_stamp_itself() {
    check(
        &[b"\x04\x00\x00\x17\x00\x00\x01\x08\x01\x00\x00\x00a", b"\xc4b"],
        &[(8, 1, 23, b"a"), (8, 1, 46, b"b")],
    );
}

#[test]
fn ids_of_two_and_three_bytes() {
    check(
        &[
            b"\x00\x00\x00\x00\x01\x00\x00\x01\x08\0\0\0\0a",
            b"\x01\x01\x02\x00\x00\x02\x00\x00\x01\x08\0\0\0\0b",
        ],
        &[(8, 0, 1, b"a"), (8, 0, 2, b"b")],
    );
}

#[test]
fn extended_stamp_is_repeated_on_type_3_or_left_out() {
    let first: &[u8] = b"\x04\xff\xff\xff\x00\x00\x82\x09\x01\x00\x00\x00\x01\x00\x00\x00";
    let (a, b) = ([1; 128], [2, 3]);
    let whole: &[u8] = &[&a[..], &b[..]].concat();
    check(&[first, &a, b"\xc4\x01\x00\x00\x00", &b], &[(9, 1, 0x0100_0000, whole)]);
    // The encoder that leaves it out: told from payload once four more bytes are there.
    check(
        &[first, &a, b"\xc4", &b, b"\x05\0\0\0\0\0\x01\x08\0\0\0\0z"],
        &[(9, 1, 0x0100_0000, whole), (8, 0, 0, b"z")],
    );
}

#[test]
fn messages_interleave_and_chunk_sizes_change() {
    check(
        &[
            b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\x02",
            b"\x04\0\0\x01\0\0\x03\x09\x01\0\0\0ab",
            b"\x05\0\0\x02\0\0\x03\x08\x01\0\0\0xy",
            b"\xc4c",
            b"\xc5z",
        ],
        &[(9, 1, 1, b"abc"), (8, 1, 2, b"xyz")],
    );
}

#[test]
fn abort_drops_what_has_come_of_a_message() {
    let head: &[u8] = b"\x04\0\0\x01\0\0\x82\x09\x01\0\0\0";
    check(
        &[
            head,
            &[1; 128],
            b"\x02\0\0\0\0\0\x04\x02\0\0\0\0\0\0\0\x04",
            b"\x84\0\0\x01",
            &[2; 128],
            b"\xc4\x02\x02",
        ],
        &[(9, 1, 2, &[2; 130])],
    );
}

#[test]
fn empty_messages() {
    check(&[b"\x04\0\0\x01\0\0\0\x08\x01\0\0\0"], &[(8, 1, 1, b"")]);
}

#[test]
fn what_cannot_be_is_refused() {
    let refuse = |bytes: &[u8]| read_all(&mut Reader::default(), bytes).unwrap_err();
    assert_eq!(refuse(b"\xc4"), ChunkError::NoPredecessor);
    assert_eq!(refuse(b"\x84\0\0\x01"), ChunkError::NoPredecessor);
    assert_eq!(refuse(b"\x04\0\0\0\xff\xff\xff\x09\x01\0\0\0"), ChunkError::Length(0x00ff_ffff));
    assert_eq!(refuse(b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\0"), ChunkError::ChunkSize);
    let many: Vec<u8> =
        (0..40).flat_map(|id| [&[id + 3][..], b"\0\0\0\0\0\x01\x08\0\0\0\0a"].concat()).collect();
    assert_eq!(refuse(&many), ChunkError::Streams);
}

#[test]
fn memory_is_bounded_over_all_chunk_streams() {
    let mut reader = Reader::default();
    read_all(&mut reader, b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\x40\0\0").unwrap();
    let begin = |id: u8| [&[id][..], b"\0\0\0\x7f\xff\xff\x09\x01\0\0\0", &vec![0; 0x40_0000]].concat();
    assert_eq!(read_all(&mut reader, &begin(4)), Ok(vec![]));
    assert_eq!(read_all(&mut reader, &begin(5)), Ok(vec![]));
    assert_eq!(read_all(&mut reader, &begin(6)), Err(ChunkError::Streams));
}

fn messages() -> impl Strategy<Value = Vec<(u8, Message)>> {
    let stamp = prop_oneof![0..0x00ff_ffff_u32, 0x00ff_fff0..0x0100_0010_u32, any::<u32>()];
    let message = (2..8_u8, 7..30_u8, 0..3_u32, stamp, proptest::collection::vec(any::<u8>(), 0..400));
    let message = message
        .prop_map(|(id, kind, stream, stamp, body)| (id, Message { kind, stream, stamp, body: body.into() }));
    proptest::collection::vec(message, 1..12)
}

proptest! {
    #[test]
    fn bytes_cut_anywhere_give_the_same_messages(
        messages in messages(),
        sizes in proptest::collection::vec(1..300_u32, 1..4),
        cuts in proptest::collection::vec(1..60_usize, 1..40),
    ) {
        let (mut writer, mut out) = (Writer::default(), BytesMut::new());
        for (index, (id, message)) in messages.iter().enumerate() {
            if let Some(size) = sizes.get(index) {
                writer.set_chunk_size(&mut out, *size);
            }
            writer.write(&mut out, *id, message);
        }
        let expect: Vec<_> = messages.into_iter().map(|(_, message)| message).collect();

        let mut reader = Reader::default();
        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        let mut cuts = cuts.iter().cycle();
        while !out.is_empty() {
            let cut = (*cuts.next().unwrap()).min(out.len());
            buffer.extend_from_slice(&out.split_to(cut));
            while let Some(message) = reader.next(&mut buffer).unwrap() {
                got.push(message);
            }
        }
        prop_assert_eq!(got, expect);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = read_all(&mut Reader::default(), &bytes);
    }
}
