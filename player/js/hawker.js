// The tag of the SDK: defines <hawker-live>, turns <script type="module" src=".../hawker.js" data-room="..."> into a floating
// player, and shows what can be shown before the engine is there (video, spinner, unmute). Decides nothing about playback
// (engine.wasm), draws no controls (ui.wasm) and does nothing that can wait for the first frame (screen.js).
//
// Runs on pages that are not ours: no markup from strings, no inline styles, no inert HTML, nothing that needs a secure context.

const HERE = new URL(".", import.meta.url);

/** Asks for a module of WebAssembly. */
function binary(name) {
  const asked = fetch(new URL(name + ".wasm", HERE));
  asked.catch(() => {}); // Reported where it is used.
  return asked;
}

let engineModule, engineBytes, again = "";

/** Loads a script and the module that belongs to it; streams that where the browser and the type the server tells allow it. */
async function load(name, asked = binary(name)) {
  const script = await import(new URL(name + ".js" + again, HERE).href);
  const answer = await asked;
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const streams = WebAssembly.instantiateStreaming && answer.headers.get("content-type") === "application/wasm";
  await script.default(async (imports) =>
    streams ? WebAssembly.instantiateStreaming(answer, imports) : WebAssembly.instantiate(await answer.arrayBuffer(), imports),
  );
  return script;
}

function engine() {
  engineModule ??= load("engine", engineBytes).catch((error) => {
    engineModule = undefined; // Another try fetches anew, and by another address: a script that failed once stays failed.
    again = `?${Date.now()}`;
    throw error;
  });
  engineBytes = undefined;
  return engineModule;
}

