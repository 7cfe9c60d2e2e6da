// Our player in the lab: finds the video of the page's <hawker-live> and lets it be read as any other.

import { read } from "./reader.js";

const { lab } = window;
await customElements.whenDefined("hawker-live");
const player = document.querySelector("hawker-live");
player.addEventListener("hawker:error", ({ detail }) => lab.errors.push(`${detail.fatal ? "fatal " : ""}${detail.code}`));
lab.says = () => ({ ...player.stats(), ...lab.player });
read(player.shadowRoot.querySelector("video"));
