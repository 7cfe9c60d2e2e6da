// Plays a playlist or a manifest with hls.js, Shaka or dash.js in low-latency mode and keeps account of what a viewer would notice. Read by
// tests/media/players.rs through `window.account`. Not our player: these are the independent ones that must work too.
//
// ?player=hls|shaka|dash &src=URL of the multivariant playlist, or of the DASH manifest

const wanted = new URLSearchParams(location.search);
const video = document.getElementById('video');
const account = { player: wanted.get('player'), started: false, played: 0, taken: 0, stalls: [], starved: [], errors: [], latency: null };
window.account = account;

// What each track has buffered, whichever player filled it: a hole is then the missing bytes' track and time.
const buffers = [];
const add = MediaSource.prototype.addSourceBuffer;
MediaSource.prototype.addSourceBuffer = function (type) {
  const buffer = add.call(this, type);
  buffers.push({ type: type.split('/')[0], buffer });
  return buffer;
};
const ranges = ({ type, buffer }) => {
  const of = buffer.buffered;
  const pairs = Array.from({ length: of.length }, (_, n) => `${of.start(n).toFixed(3)}-${of.end(n).toFixed(3)}`);
  return `${type} ${pairs.join(' ')}`;
};

// Every request that has ended, with its times in ms since the page began. The last ones are told with a stall.
const requests = [];
const TOLD = 60;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const path = entry.name.split('/').slice(-2).join('/');
    const times = [entry.startTime, entry.responseStart, entry.responseEnd].map(Math.round).join(' ');
    requests.push(`${times} ${entry.responseStatus} ${path}`);
  }
  requests.splice(0, requests.length - TOLD);
}).observe({ type: 'resource', buffered: true });

// The player's own clock: a picture that stands still while it should play is a stall, whatever events say. With media ahead
// in both tracks all the while it is not the stream that was late: the machine was too busy to decode. That is told apart.
const STALL_MS = 300;
const AHEAD_S = 0.1;
const ahead = () => {
  const { buffered, currentTime } = video;
  for (let n = 0; n < buffered.length; n++) {
    if (buffered.start(n) <= currentTime && currentTime < buffered.end(n)) return buffered.end(n) - currentTime;
  }
  return 0;
};
let last = { at: 0, time: 0 };
let stall = null;
const began = performance.now();

// How far the picture fell behind since the player chose its place, in seconds: for each look, what should have been played less
// what was. Of the players only hls.js catches up, and slowly, so that this is in their latency to the end, whoever took the time.
let look = null;
const count = (now) => {
  if (look) account.taken += ((now - look.at) / 1000) * video.playbackRate - (video.currentTime - look.time);
  if (look || video.currentTime > 0) look = { at: now, time: video.currentTime };
};
// The first seek is the choice. What a later one leaves out or repeats was not played.
video.addEventListener('seeking', () => {
  look = { at: look?.at ?? performance.now(), time: video.currentTime };
});

setInterval(() => {
  const now = performance.now();
  count(now);
  if (!account.started) {
    if (video.currentTime > 0 && !video.paused && video.readyState >= 3) {
      account.started = true;
      account.startMs = Math.round(now - began);
      account.from = video.currentTime;
      last = { at: now, time: video.currentTime, ahead: ahead() };
    }
    return;
  }
  const still = Math.round(now - last.at);
  if (video.currentTime === last.time) last.ahead = Math.min(last.ahead, ahead());
  if (still > STALL_MS) {
    stall ??= { at: last.time, since: Math.round(last.at), buffered: buffers.map(ranges) };
    Object.assign(stall, { ms: still, ahead: last.ahead });
    account.standing = stall;
  }
  if (video.currentTime !== last.time) {
    if (stall) {
      const told = { ...stall, to: video.currentTime, then: buffers.map(ranges), requests: [...requests] };
      (stall.ahead < AHEAD_S ? account.stalls : account.starved).push(told);
    }
    stall = null;
    last = { at: now, time: video.currentTime, ahead: ahead() };
  }
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
    // Without a limit on the back buffer, as by default: with one, hls.js 1.7.4 forgets a part that it parses while a removal ends,
    // finds "no media" in it, and stands for three seconds until it takes the whole segment.
    const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.1 });
    hls.on(Hls.Events.ERROR, (_, { details, fatal, frag, part, error }) => {
      account.errors.push({ details, fatal, at: Math.round(performance.now()), of: `${frag?.type} ${frag?.sn}.${part?.index}`, why: error?.message });
    });
    setInterval(() => {
      account.latency = hls.latency;
    }, 200);
    hls.loadSource(wanted.get('src'));
    hls.attachMedia(video);
  } else if (account.player === 'dash') {
    await load('dash.js');
    const player = dashjs.MediaPlayer().create();
    player.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => {
      // It has no word for "fatal": what it goes on after is told as a warning.
      account.errors.push({ details: `${error.code} ${error.message}`, fatal: false });
    });
    setInterval(() => {
      if (account.started) account.latency = player.getCurrentLiveLatency();
    }, 200);
    player.initialize(video, wanted.get('src'), true);
  } else {
    await load('shaka.js');
    const player = new shaka.Player();
    await player.attach(video);
    player.configure({ streaming: { lowLatencyMode: true } });
    player.addEventListener('error', (event) => {
      account.errors.push({ details: `${event.detail.code} ${event.detail.data}`, fatal: event.detail.severity === 2 });
    });
    setInterval(() => {
      account.latency = player.getStats().liveLatency;
      account.gaps = player.getStats().gapsJumped;
    }, 200);
    await player.load(wanted.get('src'));
  }
  await video.play();
} catch (error) {
  account.errors.push({ details: `${error.code ?? error} ${error.data ?? ''}`, fatal: true });
}
