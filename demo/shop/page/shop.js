// The shop's own script: language, log-in, and what happens when the player hands over a hold to be paid.
// Everything about the live show itself is the SDK's.

export const chinese = navigator.language.startsWith('zh');

if (chinese) {
  document.documentElement.lang = 'zh-CN';
  for (const element of document.querySelectorAll('[data-zh]')) element.textContent = element.dataset.zh;
  for (const element of document.querySelectorAll('[data-zh-placeholder]')) element.placeholder = element.dataset.zhPlaceholder;
  for (const element of document.querySelectorAll('[data-zh-label]')) element.setAttribute('aria-label', element.dataset.zhLabel);
}

// The player's event asks the page to take the money. A new window, so that the show goes on behind it.
document.addEventListener('hawker:checkout', event => {
  event.preventDefault();
  const { id, proof } = event.detail.hold;
  const address = '/checkout?' + new URLSearchParams({ hold: id, proof });
  if (!window.open(address, 'checkout')) location.assign(address);
});

// A logged-in customer carries a token signed by this shop's backend; everybody else is a guest.
const remembered = () => { try { return JSON.parse(sessionStorage.getItem('customer')); } catch { return null; } };
const login = document.getElementById('login');

function greet(customer) {
  const live = document.querySelector('hawker-live');
  if (live) live.setAttribute('token', customer.token);
  login.hidden = true;
  const greeting = document.getElementById('greeting');
  greeting.textContent = (chinese ? '你好，' : 'Hello, ') + customer.name;
  greeting.hidden = false;
}

const customer = remembered();
if (customer && login) greet(customer);

login?.addEventListener('submit', async event => {
  event.preventDefault();
  const answer = await fetch('/api/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: document.getElementById('customer').value, room: 'demo' }),
  });
  if (!answer.ok) return;
  const customer = await answer.json();
  try { sessionStorage.setItem('customer', JSON.stringify(customer)); } catch { /* a private window forgets */ }
  greet(customer);
});
