//! The picture's ring of tests against real programs: encoders that publish, players that play.

#[path = "media/corpus.rs"]
mod corpus;
#[path = "media/ingest.rs"]
mod ingest;
#[path = "media/ingest_server.rs"]
mod ingest_server;
#[path = "media/players.rs"]
mod players;
#[path = "media/serving.rs"]
mod serving;
#[path = "media/sound.rs"]
mod sound;
#[path = "media/udp.rs"]
mod udp;
