import { expect, it } from 'vitest';
import { requestTarget } from '../../../src/doors/http/target.js';

const HOST = ['Accept', '*/*', 'Host', 'Localhost:9000'];

it.each([
  ['/saude', '/saude'],
  ['/saude?x=/pronto', '/saude'],
  ['/saude#x', '/saude'],
  ['/', '/'],
  ['?x', '/'],
  ['', '/'],
  ['*', '*'],
  ['//pagina.example/saude', '//pagina.example/saude'],
  ['/%2e%2e/%00%zz', '/%2e%2e/%00%zz'],
  ['http://localhost:9000/saude?x', '/saude'],
  ['HTTP://LOCALHOST:9000', '/'],
  ['https://localhost:9000?x', '/'],
])('the target %s is the path %s', (url, path) => {
  expect(requestTarget(url, HOST)).toMatchObject({ host: 'localhost:9000', path });
});

it.each([
  ['two Host fields', '/', [...HOST, 'host', 'pagina.example']],
  ['an absolute target of another host', 'http://pagina.example/', HOST],
  [':authority and another Host', '/', [':authority', 'localhost:9000', 'host', 'localhost']],
  ['a Host and an empty one', '/', [...HOST, 'Host', '']],
])('%s is no target', (_, url, raw) => {
  expect(requestTarget(url, raw)).toBeUndefined();
});

it('a host that is named twice alike is one; without any there is none', () => {
  expect(requestTarget('/', [':authority', 'LOCALHOST', 'host', 'localhost'])?.host).toBe('localhost');
  expect(requestTarget('/', ['accept', '*/*'])).toEqual({ host: undefined, path: '/', query: undefined });
  expect(requestTarget('http://localhost/', [])?.host).toBe('localhost');
});

it.each([
  ['/v1/chave', undefined],
  ['/v1/chave?', ''],
  ['/v1/chave?a=1?b#c?d', 'a=1?b'],
  ['/v1/chave#c?d', undefined],
  ['http://localhost:9000?x=/y', 'x=/y'],
])('the query of %s is %s', (url, query) => {
  expect(requestTarget(url, HOST)?.query).toBe(query);
});
