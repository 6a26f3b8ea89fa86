import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES, KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { GRPC_OUTCOMES } from '../../../src/doors/grpc/errors.js';
import { reasonOf } from '../../support/door-client.js';
import { openStand, type Stand } from '../../support/doors.js';
import { KeyValueClient } from '../../support/keyvalue-client.js';
import type { MemoryEngine } from '../../support/memory-engine.js';

let stand: Stand<MemoryEngine>;
let client: KeyValueClient;
beforeEach(async () => {
  stand = await openStand();
  client = new KeyValueClient(stand.doors.port);
});
afterEach(async () => {
  client.close();
  await stand.close();
});

const errorOf = (call: Promise<unknown>): Promise<unknown> => call.catch((thrown: unknown) => thrown);

/** Every RPC with one request about this key and this value. */
function everyCall(key: string, val = 'v'): [string, () => Promise<unknown>][] {
  return [
    ['Get', () => client.get(key)],
    ['GetRange', () => client.getRange(key, key)],
    ['GetAll', () => client.getAll([key])],
    ['Put', () => client.put(key, val)],
    ['PutAll', () => client.putAll([[key, val]])],
    ['Del', () => client.del(key)],
    ['DelRange', () => client.delRange(key, key)],
    ['DelAll', () => client.delAll([key])],
    ['Trim', () => client.trim(key)],
  ];
}

const STREAMS = new Set(['GetAll', 'PutAll', 'DelAll']);

describe('errors of KeyValueStore', () => {
  it.each(ERROR_CODES.filter((code) => code !== 'INTERNO'))(
    'end every RPC with the status of %s',
    async (code) => {
      stand.engine.refusal = new KvsError(code, 'agora não: é um teste');
      for (const [rpc, call] of everyCall('k')) {
        const error = await errorOf(call());
        expect(error, rpc).toMatchObject({ code: GRPC_OUTCOMES[code].status });
        expect(reasonOf(error), rpc).toBe(STREAMS.has(rpc) ? `0:${code}` : `${code}: agora não: é um teste`);
      }
    },
  );

  it('are INVALID_ARGUMENT for a key that is too long, and nothing reaches the engine', async () => {
    const long = 'x'.repeat(limits.keyBytes + 1);
    for (const [rpc, call] of everyCall(long)) {
      const error = await errorOf(call());
      expect(error, rpc).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(reasonOf(error), rpc).toMatch(/^(0:)?CHAVE_LONGA/);
    }
    expect(reasonOf(await errorOf(client.getRange('', long)))).toMatch(/^CHAVE_LONGA: /);
    expect(reasonOf(await errorOf(client.put('k', long)))).toMatch(/^VALOR_LONGO: /);
    expect(reasonOf(await errorOf(client.putAll([['k', long]])))).toBe('0:VALOR_LONGO');
    expect(stand.engine.calls).toBe(0);
  });

  it('are INVALID_ARGUMENT for text that is not UTF-8 and for bytes that are no message', async () => {
    const bad = { Get: '0a02ff61', Put: '0a016b1202ff61', Del: '0a03eda080', Trim: '0a02c0af' };
    for (const [rpc, bytes] of Object.entries(bad)) {
      const error = await errorOf(client.unary(rpc, Buffer.from(bytes, 'hex')));
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(reasonOf(error)).toMatch(rpc === 'Put' ? /^VALOR_INVALIDO: / : /^CHAVE_INVALIDA: /);
    }
    for (const rpc of ['Get', 'Put', 'Del', 'Trim']) {
      const error = await errorOf(client.unary(rpc, Buffer.from('0aff', 'hex')));
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(reasonOf(error)).toMatch(/^PEDIDO_INVALIDO: /);
    }
    expect(stand.engine.calls).toBe(0);
  });

  it('end a stream after what was answered, and say which request it was', async () => {
    const call = client.open<{ key: string }>('PutAll');
    const answers: string[] = [];
    call.on('data', ({ key }: { key: string }) => answers.push(key));
    const failed = new Promise<unknown>((resolve) => call.on('error', resolve));
    for (const key of ['a', 'b', 'x'.repeat(limits.keyBytes + 1), 'c']) call.write({ key, val: 'v' });
    const error = await failed;
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(reasonOf(error)).toBe('2:CHAVE_LONGA');
    expect(answers).toEqual(['a', 'b']);
    expect((await client.get('c')).ver).toBe(0n);
  });

  it('end a range after the keys that were answered', async () => {
    for (const key of ['a', 'b', 'c']) await client.put(key, 'v');
    const { engine } = stand;
    const write = engine.write.bind(engine);
    engine.write = (given) => {
      if (given.kind === 'removeAll' && 'key' in given && given.key === 'c')
        throw new KvsError('SERVIDOR_SAINDO', 'fim');
      return write(given);
    };
    const call = client.openStream<{ key: string }>('DelRange', { fr: { key: 'a' }, to: { key: 'z' } });
    const answers: string[] = [];
    call.on('data', ({ key }: { key: string }) => answers.push(key));
    const error = await new Promise<unknown>((resolve) => call.on('error', resolve));
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    expect(reasonOf(error)).toBe('SERVIDOR_SAINDO: fim');
    expect(answers).toEqual(['a', 'b']);
  });

  it('are INTERNAL for a bug, with the cause in the log alone', async () => {
    stand.engine.read = () => {
      throw new TypeError('segredo');
    };
    for (const call of [() => client.get('k'), () => client.getAll(['k'])]) {
      const error = await errorOf(call());
      expect(error).toMatchObject({ code: status.INTERNAL });
      expect(String(error) + String(reasonOf(error))).not.toContain('segredo');
    }
    expect(stand.logger.lines.filter((line) => line.level === 'error')).toHaveLength(2);
  });
});
