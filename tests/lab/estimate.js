// Notes once a second what our player takes the link for: window.lab.player.estimates, [ms since the page was opened, bit/s or null,
// rung played].

import "./reader.js";

const { lab } = window;
lab.player.estimates = [];
await customElements.whenDefined("hawker-live");
const player = document.querySelector("hawker-live");
setInterval(() => {
  const stats = player.stats();
  if (stats) lab.player.estimates.push([performance.now(), stats.estimateBps, stats.rendition]);
}, 1000);
