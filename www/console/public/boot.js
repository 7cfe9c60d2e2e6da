// Starts the console. A file of its own, because the page allows no inline script.
import init from './console.js';

init({ module_or_path: new URL('console.wasm', import.meta.url) }).catch((error) => {
  const root = document.getElementById('console');
  root.textContent = `The console did not start. 控制台未能启动。 ${error}`;
});
