import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ServerFaults } from '../../../src/app/laboratory/server-faults.js';
import { LinkCut } from '../../../src/ports/link-cut.js';
import type { TracedMessage } from '../../../src/ports/trace.js';
import { LineTap } from '../../../src/wire/mensagem/line-tap.js';
import type { Mensagem } from '../../../src/wire/mensagem/messages.js';
import { RecordingLogger } from '../../support/doors.js';
import { realTime } from '../../support/real-time.js';
import { TraceReader } from '../../app/laboratory/trace-reader.js';

/** A tap of the laboratory of a server, and what its reader sees. */
function tapped(peer?: string) {
  const logger = new RecordingLogger();
  const cut = new LinkCut(realTime, logger, { cut: '', back: '' });
  const faults = new ServerFaults({ cut, logger, time: realTime });
  const reader = new TraceReader(faults.trace());
  const state = { applied: 0 };
  const tap = new LineTap({ tap: faults, cut, appliedMutations: () => state.applied }, peer);
  const seen = async (): Promise<readonly TracedMessage[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return reader.seen;
  };
  return { tap, seen, state, faults };
}

const text = ({ body }: TracedMessage): string => Buffer.from(body).toString();

describe('the tap of a connection between servers', () => {
  const greeting: Mensagem = {
    ...{ tipo: 'LEADER', formato: 1, origem: 'o', lider: '127.0.0.1:1', seguidor: '127.0.0.1:2', inicio: 1 },
    credencial: 'kvs_srv.segredo-muito-secreto',
  };
  const line = Buffer.from(JSON.stringify(greeting));

  it('shows no credential, in either direction, and the digest of what travelled', async () => {
    const { tap, seen } = tapped('127.0.0.1:2');
    tap.sent(greeting, line.toString());
    tap.received(greeting, line, () => undefined);
    const [sent, came] = (await seen()) as [TracedMessage, TracedMessage];
    for (const message of [sent, came]) {
      expect(text(message)).not.toContain('segredo');
      expect(JSON.parse(text(message))).toEqual({ ...greeting, credencial: '…' });
      const digest = createHash('sha256').update(line).digest('hex').slice(0, 16);
      expect(Buffer.from(message.digest).toString('hex')).toBe(digest);
      expect(message).toMatchObject({ type: 'LEADER', bytes: line.length, channel: '127.0.0.1:2' });
    }
    expect([sent.step, came.step]).toEqual(['envia', 'recebe']);
  });

  it('tells nothing of clients, and of a server from its introduction on', async () => {
    const { tap, seen } = tapped();
    const put: Mensagem = { tipo: 'PUT', chave: 'senha', valor: 'de alguém' };
    expect(tap.received(put, Buffer.from(JSON.stringify(put)), () => 'feito')).toBe('feito');
    tap.sent({ tipo: 'PUT_OK', chave: 'senha', timestamp: 1 }, '{}');
    expect(await seen()).toEqual([]);
    tap.received(
      { tipo: 'FOLLOWER', formato: 1, servidor: '127.0.0.1:3' },
      Buffer.from('{}'),
      () => undefined,
    );
    tap.received(put, Buffer.from(JSON.stringify(put)), () => undefined);
    expect((await seen()).map(({ channel, type }) => `${channel} ${type}`)).toEqual([
      ...['127.0.0.1:3 FOLLOWER', '127.0.0.1:3 PUT'],
    ]);
  });

  it('tells what a line did, before what it caused to be sent', async () => {
    const { tap, seen, state, faults } = tapped('a');
    const step: Mensagem = { tipo: 'STEP', origem: 'o', seq: 1, ultimo: 2 };
    tap.received(step, Buffer.from('1'), () => {
      tap.effect = 'held';
    });
    tap.received({ tipo: 'SERVING' }, Buffer.from('2'), () => {
      state.applied += 2;
      tap.effect = 'held';
      tap.sent({ tipo: 'PONG' }, '3');
    });
    tap.received({ tipo: 'PONG' }, Buffer.from('4'), () => undefined);
    const told = (await seen()).map(({ type, handled }) => [type, handled?.effect, handled?.applied]);
    expect(told).toEqual([
      ['STEP', 'held', 0],
      ['SERVING', 'applied', 2],
      ['PONG', undefined, undefined],
      ['PONG', 'noted', 0],
    ]);
    expect(faults.isTracing).toBe(true);
  });
});
