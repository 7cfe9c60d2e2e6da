// The pages' own script: language, the room form, and embed snippets with this server's address. No framework, no CDN.
// Not part of the SDK: what a shop loads is /sdk/.

const remembered = () => { try { return localStorage.getItem('hawker-language'); } catch { return null; } };
const remember = value => { try { localStorage.setItem('hawker-language', value); } catch { /* a private window forgets */ } };

function show(language) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-zh]')) {
    element.dataset.en ??= element.textContent;
    element.textContent = language === 'zh' ? element.dataset.zh : element.dataset.en;
  }
  const button = document.getElementById('language');
  if (button) {
    const other = language === 'zh' ? ['English', 'en', 'Switch to English'] : ['中文', 'zh', '切换到中文'];
    [button.textContent, button.lang] = other;
    button.setAttribute('aria-label', other[2]);
    button.onclick = () => { remember(other[1]); show(other[1]); };
  }
}

show(remembered() ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'));

document.getElementById('open')?.addEventListener('submit', event => {
  event.preventDefault();
  location.assign('/room/' + encodeURIComponent(document.getElementById('room').value.trim()));
});

const tag = document.getElementById('tag');
if (tag) tag.textContent = `<script type="module"\n  src="${location.origin}/sdk/hawker.js"\n  data-room="demo"></script>`;
const element = document.getElementById('element');
if (element) element.textContent = `<hawker-live room="demo"\n  server="${location.origin}"></hawker-live>`;
