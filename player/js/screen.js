// What is around the picture once there is one, or once there is trouble: the small player in the corner (dragged, or made of
// the one in the page when that is scrolled away), picture-in-picture, media keys, the lock against a dark screen, gestures, the
// arrows of a remote control, and which renditions the screen can show at all. Draws nothing (ui.wasm does) and decides nothing
// about playback but that bound.

const TROUBLE = {
  en: {
    stalled: "Waiting for the network…",
    offline: "The show has not started yet",
    ended: "The show is over",
    unsupported: "This browser cannot play live video. Please update it or use another one.",
    playback: "The video cannot be played",
    "no-room": "There is no such room",
    "bad-room": "Not a room name",
    "bad-server": "There is no live server at this address",
    unreachable: "The live server cannot be reached. Trying again…",
    refused: "You are not let in here",
    region: "Not available where you are",
    engine: "The player could not be loaded",
  },
  zh: {
    stalled: "网络不佳，正在缓冲…",
    offline: "直播还没开始",
    ended: "直播已结束",
    unsupported: "此浏览器无法播放直播，请升级或换用其他浏览器。",
    playback: "视频无法播放",
    "no-room": "没有这个直播间",
    "bad-room": "直播间名称不对",
    "bad-server": "这个地址没有直播服务",
    unreachable: "连不上直播服务器，正在重试…",
    refused: "暂时不能观看",
    region: "你所在的地区不能观看",
    engine: "播放器加载失败",
  },
};

/** What a state or an error is called where no interface says it: in a bare player, or before that is there. */
export const says = (what, chinese) => TROUBLE[chinese ? "zh" : "en"][what];

/** Between two looks at what was decoded, in ms, */
const LOOK_MS = 2000;
/** of whose frames more than this share came too late, twice in a row: the device does not carry the rendition, */
const LATE_SHARE = 0.2;
/** and another try is made after so long, and after twice as long each time. */
const AGAIN_MS = 60000;
/** A picture that became smaller stays as it is for so long: windows are dragged, players come back. */
const SMALLER_MS = 5000;
/** Data saver: the best with no more lines than this. */
const SAVER_LINES = 360;
/** Two taps within this time, in ms, and this distance, in px, are a double tap. */
const DOUBLE_MS = 300;
const DOUBLE_PX = 40;
/** So far, in px, a finger goes sideways for a swipe. */
const SWIPE_PX = 60;
/** An arrow of a remote control moves a list by this much of what is seen of it: some of it is seen again. */
const PAGE_SHARE = 0.7;
/** Narrower than this, in px, a box in a page has no room beside an upright picture. */
const BESIDE_PX = 700;
/** The picture fills a box so much wider or higher than itself and loses its edges: 9:16 on a phone of 21:9, not on a tablet. */
const CROP = 1.32;
/** Less of the picture than this in the window: it goes to the corner. */
const AWAY_SHARE = 0.4;

const session = navigator.mediaSession;
const KEYS = ["play", "pause", "stop", "enterpictureinpicture"];
/** What has begun to play in this page, the last at the end: the media keys, of which there is one set, are that one's. */
const shows = [];

/** Gives the keys and the lock screen to the last of them, or back to the page. */
function hand() {
  const last = shows.at(-1);
  for (const name of KEYS) {
    try {
      session?.setActionHandler(name, last?.keys[name] ?? null);
    } catch {
      // Not one that this browser knows.
    }
  }
  if (last) last.tell();
  else if (session) Object.assign(session, { metadata: null, playbackState: "none" });
}

