import { afterEach, describe, expect, it } from 'vitest';
import type { PresenceMessage, PresenceState } from '../../../src/ports/bus.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import type { FleetPair } from '../../support/fleet-pair.js';
import { verbs } from '../../support/verbs.js';
import { codeOf } from '../support.js';

describe('renewals on a fleet', () => {
  let pair: FleetPair;
  afterEach(() => pair.close());

  it('with a time to live wait until no server of an earlier version is there', async () => {
    pair = await openLoopbackPair();
    const { engine } = pair;
    verbs(engine).insert('chave', 'a');
    const old = (state: PresenceState): PresenceMessage => ({
      ...{ type: 'presence', origin: 'velho', address: '127.0.0.1:3', wallMs: Date.now(), recent: [] },
      ...{ vectorDigest: '', storeHash: '', state },
    });
    const { peers } = engine.member;
    expect(peers.note(old('serving'))).toBe('new');
    expect(await codeOf(() => engine.write({ kind: 'renew', key: 'chave', ttlMs: 5_000 }))).toBe(
      'NAO_SUPORTADO',
    );
    // One that lives for ever is an insert like any other.
    expect(engine.write({ kind: 'renew', key: 'chave' })).toMatchObject({ value: 'a', version: 2 });
    expect(engine.read({ kind: 'line', key: 'chave' })).toMatchObject({ isStable: false });
    expect(peers.note(old('leaving'))).toBe('gone');
    expect(engine.write({ kind: 'renew', key: 'chave', ttlMs: 5_000 })).toMatchObject({ version: 3 });
  });
});
