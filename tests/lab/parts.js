// Our player on plain LL-HLS: what the page asks our server for is answered here, from playlists and parts that any server of
// LL-HLS has (RFC 8216bis). Stands in for `fetch`, a classic script before the SDK's. Not part of the SDK, and no player: what is asked
// for and when, which rendition and how fast it plays, all that the engine decides as ever.
//
//   /live/ROOM/stream                <- index.m3u8, and the newest segment of a media playlist
//   /live/ROOM/EPOCH/RENDITION/N.mp4 <- the parts of segment N, of picture and sound, in the order of their decoding times
//   /api/v1/time                     <- nothing: LL-HLS has no clock
//
// What only our server tells stays out: `prft` is left out, no header passes but whether a segment is independent.
// Per track one blocking reload is under way and, where the playlist hints at it, the next part: four of the six connections that
// HTTP/1.1 has to a host, six while two renditions overlap.

{
  const ask = window.fetch;
  const ROOM = /^(.*\/live\/[^/]+)\/(.*)$/;
  /** Answers without news are given again after this, ms: LL-HLS says nothing of a room that is not live. */
  const POLL_MS = 1000;
  /** Media playlists list more than is looked at: so many segments are kept. */
  const KEPT = 8;
  /** Of which rendition the newest segment is looked up: the best within this, b/s, which is what the engine begins with. */
  const FIRST_BPS = 1_050_000;

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const resolve = (uri, base) => new URL(uri, base).href;

  // ---- playlists

  /** `A=1,B="x,y"` as an object. */
  const attributes = (text) =>
    Object.fromEntries([...text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)].map(([, name, quoted, bare]) => [name, quoted ?? bare]));

  /** A playlist's lines as [tag or "", what follows]. */
  const lines = (text) =>
    text.split("\n").filter(Boolean).map((line) => (line[0] === "#" ? [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1)] : ["", line]));

  /** The variants of a multivariant playlist, best first, by the name of their folder; with the sound of their group. */
  function variants(text, base) {
    const sounds = {};
    const all = [];
    let about;
    for (const [tag, rest] of lines(text)) {
      if (tag === "#EXT-X-MEDIA") {
        const { TYPE, URI, ["GROUP-ID"]: group } = attributes(rest);
        if (TYPE === "AUDIO") sounds[group] = resolve(URI, base);
      } else if (tag === "#EXT-X-STREAM-INF") {
        about = attributes(rest);
      } else if (!tag && about) {
        const [, epoch, name] = /([^/]+)\/([^/]+)\/[^/]*$/.exec(resolve(rest, base));
        const [width, height] = (about.RESOLUTION ?? "0x0").split("x").map(Number);
        all.push({ epoch, name, width, height, about, tracks: [resolve(rest, base), sounds[about.AUDIO]].filter(Boolean) });
        about = null;
      }
    }
    return all;
  }

  /** A media playlist that is reloaded for as long as somebody follows it. */
  class Playlist {
    #url;
    #users = 0;
    #stop = null;
    #changed;
    /** By number: { parts: [{ uri, independent }], map, uri once it is whole }. */
    segments = new Map();
    /** The part being made, and its address. */
    hint = null;
    /** HTTP status that ended it. */
    failed = 0;
    newest = 0;

    constructor(url) {
      this.#url = url;
    }

    /** Resolves when there is more. */
    get changed() {
      return (this.#changed ??= Promise.withResolvers()).promise;
    }

    #tell() {
      this.#changed?.resolve();
      this.#changed = null;
    }

    /** Follows it, if it is new from this segment on; what is given ends that. */
    follow(number) {
      this.#users++;
      if (!this.#stop) this.#reload(number);
      let left = false;
      return () => {
        if (!left) this.#users--;
        left = true;
        if (!this.#users) this.#stop?.abort();
      };
    }

    /** Loads it once, without waiting for anything. */
    async load(signal) {
      const answer = await ask(this.#url, { cache: "no-store", credentials: "omit", signal });
      if (answer.ok) this.#read(await answer.text());
    }

    async #reload(number) {
      const stop = (this.#stop = new AbortController());
      this.failed = 0;
      stop.signal.addEventListener("abort", () => {
        if (this.#stop === stop) this.#stop = null;
      });
      while (!stop.signal.aborted) {
        // The first part that is not listed.
        const last = this.segments.get(this.newest);
        const [msn, part] = number > this.newest || !last ? [number, 0] : [this.newest, last.parts.length];
        const url = new URL(this.#url);
        url.searchParams.set("_HLS_msn", msn);
        url.searchParams.set("_HLS_part", part);
        if (last) url.searchParams.set("_HLS_skip", "YES");
        try {
          const answer = await ask(url, { cache: "no-store", credentials: "omit", signal: stop.signal });
          if (answer.ok) this.#read(await answer.text());
          // 503: held for as long as the server holds.
          else if (answer.status !== 503) throw answer.status;
        } catch (status) {
          if (stop.signal.aborted) return;
          this.failed = Number(status) || 502;
          stop.abort();
        }
        this.#tell();
      }
    }

    #read(text) {
      let number = 0;
      let map = null;
      let segment = null;
      this.hint = null;
      for (const [tag, rest] of lines(text)) {
        if (tag === "#EXT-X-MEDIA-SEQUENCE") number = Number(rest);
        else if (tag === "#EXT-X-SKIP") number += Number(attributes(rest)["SKIPPED-SEGMENTS"]);
        else if (tag === "#EXT-X-MAP") map = resolve(attributes(rest).URI, this.#url);
        else if (tag === "#EXT-X-PART") {
          const { URI, INDEPENDENT } = attributes(rest);
          segment ??= { parts: [], map };
          segment.parts.push({ uri: resolve(URI, this.#url), independent: INDEPENDENT === "YES" });
        } else if (tag === "#EXT-X-PRELOAD-HINT") {
          const uri = resolve(attributes(rest).URI, this.#url);
          this.hint = { number, part: segment?.parts.length ?? 0, uri };
        } else if (!tag) {
          this.#keep(number, segment ?? { parts: [], map }, resolve(rest, this.#url));
          number++;
          segment = null;
        }
      }
      if (segment) this.#keep(number, segment);
      for (const old of this.segments.keys()) if (old <= this.newest - KEPT) this.segments.delete(old);
    }

    #keep(number, { parts, map }, uri) {
      const before = this.segments.get(number)?.parts ?? [];
      // The parts of an old segment are no longer listed, but still there; who never saw them takes the whole.
      if (uri && !parts.length && !before.length) parts = [{ uri, independent: true }];
      this.segments.set(number, { parts: parts.length < before.length ? before : parts, map, uri });
      this.newest = Math.max(this.newest, number);
    }

    /** The parts of a segment, one after the other, each as soon as it is listed or hinted at. */
    async *parts(number) {
      for (let part = 0; ; part++) {
        for (;;) {
          const segment = this.segments.get(number);
          const known = segment?.parts[part];
          if (known) yield { ...known, map: segment.map };
          else if (segment && this.hint?.number === number && this.hint.part === part) yield { uri: this.hint.uri, map: segment.map };
          else if (this.failed) throw this.failed;
          else if (segment?.uri || this.newest > number) return;
          else {
            await this.changed;
            continue;
          }
          break;
        }
      }
    }
  }

  // ---- boxes

  const word = (bytes, at) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  const name = (bytes, at) => String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  const concat = (all) => {
    const whole = new Uint8Array(all.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of all) {
      whole.set(one, at);
      at += one.length;
    }
    return whole;
  };

  /** The boxes inside a box (or, from 0, of a file): [name, bytes with their header]. */
  function* boxes(bytes, from = 8) {
    for (let at = from; at + 8 <= bytes.length; at += word(bytes, at)) yield [name(bytes, at), bytes.subarray(at, at + word(bytes, at))];
  }
  const inside = (bytes, ...path) =>
    path.reduce((box, wanted) => [...boxes(box)].find(([found]) => found === wanted)[1], bytes);
  const boxed = (kind, all) => {
    const body = concat(all);
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, body.length + 8);
    head.set([...kind].map((letter) => letter.charCodeAt(0)), 4);
    return concat([head, body]);
  };

  /** One init segment with the tracks of all of these, which must have different ids; and the timescale of each by its id. */
  function merge(inits) {
    const files = inits.map((init) => Object.fromEntries(boxes(init, 0)));
    const of = (file, wanted) => [...boxes(file.moov)].filter(([kind]) => kind === wanted).map(([, box]) => box);
    const traks = files.flatMap((file) => of(file, "trak"));
    const trexes = files.flatMap((file) => [...boxes(inside(file.moov, "mvex"))].map(([, box]) => box));
    const scales = {};
    for (const trak of traks) {
      const tkhd = inside(trak, "tkhd");
      const mdhd = inside(trak, "mdia", "mdhd");
      scales[word(tkhd, tkhd[8] ? 28 : 20)] = word(mdhd, mdhd[8] ? 28 : 20);
    }
    const moov = boxed("moov", [...of(files[0], "mvhd"), ...traks, boxed("mvex", trexes)]);
    return { bytes: concat([files[0].ftyp, moov]), scales };
  }

  /** Track and decoding time of a `moof`. */
  function stamp(moof) {
    const traf = inside(moof, "traf");
    const tfdt = inside(traf, "tfdt");
    const time = tfdt[8] ? word(tfdt, 12) * 2 ** 32 + word(tfdt, 16) : word(tfdt, 12);
    return { id: word(inside(traf, "tfhd"), 12), time };
  }

  // ---- segments

  /** What was fetched of sound and of maps: asked for again when another rendition takes the same segment's place. */
  const fetched = new Map();
  function once(url) {
    let known = fetched.get(url);
    if (!known) {
      known = ask(url, { cache: "no-store", credentials: "omit" }).then(async (answer) => {
        if (!answer.ok) throw answer.status;
        return new Uint8Array(await answer.arrayBuffer());
      });
      known.catch(() => fetched.delete(url));
      fetched.set(url, known);
      if (fetched.size > 64) fetched.delete(fetched.keys().next().value);
    }
    return known;
  }

  /** One track of one segment: its bytes as they come, cut into units (`moof mdat`) by whoever takes them. */
  class Track {
    #rest = new Uint8Array(0);
    /** Bytes of the unit at hand that are still to be taken. */
    #left = 0;
    #news;
    /** What is known of the next unit. */
    head = null;
    independent = null;
    map = null;
    /** A part is on its way: its units may be earlier than another track's. */
    coming = false;
    over = false;
    failed = 0;

    constructor(playlist, number, shared, signal, news) {
      this.#news = news;
      const leave = playlist.follow(number);
      signal.addEventListener("abort", leave);
      this.#run(playlist, number, shared, signal)
        .catch((status) => {
          this.failed = Number(status) || 502;
        })
        .finally(() => {
          this.over = true;
          this.coming = false;
          leave();
          news();
        });
    }

    async #run(playlist, number, shared, signal) {
      for await (const { uri, independent, map } of playlist.parts(number)) {
        if (signal.aborted) return;
        this.coming = true;
        this.map ??= map;
        if (map) once(map);
        this.independent ??= independent ?? true;
        if (shared) {
          this.#add(await once(uri));
        } else {
          const answer = await ask(uri, { cache: "no-store", credentials: "omit", signal });
          if (!answer.ok) throw answer.status;
          for (const reader = answer.body.getReader(); ; ) {
            const { value, done } = await reader.read();
            if (done) break;
            this.#add(value);
          }
        }
        this.coming = false;
        this.#news();
      }
    }

    #add(bytes) {
      this.#rest = this.#rest.length ? concat([this.#rest, bytes]) : bytes;
      this.look();
      this.#news();
    }

    /** Finds the next unit's head; what stands before a `moof` is left out. */
    look() {
      while (!this.#left && !this.head && this.#rest.length >= 8) {
        const size = word(this.#rest, 0);
        if (this.#rest.length < size) return;
        if (name(this.#rest, 0) !== "moof") {
          this.#rest = this.#rest.subarray(size);
          continue;
        }
        if (this.#rest.length < size + 8) return;
        this.head = { ...stamp(this.#rest.subarray(0, size)), size: size + word(this.#rest, size) };
      }
    }

    /** The unit at hand is taken from now on. */
    begin() {
      this.#left = this.head.size;
      this.head = null;
    }

    /** Bytes of it that are there; whether it is all taken. */
    take() {
      const bytes = this.#rest.slice(0, this.#left);
      this.#rest = this.#rest.subarray(bytes.length);
      this.#left -= bytes.length;
      this.look();
      return [bytes, !this.#left];
    }
  }

  const playlists = new Map();
  const playlist = (url) => {
    if (!playlists.has(url)) playlists.set(url, new Playlist(url));
    return playlists.get(url);
  };

  /** Segment N of a variant, as our server has it. */
  async function segment({ tracks: urls }, number, given) {
    const stop = new AbortController();
    const signal = stop.signal;
    given?.addEventListener("abort", () => stop.abort());
    if (given?.aborted) stop.abort();
    let wake;
    let woken;
    const again = () => {
      woken = new Promise((done) => {
        wake = done;
      });
    };
    again();
    signal.addEventListener("abort", () => wake());
    const news = () => wake();
    const tracks = urls.map((url, at) => new Track(playlist(url), number, at > 0, signal, news));
    const next = async () => {
      await woken;
      again();
      if (signal.aborted) throw new DOMException("", "AbortError");
      const failed = tracks.find((track) => track.failed);
      if (failed) {
        stop.abort();
        throw failed.failed;
      }
    };
    while (!tracks.every((track) => track.head || track.over)) {
      try {
        await next();
      } catch (status) {
        if (!Number(status)) throw status;
        return new Response(null, { status });
      }
    }
    if (!tracks.some((track) => track.head)) return new Response(null, { status: 404 });
    const maps = await Promise.all(tracks.filter((track) => track.map).map((track) => once(track.map)));
    const { bytes: init, scales } = merge(maps);
    const body = new ReadableStream({
      async start(out) {
        out.enqueue(init.slice());
        const seconds = ({ head }) => head.time / scales[head.id];
        for (let taken = null; ; ) {
          if (taken) {
            const [bytes, all] = taken.take();
            if (bytes.length) out.enqueue(bytes);
            if (all) taken = null;
            else if (taken.over) throw new Error("a part broke off");
          }
          const ready = tracks.filter((track) => track.head);
          if (!taken && ready.length && tracks.every((track) => track.head || !track.coming)) {
            taken = ready.reduce((a, b) => (seconds(b) < seconds(a) ? b : a));
            taken.begin();
            continue;
          }
          if (!taken && !ready.length && tracks.every((track) => track.over)) break;
          await next();
        }
        out.close();
      },
      cancel() {
        stop.abort();
      },
    });
    return new Response(body, { headers: { "hawker-independent": tracks[0].independent ? "1" : "0" } });
  }

  // ---- the room

  let known = [];
  let version = 0;
  let before = "";

  /** A protobuf message: [field, number or text or bytes]. */
  function message(fields) {
    const out = [];
    const varint = (value) => {
      for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) | 128);
      out.push(value);
    };
    for (const [field, value] of fields) {
      if (typeof value === "number") {
        varint(field * 8);
        varint(value);
      } else {
        const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
        varint(field * 8 + 2);
        varint(bytes.length);
        out.push(...bytes);
      }
    }
    return new Uint8Array(out);
  }

  /** The room's state, as `hawker.proto` has it. */
  async function room(base, after, signal) {
    for (;;) {
      const answer = await ask(`${base}/index.m3u8`, { cache: "no-store", credentials: "omit", signal });
      const text = answer.ok ? await answer.text() : "";
      if (!answer.ok && answer.status !== 404) return new Response(null, { status: answer.status });
      // Rates change from one answer to the next: what is news is the rest.
      const news = text.replace(/(AVERAGE-)?BANDWIDTH=\d+,/g, "");
      if (!version || news !== before) version++;
      before = news;
      if (after !== version) {
        known = variants(text, answer.url);
        break;
      }
      await sleep(POLL_MS);
    }
    const bps = ({ about }) => Number(about["AVERAGE-BANDWIDTH"] ?? about.BANDWIDTH);
    const first = known.find((variant) => bps(variant) <= FIRST_BPS) ?? known.at(-1);
    let newest = 0;
    if (first) {
      const list = playlist(first.tracks[0]);
      await list.load(signal);
      newest = [...list.segments].filter(([, { parts }]) => parts[0]?.independent).reduce((most, [number]) => Math.max(most, number), 0);
    }
    const renditions = known.map((variant) => [
      4,
      message([
        [1, variant.name],
        [2, variant.about.CODECS],
        [3, variant.width],
        [4, variant.height],
        [5, Math.round(Number(variant.about["FRAME-RATE"] ?? 0) * 1000)],
        [6, Number(variant.about.BANDWIDTH)],
        [7, bps(variant)],
        [8, variant.width ? 1 : 0],
        [9, variant.tracks.length > 1 ? 1 : 0],
      ]),
    ]);
    const state = message([[1, newest ? 1 : 0], [2, version], [3, known[0]?.epoch ?? ""], ...(newest ? renditions : []), [5, newest]]);
    return new Response(state);
  }

  window.fetch = async (url, options = {}) => {
    const [, base, rest] = ROOM.exec(String(url)) ?? [];
    if (String(url).endsWith("/api/v1/time")) return new Response(null, { status: 404 });
    if (!rest) return ask(url, options);
    const { signal } = options;
    if (/^stream\b/.test(rest)) return room(base, Number(new URL(url).searchParams.get("after") ?? NaN), signal);
    const [, epoch, rendition, number] = /^([^/]+)\/([^/]+)\/(\d+)\.mp4$/.exec(rest) ?? [];
    const variant = known.find((one) => one.epoch === epoch && one.name === rendition);
    if (!variant) return new Response(null, { status: 404 });
    // Some of a finished segment, which is timed and thrown away.
    if (options.headers?.Range) {
      const list = playlist(variant.tracks[0]);
      if (!list.segments.get(Number(number))?.uri) await list.load(signal);
      const uri = list.segments.get(Number(number))?.uri;
      if (!uri) return new Response(null, { status: 404 });
      const answer = await ask(uri, options);
      return new Response(answer.body, { status: answer.status });
    }
    return segment(variant, Number(number), signal);
  };
}
