/* Inside the sandboxed frame: starts the pixel in a worker, and carries messages between it and the page.

   The page sends events without a client id; it is added here, where no script of the theme can read it. */
(() => {
  'use strict';
  const { script, worker: runtime, settings, clientId } = JSON.parse(document.getElementById('pixel').textContent);
  let worker = null;

  const start = (init) => {
    const blob = new Blob([runtime, '\n(() => {\n"use strict";\n', script, '\n})();\n'], { type: 'text/javascript' });
    worker = new Worker(URL.createObjectURL(blob));
    worker.onmessage = ({ data }) => parent.postMessage(data, '*');
    worker.onerror = ({ message, lineno }) => parent.postMessage({ kind: 'error', name: 'script', message: `${message} (line ${lineno})` }, '*');
    worker.postMessage({ kind: 'start', settings, init });
  };

  addEventListener('message', ({ source, data }) => {
    if (source !== parent) return;
    if (data.kind === 'start') start(data.init);
    else if (data.kind === 'event') worker.postMessage({ kind: 'event', event: { ...data.event, clientId } });
    else worker.postMessage(data);
  });
  parent.postMessage({ kind: 'ready' }, '*');
})();
