// What the engine has of the page: requests, the media source, the video, timers, events. Carries out what engine.wasm says and
// tells it what happens; decides nothing about playback. It is in script because here all that takes time costs a fraction of
// the bytes; media stay on this side on their way from the network to the buffer. Part of engine.js once it is bundled.

/** What has no number. */
const nothing = (value) => (Number.isNaN(value) ? null : value);

const typed = (codecs) => `video/mp4; codecs="${codecs}"`;
const source = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource;

/** The first picture waits no longer for the browser's word, of all renditions at once; H.264 needs none. */
const JUDGE_MS = 500;

/** What the browser says of a codec of a picture. */
async function judge(codecs, width, height, bitrate, framerate) {
  const video = { contentType: typed(codecs.split(",")[0]), width, height, bitrate: bitrate || 2e6, framerate: framerate || 30 };
  const late = new Promise((done) => setTimeout(done, JUDGE_MS, { supported: false }));
  const told = await Promise.race([navigator.mediaCapabilities?.decodingInfo({ type: "media-source", video }), late]);
  return !told || (told.supported && told.smooth);
}

/**
 * Codecs that showed no picture here although the browser said they would: not tried again for a month, since browsers and
 * drivers change. Where pages may keep nothing, for as long as this one is open.
 */
const refusals = {};
function refused(codec, now) {
  if (now) refusals[codec] = now;
  try {
    if (now) localStorage.setItem(`hawker.refused.${codec}`, now);
    refusals[codec] ??= localStorage.getItem(`hawker.refused.${codec}`);
  } catch {}
  return Date.now() - (refusals[codec] ?? 0) < 30 * 864e5;
}

const FAULTS = {
  "no-room": (_, room) => `the server knows no room "${room}"`,
  "bad-server": (server) => `what answers at ${server} is no Hawker server`,
  unreachable: (server) => `${server} cannot be reached, or does not let this page embed its rooms`,
  refused: () => "this viewer is not let in",
  region: () => "the show is not for where this viewer is",
  unsupported: () => "this browser cannot play the stream's codecs",
  playback: () => "the browser could not play the stream, several times in a row",
};

export class Port {
  /** Set by whoever makes the two; nothing is told to it any more once it has stopped. */
  engine = null;
  /** Answers as `fetch` does, as far as status, headers and the body's reader go. */
  #fetch;
  /** See `play` in hawker.js. */
  #play;
  #host;
  #video;
  #server;
  #room;
  #over = new AbortController();
  #timer = 0;
  #running = new Map();
  /** The piece that the engine looks at, and what of it and of those before belongs to the unit at hand. */
  #piece;
  #unit;
  /** Media waiting to be appended: [request, view]. */
  #queue = [];
  #url = "";
  /** A MediaSource that is open already, or nothing: see hawker.js. */
  #opening;
  #source = null;
  #buffer = null;
  /** So many bytes, of the answer to this request, are in the buffer before the engine appends any. */
  #had = 0;
  #early = 0;
  /** Requests whose media do not go on where those before end, by their numbers; and the segment that was begun with last. */
  #anew = new Map();
  #broke;
  #verdicts = {};
  #shown = NaN;
  /** Since when there is something to wait for. */
  #since;
  #first = false;

