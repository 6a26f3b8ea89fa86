import { describe, expect, it } from 'vitest';
import { preferredCoding } from '../../../src/doors/http/accept.js';
import type { HttpAnswer } from '../../../src/doors/http/exchange.js';
import { StaticPages } from '../../../src/doors/http/static-pages.js';
import { panelFiles } from '../../support/panel-files.js';

const pages = new StaticPages(panelFiles());
const ASSET = '/painel/assets/index-1.js';

function page(path: string, headers = {}): HttpAnswer {
  const found = pages.at(path, headers);
  if (found === undefined) throw new Error(`${path} is not there`);
  return found;
}

it('the page is never kept, and runs only what comes from this server as a file', () => {
  const { status, fields, body } = page('/');
  expect([status, String(body), fields['content-type']]).toEqual([
    200,
    'index.html',
    'text/html; charset=utf-8',
  ]);
  // The entrance's own says no-store.
  expect(fields['cache-control']).toBeUndefined();
  const policy = fields['content-security-policy'] ?? '';
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
  for (const part of [
    "default-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ])
    expect(policy.split('; ')).toContain(part);
});

it('what has its hash in its name is kept for ever', () => {
  expect(page(ASSET).fields).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  });
});

it('a file comes in the form that the client takes, with a tag and a length of its own', () => {
  const plain = page(ASSET);
  const gzip = page(ASSET, { 'accept-encoding': 'gzip, deflate' });
  const brotli = page(ASSET, { 'accept-encoding': 'gzip, deflate, br, zstd' });
  expect([plain, gzip, brotli].map(({ body }) => String(body))).toEqual([
    'painel/assets/index-1.js',
    'gzip',
    'brotli',
  ]);
  expect([plain, gzip, brotli].map(({ fields }) => fields['content-encoding'])).toEqual([
    ...[undefined, 'gzip', 'br'],
  ]);
  expect(new Set([plain, gzip, brotli].map(({ fields }) => fields['etag'])).size).toBe(3);
  for (const { fields } of [plain, gzip, brotli]) expect(fields['vary']).toBe('accept-encoding');
  // One that was not compressed is sent as it is.
  expect(page('/', { 'accept-encoding': 'br' }).fields['content-encoding']).toBeUndefined();
});

it('what a client has already is not sent again', () => {
  const gzip = { 'accept-encoding': 'gzip' };
  const etag = page(ASSET, gzip).fields['etag'] ?? '';
  for (const tags of [etag, `"x", W/${etag}`, '*'])
    expect(page(ASSET, { ...gzip, 'if-none-match': tags })).toMatchObject({ status: 304, fields: { etag } });
  expect(page(ASSET, { ...gzip, 'if-none-match': etag })).not.toHaveProperty('body');
  // The tag of another form is another.
  expect(page(ASSET, { 'if-none-match': etag }).status).toBe(200);
  expect(page(ASSET, { ...gzip, 'if-match': etag }).status).toBe(200);
  expect(() => pages.at(ASSET, { 'if-match': etag })).toThrow(expect.objectContaining({ status: 412 }));
  expect(() => pages.at(ASSET, { 'if-none-match': 'x' })).toThrow(
    expect.objectContaining({ code: 'PEDIDO_INVALIDO' }),
  );
});

it.each([
  ...['', '/index.html', '//', '/.', '/./', '/../index.html', '/painel', '/painel/', '/painel/assets/'],
  ...['/painel/assets/../../index.html', '/painel/assets/..%2f..%2findex.html', '/painel/assets/..\\x'],
  ...['/painel//assets/index-1.js', '/painel/assets/./index-1.js', '/painel/assets/index-1.js/'],
  ...['/painel/assets/index-1.js%00', '/painel/assets/index-1.js.gz', '/painel/assets/INDEX-1.js'],
  ...['/painel/%61ssets/index-1.js', '/laboratorio.html', '/painel/outro.js', '/toString', '/__proto__'],
])('%j is no file', (path) => {
  expect(pages.at(path, {})).toBeUndefined();
});

describe('the coding that a client wants', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br', 'br'],
    ['gzip, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0, gzip;q=0', 'identity'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['br;q=0, *', 'gzip'],
    ['identity;q=1, gzip;q=0.5', 'identity'],
    ['identity, gzip', 'gzip'],
    ['deflate', 'identity'],
    [';;,,=', 'identity'],
    ['gzip;q=2', 'gzip'],
  ])('%j is %s', (accept, coding) => {
    expect(preferredCoding(accept, ['br', 'gzip'])).toBe(coding);
  });
});
