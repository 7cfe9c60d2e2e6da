// Plays a playlist with hls.js or Shaka in low-latency mode and keeps account of what a viewer would notice. Read by
// tests/media/players.rs through `window.account`. Not our player: these are the independent ones that must work too.
//
// ?player=hls|shaka &src=URL of the multivariant playlist

const wanted = new URLSearchParams(location.search);
const video = document.getElementById('video');
const account = { player: wanted.get('player'), started: false, played: 0, stalls: [], errors: [], latency: null };
window.account = account;

// The player's own clock: a picture that stands still while it should play is a stall, whatever events say.
const STALL_MS = 300;
let last = { at: 0, time: 0 };
const began = performance.now();
setInterval(() => {
  const now = performance.now();
  if (!account.started) {
    if (video.currentTime > 0 && !video.paused && video.readyState >= 3) {
      account.started = true;
      account.startMs = Math.round(now - began);
      account.from = video.currentTime;
      last = { at: now, time: video.currentTime };
    }
    return;
  }
  if (video.currentTime !== last.time) {
    const still = now - last.at;
    if (still > STALL_MS) account.stalls.push({ at: last.time, ms: Math.round(still) });
    last = { at: now, time: video.currentTime };
  }
  account.standing = Math.round(now - last.at);
  account.played = video.currentTime - account.from;
  account.rate = video.playbackRate;
  account.frames = video.getVideoPlaybackQuality().totalVideoFrames;
  account.dropped = video.getVideoPlaybackQuality().droppedVideoFrames;
}, 20);

const load = (file) =>
  new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = file;
    script.onload = done;
    script.onerror = () => fail(new Error(`${file} does not load`));
    document.head.append(script);
  });

try {
  if (account.player === 'hls') {
    await load('hls.js');
    // Its look-up tolerance of 0.25 s is longer than our parts: it may then pass over the short last one of a segment.
    const hls = new Hls({
      lowLatencyMode: true, backBufferLength: 10, maxLiveSyncPlaybackRate: 1.1, maxFragLookUpTolerance: 0,
    });
    hls.on(Hls.Events.ERROR, (_, data) => account.errors.push({ details: data.details, fatal: data.fatal }));
    setInterval(() => {
      account.latency = hls.latency;
    }, 200);
    hls.loadSource(wanted.get('src'));
    hls.attachMedia(video);
  } else {
    await load('shaka.js');
    const player = new shaka.Player();
    await player.attach(video);
    // In its other mode Shaka 5.2 sets a negative timestampOffset 1 ms off, takes that for a change of timeline at the next
    // part, and aborts: pictures are then lost up to the next IDR.
    player.configure({ streaming: { lowLatencyMode: true }, manifest: { hls: { sequenceMode: true } } });
    player.addEventListener('error', (event) => {
      account.errors.push({ details: String(event.detail.code), fatal: event.detail.severity === 2 });
    });
    setInterval(() => {
      account.latency = player.getStats().liveLatency;
    }, 200);
    await player.load(wanted.get('src'));
  }
  await video.play();
} catch (error) {
  account.errors.push({ details: String(error.code ?? error), fatal: true });
}
