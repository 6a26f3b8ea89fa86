/** The page at `/v1`, where people read what the door offers and try it. Nothing of it comes from elsewhere. Pure. */
import type { HttpAnswer } from './exchange.js';
import { TRIAL_SCRIPT } from './trial-script.js';
import { TRIAL_STYLE } from './trial-style.js';

/** Scripts and styles come from this server as files: none stands in the page itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>kvs-frota: HTTP</title>
<link rel="stylesheet" href="/v1/pagina.css">
<script type="module" src="/v1/pagina.js"></script>
<h1>kvs-frota: HTTP</h1>
<p>O que este servidor oferece, para ler e experimentar. Para programas: <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>
<p><label>Token, se o servidor pede um <input id="token" type="password" autocomplete="off" size="60"></label>
<small>fica só nesta página, e é esquecido com ela</small></p>
<main id="operacoes"><noscript>Experimentar pede JavaScript.</noscript></main>
</html>
`;

const FILES: Readonly<Record<string, readonly [type: string, body: string]>> = {
  '/v1': ['text/html; charset=utf-8', PAGE],
  '/v1/pagina.js': ['text/javascript; charset=utf-8', TRIAL_SCRIPT],
  '/v1/pagina.css': ['text/css; charset=utf-8', TRIAL_STYLE],
};

/** @param path without its query @returns `undefined` if there is no file */
export function trialPageAt(path: string): HttpAnswer | undefined {
  if (!Object.hasOwn(FILES, path)) return undefined;
  const [type = '', body = ''] = FILES[path] ?? [];
  return { status: 200, fields: { 'content-type': type, 'content-security-policy': POLICY }, body };
}
