// /room/ROOM: one room, as large as the window. The element itself comes from the SDK, as in any shop page.

// The language chosen on the landing page, else the browser's; the page itself says nothing.
let language = null;
try { language = localStorage.getItem('hawker-language'); } catch { /* a private window forgets */ }
document.documentElement.lang = (language ?? navigator.language).startsWith('zh') ? 'zh-CN' : 'en';

const room = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const live = document.createElement('hawker-live');
live.setAttribute('room', room);
live.setAttribute('server', location.origin);
live.setAttribute('fill', '');
document.title = `${room} · Hawker`;
document.getElementById('stage').append(live);
// The page is the player's: keys pressed while nothing has the focus are handed to it.
addEventListener('keydown', (event) => {
  if (event.target === document.body && !live.dispatchEvent(new KeyboardEvent('keydown', event))) event.preventDefault();
});
import('/sdk/hawker.js');
