import { describe, expect, it } from 'vitest';
import { guardEngine } from '../../../src/security/access/guarded-engine.js';
import { OpenWatches } from '../../../src/security/access/open-watches.js';
import { realTime } from '../../support/real-time.js';
import type { CredentialRole, PermittedEngine } from '../../../src/ports/access.js';
import { codeOf } from '../../engines/support.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { verbs } from '../../support/verbs.js';

function guarded(engine: MemoryEngine, role: CredentialRole, prefixes: readonly string[]): PermittedEngine {
  return guardEngine(
    engine,
    () => undefined,
    new OpenWatches(realTime),
  )({ name: 'alguem', role, prefixes, valid: true });
}

describe("the servers' own keys", () => {
  it('are written by administrators only, whatever the prefixes, and read by those whose prefixes cover them', async () => {
    const engine = new MemoryEngine();
    const key = '$kvs/retencao';
    const writes = [
      (as: PermittedEngine) => as.write({ kind: 'insert', key, value: '[]' }),
      (as: PermittedEngine) =>
        as.write({ kind: 'commit', guards: [], writes: [{ kind: 'insert', key, value: '[]' }] }),
      (as: PermittedEngine) => as.write({ kind: 'removeAll', key }),
    ];
    for (const write of writes) {
      for (const prefix of ['', '$', '$kvs/', key])
        expect(await codeOf(() => write(guarded(engine, 'escrita', [prefix])))).toBe('NAO_AUTORIZADO');
      expect(await codeOf(() => write(guarded(engine, 'administracao', [])))).toBeUndefined();
    }
    for (const role of ['leitura', 'escrita'] as const) {
      expect(await codeOf(() => verbs(guarded(engine, role, ['$'])).query(key))).toBeUndefined();
      expect(await codeOf(() => verbs(guarded(engine, role, ['a'])).query(key))).toBe('NAO_AUTORIZADO');
    }
    expect(await codeOf(() => verbs(guarded(engine, 'escrita', ['$'])).insert('$kvs', 'x'))).toBeUndefined();
  });
});
