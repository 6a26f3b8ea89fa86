import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { PAGE_HOST } from '../support/browser.js';

/** A port of the product, and what a page would say to it if it could. */
export interface Target {
  readonly port: number;
  readonly tls: boolean;
  /** Paths that its protocol knows, if it knows any. */
  readonly paths: readonly string[];
  /** Of a POST that asks nobody for leave: bytes as Latin-1. */
  readonly bodies: readonly string[];
  /** Whether what a page can show or run is tried too: no element may load. */
  readonly elements?: boolean;
}

/** What came of one attempt: `cega`, an answer that the page may not see; `nada`; or what it saw. */
export interface Outcome {
  readonly attempt: string;
  readonly outcome: string;
}

/** Runs in the page. Every way that a script has to reach a port, one after the other. */
const SCRIPT = `
const look = async (attempt, url, options) => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(4000), cache: 'no-store', ...options });
    if (answer.type === 'opaque') return { attempt, outcome: 'cega' };
    return { attempt, outcome: answer.status + ' ' + (await answer.text()).slice(0, 200) };
  } catch {
    return { attempt, outcome: 'nada' };
  }
};
const speak = (attempt, url, protocols) => new Promise((resolve) => {
  const socket = new WebSocket(url, protocols);
  const timer = setTimeout(() => resolve({ attempt, outcome: 'nada' }), 4000);
  const done = (outcome) => { clearTimeout(timer); resolve({ attempt, outcome }); };
  socket.onopen = () => { socket.close(); done('aberta'); };
  socket.onerror = () => done('nada');
});
const load = (attempt, element, url) => new Promise((resolve) => {
  const timer = setTimeout(() => done('nada'), 4000);
  const done = (outcome) => { clearTimeout(timer); element.remove(); resolve({ attempt, outcome }); };
  element.onload = () => {
    if (!['IFRAME', 'OBJECT', 'EMBED'].includes(element.tagName)) return done('aberta');
    try {
      done((element.contentDocument ?? element.getSVGDocument()).body.innerText.slice(0, 200) || 'nada');
    } catch {
      done('nada');
    }
  };
  element.onerror = () => done('nada');
  element[element.tagName === 'OBJECT' ? 'data' : element.tagName === 'LINK' ? 'href' : 'src'] = url;
  if (element.tagName === 'LINK') element.rel = 'stylesheet';
  document.documentElement.append(element);
});
const send = (attempt, url, method, body) => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.name = 'f' + Math.random();
  const form = Object.assign(document.createElement('form'), { method, action: url, target: frame.name, enctype: 'text/plain' });
  const field = Object.assign(document.createElement('textarea'), { name: 'chave', value: body });
  form.append(field);
  document.documentElement.append(frame, form);
  const timer = setTimeout(() => done('nada'), 4000);
  const done = (outcome) => { clearTimeout(timer); frame.remove(); form.remove(); resolve({ attempt, outcome }); };
  form.submit();
  frame.onload = () => {
    try {
      if (frame.contentWindow.location.href === 'about:blank') return;
      done(frame.contentDocument.body.innerText.slice(0, 200) || 'nada');
    } catch {
      done('nada');
    }
  };
});
const work = async (attempt, url) => {
  try {
    await navigator.serviceWorker.register(url);
    return { attempt, outcome: 'aberta' };
  } catch {
    return { attempt, outcome: 'nada' };
  }
};
const follow = (attempt, url) => new Promise((resolve) => {
  const source = new EventSource(url);
  const timer = setTimeout(() => done('nada'), 4000);
  const done = (outcome) => { clearTimeout(timer); source.close(); resolve({ attempt, outcome }); };
  source.onopen = () => done('aberta');
  source.onerror = () => done('nada');
});
window.attempts = async (host, { port, tls, paths, bodies, elements }) => {
  const base = (tls ? 'https://' : 'http://') + host + ':' + port;
  const outcomes = [];
  for (const path of paths) {
    outcomes.push(await look('GET ' + path, base + path, {}));
    for (const body of bodies) {
      const bytes = Uint8Array.from(body, (letter) => letter.charCodeAt(0));
      const post = { method: 'POST', body: bytes };
      const plain = { ...post, headers: { 'content-type': 'text/plain' } };
      outcomes.push(await look('POST cego ' + path, base + path, { ...plain, mode: 'no-cors' }));
      outcomes.push(await look('POST ' + path, base + path, plain));
      for (const type of ['application/json', 'application/grpc'])
        outcomes.push(await look('POST ' + type + ' ' + path, base + path, { ...post, headers: { 'content-type': type } }));
    }
    for (const name of elements ? ['img', 'iframe', 'script', 'object', 'embed', 'link', 'video'] : [])
      outcomes.push(await load(name + ' ' + path, document.createElement(name), base + path));
    if (elements) {
      outcomes.push(await follow('EventSource ' + path, base + path));
      for (const method of ['GET', 'POST']) outcomes.push(await send('form ' + method + ' ' + path, base + path, method, bodies[0]));
      outcomes.push(await work('serviceWorker ' + path, base + path));
      for (const body of bodies) navigator.sendBeacon(base + path, body);
    }
    for (const method of ['PUT', 'DELETE']) {
      for (const mode of ['cors', 'no-cors', 'same-origin'])
        outcomes.push(await look(method + ' ' + mode + ' ' + path, base + path, { method, mode, body: method === 'PUT' ? 'da pagina' : undefined }));
    }
  }
  const ws = (tls ? 'wss://' : 'ws://') + host + ':' + port;
  outcomes.push(await speak('WebSocket', ws + '/', []));
  outcomes.push(await speak('WebSocket mqtt', ws + '/mqtt', ['mqtt']));
  return outcomes;
};
`;

const HTML = `<!doctype html><title>página</title><script>${SCRIPT}</script>`;

/**
 * What a page of somebody else's does to a port of this machine.
 * @param trusts the browser takes the port's certificate for good
 */
export async function fromForeignPage(browser: Browser, target: Target, trusts: boolean): Promise<Outcome[]> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await onPage(browser, trusts, async (page) => {
      await page.goto(`http://${PAGE_HOST}:${port}/`);
      return attempts(page, '127.0.0.1', target);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * The same from a page whose name stood for its own server when it was loaded, and stands for this machine since (DNS
 * rebinding): to the browser the port belongs to the page.
 * @param trusts a warning of the port's certificate was clicked through
 */
export function fromReboundPage(browser: Browser, target: Target, trusts = false): Promise<Outcome[]> {
  return onPage(browser, trusts, async (page) => {
    const url = `${target.tls ? 'https' : 'http'}://${PAGE_HOST}:${target.port}/pagina`;
    await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
    await page.goto(url);
    return attempts(page, PAGE_HOST, target);
  });
}

async function onPage<T>(
  browser: Browser,
  ignoreHTTPSErrors: boolean,
  run: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ ignoreHTTPSErrors });
  try {
    return await run(await context.newPage());
  } finally {
    await context.close();
  }
}

function attempts(page: Page, host: string, target: Target): Promise<Outcome[]> {
  return page.evaluate(`attempts(${JSON.stringify(host)}, ${JSON.stringify(target)})`);
}

/** What the page saw: everything but what it could not. */
export function seen(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.filter(({ outcome }) => outcome !== 'nada' && outcome !== 'cega');
}
