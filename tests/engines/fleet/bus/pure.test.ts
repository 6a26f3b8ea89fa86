import { describe, expect, it } from 'vitest';
import { parseBrokerUrl } from '../../../../src/mqtt/broker-url.js';
import { FrameGuard, FrameRoom } from '../../../../src/mqtt/frame-guard.js';
import { parseTopic, subscriptionFilters, topicOf } from '../../../../src/engines/fleet/bus/topics.js';
import { oneOfEach } from './support.js';

describe('topics', () => {
  it('are read back as they were written', () => {
    for (const message of oneOfEach('__proto__', '-o2-')) {
      const parts = parseTopic(topicOf('frota', message));
      expect(parts).toMatchObject({ fleet: 'frota', from: '__proto__' });
    }
  });

  it.each<[string, unknown]>([
    ['kvs/f/mutacoes/o', { channel: 'batches', fleet: 'f', from: 'o' }],
    ['kvs/f/presenca/o', { channel: 'presence', fleet: 'f', from: 'o' }],
    ['kvs/f/sincronia/a/b', { channel: 'sync', fleet: 'f', to: 'a', from: 'b' }],
    ['', undefined],
    ['kvs', undefined],
    ['kvs/f/mutacoes', undefined],
    ['kvs/f/mutacoes/', undefined],
    ['kvs/f/mutacoes/o/', undefined],
    ['kvs/f/mutacoes/o/p', undefined],
    ['kvs/f/sincronia/a', undefined],
    ['kvs/f/sincronia/a/b/c', undefined],
    ['kvs/f/sincronia/a/b/c/d/e', undefined],
    ['kvs//mutacoes/o', undefined],
    ['kvs/f/outra/o', undefined],
    ['kvs/f/constructor/o', undefined],
    ['kvs/f.g/mutacoes/o', undefined],
    ['kvs/f/mutacoes/a.b', undefined],
    ['kvs/f/mutacoes/+', undefined],
    ['KVS/f/mutacoes/o', undefined],
    [`kvs/f/mutacoes/${'o'.repeat(65)}`, undefined],
    ['kvs/f/mutacoes/o\n', undefined],
  ])('%s', (topic, parts) => {
    expect(parseTopic(topic)).toEqual(parts);
  });

  it('are subscribed to by fleet and own name', () => {
    expect(subscriptionFilters('f', 'o')).toEqual([
      'kvs/f/mutacoes/+',
      'kvs/f/presenca/+',
      'kvs/f/sincronia/o/+',
    ]);
  });
});

describe('broker addresses', () => {
  it.each([
    ['mqtt://localhost', 'mqtt', 'localhost', 1883, ''],
    [' mqtt://127.0.0.1:2883/ ', 'mqtt', '127.0.0.1', 2883, ''],
    ['mqtts://broker.example', 'mqtts', 'broker.example', 8883, ''],
    ['ws://h', 'ws', 'h', 80, '/'],
    ['wss://h:444/mqtt', 'wss', 'h', 444, '/mqtt'],
    ['mqtt://[::1]:1884', 'mqtt', '::1', 1884, ''],
    ['wss://[::1]:9001', 'wss', '::1', 9001, '/'],
  ])('%s', (text, protocol, host, port, path) => {
    const parsed = parseBrokerUrl(text);
    expect(parsed).toMatchObject({ protocol, host, port, path });
    expect(parseBrokerUrl(parsed.url)).toEqual(parsed);
  });

  it.each([
    '',
    'nada',
    '127.0.0.1:1883',
    'http://127.0.0.1',
    'mqtt:/127.0.0.1',
    'mqtt://',
    'mqtt://:1883',
    'mqtt://h:0',
    'mqtt://h:65536',
    'mqtt://h:x',
    'mqtt://h h',
    'mqtt://h/topico',
    'mqtt://h?clientId=x',
    'mqtt://h#x',
    'mqtt://[::1',
    // The library could not even try these.
    'ws://999.0.0.1',
    'wss://[:::1]',
  ])('refuses %j in one line with an example', (text) => {
    const refusal = expect.objectContaining({
      code: 'CONFIGURACAO',
      message: expect.stringMatching(/^--broker [^\n]*exemplo: mqtt:\/\/127\.0\.0\.1:1883[^\n]*$/) as string,
    }) as Error;
    expect(() => parseBrokerUrl(text)).toThrow(refusal);
  });

  it.each(['mqtt://ana:segredo@h', 'mqtts://segredo@h:1', 'WSS://ana:segredo@h'])(
    'refuses a secret without repeating it: %s',
    (text) => {
      let message = '';
      try {
        parseBrokerUrl(text);
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/usuário e senha não são aceitos/);
      expect(message).not.toContain('segredo');
    },
  );
});

describe('frames of an MQTT stream', () => {
  const frame = (bodyBytes: number): Buffer => {
    const length: number[] = [];
    for (let rest = bodyBytes; ; rest = Math.floor(rest / 128)) {
      length.push((rest % 128) + (rest >= 128 ? 128 : 0));
      if (rest < 128) break;
    }
    return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bodyBytes, 0xff)]);
  };

  it('pass up to the limit, however the stream is cut', () => {
    const stream = Buffer.concat([0, 1, 127, 128, 300, 0, 16_384, 20_000].map(frame));
    for (const step of [1, 2, 3, 7, 100, stream.length]) {
      const guard = new FrameGuard(() => ({ bytes: 20_000 }), new FrameRoom(0));
      for (let at = 0; at < stream.length; at += step) {
        expect(guard.accepts(stream.subarray(at, at + step))).toBe(true);
      }
    }
  });

  it('are refused by their header alone', () => {
    expect(
      new FrameGuard(() => ({ bytes: 20_000 }), new FrameRoom(0)).accepts(frame(20_001).subarray(0, 4)),
    ).toBe(false);
    expect(
      new FrameGuard(() => ({ bytes: 20_000 }), new FrameRoom(0)).accepts(
        Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
      ),
    ).toBe(false);
  });

  it('are refused if their length never ends', () => {
    expect(
      new FrameGuard(() => ({ bytes: 2 ** 40 }), new FrameRoom(0)).accepts(
        Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x80]),
      ),
    ).toBe(false);
  });
});
