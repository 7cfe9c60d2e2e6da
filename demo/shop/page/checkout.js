// The checkout: shows what the shop's backend knows of the hold, pays it, or gives it back.
// The page's address carries the hold and its proof; goods, price and time left come from the backend, not from there.

import { chinese } from './shop.js';

const asked = new URLSearchParams(location.search);
const id = asked.get('hold') ?? '';
const proof = asked.get('proof') ?? '';
const part = name => document.getElementById(name);
const say = (en, zh) => { part('state').textContent = chinese ? zh : en; };

/** How often the backend is asked anew: the hold may be paid or given back in another tab. */
const LOOK_MS = 3000;
/** What became of the hold, in words. What is not here is not known. */
const SETTLED = {
  paid: ['Paid. It is yours.', '付款成功，已归你所有。'],
  'refund-due': ['The time was up and the goods are gone: your money goes back.', '留货已超时且售罄，货款将退回。'],
  refunded: ['Your money went back.', '货款已退回。'],
  expired: ['The time is up: the goods went back on sale. If some are left, tap again in the show.', '留货时间已过，商品已重新上架。若仍有货，请回到直播重新下单。'],
  cancelled: ['Given back: the goods are free again. Nothing was paid.', '已归还，商品重新上架，未付款。'],
  unknown: ['The shop does not know this hold. Please go back to the show.', '商店找不到这份留货，请回到直播。'],
};

let deadline = 0; // by performance.now()
let clock = 0;
let busy = false;
let lost = false; // the last question had no answer

/** Asks the backend; null when it can't be reached. */
async function ask(path, body) {
  const options = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(path, options);
    return { status: answer.status, hold: await answer.json() };
  } catch {
    return null;
  }
}

function tick() {
  const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  part('left').textContent = chinese ? `为你留货，还剩 ${time}` : `Held for you for another ${time}`;
  // The last word is the ledger's; until it has spoken nothing more can be bought here.
  part('pay').disabled = busy || left === 0;
}

function show(hold) {
  const money = minor => {
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency: hold.currency, currencyDisplay: 'narrowSymbol' });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  };
  part('picture').hidden = !hold.picture;
  if (hold.picture) part('picture').src = hold.picture;
  part('title').textContent = hold.title;
  part('quantity').textContent = hold.quantity;
  part('price').textContent = money(hold.price);
  part('sum').textContent = money(hold.total);
  part('order').hidden = false;
  part('pay').textContent = (chinese ? '付款 ' : 'Pay ') + money(hold.total);
}

/** Shows a state; `held` with its clock, any other as the end of this page's business. */
function become(state, hold) {
  const held = state === 'held';
  clearInterval(clock);
  const before = document.body.dataset.state;
  document.body.dataset.state = state;
  for (const name of ['pay', 'cancel', 'left']) part(name).hidden = !held;
  if (!held) {
    say(...(SETTLED[state] ?? SETTLED.unknown));
    return;
  }
  // What was said of a failed payment stays to be read.
  if (before !== 'held' || lost) say('', '');
  lost = false;
  deadline = performance.now() + hold.left_ms;
  tick();
  clock = setInterval(tick, 250);
}

async function look() {
  const answer = await ask('/api/holds/' + encodeURIComponent(id));
  if (busy) return;
  if (answer?.status === 404) return become('unknown');
  if (answer?.status !== 200) {
    lost = true;
    say('The shop does not answer. Trying again…', '商店没有应答，正在重试…');
    return;
  }
  show(answer.hold);
  become(answer.hold.state, answer.hold);
}

/** Looks again while there may be news. */
async function watch() {
  await look();
  for (;;) {
    await new Promise(done => setTimeout(done, LOOK_MS));
    const state = document.body.dataset.state;
    if (!document.hidden && !busy && (state === 'held' || !state)) await look();
  }
}

async function settle(path, en, zh) {
  if (busy) return;
  busy = true;
  part('pay').disabled = part('cancel').disabled = true;
  say(en, zh);
  const answer = await ask(path, { hold: id, proof });
  busy = false;
  part('cancel').disabled = false;
  if (answer?.status === 200) become(answer.hold.state, answer.hold);
  else await look();
  // The button that was pressed is gone: whoever uses the keyboard goes on from here.
  if (document.body.dataset.state !== 'held') return part('leave').focus();
  // A second try is the same payment, so it can do no harm.
  say('That did not work. Please try again.', '没有成功，请再试一次。');
}

part('pay').addEventListener('click', () => settle('/api/pay', 'Paying…', '正在付款…'));
part('cancel').addEventListener('click', () => settle('/api/cancel', 'Giving it back…', '正在归还…'));
part('leave').addEventListener('click', event => {
  // A window that the shop page opened closes: the show goes on behind it.
  if (!window.opener) return;
  event.preventDefault();
  window.close();
});
// Back and forward may show this page as it was left: what is true now is the backend's to say.
addEventListener('pageshow', event => { if (event.persisted) look(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden && document.body.dataset.state === 'held') look(); });

say('One moment…', '请稍候…');
watch();
