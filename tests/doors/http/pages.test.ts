import { describe, expect, it } from 'vitest';
import { pageAt, problem, repeated } from '../../../src/doors/http/pages.js';

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

describe('/saude', () => {
  it('is well if every condition is', () => {
    const { status, body } = pageAt('/saude', GOOD);
    expect([status, JSON.parse(body)]).toEqual([200, { bem: true, servidor: true, 'kvs.frota': true }]);
  });

  it.each([
    [STARTING, { bem: false, servidor: false, 'kvs.frota': true }],
    [ALONE, { bem: false, servidor: true, 'kvs.frota': false }],
  ])('names what is not', (health, told) => {
    const { status, body } = pageAt('/saude', health);
    expect([status, JSON.parse(body)]).toEqual([503, told]);
  });

  it('has a line for each condition', () => {
    expect(pageAt('/saude', ALONE).body).toBe(
      '{\n  "bem": false,\n  "servidor": true,\n  "kvs.frota": false\n}\n',
    );
  });
});

it('/pronto is whether the server serves, whatever else is', () => {
  expect([GOOD, ALONE, STARTING].map((health) => pageAt('/pronto', health).status)).toEqual([200, 200, 503]);
  expect(JSON.parse(pageAt('/pronto', STARTING).body)).toEqual({ pronto: false });
});

it('/ is a page in two languages that loads nothing', () => {
  const { status, type, body } = pageAt('/', GOOD);
  expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
  expect(body).toContain('servidor de chaves e valores');
  expect(body).toContain('lang="en"');
  expect(body).not.toMatch(/<(script|img|link|style|iframe)|src=|https?:/);
});

it.each(['/favicon.ico', '/saude/', '/SAUDE', '//', '*', '/%73aude', '/kvs.KVS/Insere'])(
  '%s is not there',
  (path) => {
    const { status, type, body } = pageAt(path, GOOD);
    expect([status, type]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(body)).toEqual({
      status: 404,
      detail: `não há nada em ${path}; há /, /saude e /pronto`,
    });
  },
);

it('what is repeated of a request is short, visible and cannot leave its text', () => {
  const path = `/"\\\u{e9}\u{1b}[31m\u{202e}<script>%00%zz${'a'.repeat(16_000)}`;
  expect(repeated(path)).toHaveLength(101);
  const { body } = pageAt(path, GOOD);
  expect(body.length).toBeLessThan(300);
  expect(body).not.toMatch(/[^\n\x20-\x7e\u{fffd}…ãá]/u);
  expect((JSON.parse(body) as { detail: string }).detail).toContain(
    '/"\\\u{fffd}\u{fffd}[31m\u{fffd}<script>%00%zz',
  );
});

it('a problem has its status in its body', () => {
  expect(JSON.parse(problem(403, 'não').body)).toEqual({ status: 403, detail: 'não' });
});
