//! Frames to bytes and back. Decides nothing.

use bytes::Bytes;
use hawker_wire::proto::{self, ClientFrame, ServerFrame, client_frame, goodbye, server_frame};
use prost::Message;

use super::limits;

/// A frame as it goes out.
#[must_use]
pub fn encode(kind: server_frame::Kind) -> Bytes {
    ServerFrame { kind: Some(kind) }.encode_to_vec().into()
}

/// The last frame of a connection.
#[must_use]
pub fn goodbye(code: goodbye::Code, reason: &str) -> Bytes {
    encode(server_frame::Kind::Goodbye(proto::Goodbye {
        code: close_code(code).into(),
        reason: reason.to_owned(),
    }))
}

/// The WebSocket close code that says the same.
#[must_use]
pub fn close_code(code: goodbye::Code) -> u16 {
    u16::try_from(i32::from(code)).unwrap_or(1_011)
}

/// What a client sent. `Ok(None)`: a kind of frame that this version does not know, to be skipped.
///
/// # Errors
/// With the reason for the close when it is no frame at all.
pub fn decode(bytes: &[u8]) -> Result<Option<client_frame::Kind>, &'static str> {
    if bytes.len() > limits::FRAME_BYTES {
        return Err("frame too big");
    }
    ClientFrame::decode(bytes).map(|frame| frame.kind).map_err(|_| "frame does not decode")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_skipped_and_what_is_broken_is_refused() {
        assert_eq!(decode(&[]), Ok(None));
        // Field 99, a length-delimited value of one byte.
        assert_eq!(decode(&[0x9a, 0x06, 0x01, 0x00]), Ok(None));
        // A Ping with an unknown field 15 of varint 1 inside.
        assert_eq!(
            decode(&[0x32, 0x04, 0x08, 0x07, 0x78, 0x01]),
            Ok(Some(client_frame::Kind::Ping(proto::Ping { sent: 7 })))
        );
        assert!(decode(&[0x0a, 0x7f]).is_err());
        assert!(decode(&vec![0; limits::FRAME_BYTES + 1]).is_err());
    }

    #[test]
    fn close_codes_tell_whether_to_come_back() {
        use goodbye::Code;
        for (code, number) in
            [(Code::Restart, 4_000), (Code::Slow, 4_001), (Code::Protocol, 4_500), (Code::UnknownRoom, 4_503)]
        {
            assert_eq!(close_code(code), number);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_frame_or_an_error(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
