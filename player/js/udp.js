// Media and room over UDP (a WebTransport session), beside HTTP and WebSocket, which stay the primary way: what is asked and heard is
// the same (docs/protocol.md). Loaded after the first frame, or where one is waited for. Decides when a session is opened and left, and what
// carries the next segment; knows nothing of what is in it, or of when it is asked for (engine.wasm).

/** Time for a session, ms: a description, a handshake and a request, with a second of round trip. */
const OPEN_MS = 5000;
/** Wait before another session, ms; doubles up to 16 minutes: what lets no UDP through rarely changes its mind, but phones move. */
const REST_MS = 30e3;
const REST_DOUBLINGS = 5;
/** A session that lasted for so long, ms, works here: the next one is tried soon. */
const PROVEN_MS = 60e3;

/**
 * A session that has brought media and then nothing for so long, ms, is silent: chunks come every few hundredths of a second, and
 * a lost packet comes again after nine eighths of a round trip. What is under way is asked for over HTTP too.
 */
const SILENT_MS = 150;
/** The same for one that has brought none yet: the server holds what is asked for until there is some. */
const FIRST_MS = 1000;
/** A page that was too busy to look for longer than this, ms, gets the time to hear what waits. */
const LATE_MS = 50;
/** A silent session that says nothing when spoken to within so long, ms, is dead. */
const DEAD_MS = 1000;
/** So many segments in a row that HTTP brought sooner although it was asked later: there is something wrong with this session. */
const LOSSES_MAX = 3;

/** A page is told within so long, ms, that its policy forbade something. */
const REPORT_MS = 100;
/** How long the room waits for a session that is being opened, ms: it is needed less than the picture. */
const ROOM_MS = 500;
/** The longest head of an answer, a few lines, and the longest frame of a room, bytes. */
const HEAD_MAX = 4096;
const FRAME_MAX = 1 << 20;

/** The end of what has none yet (RFC 8673). */
const ENDLESS = Number.MAX_SAFE_INTEGER;

const NOTHING = new Uint8Array(0);
const ignore = () => {};

