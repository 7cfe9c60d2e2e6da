// Reads what is burned into each frame that a video presents, and keeps it with what the element says at that moment. The same
// for every player of the lab (tests/src/lab), which it knows nothing of.
//
// window.lab.frames: [expectedDisplayTime, counter or -1, rung, mediaTime, presentedFrames, width, buffered ahead ms, rate],
// times in ms since the page was opened. window.lab.tasks: [start, length] of long tasks.

const BITS = 32;
const lab = { frames: [], tasks: [], errors: [], samples: [], player: {} };
window.lab = lab;

addEventListener("error", (event) => lab.errors.push(String(event.message)));
addEventListener("unhandledrejection", (event) => lab.errors.push(String(event.reason)));
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) lab.tasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });

/** CRC-12 of 20 bits: see tests/src/lab/mark.rs. */
function checksum(payload) {
  let sum = 0xfff;
  for (let bit = 19; bit >= 0; bit--) {
    const top = ((sum >> 11) ^ (payload >> bit)) & 1;
    sum = ((sum << 1) ^ (top ? 0x80f : 0)) & 0xfff;
  }
  return sum;
}

function ahead(video) {
  const { buffered, currentTime } = video;
  for (let n = 0; n < buffered.length; n++) {
    if (buffered.start(n) <= currentTime && currentTime < buffered.end(n)) return (buffered.end(n) - currentTime) * 1000;
  }
  return 0;
}

/** Begins to read. */
export function read(video) {
  const canvas = document.createElement("canvas");
  canvas.width = BITS;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const seen = (_, meta) => {
    video.requestVideoFrameCallback(seen);
    const strip = video.videoHeight / 9;
    context.drawImage(video, 0, strip * 0.3, video.videoWidth, strip * 0.4, 0, 0, BITS, 1);
    const pixels = context.getImageData(0, 0, BITS, 1).data;
    let payload = 0;
    let sum = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const one = pixels[bit * 4] > 128 ? 1 : 0;
      if (bit < 20) payload = payload * 2 + one;
      else sum = sum * 2 + one;
    }
    const good = checksum(payload) === sum;
    lab.frames.push([
      meta.expectedDisplayTime,
      good ? payload >> 4 : -1,
      good ? payload & 15 : -1,
      meta.mediaTime,
      meta.presentedFrames,
      meta.width,
      ahead(video),
      video.playbackRate,
    ]);
  };
  video.requestVideoFrameCallback(seen);
  // What stands has no frames: a look now and then, for the plots and for finding out why.
  setInterval(() => {
    const { currentTime, paused, readyState, playbackRate } = video;
    lab.samples.push([performance.now(), currentTime, ahead(video), playbackRate, paused ? 1 : 0, readyState]);
  }, 250);
}

/** How far the wall clock has moved against the page's since it was opened, ms. */
lab.drift = () => {
  const looks = Array.from({ length: 51 }, () => Date.now() + 0.5 - performance.timeOrigin - performance.now());
  return looks.sort((a, b) => a - b)[25];
};
