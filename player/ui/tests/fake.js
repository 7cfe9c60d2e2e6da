// What the page tests stand on: an element with the engine's public API and no engine, and a WebSocket that goes nowhere.

export function element(attributes) {
  const host = document.createElement('div');
  for (const [name, value] of Object.entries(attributes)) host.setAttribute(name, value);
  Object.assign(host, {
    room: 'demo', server: 'http://shop.test', muted: true, volume: 1, paused: false, quality: 'auto', state: 'live',
    rendition: '720p', renditions: [{ name: '720p' }, { name: '360p' }], calls: [],
    play() { this.calls.push('play'); this.paused = false; },
    pause() { this.calls.push('pause'); this.paused = true; },
    goLive() { this.calls.push('goLive'); },
    socket(url) { return new WebSocket(url, 'hawker.v1'); },
    stats() { return { latencyMs: 312, bufferMs: 240, rendition: '720p', estimateBps: 5e6, stalls: 0, stalledMs: 0, droppedFrames: 0, rate: 1 }; },
  });
  host.style.cssText = 'width:390px;height:844px';
  const root = host.attachShadow({ mode: 'open' });
  const box = document.createElement('div');
  box.className = 'hawker';
  box.append(document.createElement('video'));
  root.append(box);
  document.body.append(host);
  host.heard = [];
  for (const name of ['hawker:hold', 'hawker:checkout', 'hawker:add-to-cart', 'hawker:message']) {
    host.addEventListener(name, (event) => {
      host.heard.push({ name, detail: event.detail });
      if (name === 'hawker:checkout') event.preventDefault();
    });
  }
  return host;
}

export const heard = (host, name) => host.heard.filter((event) => event.name === name).map((event) => event.detail);
export const field = (object, path) => path.split('.').reduce((value, key) => value?.[key], object);

let sockets = [];

class FakeSocket {
  static OPEN = 1;
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    this.sent = [];
    sockets.push(this);
  }
  send(bytes) { this.sent.push(new Uint8Array(bytes)); }
  close() { this.readyState = 3; }
}

export function plug() {
  sockets = [];
  window.WebSocket = FakeSocket;
}

export const socketCount = () => sockets.length;
export const socketUrl = () => sockets.at(-1).url;

export function open() {
  const socket = sockets.at(-1);
  socket.readyState = 1;
  socket.onopen?.();
}

export function push(bytes) {
  // A copy: the caller's memory may move.
  sockets.at(-1).onmessage?.(new MessageEvent('message', { data: new Uint8Array(bytes).buffer }));
}

export function hangUp(code) {
  const socket = sockets.at(-1);
  socket.readyState = 3;
  socket.onclose?.(new CloseEvent('close', { code }));
}

export const sent = () => sockets.at(-1).sent;

export function wantStill(still) {
  window.realMatchMedia ??= window.matchMedia;
  window.matchMedia = (query) =>
    query.includes('reduced-motion') ? Object.assign(new EventTarget(), { matches: still }) : window.realMatchMedia(query);
}

const storage = Object.getOwnPropertyDescriptor(window, 'localStorage');

export function breakStorage(broken) {
  if (broken) {
    Object.defineProperty(window, 'localStorage', {
      configurable: true,
      get() { throw new DOMException('denied', 'SecurityError'); },
    });
  } else {
    Object.defineProperty(window, 'localStorage', storage);
  }
}

export const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// What one test's guest was called is nothing to the next; a tab's own storage stays, as over a reload.
export const forget = () => localStorage.clear();