/** Answers that are older than this, in ms, are of another moment of the show. */
const EARLY_MS = 2000;
/** What was made before has come when nothing came for so long, in ms. */
const CALM_MS = 15;
/** How far behind their end media are shown first, in s: as far as the engine begins (`TARGET_START_S`). */
const BEHIND_S = 0.22;
/** The interface is needed more than what the room goes over: it waits for so long, in ms. */
const OVER_MS = 500;
const fresh = (at) => performance.now() - at < EARLY_MS;
/** Of which codecs, whatever their profiles: all renditions of these go into one buffer. */
const family = (mime) => mime.replace(/\.[^",]*/g, "");
const wait = (ms, what) => new Promise((done) => setTimeout(done, ms, what));

/** Plays; where the browser allows no sound, without it. False: without a tap it allows nothing. */
async function play(video) {
  for (;;) {
    try {
      await video.play();
      return true;
    } catch (error) {
      // AbortError is our own next load or pause: nothing to do.
      if (error.name !== "NotAllowedError") return true;
    }
    if (video.muted) return false;
    video.muted = true;
  }
}

/**
 * A MediaSource that is open before the engine is there, which goes on with it. The beginning of the media that are asked for early
 * goes in and is shown, where the answer says of what codecs they are.
 */
class Opening {
  media = new MediaSource();
  buffer = null;
  /** Bytes of the answer that are in the buffer. */
  had = 0;
  /** Of the segment that is shown. */
  number = NaN;
  #url = URL.createObjectURL(this.media);
  #video;
  #since;
  #idle;
  #calm;
  #shown = false;
  #over = false;
  #failed = false;

  /** For media that were asked for then. */
  constructor(video, since) {
    this.#video = video;
    this.#since = since;
    const open = new Promise((done) => this.media.addEventListener("sourceopen", done, { once: true }));
    this.#idle = open.then(() => URL.revokeObjectURL(this.#url));
    video.src = this.#url;
  }

  /** The element has it still, and what it shows is of the kind that the engine asks for, or nothing. */
  fits(mime) {
    const mine = this.#video.src === this.#url && !this.#video.error && !this.#failed && this.media.readyState !== "ended";
    return mine && (!this.mime || family(mime) === family(this.mime));
  }

  /** An answer that is shown as it comes until somebody reads it, who gets it from its beginning. */
  of(answer) {
    const { status, headers } = answer;
    const mime = headers.get("content-type");
    if (this.#over || !/codecs/.test(mime) || !MediaSource.isTypeSupported(mime)) return answer;
    this.mime = mime;
    this.number = parseInt(headers.get("content-location")?.split("/").at(-1));
    this.#then(() => {
      this.buffer = this.media.addSourceBuffer(mime);
    });
    const reader = answer.body.getReader();
    const reads = [];
    let taken = false;
    const ahead = () => {
      const read = reader.read();
      reads.push(read);
      read.then(({ value }) => {
        if (!value || taken) return;
        this.#then(() => this.#append(value));
        ahead();
      }, () => {});
    };
    const read = () => {
      taken = true;
      return reads.shift() ?? reader.read();
    };
    ahead();
    return { status, headers, body: { getReader: () => ({ read }) }, early: true };
  }

  /** What comes next; whoever takes it later is told what became of it. */
  #then(next) {
    this.#idle = this.#idle.then(next);
    this.#idle.catch(() => {
      this.#failed = true;
    });
  }

  #updated() {
    return new Promise((done) => this.buffer.addEventListener("updateend", done, { once: true }));
  }

  async #append(piece) {
    if (this.#over) return;
    this.buffer.appendBuffer(piece);
    this.had += piece.length;
    await this.#updated();
    clearTimeout(this.#calm);
    if (!this.#shown) this.#calm = setTimeout(() => this.#show(), CALM_MS);
  }

  /** As far behind as the engine would begin, which goes on from there: decoders take longer to be there than the engine. */
  #show() {
    // What was let go of has no buffer any more that may be asked.
    if (this.#over || this.media.readyState !== "open") return;
    const { buffered } = this.buffer;
    if (!buffered.length) return;
    this.#shown = true;
    this.#video.currentTime = Math.max(buffered.start(0), buffered.end(0) - BEHIND_S);
    if (!document.hidden) play(this.#video);
  }

  /** Lets go of it: then there is a buffer in which nothing is under way, and which has as much of the answer as `had` says. */
  async leave(mime) {
    this.#over = true;
    await this.#idle;
    this.buffer ??= this.media.addSourceBuffer(mime);
    if (!this.had || fresh(this.#since)) return;
    // They are of another moment of the show. Their last picture stays on the screen until there is another.
    this.had = 0;
    this.buffer.abort();
    if (!this.buffer.buffered.length) return;
    this.buffer.remove(0, Infinity);
    await this.#updated();
  }
}

/**
 * Asks for what the engine will ask for first while that is still being loaded: the room's state, and, if there is a video to show
 * them in, the media that the server would begin with.
 */
function early(base, video) {
  const since = performance.now();
  const opening = video && globalThis.MediaSource ? new Opening(video, since) : null;
  /** Where what is answered has its own address, and the answer. */
  const ask = (name, show = (answer) => answer) => {
    const stop = new AbortController();
    const asked = fetch(`${base}/${name}`, { cache: "no-store", credentials: "omit", signal: stop.signal });
    const answer = asked.then((answer) => [`${base}/${answer.headers.get("content-location") ?? name}`, show(answer)]);
    answer.catch(() => {}); // Whoever takes it is told.
    return { answer, stop };
  };
  // First what is shown: where requests do not share a connection, the one that the script came over is open already.
  let join = video ? ask("join", (answer) => opening?.of(answer) ?? answer) : null;
  let state = ask("stream");
  return {
    since,
    opening,
    /** What the engine takes for `fetch`. */
    async fetch(url, options) {
      let known;
      if (url.endsWith(".mp4")) [known, join] = [join];
      else if (url === `${base}/stream`) [known, state] = [state];
      if (!known) return fetch(url, options);
      options.signal.addEventListener("abort", () => known.stop.abort());
      if (fresh(since)) {
        // Whatever became of it, this address has not failed yet.
        const [where, answer] = await Promise.race([known.answer, wait(EARLY_MS, [])]).catch(() => []);
        if (where === url) return answer;
      }
      known.stop.abort();
      return fetch(url, options);
    },
    stop() {
      state?.stop.abort();
      join?.stop.abort();
    },
  };
}

let uiModule;
const ui = () => (uiModule ??= load("ui"));

/** What is not needed before there is a picture, or trouble. */
const screen = () => import(new URL("screen.js", HERE).href);

/** What this browser remembers, if it may. */
function recall(name) {
  try {
    return localStorage.getItem("hawker:" + name);
  } catch {
    return null;
  }
}

const WORDS = {
  en: { connecting: "Connecting…", unmute: "Tap for sound", play: "Play", close: "Close", live: "Live video" },
  zh: { connecting: "正在连接…", unmute: "点击开启声音", play: "播放", close: "关闭", live: "直播画面" },
};

const STYLE = `
:host { all: initial; display: block; position: relative; contain: content; color-scheme: light dark;
  font: 14px/1.4 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; }
:host([hidden]) { display: none; }
:host([floating]) { position: fixed; inset: auto 16px 16px auto; width: min(320px, calc(100vw - 32px));
  z-index: 2147483000; border-radius: 14px; overflow: hidden; box-shadow: 0 8px 32px rgb(0 0 0 / .35); }
:host([floating]:not([bare], [expanded], :fullscreen)) { translate: var(--hawker-x, 0) var(--hawker-y, 0); cursor: grab; touch-action: none; }
@media (max-width: 520px) { :host([floating]) { inset: auto 12px 12px auto; width: 46vw; } }
.hawker { height: 100%; }
.stage { position: relative; background: #000; aspect-ratio: 16 / 9; width: 100%; overflow: hidden; }
:host([fill]) .stage { height: 100%; aspect-ratio: auto; }
video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; background: #000; }
.cover { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 12px; padding: 16px; text-align: center; color: #fff; background: rgb(0 0 0 / .55); pointer-events: none; }
.cover[hidden], button[hidden] { display: none; }
.cover.clear { background: none; }
.cover p { margin: 0; max-width: 36em; max-height: 100%; overflow: hidden; overflow-wrap: anywhere; }
:host([floating]) .cover { font-size: 12px; gap: 6px; padding: 8px; }
.spinner { width: 28px; height: 28px; border: 3px solid rgb(255 255 255 / .3); border-top-color: #fff; border-radius: 50%;
  animation: turn 1s linear infinite; }
.spinner[hidden] { display: none; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .spinner { animation: none; } }
button { font: inherit; border: 0; cursor: pointer; color: #111; background: #fff; border-radius: 999px; padding: 8px 16px; }
button:focus-visible { outline: 3px solid #4c9ffe; outline-offset: 2px; }
.unmute { position: absolute; inset-inline-start: 12px; top: 12px; z-index: 3; }
.start { position: absolute; inset: 0; margin: auto; width: max-content; height: max-content; z-index: 3; }
.close { position: absolute; inset-inline-end: 8px; top: 8px; z-index: 4; width: 32px; height: 32px; padding: 0; opacity: .85; }
`;

const ROOM = /^[\w-]{1,64}$/;

/** The origin of a server's address; without one this script's own; nothing if it is not http(s). */
function address(server) {
  if (!server) return HERE.origin;
  try {
    // Not against the page's address: "shop.example" would be a path of the page.
    const url = new URL(server.startsWith("//") ? location.protocol + server : server);
    return /^https?:$/.test(url.protocol) ? url.origin : null;
  } catch {
    return null;
  }
}

function make(name, cls, props = {}) {
  const node = document.createElement(name);
  if (cls) node.className = cls;
  return Object.assign(node, props);
}

/** The element, for those who subclass or test it. */
export class HawkerLive extends HTMLElement {
  static observedAttributes = ["room", "server", "muted", "quality", "token"];

  #engine = null;
  #port = null;
  #starting = 0;
  /** On a page, and begun: an upgrade tells the attributes first, one by one. */
  #begun = false;
  #state = "connecting";
  #error = null;
  #message = "";
  #parts;
  #words = WORDS.en;
  #mounted = null;
  #token = null;
  #early = null;
  #udp = null;
  /** What lives around the picture once there is one: see screen.js. */
  screen = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const stage = make("div", "stage");
    stage.setAttribute("part", "stage");
    stage.setAttribute("role", "region");
    const video = make("video", "", { playsInline: true, disableRemotePlayback: true, preload: "auto" });
    video.setAttribute("part", "video");
    const cover = make("div", "cover");
    const spinner = make("div", "spinner");
    const text = make("p");
    text.setAttribute("role", "status");
    cover.append(spinner, text);
    const unmute = make("button", "unmute", { type: "button", hidden: true });
    const start = make("button", "start", { type: "button", hidden: true });
    unmute.addEventListener("click", () => {
      this.volume ||= 1;
      this.muted = false;
      this.play();
    });
    start.addEventListener("click", () => this.play());
    stage.append(video, cover, unmute, start);
    // The interface lays itself around the stage in this box; it never moves the video.
    const box = make("div", "hawker");
    box.append(stage);
    root.append(box);
    this.#parts = { stage, video, cover, spinner, text, unmute, start };
    for (const name of ["loadeddata", "volumechange", "playing", "waiting"]) video.addEventListener(name, () => this.#show());
    this.addEventListener("hawker:state", () => this.#show());
    this.addEventListener("hawker:firstframe", () => {
      this.#mount();
      this.#over();
    });
    // From the engine: the browser lets nothing play without a tap.
    this.addEventListener("hawker:blocked", () => {
      start.hidden = false;
      this.#mount();
    });
  }

  connectedCallback() {
    const { video, stage } = this.#parts;
    this.#speak();
    // As the viewer left it: percent, with a minus while muted.
    const sound = recall("sound");
    if (sound && !isNaN(sound)) video.volume = Math.min(1, Math.abs(sound) / 100);
    video.muted = this.hasAttribute("muted") || /^-/.test(sound);
    if (this.hasAttribute("floating") && !stage.querySelector(".close")) {
      const close = make("button", "close", { type: "button", textContent: "×" });
      close.setAttribute("aria-label", this.#words.close);
      close.addEventListener("click", () => this.#emit("hawker:close", null, true) && this.remove());
      stage.append(close);
    }
    this.#begun = true;
    this.#begin();
  }

  disconnectedCallback() {
    this.#begun = false;
    this.#end();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#begun || before === now) return;
    if (name === "room" || name === "server") {
      this.#end();
      this.#begin();
    } else if (name === "muted") {
      this.#parts.video.muted = now !== null;
    } else if (name === "quality") {
      // Without the attribute, what is remembered.
      this.#engine?.quality(this.quality === "auto" ? undefined : this.quality);
    }
  }

  async #begin() {
    const turn = ++this.#starting;
    this.#error = null;
    this.#set("connecting", "");
    if (!ROOM.test(this.room)) {
      return this.#fail("bad-room", `room="${this.room}" is not a room name: 1 to 64 letters, digits, "-" or "_"`);
    }
    const server = address(this.getAttribute("server"));
    if (!server) return this.#fail("bad-server", `server="${this.getAttribute("server")}" is not an http(s) address`);
    const ask = early(`${server}/live/${this.room}`, this.quality === "auto" && this.#parts.video);
    this.#early = ask;
    let module;
    try {
      module = await engine();
    } catch (error) {
      if (turn !== this.#starting) return;
      this.#quit();
      // Whoever was cut off meanwhile tries again once there is a network.
      addEventListener("online", () => turn === this.#starting && this.#begin(), { once: true });
      this.#fail("engine", `the player could not be loaded: ${error?.message ?? error}`);
      return;
    }
    if (turn !== this.#starting || !this.isConnected) return;
    const carry = (...asked) => (this.#udp ?? ask).fetch(...asked);
    const port = (this.#port = new module.Port(this, this.#parts.video, server, this.room, carry, play, ask.opening, ask.since));
    this.#engine = port.engine = new module.Engine(port, server, this.room);
    if (this.quality !== "auto") this.#engine.quality(this.quality);
    this.#engine.start();
    port.seen();
    this.#emit("hawker:ready", { room: this.room, server });
  }

  /** What was asked for before the engine was there is of no use any more. */
  #quit() {
    this.#early?.stop();
    this.#early = null;
    const { video } = this.#parts;
    if (this.#port || !video.src) return;
    video.removeAttribute("src");
    video.load();
  }

  #end() {
    this.#starting++;
    this.#quit();
    this.#udp?.stop();
    this.#udp = null;
    this.#mounted?.unmount(this.shadowRoot);
    this.#mounted = null;
    this.screen?.leave();
    this.screen = null;
    const engine = this.#engine;
    this.#engine = this.#port = null;
    engine?.stop();
    // It may be just telling something, to a listener that removes the element.
    if (engine) queueMicrotask(() => engine.free());
  }

  async #mount() {
    if (this.#mounted || this.hasAttribute("bare")) return;
    const turn = this.#starting;
    try {
      // The room takes what there is when the interface asks for it. Where there is trouble that would be nothing, for good.
      const over = this.error || Promise.race([this.#over(), wait(OVER_MS)]);
      const [module, around] = await Promise.all([ui(), screen(), over]);
      if (turn !== this.#starting || this.#mounted || !this.isConnected) return;
      this.screen = around.attach(this, this.#parts.stage, this.#parts.video, this.#engine);
      module.mount(this, this.shadowRoot);
      this.#mounted = module;
      this.#show();
    } catch (error) {
      uiModule = undefined;
      if (turn !== this.#starting) return;
      this.screen?.leave();
      this.screen = null;
      // The picture plays on without controls.
      this.#emit("hawker:error", { code: "ui", message: String(error?.message ?? error), fatal: false });
    }
  }

  /** Over UDP too, where there is any: nothing that is seen first needs it, and without it all goes on. */
  async #over() {
    if (!self.WebTransport || this.getAttribute("transport") === "http") return;
    const turn = this.#starting;
    const module = await import(new URL("udp.js", HERE).href).catch(() => {});
    if (module && turn === this.#starting) this.#udp ??= new module.Udp(this.server, this.room);
  }

  /** False: it was prevented, where that may be. */
  #emit(type, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  #set(state, message) {
    this.#state = state;
    this.#message = message;
    this.#emit("hawker:state", { state, message });
  }

  #fail(code, message) {
    this.#error = code;
    this.#set("error", message);
    this.#emit("hawker:error", { code, message, fatal: true });
  }

  /** In the page's language as it is now: scripts of the page set it late. */
  #speak() {
    this.#words = /^zh/i.test(this.language) ? WORDS.zh : WORDS.en;
    const { stage, video, unmute, start } = this.#parts;
    for (const part of [stage, video]) part.setAttribute("aria-label", this.#words.live);
    unmute.textContent = this.#words.unmute;
    start.textContent = this.#words.play;
  }

  #show() {
    this.#speak();
    const { cover, spinner, text, unmute, start, video } = this.#parts;
    const state = this.state;
    const waiting = state === "connecting" || state === "stalled";
    // A picture of before stays when its media go.
    cover.classList.toggle("clear", waiting && (video.readyState >= 2 || (!!video.src && cover.matches(".clear"))));
    // The first media play before the engine is there.
    const early = state === "connecting" && !video.paused && video.readyState > 2;
    cover.hidden = state === "live" || early || (state === "stalled" && video.readyState >= 2);
    spinner.hidden = !waiting;
    const say = (said) => {
      text.textContent = said && this.#message ? `${said}: ${this.#message}` : said || this.#message;
    };
    say(this.#words[state]);
    if (state !== "connecting" && state !== "live") {
      const turn = this.#starting;
      screen().then(
        (around) => turn === this.#starting && state === this.state && say(around.says(this.error ?? state, this.#words === WORDS.zh)),
        () => {},
      );
    }
    if (!video.paused) start.hidden = true;
    // The interface has its own.
    unmute.hidden = !(video.muted && state === "live" && !this.#mounted);
    // Whoever waits for a show, or cannot see it, may talk and shop meanwhile. Where there is no server of ours there is no talk.
    if (!waiting && state !== "live" && !/^bad|engine/.test(this.error)) this.#mount();
  }

  /** Of the page around it, out of all shadow trees, or of the browser. */
  get language() {
    let lang;
    for (let at = this; at && !lang; at = at.getRootNode().host) lang = at.closest("[lang]")?.lang;
    return lang || navigator.language || "en";
  }

  get room() { return this.getAttribute("room") ?? ""; }
  set room(value) { this.setAttribute("room", value); }
  get server() { return address(this.getAttribute("server")) ?? this.getAttribute("server"); }
  set server(value) { this.setAttribute("server", value); }
  get token() { return this.#token ?? this.getAttribute("token") ?? ""; }
  set token(value) { this.#token = value; }
  get muted() { return this.#parts.video.muted; }
  set muted(value) { this.#parts.video.muted = Boolean(value); }
  get volume() { return this.#parts.video.volume; }
  set volume(value) { this.#parts.video.volume = Math.min(1, Math.max(0, Number(value) || 0)); }
  get quality() { return this.getAttribute("quality") ?? recall("quality") ?? "auto"; }
  set quality(value) {
    this.setAttribute("quality", value);
    this.#emit("hawker:quality", { quality: value, rendition: this.rendition });
  }
  get renditions() { return this.#port?.renditions() ?? []; }
  get rendition() { return this.#engine?.rendition ?? null; }
  get state() { return this.#engine?.state ?? this.#state; }
  get error() { return this.#engine?.error ?? this.#error; }
  /** The browser plays nothing without a tap. */
  get blocked() { return !this.#parts.start.hidden; }
  get paused() { return this.#engine?.paused ?? true; }

  play() { this.#engine?.play(); }
  pause() { this.#engine?.pause(); }
  goLive() { this.#engine?.go_live(); }
  stats() {
    const stats = this.#port?.stats();
    return stats ? Object.assign(stats, { transport: this.#udp?.carried ?? "http" }) : null;
  }
  serverTime() { return this.#engine?.server_time() || Date.now(); }
  /** For the interface: what carries the room. */
  socket(url) { return this.#udp?.socket(url) ?? new WebSocket(url, "hawker.v1"); }
  requestFullscreen(options) {
    if (super.requestFullscreen) return super.requestFullscreen(options);
    // iPhones have full screen for the video alone.
    return new Promise((done) => done(this.#parts.video.webkitEnterFullscreen()));
  }
}

if (!customElements.get("hawker-live")) customElements.define("hawker-live", HawkerLive);

function float() {
  // A module script has no currentScript: its tags are those whose address is this module's.
  for (const tag of document.querySelectorAll("script[data-room]")) {
    if (tag.src !== import.meta.url || tag.hawker) continue;
    tag.hawker = true;
    const live = document.createElement("hawker-live");
    live.setAttribute("floating", "");
    for (const name of ["room", "server", "token", "name", "quality", "muted", "bare", "uncapped", "lang", "checkout", "theme", "transport"]) {
      if (tag.dataset[name] !== undefined) live.setAttribute(name, tag.dataset[name]);
    }
    document.body.append(live);
  }
}
if (document.body) float();
else document.addEventListener("DOMContentLoaded", float, { once: true });
// After what a player on the page asks for: the room's state is a round trip ahead of the media.
if (!engineModule) engineBytes = binary("engine");