/** Begins for one element; `leave()` of what it gives ends it. */
export function attach(live, stage, video, engine) {
  const over = new AbortController();
  const until = { signal: over.signal };
  const root = live.shadowRoot;
  const on = (target, names, act) => {
    for (const name of names.split(" ")) target?.addEventListener(name, act, until);
  };
  const find = (selector) => root.querySelector(selector);
  const keep = (name, value) => {
    try {
      localStorage.setItem("hawker:" + name, value);
    } catch {
      // A private window remembers nothing.
    }
  };
  const recall = (name) => {
    try {
      return localStorage.getItem("hawker:" + name);
    } catch {
      return null;
    }
  };
  const floats = () => live.matches("[floating]:not([expanded], :fullscreen)");

  // -------------------------------------------------------------------------------------------- the corner, dragging

  const mini = () => live.hasAttribute("mini");
  let [x, y] = [0, 0];
  const place = (toX, toY) => {
    const margin = 8;
    const box = (mini() ? stage : live).getBoundingClientRect();
    const within = (to, corner, size, room) => Math.max(margin - corner, Math.min(to, room - margin - size - corner));
    const moved = [within(toX, box.left - x, box.width, innerWidth), within(toY, box.top - y, box.height, innerHeight)];
    [x, y] = moved.map(Math.round);
    live.style.setProperty("--hawker-x", `${x}px`);
    live.style.setProperty("--hawker-y", `${y}px`);
  };
  const grabs = (event) =>
    (mini() || floats()) && event.button === 0 && !event.composedPath().some((node) => node.localName === "button");
  // Or the page's text is selected on the way, and dragged the next time.
  on(live, "mousedown", (event) => grabs(event) && event.preventDefault());
  on(live, "pointerdown", (down) => {
    if (!grabs(down)) return;
    // Or a quick pointer is out of the picture before it is followed.
    live.setPointerCapture(down.pointerId);
    const from = [x - down.clientX, y - down.clientY];
    let dragged = false;
    const done = new AbortController();
    const held = { signal: done.signal };
    const move = (event) => {
      if (event.pointerId !== down.pointerId) return;
      // Less is a tap.
      dragged ||= Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) >= 6;
      if (dragged) place(from[0] + event.clientX, from[1] + event.clientY);
    };
    live.addEventListener("pointermove", move, held);
    for (const end of ["pointerup", "pointercancel"]) live.addEventListener(end, () => done.abort(), held);
  });

  // The picture goes to the corner in the top layer: nothing of the page clips it, and the video is not moved in the tree.
  const able = "popover" in HTMLElement.prototype;
  let away = false;
  let dismissed = false;
  let asked = false;
  const shrink = (small) => {
    if (small === mini()) return;
    const parts = [stage, find(".overlay")].filter(Boolean);
    if (small) {
      live.style.setProperty("--hawker-height", `${live.getBoundingClientRect().height}px`);
      live.style.setProperty("--hawker-picture", `${stage.getBoundingClientRect().height}px`);
    }
    live.toggleAttribute("mini", small);
    for (const part of parts) {
      part.popover = small ? "manual" : null;
      if (small) part.showPopover();
    }
    if (small) place(x, y);
  };
  const playing = () => live.state === "live" && !live.paused && !live.blocked;
  const corner = () => {
    const wanted = away && playing() && !dismissed && !live.hasAttribute("no-mini");
    const never = live.matches("[floating], :fullscreen") || document.pictureInPictureElement === live || !live.isConnected;
    if (able) shrink(!never && (asked || wanted || (away && mini() && !dismissed)));
  };
  const steps = Array.from({ length: 21 }, (_, n) => n / 20);
  const watch = new IntersectionObserver((entries) => {
    const box = entries.at(-1).boundingClientRect;
    const height = mini() ? parseFloat(live.style.getPropertyValue("--hawker-picture")) : stage.offsetHeight;
    const seen = Math.min(box.top + height, innerHeight) - Math.max(box.top, 0);
    away = height > 0 && seen < height * AWAY_SHARE;
    if (!away) dismissed = false;
    corner();
  }, { threshold: steps });
  watch.observe(live);

  // ------------------------------------------------------------------------------------------- how the picture stands

  const stand = () => {
    const ratio = video.videoWidth / video.videoHeight;
    // What is between two pictures stands as the one before.
    if (!ratio) return bound();
    const full = live.matches(":fullscreen");
    const upright = live.clientWidth < live.clientHeight;
    const over = full || live.matches("[fill], [expanded]") ? upright : live.clientWidth < BESIDE_PX;
    const small = floats() || (full && !over);
    if (ratio < 1) live.setAttribute("portrait", small ? "" : over ? "over" : "beside");
    else live.removeAttribute("portrait");
    const crop = stage.clientWidth / stage.clientHeight / ratio;
    live.style.setProperty("--hawker-ratio", ratio);
    live.style.setProperty("--hawker-fit", Math.max(crop, 1 / crop) < CROP ? "cover" : "contain");
    bound();
  };

  // ---------------------------------------------------------------------------------------- what the screen can show

  let sees = { at: 0, why: "" };
  let late = { at: 0, until: 0, wait: AGAIN_MS, times: 0, name: "", shown: 0, lost: 0 };
  let fits = -1;
  let smaller = 0;
  let told = null;
  let window_ = null;
  const saver = () => (recall("saver") ?? String(Number(navigator.connection?.saveData === true))) === "1";
  const bound = () => {
    const rungs = live.renditions;
    if (!rungs.length || live.hasAttribute("uncapped")) return;
    const last = rungs.length - 1;
    const box = window_ ?? { width: stage.clientWidth, height: stage.clientHeight };
    // The worst that still has as many lines as are seen; a tenth less is not missed.
    const fit = window_ || getComputedStyle(video).objectFit !== "cover" ? "min" : "max";
    const enough = (rung) => {
      const lines = Math[fit](box.height, (box.width * rung.height) / rung.width || box.height) * devicePixelRatio;
      return rung.height >= lines * 0.9;
    };
    const size = box.height ? Math.max(0, rungs.map(enough).lastIndexOf(true)) : 0;
    const now = performance.now();
    if (fits < 0 || size <= fits || now - smaller >= SMALLER_MS) {
      fits = size;
      smaller = now;
    }
    const saves = rungs.findIndex((rung) => Math.min(rung.width, rung.height) <= SAVER_LINES);
    const limits = [
      ["size", fits],
      ["saver", saver() ? (saves < 0 ? last : saves) : 0],
      ["device", now < late.until ? Math.min(late.at, last) : 0],
    ];
    const [why, at] = limits.reduce((least, limit) => (limit[1] > least[1] ? limit : least));
    sees = { at, why: at ? why : "" };
    const best = at ? rungs[at].name : undefined;
    if (best !== told) engine?.cap((told = best));
  };
  const look = () => {
    const { totalVideoFrames: all = 0, droppedVideoFrames: lost = 0 } = video.getVideoPlaybackQuality?.() ?? {};
    const [came, missed] = [all - late.shown, lost - late.lost];
    Object.assign(late, { shown: all, lost });
    const name = live.rendition;
    const bad = name === late.name && playing() && !document.hidden && came > 20 && missed > came * LATE_SHARE;
    late.times = bad ? late.times + 1 : 0;
    late.name = name;
    const at = live.renditions.findIndex((rung) => rung.name === name);
    if (late.times > 1 && at >= 0 && at < live.renditions.length - 1) {
      Object.assign(late, { at: at + 1, until: performance.now() + late.wait, wait: late.wait * 2, times: 0 });
    }
    bound();
  };
  const looks = setInterval(look, LOOK_MS);
  const sizes = new ResizeObserver(stand);
  for (const box of [stage, live]) sizes.observe(box);
  on(video, "resize", stand);
  on(navigator.connection, "change", bound);

  // ------------------------------------------------------------------- small window, media keys, the screen stays bright

  const pictureInPicture = async () => {
    if (document.pictureInPictureElement === live) return document.exitPictureInPicture();
    return video.requestPictureInPicture?.();
  };
  on(video, "enterpictureinpicture leavepictureinpicture", (event) => {
    window_ = event.type[0] === "e" ? event.pictureInPictureWindow : null;
    corner();
    bound();
  });
  const show = {
    keys: {
      play: () => live.play(),
      pause: () => live.pause(),
      stop: () => live.pause(),
      enterpictureinpicture: () => pictureInPicture().catch(() => {}),
    },
    tell() {
      if (!session) return;
      session.playbackState = live.paused ? "paused" : "playing";
      const title = engine?.title || live.room;
      if (self.MediaMetadata && session.metadata?.title !== title) {
        session.metadata = new MediaMetadata({ title, artist: document.title });
      }
    },
  };
  /** It begins to play, or there is nothing to play any more. */
  const hold = (on) => {
    const at = shows.indexOf(show);
    if (at >= 0) shows.splice(at, 1);
    if (on) shows.push(show);
    if (on || at >= 0) hand();
  };
  let played = false;
  let lock = null;
  let locking = false;
  const watched = () => playing() && !document.hidden && !over.signal.aborted;
  const bright = async () => {
    const wanted = watched();
    if (locking || wanted === (lock?.released === false)) return;
    locking = true;
    try {
      if (wanted) lock = await navigator.wakeLock?.request("screen");
      else await lock.release();
    } catch {
      // Low battery, or a frame that may not: the screen does as it likes.
      lock = null;
    }
    locking = false;
    if (watched() !== wanted) bright();
  };
  const turn = () => {
    // A phone held upright shows a wide picture in full screen as a strip. What turns by itself, or not at all, refuses.
    const way = video.videoWidth < video.videoHeight ? "portrait" : "landscape";
    if (video.videoWidth && live.matches(":fullscreen")) window.screen.orientation?.lock?.(way).catch(() => {});
  };
  const follow = () => {
    corner();
    bright();
    stand();
    const plays = playing();
    const done = /^(ended|offline|error|unsupported)$/.test(live.state);
    if (done) hold(false);
    else if (plays && !played) hold(true);
    played = plays || (played && !done && !live.paused);
    if (shows.at(-1) === show) show.tell();
  };
  on(live, "hawker:state hawker:blocked hawker:quality fullscreenchange", follow);
  on(live, "fullscreenchange", turn);
  on(video, "resize", turn);
  on(video, "play pause playing", follow);
  on(document, "visibilitychange", follow);

  // ------------------------------------------------------------------------------------------------ fingers, remotes

  const picture = (event) => {
    const path = event.composedPath();
    // Words that lie over an upright picture are part of it.
    const parts = live.getAttribute("portrait") === "over" ? ".overlay, .messages" : ".overlay";
    return path.some((node) => node.matches?.(parts)) && !path.some((node) => /^(button|input)$/.test(node.localName));
  };
  const like = (event) => {
    const button = find(".like-button");
    if (!button) return;
    button.click();
    const over = find(".overlay");
    const box = over.getBoundingClientRect();
    const heart = document.createElement("span");
    heart.className = "burst";
    heart.append(button.firstElementChild.cloneNode(true));
    heart.style.setProperty("left", `${event.clientX - box.left}px`);
    heart.style.setProperty("top", `${event.clientY - box.top}px`);
    heart.addEventListener("animationend", () => heart.remove());
    over.append(heart);
    // Where nothing moves there is no end of it either.
    setTimeout(() => heart.remove(), 1000);
  };
  let from = null;
  let tapped = null;
  /** The second of two taps at one place. */
  const second = ({ clientX, clientY, timeStamp }) =>
    tapped && timeStamp - tapped.timeStamp < DOUBLE_MS && Math.hypot(clientX - tapped.clientX, clientY - tapped.clientY) < DOUBLE_PX;
  on(live, "pointerdown", (event) => {
    from = event.pointerType !== "mouse" && (picture(event) || second(event)) ? event : null;
  });
  // The tap that wakes the controls was on the picture, and presses none of them that is there by the time the finger leaves. A click
  // of the keyboard has no `detail`.
  addEventListener("click", (event) => {
    if (!from || !event.detail || picture(event) || !event.composedPath().includes(live)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true, ...until });
  on(live, "pointerup", (event) => {
    if (!from || from.pointerId !== event.pointerId || mini() || floats()) return;
    const [dx, dy] = [event.clientX - from.clientX, event.clientY - from.clientY];
    if (Math.abs(dx) >= SWIPE_PX && Math.abs(dx) > Math.abs(dy) * 2) {
      live.toggleAttribute("clear", dx > 0);
    } else if (Math.hypot(dx, dy) < 10) {
      // A third tap likes again, as people do.
      if (second(event)) like(event);
      tapped = event;
    }
  });
  // As on video sites: a mouse makes it large.
  let mouse = true;
  on(live, "pointerdown", (event) => {
    mouse = event.pointerType === "mouse";
  });
  on(live, "dblclick", (event) => {
    if (!mouse || !picture(event) || mini() || floats()) return;
    const large = document.fullscreenElement ? document.exitFullscreen() : live.requestFullscreen();
    // A frame that may not stays as it is.
    large?.catch(() => {});
  });

  const remote =
    live.hasAttribute("tv") ||
    /\b(SMART-TV|SmartTV|Tizen|Web0S|webOS|GoogleTV|Android TV|CrKey|PlayStation|MiTV|BRAVIA|HbbTV|VIDAA)\b/i.test(navigator.userAgent) ||
    /\bAFT[A-Z0-9]+\b/.test(navigator.userAgent);
  live.toggleAttribute("tv", remote);
  const BACK = /^(Escape|GoBack|BrowserBack|XF86Back)$/;
  const MEDIA = /^Media(Play|Pause|PlayPause|Stop)$/;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const LISTS = ".messages, .scroll";
  /** To the nearest thing in that direction: straight ahead counts more than aside. */
  const go = ([dx, dy]) => {
    const now = root.activeElement;
    const within = find(".sheet") ?? root;
    const here = now?.closest(LISTS);
    const box = (node) => node.getBoundingClientRect();
    const shown = (node) => {
      const list = node.closest(LISTS);
      const there = !list || [node, here].includes(list) || (box(node).bottom > box(list).top && box(node).top < box(list).bottom);
      return there && node.getClientRects().length && getComputedStyle(node).visibility === "visible";
    };
    const acts = [...within.querySelectorAll("button:not(:disabled), input:not(.volume), a[href]")].filter(shown);
    // A list is a place to go to where nothing in it is, and there is more of it than is seen.
    const lists = [...within.querySelectorAll(LISTS)].filter(
      (list) => shown(list) && list.scrollHeight > list.clientHeight && !acts.some((node) => list.contains(node)),
    );
    const all = [...acts, ...lists];
    if (!all.includes(now)) return (all.find((node) => node.matches(".buy")) ?? all[0])?.focus();
    // Along the way from middle to middle; across it how far the two are apart, and a little for being aside.
    const [near, far, size] = dx ? ["top", "bottom", "height"] : ["left", "right", "width"];
    const a = box(now);
    let best = null;
    let least = Infinity;
    for (const node of all) {
      const b = box(node);
      const ahead = (b.x - a.x + (b.width - a.width) / 2) * dx + (b.y - a.y + (b.height - a.height) / 2) * dy;
      // Whatever is in a list is met wherever one comes upon that.
      const list = node.closest(LISTS);
      const c = list && list !== here ? box(list) : b;
      const aside = Math.max(0, a[near] - c[far], c[near] - a[far]) + Math.abs(a[near] - b[near] + (a[size] - b[size]) / 2) / 8;
      // Up and down stays over the picture, or beside it; sideways goes to what is about level, and to no list.
      const fits = dy ? !node.closest(".overlay") === !now.closest(".overlay") : aside <= ahead * 4 && !lists.includes(node);
      // Up and down the rest of a list comes first.
      const way = ahead + aside * 2 + (dy && here && list !== here ? innerHeight * 4 : 0);
      if (node !== now && fits && ahead > 4 && way < least) [best, least] = [node, way];
    }
    // What cannot be gone to is scrolled to, and then the list is left.
    const list = dy && now.closest(`${LISTS}, .sheet`);
    if (list && (best === null || !list.contains(best))) {
      const top = list.scrollTop;
      list.scrollBy(0, dy * list.clientHeight * PAGE_SHARE);
      if (list.scrollTop !== top) return;
    }
    best?.focus();
    best?.scrollIntoView({ block: "nearest" });
  };
  // Before the interface hears it: there the arrows are the volume.
  if (remote) addEventListener(
    "keydown",
    (event) => {
      const back = BACK.test(event.key) || event.keyCode === 461 || event.keyCode === 10009;
      const arrow = ARROWS[event.key];
      // The page's own fields and buttons keep their keys.
      if (![document.body, live, null].includes(document.activeElement)) return;
      const at = root.activeElement;
      // Sideways a slider moves, and a caret where there is text.
      if (arrow?.[0] && at?.matches("input:not([type=checkbox])") && at.value) return;
      // The OK of a remote control is Enter, which switches no switch.
      if (event.key === "Enter" && at?.matches("[type=checkbox]")) at.click();
      else if (MEDIA.test(event.key)) {
        const rests = live.paused || live.blocked;
        const play = event.key === "MediaPlay" || (event.key === "MediaPlayPause" && rests);
        if (!event.repeat) live[play ? "play" : "pause"]();
      }
      else if (back && find(".sheet")) find(".sheet .plain").click();
      else if (back && at) at.blur();
      else if (arrow) {
        // What rests wakes up, and is there to go to.
        find(".overlay")?.dispatchEvent(new Event("pointermove"));
        queueMicrotask(() => go(arrow));
      }
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true, ...until },
  );
  on(window, "resize", () => {
    if (mini() || floats()) place(x, y);
  });

  follow();
  return {
    /** The picture in the corner: on, off, or the other of the two. */
    mini(on = !mini()) {
      asked = on;
      dismissed = !on && away;
      if (able) corner();
    },
    pictureInPicture,
    get canPictureInPicture() {
      return document.pictureInPictureEnabled === true && !remote;
    },
    get saveData() {
      return saver();
    },
    set saveData(saves) {
      keep("saver", saves ? "1" : "0");
      bound();
    },
    /** When the show is announced to begin, ms since 1970; 0: it is not. */
    get startsMs() {
      return engine?.starts_ms ?? 0;
    },
    /** Why nothing better than it is played unasked: "size", "saver", "device", or "": nothing of these, or the link allows less. */
    get limit() {
      return live.renditions.findIndex((rung) => rung.name === live.rendition) > sees.at ? "" : sees.why;
    },
    leave() {
      shrink(false);
      over.abort();
      clearInterval(looks);
      watch.disconnect();
      sizes.disconnect();
      hold(false);
      bright();
    },
  };
}
