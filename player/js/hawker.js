// The tag of the SDK: defines <hawker-live>, turns <script type="module" src=".../hawker.js" data-room="..."> into a floating
// player, and shows what can be shown before the engine is there (video, spinner, state, unmute). Decides nothing about
// playback (engine.wasm) and draws no controls (ui.wasm, loaded after the first frame).
//
// Runs on pages that are not ours: no markup from strings, no inline styles, no inert HTML, nothing that needs a secure context.

const HERE = new URL(".", import.meta.url);
const engineBytes = fetch(new URL("engine.wasm", HERE));
engineBytes.catch(() => {}); // Reported where it is used.

let engineModule;
function engine() {
  engineModule ??= import(new URL("engine.js", HERE).href).then(async (module) => {
    await module.default({ module_or_path: engineBytes });
    return module;
  });
  return engineModule;
}

let uiModule;
function ui() {
  uiModule ??= import(new URL("ui.js", HERE).href).then(async (module) => {
    await module.default({ module_or_path: new URL("ui.wasm", HERE) });
    return module;
  });
  return uiModule;
}

const WORDS = {
  en: {
    connecting: "Connecting…",
    stalled: "Waiting for the network…",
    offline: "The show has not started yet",
    ended: "The show is over",
    unsupported: "This browser cannot play live video. Please update it or use another one.",
    error: "The video cannot be played",
    unmute: "Tap for sound",
    play: "Play",
    close: "Close",
    live: "Live video",
  },
  zh: {
    connecting: "正在连接…",
    stalled: "网络不佳，正在缓冲…",
    offline: "直播还没开始",
    ended: "直播已结束",
    unsupported: "此浏览器无法播放直播，请升级或换用其他浏览器。",
    error: "视频无法播放",
    unmute: "点击开启声音",
    play: "播放",
    close: "关闭",
    live: "直播画面",
  },
};

