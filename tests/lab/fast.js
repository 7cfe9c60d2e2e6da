// Makes a page's time run SPEED times as fast as the world's: clocks, timers, and how fast videos play. For hours of media in minutes
// (tests/benches/soak.rs). A classic script, which runs before the page's own. Not for latencies: what the browser itself
// needs takes SPEED times as long by the page's clock.

{
  const SPEED = 8;
  const opened = Date.now();
  const date = Date.now.bind(Date);
  const now = performance.now.bind(performance);
  Date.now = () => opened + (date() - opened) * SPEED;
  performance.now = () => now() * SPEED;
  for (const name of ["setTimeout", "setInterval"]) {
    const set = window[name].bind(window);
    window[name] = (run, ms = 0, ...given) => set(run, ms / SPEED, ...given);
  }
  const { prototype } = HTMLMediaElement;
  const rate = Object.getOwnPropertyDescriptor(prototype, "playbackRate");
  const play = prototype.play;
  Object.defineProperty(prototype, "playbackRate", {
    ...rate,
    get() {
      return rate.get.call(this) / SPEED;
    },
    set(value) {
      rate.set.call(this, value * SPEED);
    },
  });
  // A new source begins at the world's pace.
  prototype.play = function () {
    if (rate.get.call(this) === 1) this.playbackRate = 1;
    return play.call(this);
  };
}
