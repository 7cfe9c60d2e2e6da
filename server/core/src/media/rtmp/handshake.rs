//! The handshake (5.2): one byte of version and two packets of 1,536 bytes each way. The simple form is spoken; a client that
//! offers the digest form is answered simply, which every publisher accepts.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Bytes of C1, C2, S1 and S2 (5.2.3).
pub const PACKET: usize = 1_536;

/// The version of plain RTMP (5.2.2). 6 is RTMPE.
const VERSION: u8 = 3;

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The first byte is not 3: encrypted RTMP, or another protocol.
    Version(u8),
}

/// What to do after some bytes were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// More bytes are needed.
    Wait,
    /// To be sent; then go on.
    Send(Bytes),
    /// Done: what is left in the buffer are chunks.
    Done,
}

/// The server's side.
#[derive(Debug)]
pub struct ServerHandshake {
    seed: u64,
    answered: bool,
}

impl ServerHandshake {
    /// `seed` fills the random part of S1.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, answered: false }
    }

    /// Takes what it can from `buffer`. To be called again after each `Send`.
    pub fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, HandshakeError> {
        if self.answered {
            // C2 echoes S1. Digest clients send something else, so it is not looked at.
            return Ok(if take(buffer, PACKET).is_some() { Step::Done } else { Step::Wait });
        }
        // Said at once: another protocol may never send 1,537 bytes.
        if let Some(&version) = buffer.first()
            && version != VERSION
        {
            return Err(HandshakeError::Version(version));
        }
        let Some(mut hello) = take(buffer, 1 + PACKET) else { return Ok(Step::Wait) };
        hello.advance(1);
        self.answered = true;
        let mut reply = BytesMut::with_capacity(1 + 2 * PACKET);
        reply.put_u8(VERSION);
        put_packet(&mut reply, self.seed);
        reply.put(hello);
        Ok(Step::Send(reply.freeze()))
    }
}

/// The client's side.
#[derive(Debug)]
pub struct ClientHandshake {
    seed: u64,
    state: ClientState,
}

#[derive(Debug)]
enum ClientState {
    Start,
    Sent,
    Answered,
}

impl ClientHandshake {
    /// `seed` fills the random part of C1.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, state: ClientState::Start }
    }

    /// Takes what it can from `buffer`; the first call sends C0 and C1. To be called again after each `Send`.
    pub fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, HandshakeError> {
        match self.state {
            ClientState::Start => {
                self.state = ClientState::Sent;
                let mut hello = BytesMut::with_capacity(1 + PACKET);
                hello.put_u8(VERSION);
                put_packet(&mut hello, self.seed);
                Ok(Step::Send(hello.freeze()))
            }
            ClientState::Sent => {
                if let Some(&version) = buffer.first()
                    && version != VERSION
                {
                    return Err(HandshakeError::Version(version));
                }
                let Some(mut answer) = take(buffer, 1 + PACKET) else { return Ok(Step::Wait) };
                answer.advance(1);
                self.state = ClientState::Answered;
                Ok(Step::Send(answer))
            }
            ClientState::Answered => Ok(if take(buffer, PACKET).is_some() { Step::Done } else { Step::Wait }),
        }
    }
}

fn take(buffer: &mut BytesMut, count: usize) -> Option<Bytes> {
    (buffer.len() >= count).then(|| buffer.split_to(count).freeze())
}

/// Time zero, version zero (the mark of the simple form), then noise. Nothing depends on the noise being hard to guess.
fn put_packet(out: &mut BytesMut, seed: u64) {
    out.put_u64(0);
    let mut state = seed | 1;
    for _ in 0..(PACKET - 8) / 8 {
        // xorshift64 (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.put_u64(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree() {
        let (mut client, mut server) = (ClientHandshake::new(1), ServerHandshake::new(2));
        let (mut to_client, mut to_server) = (BytesMut::new(), BytesMut::new());
        let mut done = (false, false);
        for _ in 0..8 {
            match client.step(&mut to_client).unwrap() {
                Step::Send(bytes) => to_server.extend_from_slice(&bytes),
                Step::Done => done.0 = true,
                Step::Wait => {}
            }
            match server.step(&mut to_server).unwrap() {
                Step::Send(bytes) => to_client.extend_from_slice(&bytes),
                Step::Done => done.1 = true,
                Step::Wait => {}
            }
        }
        assert_eq!(done, (true, true));
        assert!(to_client.is_empty() && to_server.is_empty());
    }

    #[test]
    fn another_protocol_is_told_by_its_first_byte() {
        let mut buffer = BytesMut::from(&b"GET / HTTP/1.1"[..]);
        assert_eq!(ServerHandshake::new(0).step(&mut buffer), Err(HandshakeError::Version(b'G')));
    }

    #[test]
    fn digest_client_gets_its_packet_back() {
        let mut hello = BytesMut::new();
        hello.put_u8(3);
        hello.put_u32(77);
        hello.put_u32(0x0a00_2d02);
        hello.put_bytes(0xab, PACKET - 8);
        let c1 = hello.clone().split_off(1);
        let Ok(Step::Send(reply)) = ServerHandshake::new(9).step(&mut hello) else { panic!("no answer") };
        assert_eq!(reply.len(), 1 + 2 * PACKET);
        assert_eq!(reply[5..9], [0; 4], "the simple form");
        assert_eq!(reply[1 + PACKET..], c1[..]);
    }
}
