// The checkout: shows what the shop's backend knows of the hold, pays it, or leaves it.
// The page's address carries the hold and its proof; price and quantity come from the server's webhook, not from there.

const chinese = navigator.language.startsWith('zh');
const say = (en, zh) => { document.getElementById('state').textContent = chinese ? zh : en; };
const asked = new URLSearchParams(location.search);
const id = asked.get('hold') ?? '';
const pay = document.getElementById('pay');
const cancel = document.getElementById('cancel');
let clock = 0;

if (chinese) {
  document.documentElement.lang = 'zh-CN';
  for (const element of document.querySelectorAll('[data-zh]')) element.textContent = element.dataset.zh;
}

const money = (minor, currency) => new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency }).format(minor / 100);

function leave() {
  // A window that the shop page opened closes; otherwise back to the show.
  if (window.opener) window.close();
  else location.assign('/');
}

function settle(state) {
  clearInterval(clock);
  pay.disabled = true;
  const words = {
    paid: ['Paid. It is yours.', '付款成功，已归你所有。'],
    'refund-due': ['It had expired and is sold out: your money goes back.', '已超时且售罄，货款将退回。'],
    refunded: ['Your money went back.', '货款已退回。'],
    expired: ['The hold has expired.', '留货已超时。'],
    cancelled: ['The hold was cancelled.', '已取消留货。'],
  }[state] ?? ['This cannot be paid now.', '现在无法付款。'];
  say(...words);
  document.body.dataset.state = state;
  cancel.textContent = chinese ? '回到直播' : 'Back to the show';
}

async function show() {
  say('One moment…', '请稍候…');
  const answer = await fetch('/api/holds/' + encodeURIComponent(id));
  if (!answer.ok) return settle('unknown');
  const hold = await answer.json();
  document.getElementById('picture').src = `/goods/${encodeURIComponent(hold.product)}.svg`;
  document.getElementById('title').textContent = hold.title ?? hold.product;
  document.getElementById('quantity').textContent = hold.quantity;
  document.getElementById('price').textContent = money(hold.price, hold.currency ?? 'CNY');
  document.getElementById('sum').textContent = money(hold.price * hold.quantity, hold.currency ?? 'CNY');
  document.getElementById('order').hidden = false;
  if (hold.state && hold.state !== 'held') return settle(hold.state);
  pay.disabled = false;
  pay.focus();
  const tick = () => {
    const left = Math.max(0, Math.round((hold.expires_ms - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    say(`Held for you for another ${time}.`, `为你留货，还剩 ${time}。`);
  };
  tick();
  clock = setInterval(tick, 1000);
}

pay.addEventListener('click', async () => {
  pay.disabled = true;
  clearInterval(clock);
  say('Paying…', '正在付款…');
  const answer = await fetch('/api/pay', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ hold: id, proof: asked.get('proof') ?? '' }),
  });
  const result = await answer.json().catch(() => ({}));
  settle(answer.ok ? result.state ?? 'paid' : 'refused');
});

cancel.addEventListener('click', leave);
show();
