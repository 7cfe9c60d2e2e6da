// The players of the lab, each in its own defaults and in the best settings for low latency that are known. One a page:
// ?player=NAME&server=ORIGIN&room=ROOM. Our own has a page of its own (hawker.html). Read by tests/src/lab through window.lab.

import { read } from "./reader.js";

const wanted = new URLSearchParams(location.search);
const live = `${wanted.get("server")}/live/${wanted.get("room")}`;
const video = document.getElementById("video");
const { lab } = window;

const load = (file) =>
  new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = file;
    script.onload = done;
    script.onerror = () => fail(new Error(`${file} does not load`));
    document.head.append(script);
  });

async function hls(settings) {
  await load("hls.js");
  const player = new Hls(settings);
  player.on(Hls.Events.ERROR, (_, data) => lab.errors.push(`${data.fatal ? "fatal " : ""}${data.details}`));
  lab.says = () => ({ version: Hls.version, latencyMs: player.latency * 1000, estimateBps: player.bandwidthEstimate });
  player.loadSource(`${live}/index.m3u8`);
  player.attachMedia(video);
}

async function shakaPlayer(settings, playlist = "index.m3u8") {
  await load("shaka.js");
  const player = new shaka.Player();
  await player.attach(video);
  player.configure(settings);
  player.addEventListener("error", (event) => lab.errors.push(`shaka ${event.detail.code}`));
  lab.says = () => {
    const stats = player.getStats();
    return { version: shaka.Player.version, latencyMs: stats.liveLatency * 1000, estimateBps: stats.estimatedBandwidth };
  };
  await player.load(`${live}/${playlist}`);
}

async function dash(settings) {
  await load("dash.js");
  const player = dashjs.MediaPlayer().create();
  player.updateSettings(settings);
  player.on("error", (event) => lab.errors.push(`dash ${event.error?.code ?? event.error}`));
  lab.says = () => ({
    version: player.getVersion(),
    latencyMs: player.getCurrentLiveLatency() * 1000,
    estimateBps: player.getAverageThroughput("video") * 1000,
  });
  player.initialize(video, `${live}/index.mpd`, true);
}

// Tuned: every documented setting that lowers latency or lets the rate follow the link faster, at values that still play on a
// clean link. What they are and why is in www/docs/benching.md.
const players = {
  "hls-default": () => hls({}),
  "hls-tuned": () =>
    hls({ lowLatencyMode: true, liveSyncDuration: 0.6, maxLiveSyncPlaybackRate: 1.5 }),
  "shaka-default": () => shakaPlayer({}),
  "shaka-tuned": () =>
    shakaPlayer({
      streaming: {
        lowLatencyMode: true,
        liveSync: { enabled: true, targetLatency: 0.5, targetLatencyTolerance: 0.1 },
      },
      abr: { switchInterval: 1, advanced: { minTotalBytes: 1, minBytes: 1 } },
    }),
  "shaka-dash": () =>
    shakaPlayer(
      {
        streaming: {
          lowLatencyMode: true,
          liveSync: { enabled: true, targetLatency: 1, targetLatencyTolerance: 0.1 },
        },
        abr: { switchInterval: 1 },
      },
      "index.mpd",
    ),
  "dash-default": () => dash({}),
  // Without the server's own wish (1.2 s), which would replace ours.
  "dash-tuned": () =>
    dash({ streaming: { applyServiceDescription: false, delay: { liveDelay: 1 }, liveCatchup: { enabled: true } } }),
  "dash-lolp": () =>
    dash({
      streaming: {
        applyServiceDescription: false,
        delay: { liveDelay: 1 },
        liveCatchup: { enabled: true, mode: "liveCatchupModeLoLP" },
        abr: {
          rules: {
            throughputRule: { active: false },
            bolaRule: { active: false },
            insufficientBufferRule: { active: false },
            switchHistoryRule: { active: false },
            droppedFramesRule: { active: false },
            abandonRequestsRule: { active: false },
            loLPRule: { active: true },
          },
        },
      },
    }),
};

read(video);
try {
  await players[wanted.get("player")]();
  await video.play().catch((error) => lab.errors.push(String(error)));
} catch (error) {
  lab.errors.push(`fatal ${error.code ?? error}`);
}