function join(a, b) {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function sleep(ms, signal) {
  return new Promise((done) => {
    setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** Sessions for one room of a server, one after the other, until it is stopped. */
export class Udp {
  #base;
  #stopped = new AbortController();
  #opening = null;
  #session = null;
  /** What the newest segment was asked over. */
  carried = "http";

  constructor(server, room) {
    this.#base = `${server}/live/${room}/`;
    this.#keep().catch(ignore);
  }

  async #keep() {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; failures++) {
      const attempt = new AbortController();
      this.#opening = open(this.#base, attempt.signal);
      const session = await Promise.race([this.#opening, sleep(OPEN_MS, signal)]).catch(ignore);
      attempt.abort();
      // There is none to be had here.
      if (session === null) return;
      if (session && !signal.aborted) {
        const began = performance.now();
        this.#session = session;
        await Promise.race([session.closed, new Promise((done) => signal.addEventListener("abort", done))]);
        if (performance.now() - began > PROVEN_MS) failures = 0;
      }
      session?.close();
      this.#session = this.#opening = null;
      if (!signal.aborted) await sleep(REST_MS * 2 ** Math.min(failures, REST_DOUBLINGS), signal);
    }
  }

  stop() {
    this.#stopped.abort();
  }

  /** As `fetch`, for the engine. */
  fetch(url, options) {
    if (!url.endsWith(".mp4")) return fetch(url, options);
    const session = this.#session;
    this.carried = session?.silent === false ? "udp" : "http";
    if (!session || (session.silent && options.headers)) return fetch(url, options);
    return new Load(session, url, url.slice(this.#base.length), options).answer();
  }

  /** As a WebSocket, for the interface: by the session, should there be one in time. */
  socket(url) {
    const line = new Line();
    Promise.race([this.#opening, sleep(ROOM_MS)])
      .catch(ignore)
      .then((session) => line.begin(session, url));
    return line;
  }
}

/** A session, once it is there; `null`: there is none to be had here, now or later. */
async function open(base, signal) {
  const answer = await fetch(`${base}udp`, { cache: "no-store", credentials: "omit", signal });
  if (answer.status === 204 || answer.status === 404) return null;
  if (answer.status !== 200) throw new Error("no answer");
  const { address, port, hashes } = await answer.json();
  const { hostname, pathname } = new URL(base);
  const at = new URL(`https://${address ?? `${hostname}:${port}`}${pathname}udp`);
  // A page's policy stays what it is, and each try would be a line in its console.
  let forbidden = false;
  const forbid = ({ blockedURI }) => {
    forbidden ||= blockedURI.startsWith(at.origin);
  };
  document.addEventListener("securitypolicyviolation", forbid);
  let session;
  try {
    const transport = new WebTransport(at.href, {
      serverCertificateHashes: hashes.map((hash) => ({
        algorithm: "sha-256",
        value: Uint8Array.from(atob(hash), (byte) => byte.charCodeAt(0)),
      })),
    });
    transport.closed.catch(ignore);
    signal.addEventListener("abort", () => session || transport.close());
    await transport.ready;
    return (session = new Session(transport));
  } catch (error) {
    await sleep(REPORT_MS);
    if (forbidden) return null;
    throw error;
  } finally {
    document.removeEventListener("securitypolicyviolation", forbid);
  }
}

class Session {
  #transport;
  #heard = 0;
  #patience = FIRST_MS;
  #speaks = ignore;
  #loads = new Set();
  #watch;
  #losses = 0;
  #taps = 0;
  #datagrams;
  /** What is asked of it is asked over HTTP as well until it speaks again. */
  silent = false;

  constructor(transport) {
    this.#transport = transport;
    this.closed = transport.closed.catch(ignore).then(() => {
      this.silent = true;
    });
  }

  close() {
    this.silent = true;
    this.#transport.close();
  }

  /** Watches over a load, which is told when there is silence. */
  begins(load) {
    if (!this.#loads.size) this.#heard = performance.now();
    this.#loads.add(load);
    this.#look();
  }

  /** Media came, which ends a silence. */
  hears() {
    this.#heard = performance.now();
    this.#patience = SILENT_MS;
    this.#speaks(true);
  }

  ends(load) {
    this.#loads.delete(load);
  }

  /** Whether a load's bytes came by this session, or by HTTP although that was asked later and while this one said nothing. */
  raced(won) {
    this.#losses = won ? 0 : this.#losses + 1;
    if (this.#losses >= LOSSES_MAX) this.close();
  }

  #look() {
    clearTimeout(this.#watch);
    if (!this.#loads.size || this.silent) return;
    const now = performance.now();
    // What the server still holds is no silence of the session.
    const patience = [...this.#loads].some((load) => load.begun) ? this.#patience : FIRST_MS;
    const left = this.#heard + patience - now;
    if (left < -LATE_MS) this.#heard = now - patience + LATE_MS;
    if (left <= 0 && left >= -LATE_MS) this.#hush();
    else this.#watch = setTimeout(() => this.#look(), left > 0 ? left : LATE_MS);
  }

  /** There is silence: nobody waits for its end, and a question tells whether it has one. */
  async #hush() {
    this.silent = true;
    for (const load of this.#loads) load.hedge();
    this.#loads.clear();
    const stop = new AbortController();
    const answer = this.ask("stream", stop.signal).next();
    const speaks = new Promise((done) => (this.#speaks = done));
    const alive = await Promise.race([answer, speaks, sleep(DEAD_MS)]).catch(ignore);
    stop.abort();
    if (!alive) return this.close();
    this.silent = false;
    this.#heard = performance.now();
    this.#look();
  }

  /**
   * Asks on a stream of its own. Gives first what `fetch` would, as far as that is looked at, then its bytes. Without a signal
   * to stop it more can be written.
   */
  async *ask(line, signal) {
    const { readable, writable } = await this.#transport.createBidirectionalStream();
    const reader = readable.getReader();
    // The server stops at once.
    const stop = () => reader.cancel().catch(ignore);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    const writer = writable.getWriter();
    writer.closed.catch(ignore);
    writer.write(new TextEncoder().encode(`${line}\n`)).catch(ignore);
    if (signal) writer.close().catch(ignore);
    let rest = NOTHING;
    let end = -1;
    while (end < 0) {
      const { value, done } = await reader.read();
      if (done || rest.length > HEAD_MAX) throw new Error("no answer");
      rest = join(rest, value);
      end = rest.findIndex((byte, at) => byte === 10 && rest[at + 1] === 10);
    }
    const [status, ...lines] = new TextDecoder().decode(rest.subarray(0, end)).split("\n");
    yield { status: Number(status), headers: new Map(lines.map((line) => line.split(": "))).set("udp", ""), writer, stop };
    if (end + 2 < rest.length) yield rest.subarray(end + 2);
    yield* pieces(reader);
  }

  /** Taps go as a datagram with all of them so far: one that is lost is made up for by the next. */
  tap(taps) {
    const { datagrams } = this.#transport;
    this.#datagrams ??= (datagrams.writable ?? datagrams.createWritable()).getWriter();
    this.#taps += taps;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.#taps);
    this.#datagrams.write(bytes).catch(ignore);
  }
}

async function* pieces(reader) {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** The same over HTTP. */
async function* plain(url, options) {
  const answer = await fetch(url, options);
  yield answer;
  yield* pieces(answer.body.getReader());
}

/**
 * One segment. An object is the same bytes whatever carries it: when the session is silent or breaks off, HTTP is asked as
 * well, and what is new counts, whichever brings it. A session that speaks again gives all that it held back at once, where TCP begins
 * slowly after a rest: once it is as far as HTTP it goes on alone.
 */
class Load {
  #session;
  #url;
  #options;
  #lanes = [];
  #answered = false;
  #had = 0;
  #hedged = false;
  /** HTTP had something sooner. */
  #lost = false;
  #wake;
  #woken;

  constructor(session, url, path, options) {
    this.#rest();
    this.#session = session;
    this.#url = url;
    this.#options = options;
    const range = options.headers?.Range;
    this.#add(true, (signal) => session.ask(range ? `${path} ${range}` : path, signal));
    // What is measured goes one way to its end.
    if (range) this.#hedged = true;
    else session.begins(this);
    if (session.silent) {
      // Nothing is lost that was not waited for.
      this.#lost = true;
      this.hedge();
    }
    options.signal.addEventListener("abort", () => session.ends(this));
  }

  #add(udp, ask) {
    const stop = new AbortController();
    this.#options.signal.addEventListener("abort", () => stop.abort());
    this.#lanes.push({ udp, stop, events: ask(stop.signal), from: this.#from, at: 0, next: null });
  }

  #drop(lane) {
    lane.stop.abort();
    lane.next?.catch(ignore);
    this.#lanes = this.#lanes.filter((other) => other !== lane);
  }

  /** The others are not needed any more. */
  #only(lane) {
    for (const other of this.#lanes) if (other !== lane) this.#drop(other);
  }

  /** Until it is told of another lane. */
  #rest() {
    this.#woken = new Promise((done) => {
      this.#wake = done;
    });
  }

  /** Where more of it is asked for: at the last byte that is here, since behind the end there is nothing to ask for. */
  get #from() {
    return Math.max(this.#had - 1, 0);
  }

  /** Something of it is here. */
  get begun() {
    return this.#had > 0;
  }

  /** Over UDP alone again. */
  #alone() {
    if (this.#options.signal.aborted) return;
    this.#hedged = false;
    this.#session.begins(this);
  }

  /** Asks over HTTP as well. */
  hedge() {
    if (this.#hedged || this.#options.signal.aborted) return;
    this.#hedged = true;
    const headers = this.#from ? { Range: `bytes=${this.#from}-${ENDLESS}` } : {};
    this.#add(false, (signal) => plain(this.#url, { ...this.#options, headers, signal }));
    this.#wake({});
  }

  /** As `fetch` answers, as far as the engine looks at it. */
  async answer() {
    const { status, headers } = await this.#next();
    const read = async () => {
      const value = await this.#next();
      return { value, done: !value };
    };
    return { status, headers, body: { getReader: () => ({ read }) } };
  }

  /** The head of the answer, then bytes that were not given yet, then nothing. */
  async #next() {
    for (;;) {
      for (const lane of this.#lanes) {
        lane.next ??= lane.events.next().then((event) => ({ lane, ...event }), (error) => ({ lane, error }));
      }
      const { lane, value, done, error } = await Promise.race([this.#woken, ...this.#lanes.map(({ next }) => next)]);
      if (!lane) {
        this.#rest();
        continue;
      }
      lane.next = null;
      const refused = !done && value?.status >= 300 && (this.#answered || this.#lanes.length > 1);
      if (error || refused) {
        this.#drop(lane);
        if (lane.udp) {
          this.#session.ends(this);
          this.hedge();
        } else if (this.#lanes.length) this.#alone();
        if (!this.#lanes.length) throw error ?? new Error("refused");
      } else if (done) {
        this.#session.ends(this);
        this.#only(lane);
        if (!this.#hedged) this.#session.raced(true);
        return undefined;
      } else if (value.status) {
        if (value.status === 206) lane.at = lane.from;
        if (this.#answered) continue;
        this.#answered = true;
        return value;
      } else {
        if (lane.udp) this.#session.hears();
        const known = this.#had - lane.at;
        lane.at += value.length;
        if (lane.udp && known <= value.length && this.#lanes.length > 1) {
          this.#only(lane);
          this.#session.raced(true);
          this.#alone();
        }
        if (known >= value.length) continue;
        this.#had = lane.at;
        // A session that has answered since was not what was silent: the encoder may have been.
        if (!lane.udp && !this.#lost && this.#session.silent) {
          this.#lost = true;
          this.#session.raced(false);
        }
        return known ? value.subarray(known) : value;
      }
    }
  }
}

/** The taps of a frame that is a Like and nothing else: field 3 of ClientFrame with field 1 of Like. */
function like(frame) {
  if (frame[0] !== 0x1a || frame[2] !== 0x08) return 0;
  return frame.subarray(3).reduceRight((taps, byte) => taps * 128 + (byte & 127), 0);
}

/** As much of a WebSocket as the interface uses. */
class Line {
  readyState = 0;
  onopen = null;
  onclose = null;
  onmessage = null;
  #socket = null;
  #session = null;
  #room = null;

  async begin(session, url) {
    if (this.readyState) return;
    if (!session || session.silent) {
      this.#plain(url);
      return;
    }
    const frames = session.ask("socket");
    const room = (await frames.next().catch(ignore))?.value;
    if (this.readyState || room?.status !== 200) {
      room?.stop();
      if (!this.readyState) this.#plain(url);
      return;
    }
    this.#session = session;
    this.#room = room;
    this.readyState = 1;
    this.onopen?.({});
    this.#end((await this.#hear(frames).catch(ignore)) ?? 1006);
  }

  #plain(url) {
    let socket;
    try {
      socket = new WebSocket(url, "hawker.v1");
    } catch {
      this.#end(1006);
      return;
    }
    socket.binaryType = "arraybuffer";
    socket.onopen = (event) => {
      this.readyState = 1;
      this.onopen?.(event);
    };
    socket.onmessage = (event) => this.onmessage?.(event);
    socket.onclose = ({ code }) => this.#end(code);
    this.#socket = socket;
  }

  /** Frames until the end; its code, if it has one. */
  async #hear(frames) {
    let bytes = NOTHING;
    for await (const more of frames) {
      bytes = join(bytes, more);
      while (bytes.length >= 4) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const size = view.getUint32(0);
        if (size > FRAME_MAX) return 1006;
        if (!size && bytes.length >= 6) return view.getUint16(4);
        if (!size || bytes.length < 4 + size) break;
        this.onmessage?.({ data: bytes.slice(4, 4 + size) });
        bytes = bytes.subarray(4 + size);
      }
    }
    return 1006;
  }

  #end(code) {
    if (this.readyState === 3) return;
    this.close();
    this.onclose?.({ code });
  }

  send(frame) {
    if (this.#socket) {
      this.#socket.send(frame);
      return;
    }
    const taps = like(frame);
    if (taps) {
      this.#session.tap(taps);
      return;
    }
    const bytes = new Uint8Array(4 + frame.length);
    new DataView(bytes.buffer).setUint32(0, frame.length);
    bytes.set(frame, 4);
    this.#room.writer.write(bytes).catch(ignore);
  }

  close() {
    this.readyState = 3;
    this.#socket?.close();
    this.#room?.stop();
    this.#room?.writer.close().catch(ignore);
  }
}
