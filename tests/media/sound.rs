//! Silence that the server puts in the place of missing sound, decoded by ffmpeg. Where it is put is tested beside the packager.

use std::process::Stdio;

use bytes::Bytes;
use hawker_server_core::media::aac::Sound;
use hawker_server_core::media::cmaf::{self, AudioEntry, Fragment, Unit};
use hawker_server_core::media::frame::{Config, Track};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const FRAMES: usize = 50;

/// Samples of 16 bits, as ffmpeg decodes them from a file of silence.
async fn decoded(config: &Config, sound: &Sound) -> Vec<u8> {
    let entry =
        AudioEntry { config: config.clone(), sample_rate: sound.sample_rate, channels: sound.channels };
    let data = sound.silence().expect("a frame of silence");
    let units = vec![Unit { data, duration: sound.frame_samples, cts: 0, key: true }; FRAMES];
    let fragment = Fragment { track: Track::Audio, sequence: 1, tfdt: 0, wall: None, units: &units };
    let file = [cmaf::init(None, Some(&entry)), cmaf::chunk(&fragment)].concat();
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-f", "mp4", "-i", "-", "-f", "s16le", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut input = ffmpeg.stdin.take().expect("piped");
    input.write_all(&file).await.expect("it reads");
    drop(input);
    let output = ffmpeg.wait_with_output().await.expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{sound:?}");
    output.stdout
}

#[tokio::test]
async fn nothing_is_heard_in_silence() {
    // AAC-LC of 48 kHz by channel configuration, and HE-AAC of two channels.
    let mut configs: Vec<Config> = (1..=7)
        .map(|channels| Config::Audio(Bytes::copy_from_slice(&[0x11, 0x80 | channels << 3])))
        .collect();
    configs.push(Config::Audio(Bytes::from_static(&[0x2b, 0x11, 0x88, 0x00])));
    for channels in [1, 2] {
        for frame_samples in [120, 960, 2_880] {
            let head = [&b"OpusHead"[..], &[1, channels, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]].concat();
            configs.push(Config::Opus { head: head.into(), frame_samples });
        }
    }
    for config in &configs {
        let sound = Sound::of(config).expect("a configuration");
        let samples = decoded(config, &sound).await;
        // HE-AAC has two samples for one of its core.
        let each = if sound.codec == "mp4a.40.5" { 2 } else { 1 };
        let wanted = FRAMES * sound.frame_samples as usize * each * 2 * sound.channels as usize;
        assert_eq!(samples.len(), wanted, "{sound:?}");
        assert!(samples.iter().all(|byte| *byte == 0), "{sound:?}");
    }
}