  constructor(host, video, server, room, fetch, play, opening, since) {
    this.#play = play;
    this.#opening = opening;
    this.#since = since;
    this.#host = host;
    this.#video = video;
    this.#server = server;
    this.#room = room;
    this.#fetch = fetch;
    const listen = (target, name, run) => target.addEventListener(name, run, { signal: this.#over.signal });
    listen(document, "visibilitychange", () => this.seen());
    listen(globalThis, "online", () => this.engine?.online());
    // Both come later than what they tell: what counts is how the element is by then.
    listen(video, "pause", () => {
      // The browser's own doing: an end, or an error, after which there is another try.
      if (video.paused && !video.ended && !video.error) this.engine.moved(false, document.hidden);
    });
    listen(video, "play", () => video.paused || this.engine.moved(true, document.hidden));
    const frame = (_, { mediaTime }) => {
      if (!this.engine) return;
      this.#shown = mediaTime;
      this.#presented();
      video.requestVideoFrameCallback(frame);
    };
    // Where it is missing, `playing` stands for the first frame.
    video.requestVideoFrameCallback?.(frame);
    listen(video, "playing", () => {
      this.seen();
      if (!video.requestVideoFrameCallback) this.#presented();
      this.engine.playing();
    });
  }

  #emit(name, detail) {
    this.#host.dispatchEvent(new CustomEvent(`hawker:${name}`, { detail, bubbles: true, composed: true }));
  }

  #presented() {
    if (this.#first) return;
    this.#first = true;
    this.#emit("firstframe", { afterMs: performance.now() - this.#since });
  }

  /** Tells whether the page is seen or heard: when that changes, and first, for a page may be opened behind another. */
  seen() {
    const { muted, volume, paused } = this.#video;
    const seen = !document.hidden || document.pictureInPictureElement === this.#host;
    this.engine?.visible(!seen, muted || !volume || paused);
  }

  /** Lets go of everything; the engine hears nothing any more. */
  stop() {
    this.engine = null;
    this.#over.abort();
    clearTimeout(this.#timer);
    for (const id of this.#running.keys()) this.cancel(id);
    this.#close();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  /** One `tick` so many ms from now, and no other; negative: none. */
  timer(ms) {
    clearTimeout(this.#timer);
    if (ms >= 0) this.#timer = setTimeout(() => this.engine.tick(), ms);
  }

  // ---- requests

  /**
   * Asks for an address after `wait` ms, or for so many bytes of it. Its head, its pieces and its end are told by this number; a
   * request of the same number is broken off.
   */
  async ask(id, url, bytes, wait) {
    this.cancel(id);
    const stop = new AbortController();
    this.#running.set(id, stop);
    const runs = () => this.#running.get(id) === stop;
    const options = { signal: stop.signal, cache: "no-store", credentials: "omit" };
    if (bytes) options.headers = { Range: `bytes=0-${bytes - 1}` };
    let reader;
    let whole = false;
    try {
      if (wait) await new Promise((done) => setTimeout(done, wait));
      if (!runs()) return;
      const response = await (0, this.#fetch)(url, options);
      if (!runs()) return;
      const said = (name) => response.headers.get(name);
      if (response.early) {
        this.#early = id;
        this.#broke = url;
      } else if (said("hawker-discontinuity") && !bytes) this.#anew.set(id, url);
      // The server's estimate of the connection (CTA-5006), in kb/s.
      const estimate = /etp=(\d+)/.exec(said("cmsd-dynamic"))?.[1];
      const independent = said("hawker-independent") !== "0";
      // What is missing is told as no number. That it came over our server's UDP, which keeps little on the way, udp.js adds.
      const head = [response.status, parseFloat(said("retry-after")), independent, parseFloat(estimate), said("udp") === ""];
      reader = this.engine.head(id, ...head) && response.body.getReader();
    } catch {}
    const unit = [];
    while (reader) {
      const { done, value } = await reader.read().catch(() => ({}));
      if (!runs()) return;
      if (value) {
        this.#piece = value;
        this.#unit = unit;
        if (this.engine.piece(id, value.length)) continue;
        stop.abort();
      }
      whole = done;
      break;
    }
    if (!runs()) return;
    if (!whole) stop.abort();
    this.#running.delete(id);
    this.engine.end(id, Boolean(whole));
  }

  cancel(id) {
    this.#running.get(id)?.abort();
    this.#running.delete(id);
  }

  /** Bytes of the piece at hand. */
  peek(at, into) {
    into.set(this.#piece.subarray(at, at + into.length));
  }

  /** This much of the piece belongs to the unit at hand. */
  cut(from, to) {
    this.#unit.push(this.#piece.subarray(from, to));
  }

  // ---- media

  /** Queues the unit at hand. Views side by side in one piece become one, so that a burst is appended in few steps. */
  keep(id) {
    for (const view of this.#unit.splice(0)) {
      const last = this.#queue.at(-1);
      const before = last?.[1];
      if (last?.[0] === id && before.buffer === view.buffer && before.byteOffset + before.length === view.byteOffset) {
        last[1] = new Uint8Array(view.buffer, before.byteOffset, before.length + view.length);
      } else {
        this.#queue.push([id, view]);
      }
    }
  }

  /** Lets the unit at hand go. */
  drop() {
    this.#unit.length = 0;
  }

  clear() {
    this.#queue.length = 0;
  }

  /**
   * A MediaSource with one SourceBuffer, empty or with the beginning of the newest segment in it; where there is only
   * ManagedMediaSource (iPhone) it is that, which also tells when it wants media and when not. False: these codecs cannot be fed to
   * the element.
   */
  open(codecs) {
    this.#close();
    const mime = typed(codecs);
    const Source = source();
    if (!Source?.isTypeSupported(mime)) return false;
    const opening = this.#opening;
    this.#opening = null; // Once.
    if (!opening?.fits(mime)) {
      this.#attach(new Source(), mime);
      return true;
    }
    const { media } = opening;
    this.#source = media;
    opening.leave(mime).then(
      () => {
        if (this.#source !== media) return;
        this.#had = opening.had;
        this.#use(media, opening.buffer);
      },
      () => this.#source === media && this.engine.broken(),
    );
    return true;
  }

  /** The segment whose picture is there before the engine; no number where there is none. */
  begun() {
    return this.#opening?.number ?? NaN;
  }

  #attach(media, mime) {
    this.#source = media;
    const listen = this.#hearing(media);
    listen(media, "sourceopen", () => {
      if (this.#buffer) return;
      let buffer;
      try {
        buffer = media.addSourceBuffer(mime);
      } catch {
        this.engine.broken();
        return;
      }
      this.#use(media, buffer);
    });
    listen(media, "startstreaming", () => this.engine.streaming(true));
    listen(media, "endstreaming", () => this.engine.streaming(false));
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(media);
    this.#video.src = this.#url;
  }

  #use(media, buffer) {
    const listen = this.#hearing(media);
    this.#buffer = buffer;
    listen(buffer, "updateend", () => this.engine.done());
    listen(buffer, "error", () => this.engine.broken());
    this.engine.ready();
  }

  /** What an old source still tells is not heard. */
  #hearing(media) {
    return (target, name, tell) => target.addEventListener(name, () => this.#source === media && tell());
  }

  #close() {
    this.clear();
    this.#anew.clear();
    this.#source = this.#buffer = null;
    this.#had = 0;
    URL.revokeObjectURL(this.#url);
  }

  /**
   * Whether this device plays these codecs, the picture's of this profile, as far as the browser knows and nothing spoke against it; -1: it is being asked, and
   * `judged` will be called.
   */
  plays(profile, codecs, ...picture) {
    if (refused(profile) || !source()?.isTypeSupported(typed(codecs))) return 0;
    const asked = codecs + picture[1];
    if (!(asked in this.#verdicts)) {
      this.#verdicts[asked] = -1;
      const told = (verdict) => {
        this.#verdicts[asked] = Number(verdict);
        this.engine?.judged();
      };
      judge(codecs, ...picture).then(told, () => told(0));
    }
    return this.#verdicts[asked];
  }

  /** It does not. */
  refuse(profile) {
    refused(profile, Date.now());
  }

  /** Begins to append the next of this request: its length; -1: there is no room; -2: it cannot. What is appended must not grow. */
  append(id) {
    const at = this.#queue.findIndex(([request]) => request === id);
    const view = this.#queue[at]?.[1];
    const media = this.#source;
    try {
      // Sound may have a hole where the picture has none. Chromium then lets both begin anew, the picture with its next keyframe, unless
      // it has been made to forget what came before. And what the opening began of another segment is not gone on with.
      const anew = this.#anew.get(id);
      this.#anew.delete(id);
      // Asked for again it is gone on with.
      if ((anew && anew !== this.#broke) || (this.#had && id !== this.#early)) {
        this.#buffer.abort();
        this.#had = 0;
      }
      this.#broke = anew ?? this.#broke;
      const had = Math.min(this.#had, view.length);
      if (had < view.length) this.#buffer.appendBuffer(view.subarray(had));
      else queueMicrotask(() => this.#source === media && this.engine.done());
      this.#had -= had;
    } catch (error) {
      return error.name === "QuotaExceededError" ? -1 : -2;
    }
    this.#queue.splice(at, 1);
    return view.length;
  }

  /** Begins to remove; false: it cannot. */
  remove(from, to) {
    try {
      this.#buffer.remove(from, to);
      return true;
    } catch {
      return false;
    }
  }

  // ---- the video

  /** The element as it is: a `Sample` of the core, in numbers, ranges last. */
  look() {
    const { currentTime, paused, seeking, buffered } = this.#video;
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } = this.#video.getVideoPlaybackQuality?.() ?? {};
    const look = [currentTime, paused, seeking, document.hidden, totalVideoFrames, droppedVideoFrames, this.#shown];
    for (let at = 0; at < buffered.length; at++) look.push(buffered.start(at), buffered.end(at));
    return look;
  }

  seek(at) {
    this.#video.currentTime = at;
  }

  rate(rate, keepsPitch) {
    this.#video.preservesPitch = keepsPitch;
    this.#video.playbackRate = rate;
  }

  /** Plays; where the browser allows nothing, a tap is asked for. */
  async play() {
    if (!(await this.#play(this.#video)) && this.engine) this.#emit("blocked", { at: performance.now() });
  }

  pause() {
    this.#video.pause();
  }

  /** Gives the element to the browser's own HLS player; false: it has none. Without an address, only asks. */
  native(url) {
    if (url) this.#video.src = url;
    return this.#video.canPlayType("application/vnd.apple.mpegurl") !== "";
  }

  /** What the browser's own player is at: 0 it failed, 1 it waits for the network, 2 it plays. */
  progress() {
    if (this.#video.error) return 0;
    return this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA ? 1 : 2;
  }

  /** To the newest moment that the browser's own player can play. */
  edge() {
    const { seekable } = this.#video;
    if (seekable.length) this.seek(seekable.end(seekable.length - 1));
  }

  // ---- what the page is told

  /** State and error. */
  state(state, error) {
    this.#emit("state", { state, message: error });
    if (!error) return;
    const fatal = error === "unsupported" || error === "playback";
    this.#emit("error", { code: error, message: FAULTS[error](this.#server, this.#room), fatal });
  }

  quality(rendition) {
    this.#emit("quality", { quality: this.#host.quality, rendition: rendition ?? null });
  }

  stall(ms) {
    this.#emit("stall", { ms });
  }

  latency() {
    this.#emit("latency", this.stats());
  }

  /** See `HawkerStats` in `hawker.d.ts`. */
  stats() {
    const { engine } = this;
    const { rendition = null } = engine;
    const [latencyMs, bufferMs, targetMs, estimateBps, stalls, stalledMs, droppedFrames, rate, roundTripMs] = engine.figures();
    return {
      latencyMs: nothing(latencyMs),
      bufferMs,
      targetMs,
      rendition,
      codecs: this.renditions().find(({ name }) => name === rendition)?.codecs ?? null,
      estimateBps: nothing(estimateBps),
      stalls,
      stalledMs,
      droppedFrames,
      rate,
      roundTripMs: nothing(roundTripMs),
      state: engine.state,
    };
  }

  /** See `HawkerRendition` in `hawker.d.ts`. */
  renditions() {
    return this.engine.renditions.split("\n").slice(1).map((line) => {
      const [name, codecs, width, height, bps] = line.split("\t");
      return { name, codecs, width: +width, height: +height, bps: +bps };
    });
  }
}
