// Notes when the page is told of what is said in the room, as soon as its bytes are there: what carries them is compared, not what
// draws them. Stands between the element and its interface, for our player only; tests/src/lab/words.rs says the words.
//
// window.lab.words: [wall clock when said, how much later it was heard], ms.

import "./reader.js";

const { lab } = window;
lab.words = [];
lab.player.webSockets = 0;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    lab.player.webSockets++;
  }
};

const heard = new Set();
let from;
const letters = new TextDecoder("latin1");
function note(data) {
  const now = performance.timeOrigin + performance.now() + lab.drift();
  // The first frame tells what was said before.
  from ??= now;
  for (const [, said] of letters.decode(data).matchAll(/said (\d+\.\d)/g)) {
    if (Number(said) < from || heard.has(said)) continue;
    heard.add(said);
    lab.words.push([Number(said), now - Number(said)]);
  }
}

await customElements.whenDefined("hawker-live");
const player = document.querySelector("hawker-live");
const connect = player.socket.bind(player);
player.socket = (url) => {
  const socket = connect(url);
  return {
    get readyState() {
      return socket.readyState;
    },
    set binaryType(kind) {
      socket.binaryType = kind;
    },
    set onopen(run) {
      socket.onopen = run;
    },
    set onclose(run) {
      socket.onclose = run;
    },
    set onmessage(run) {
      socket.onmessage = run && ((event) => {
        note(event.data);
        run(event);
      });
    },
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  };
};