const STYLE = `
:host { all: initial; display: block; position: relative; contain: content; color-scheme: light dark;
  font: 14px/1.4 system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", sans-serif; }
:host([hidden]) { display: none; }
:host([floating]) { position: fixed; inset-inline-end: 16px; bottom: 16px; width: min(360px, calc(100vw - 32px));
  z-index: 2147483000; border-radius: 12px; overflow: hidden; box-shadow: 0 8px 32px rgb(0 0 0 / .35); }
.hawker { height: 100%; }
.stage { position: relative; background: #000; aspect-ratio: 16 / 9; width: 100%; overflow: hidden; }
:host([fill]) .stage { height: 100%; aspect-ratio: auto; }
video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; background: #000; }
.cover { position: absolute; inset: 0; display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 12px; padding: 16px; text-align: center; color: #fff; background: rgb(0 0 0 / .55); pointer-events: none; }
.cover[hidden], button[hidden] { display: none; }
.cover p { margin: 0; max-width: 36em; }
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

const ROOM = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

function make(name, cls, props = {}) {
  const node = document.createElement(name);
  if (cls) node.className = cls;
  return Object.assign(node, props);
}

/** The element, for those who subclass or test it. */
export class HawkerLive extends HTMLElement {
  static observedAttributes = ["room", "server", "muted", "quality", "token"];

  #engine = null;
  #starting = 0;
  #state = "connecting";
  #message = "";
  #parts;
  #words = WORDS.en;
  #mounted = null;
  #token = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const stage = make("div", "stage");
    stage.setAttribute("part", "stage");
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
    video.addEventListener("volumechange", () => this.#show());
    this.addEventListener("hawker:state", () => this.#show());
    this.addEventListener("hawker:firstframe", () => this.#mount());
    // From the engine: the browser lets nothing play without a tap.
    this.addEventListener("hawker:blocked", () => {
      this.#parts.start.hidden = false;
    });
  }

  connectedCallback() {
    const lang = (this.closest("[lang]")?.lang || navigator.language || "en").toLowerCase();
    this.#words = lang.startsWith("zh") ? WORDS.zh : WORDS.en;
    const { video, unmute, start, stage } = this.#parts;
    video.setAttribute("aria-label", this.#words.live);
    unmute.textContent = this.#words.unmute;
    start.textContent = this.#words.play;
    video.muted = this.hasAttribute("muted");
    if (this.hasAttribute("floating") && !stage.querySelector(".close")) {
      const close = make("button", "close", { type: "button", textContent: "×" });
      close.setAttribute("aria-label", this.#words.close);
      close.addEventListener("click", () => this.remove());
      stage.append(close);
    }
    this.#begin();
  }

  disconnectedCallback() {
    this.#end();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return;
    if (name === "room" || name === "server") {
      this.#end();
      this.#begin();
    } else if (name === "muted") {
      this.#parts.video.muted = now !== null;
    } else if (name === "quality") {
      this.#engine?.quality(now === null || now === "auto" ? undefined : now);
    }
  }

  async #begin() {
    const turn = ++this.#starting;
    this.#set("connecting", "");
    if (!ROOM.test(this.room)) {
      this.#fail("bad-room", `room="${this.room}" is not a room name: 1 to 64 letters, digits, "-" or "_"`);
      return;
    }
    let server;
    try {
      server = new URL(this.getAttribute("server") || HERE.origin, document.baseURI);
      if (!/^https?:$/.test(server.protocol)) throw new TypeError(server.protocol);
    } catch {
      this.#fail("bad-server", `server="${this.getAttribute("server")}" is not an http(s) address`);
      return;
    }
    let module;
    try {
      module = await engine();
    } catch (error) {
      engineModule = undefined;
      this.#fail("engine", `the player could not be loaded: ${error?.message ?? error}`);
      return;
    }
    if (turn !== this.#starting || !this.isConnected) return;
    this.#engine = new module.Engine(this, this.#parts.video, server.origin, this.room);
    if (this.quality !== "auto") this.#engine.quality(this.quality);
    this.#engine.start();
    this.#emit("hawker:ready", { room: this.room, server: server.origin });
  }

  #end() {
    this.#starting++;
    if (this.#mounted) {
      const mounted = this.#mounted;
      this.#mounted = null;
      mounted.unmount(this.shadowRoot);
    }
    this.#engine?.stop();
    this.#engine?.free();
    this.#engine = null;
  }

  async #mount() {
    if (this.#mounted || this.hasAttribute("bare")) return;
    const turn = this.#starting;
    try {
      const module = await ui();
      if (turn !== this.#starting || this.#mounted || !this.isConnected) return;
      this.#mounted = module;
      module.mount(this, this.shadowRoot);
      this.#show();
    } catch (error) {
      uiModule = undefined;
      // The picture plays on without controls.
      this.#emit("hawker:error", { code: "ui", message: String(error?.message ?? error), fatal: false });
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #set(state, message) {
    this.#state = state;
    this.#message = message;
    this.#emit("hawker:state", { state, message });
  }

  #fail(code, message) {
    this.#set("error", message);
    this.#emit("hawker:error", { code, message, fatal: true });
  }

  #show() {
    const { cover, spinner, text, unmute, start, video } = this.#parts;
    const state = this.state;
    const waiting = state === "connecting" || state === "stalled";
    cover.hidden = state === "live" || (state === "stalled" && video.readyState >= 2);
    spinner.hidden = !waiting;
    const said = this.#words[state] ?? "";
    text.textContent = this.#message ? `${said}: ${this.#message}` : said;
    if (!video.paused) start.hidden = true;
    // The UI's own mute button takes over when it is there; a forced mute keeps its notice.
    unmute.hidden = !(video.muted && state === "live" && (!this.#mounted || this.#engine?.forced_mute));
    // Whoever waits for a show may talk and shop meanwhile.
    if (state === "offline" || state === "ended") this.#mount();
  }

  get room() {
    return this.getAttribute("room") ?? "";
  }
  set room(value) {
    this.setAttribute("room", value);
  }
  get server() {
    return this.getAttribute("server") ?? HERE.origin;
  }
  set server(value) {
    this.setAttribute("server", value);
  }
  get token() {
    return this.#token ?? this.getAttribute("token") ?? "";
  }
  set token(value) {
    this.#token = value;
  }
  get muted() {
    return this.#parts.video.muted;
  }
  set muted(value) {
    this.#parts.video.muted = Boolean(value);
  }
  get volume() {
    return this.#parts.video.volume;
  }
  set volume(value) {
    this.#parts.video.volume = Math.min(1, Math.max(0, Number(value) || 0));
  }
  get quality() {
    return this.getAttribute("quality") ?? "auto";
  }
  set quality(value) {
    this.setAttribute("quality", value);
    this.#emit("hawker:quality", { quality: value, rendition: this.rendition });
  }
  get renditions() {
    return this.#engine?.renditions ?? [];
  }
  get rendition() {
    return this.#engine?.rendition ?? null;
  }
  get state() {
    return this.#engine?.state ?? this.#state;
  }
  get paused() {
    return this.#engine?.paused ?? true;
  }

  play() {
    this.#engine?.play();
  }
  pause() {
    this.#engine?.pause();
  }
  goLive() {
    this.#engine?.go_live();
  }
  stats() {
    return this.#engine?.stats() ?? null;
  }
  serverTime() {
    return this.#engine?.server_time() ?? Date.now();
  }
  requestFullscreen(options) {
    // iPhones have full screen for the video alone.
    if (super.requestFullscreen) return super.requestFullscreen(options);
    this.#parts.video.webkitEnterFullscreen?.();
    return Promise.resolve();
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
    for (const name of ["room", "server", "token", "name", "quality", "muted", "bare", "lang", "checkout", "theme"]) {
      if (tag.dataset[name] !== undefined) live.setAttribute(name, tag.dataset[name]);
    }
    document.body.append(live);
  }
}
if (document.body) float();
else document.addEventListener("DOMContentLoaded", float, { once: true });
