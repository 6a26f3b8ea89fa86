import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/doors/http/exchange.js';
import { pageAt } from '../../../src/doors/http/pages.js';
import { repeated } from '../../../src/doors/http/repeated.js';
import { trialPageAt } from '../../../src/doors/http/trial-page.js';

const GOOD = new Map([
  ['', true],
  ['kvs.frota', true],
]);
const STARTING = new Map([
  ['', false],
  ['kvs.frota', true],
]);
const ALONE = new Map([
  ['', true],
  ['kvs.frota', false],
]);

function page(path: string, health = GOOD): HttpAnswer & { readonly text: string } {
  const found = pageAt(path, () => health);
  if (found === undefined) throw new Error(`${path} is not there`);
  return { ...found, text: String(found.body) };
}

describe('/saude', () => {
  it('is well if every condition is', () => {
    const { status, text } = page('/saude');
    expect([status, JSON.parse(text)]).toEqual([200, { bem: true, servidor: true, 'kvs.frota': true }]);
  });

  it.each([
    [STARTING, { bem: false, servidor: false, 'kvs.frota': true }],
    [ALONE, { bem: false, servidor: true, 'kvs.frota': false }],
  ])('names what is not', (health, told) => {
    const { status, text } = page('/saude', health);
    expect([status, JSON.parse(text)]).toEqual([503, told]);
  });

  it('has a line for each condition', () => {
    expect(page('/saude', ALONE).text).toBe(
      '{\n  "bem": false,\n  "servidor": true,\n  "kvs.frota": false\n}\n',
    );
  });
});

it('/pronto is whether the server serves, whatever else is', () => {
  expect([GOOD, ALONE, STARTING].map((health) => page('/pronto', health).status)).toEqual([200, 200, 503]);
  expect(JSON.parse(page('/pronto', STARTING).text)).toEqual({ pronto: false });
});

it('/ is a page in two languages that loads nothing', () => {
  const { status, fields, text } = page('/');
  expect([status, fields['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('servidor de chaves e valores');
  expect(text).toContain('lang="en"');
  expect(text).not.toMatch(/<(script|img|link|style|iframe)|src=|https?:/);
});

it('/v1 has no code or style in itself, and loads nothing from elsewhere', () => {
  const text = String(trialPageAt('/v1')?.body);
  expect(text).not.toMatch(
    /<style|style=|\son[a-z]+=|https?:|<script(?! type="module" src="\/v1\/pagina.js"><\/script>)/,
  );
  expect(trialPageAt('/v1')?.fields['content-security-policy']).not.toContain('unsafe');
  for (const path of ['/v1/pagina.js', '/v1/pagina.css']) {
    expect(String(trialPageAt(path)?.body)).not.toMatch(
      /https?:|@import|url\(|eval|innerHTML|document\.cookie|Storage/,
    );
  }
});

it.each(['/favicon.ico', '/saude/', '/SAUDE', '//', '*', '/%73aude', '/v1/', 'toString', '/kvs.KVS/Insere'])(
  '%s is not there',
  (path) => {
    expect(pageAt(path, () => GOOD)).toBeUndefined();
    expect(trialPageAt(path)).toBeUndefined();
  },
);

it('what is repeated of a request is short, visible and cannot leave its text', () => {
  const path = `/"\\\u{e9}\u{1b}[31m\u{202e}<script>%00%zz${'a'.repeat(16_000)}`;
  expect(repeated(path)).toHaveLength(101);
  expect(repeated(path)).toContain('/"\\\u{fffd}\u{fffd}[31m\u{fffd}<script>%00%zz');
  expect(repeated(path)).not.toMatch(/[^\x20-\x7e\u{fffd}…]/u);
});
