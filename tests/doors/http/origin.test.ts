import { describe, expect, it } from 'vitest';
import { originProblem } from '../../../src/doors/http/origin.js';

const OWN = new Set(['0.0.0.0', 'kvs.exemplo', '2001:db8::7']);
const FOREIGN_PAGE = 'o pedido vem de uma página de outra origem';

function problemOf(host: string | undefined, more: { origin?: string; fetchSite?: string } = {}) {
  const from = { host, origin: more.origin, fetchSite: more.fetchSite, localAddress: '::ffff:192.0.2.5' };
  return originProblem(from, OWN);
}

describe('the host that a request names', () => {
  it.each([
    ...['localhost', 'localhost:9000', 'LOCALHOST:9000', 'LocalHost.:9000', '127.0.0.1', '127.0.0.1:1'],
    ...['[::1]', '[::1]:9000', '[0:0:0:0:0:0:0:1]:9000', 'localhost:'],
    ...[
      '192.0.2.5',
      '192.0.2.5:9000',
      'kvs.exemplo',
      'KVS.Exemplo.:9000',
      '0.0.0.0:9000',
      '[2001:DB8::7]:9000',
    ],
  ])('is this server: %s', (host) => {
    expect(problemOf(host)).toBeUndefined();
  });

  it.each([
    ...['pagina.example', 'pagina.example:9000', 'localhost.pagina.example', '192.0.2.6', '127.0.0.2'],
    ...['xlocalhost', '127.0.0.1.pagina.example', '[::2]', '[::ffff:192.0.2.6]', 'localhost..', '2130706433'],
  ])('is somebody else: %s', (host) => {
    expect(problemOf(host)).toContain('este servidor não se chama');
  });

  it.each([
    ...[undefined, '', ':9000', 'a b', 'localhost:x', 'localhost:123456', 'user@localhost', 'localhost/x'],
    ...['[::1', '::1', '[:::]', '[1:2]', 'localhost:1:2'],
  ])('is nobody: %s', (host) => {
    expect(problemOf(host)).toBe('o pedido não diz a quem se dirige (Host)');
  });

  it('is repeated in part only', () => {
    expect(problemOf('x'.repeat(10_000))?.length).toBeLessThan(200);
    expect(problemOf('\u{e9}"<b>')).toBe('este servidor não se chama \u{fffd}"<b>');
  });
});

describe('the page that a request comes from', () => {
  const here = 'localhost:9000';

  it.each(['http://localhost:9000', 'https://localhost:9000', 'HTTP://LocalHost:9000'])(
    'is ours: %s',
    (origin) => {
      expect(problemOf(here, { origin })).toBeUndefined();
    },
  );

  it.each([
    'null',
    '',
    'http://localhost',
    'http://localhost:8000',
    'http://pagina.example',
    'ftp://localhost:9000',
  ])('is foreign: %s', (origin) => {
    expect(problemOf(here, { origin })).toBe(FOREIGN_PAGE);
  });

  it.each(['same-origin', 'none'])('Sec-Fetch-Site %s is ours', (fetchSite) => {
    expect(problemOf(here, { fetchSite })).toBeUndefined();
  });

  it.each(['same-site', 'cross-site', '', 'x'])('Sec-Fetch-Site %s is foreign', (fetchSite) => {
    expect(problemOf(here, { fetchSite })).toBe(FOREIGN_PAGE);
  });
});
