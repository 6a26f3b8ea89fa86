import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardEngine } from '../../../src/security/access/guarded-engine.js';
import { OpenWatches } from '../../../src/security/access/open-watches.js';
import { realTime } from '../../support/real-time.js';
import { ROLES } from '../../../src/ports/access.js';
import type {
  Identity,
  Permission,
  PermittedEngine,
  CredentialRole,
  Reach,
} from '../../../src/ports/access.js';
import type { Answers, Engine, OfKind, Rows, Scan, Stream, Write } from '../../../src/ports/engine.js';
import { collect } from '../../support/collect.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';
import { verbs } from '../../support/verbs.js';

function somebody(role: CredentialRole, prefixes: readonly string[]): Identity & { valid: boolean } {
  return { name: 'alguem', role, prefixes, valid: true };
}

function guarded(engine: Engine, role: CredentialRole, prefixes: readonly string[]): PermittedEngine {
  return guardEngine(engine, () => undefined, new OpenWatches(realTime))(somebody(role, prefixes));
}

/** What became of a call: `ok`, or the code of the error. */
async function outcome(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'ok';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

// The same letter in one code point and in two.
const NFC = '\u00e9';
const NFD = 'e\u0301';

const CALLS: Readonly<Record<string, readonly [Permission, (engine: Engine, key: string) => unknown]>> = {
  insert: ['write', (engine, key) => verbs(engine).insert(key, 'v')],
  put: ['write', (engine, key) => verbs(engine).put(key, 'v')],
  query: ['read', (engine, key) => verbs(engine).query(key, undefined)],
  queryAt: ['read', (engine, key) => verbs(engine).queryAt(key, undefined)],
  remove: ['write', (engine, key) => verbs(engine).remove(key, undefined)],
  removeAll: ['write', (engine, key) => verbs(engine).removeAll(key)],
  trim: ['write', (engine, key) => verbs(engine).trim(key)],
  heads: ['read', (engine, key) => verbs(engine).heads(key)],
  versions: ['read', (engine, key) => collect(verbs(engine).versions(key))],
  range: ['read', (engine, key) => collect(verbs(engine).range(key, key, undefined))],
  'commit of a write': [
    'write',
    (engine, key) => verbs(engine).commit({ guards: [], writes: [{ kind: 'insert', key, value: 'v' }] }),
  ],
  'commit of a removal': [
    'write',
    (engine, key) => verbs(engine).commit({ guards: [], writes: [{ kind: 'removeAll', key }] }),
  ],
  'commit with a guard': [
    'read',
    (engine, key) => verbs(engine).commit({ guards: [{ key, version: 9 }], writes: [] }),
  ],
  restore: ['write', (engine, key) => verbs(engine).restore({ key, value: 'v', version: 1, timestamp: 1 })],
};

/** With what fleets have besides. */
class WholeEngine extends MemoryEngine {
  override readonly capabilities = { ...new MemoryEngine().capabilities, everything: true, restores: true };

  override write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K] {
    const given: Write = write;
    if (given.kind === 'restore') {
      const { version } = verbs(this as MemoryEngine).insert(given.key, given.value);
      return { version, outcome: 'kept' } as unknown as Answers[K];
    }
    return super.write<K>(write);
  }

  override scan<K extends Exclude<Scan['kind'], 'watch'>>(scan: OfKind<Scan, K>): Iterable<Rows[K]>;
  override scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  override scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    return scan.kind === 'everything'
      ? (super.scan({ kind: 'snapshot' }) as Iterable<Rows[K]>)
      : super.scan<K>(scan);
  }
}

describe('what a role may do', () => {
  const may: Readonly<Record<CredentialRole, readonly Permission[]>> = {
    leitura: ['read'],
    escrita: ['read', 'write'],
    administracao: ['read', 'write', 'administer'],
    servidor: [],
  };

  it.each(Object.keys(CALLS).flatMap((name) => ROLES.map((role) => [name, role] as const)))(
    '%s by %s',
    async (name, role) => {
      const [permission, call] = CALLS[name]!;
      const prefixes = role === 'leitura' || role === 'escrita' ? ['a/'] : [];
      const allowed = may[role].includes(permission);
      for (const exists of [true, false]) {
        const engine = new WholeEngine();
        if (exists) verbs(engine).insert('a/k', 'v');
        if (exists) verbs(engine).insert('b/k', 'v');
        const before = engine.calls;
        const caller = guarded(engine, role, prefixes);
        const inside = await outcome(() => call(caller, 'a/k'));
        const outside = await outcome(() => call(caller, 'b/k'));
        // Inside, the store's own answer; refused, the same whether the key is there or not, and the store is not asked.
        expect(inside).toBe(
          !allowed ? 'NAO_AUTORIZADO' : name === 'remove' && !exists ? 'CHAVE_INEXISTENTE' : 'ok',
        );
        if (role !== 'administracao') expect(outside).toBe('NAO_AUTORIZADO');
        if (!allowed) expect(engine.calls).toBe(before);
      }
    },
  );

  it('a refusal says the same of keys that are there and keys that are not', async () => {
    const engine = new MemoryEngine();
    verbs(engine).insert('b/k', 'segredo');
    const caller = guarded(engine, 'escrita', ['a/']);
    for (const [, call] of Object.values(CALLS).filter(([permission]) => permission === 'read')) {
      const texts = new Set<string>();
      for (const key of ['b/k', 'b/outra']) {
        try {
          await call(caller, key);
        } catch (error) {
          texts.add(String(error));
        }
      }
      expect([...texts]).toEqual([expect.stringContaining('não pode ler')]);
    }
  });

  it.each<[Permission, prefix: string, Reach, deed: string]>([
    ['read', 'b/', 'key', 'ler esta chave'],
    ['write', 'a/', 'key', 'escrever nesta chave'],
    ['read', 'b/', 'prefix', 'ler todas as chaves deste prefixo'],
    ['write', '', 'prefix', 'escrever em todas as chaves'],
    ['administer', '', 'prefix', 'administrar este servidor'],
  ])('a refusal of %s for %j as a %s says so', (permission, prefix, reach, deed) => {
    const caller = guarded(new MemoryEngine(), 'leitura', ['a/']);
    expect(() => caller.assertMay(permission, prefix, reach)).toThrow(new RegExp(`, não pode ${deed}$`));
  });
});

describe('commits', () => {
  it('one key outside refuses all of it, before the store is asked', async () => {
    const engine = new MemoryEngine();
    const caller = guarded(engine, 'escrita', ['a/']);
    const write = { kind: 'insert', key: 'a/1', value: 'v' } as const;
    expect(
      await outcome(() =>
        verbs(caller).commit({ guards: [], writes: [write, { kind: 'insert', key: 'b/1', value: 'v' }] }),
      ),
    ).toBe('NAO_AUTORIZADO');
    expect(
      await outcome(() => verbs(caller).commit({ guards: [{ key: 'b/1', version: 0 }], writes: [write] })),
    ).toBe('NAO_AUTORIZADO');
    expect(engine.calls).toBe(0);
    expect(
      await outcome(() => verbs(caller).commit({ guards: [{ key: 'a/2', version: 0 }], writes: [write] })),
    ).toBe('ok');
    expect(verbs(engine).query('a/1', undefined)?.value).toBe('v');
  });
});

describe('ranges', () => {
  it.each<[from: string, to: string, covered: boolean]>([
    ['a/', 'a/\u{10ffff}', true],
    ['a/1', 'a/9', true],
    ['a/9', 'a/1', true],
    ['a/', 'b', false],
    ['a', 'a/z', false],
    ['a/', 'c/z', false],
    ['a/z', 'c/a', false],
    ['c/', 'c/z', true],
    ['\u{1F600}1', '\u{1F600}9', true],
    ['\u{1F600}1', '\u{1F601}9', false],
  ])('from %j to %j: %s', async (from, to, covered) => {
    const engine = new MemoryEngine();
    const caller = guarded(engine, 'leitura', ['a/', 'c/', '\u{1F600}']);
    expect(await outcome(() => collect(verbs(caller).range(from, to, undefined)))).toBe(
      covered ? 'ok' : 'NAO_AUTORIZADO',
    );
  });
});

describe('walks over everything', () => {
  const stores: readonly (readonly [
    string,
    () => { readonly engine: Engine; readonly memory: MemoryEngine },
  ])[] = [
    [
      'answers at once',
      () => {
        const memory = new WholeEngine();
        return { engine: memory, memory };
      },
    ],
    [
      'answers later',
      () => {
        const engine = new AsyncMemoryEngine();
        return { engine, memory: engine.inner };
      },
    ],
  ];

  it.each(stores)('show what may be read, of a store that %s', async (_what, make) => {
    const { engine, memory } = make();
    for (const key of ['a/1', 'b/1', 'a/2', 'ab']) verbs(memory).insert(key, 'v');
    const keys = async (role: CredentialRole, prefixes: readonly string[]): Promise<string[]> =>
      (await collect(verbs(guarded(engine, role, prefixes)).snapshot(undefined))).map(({ key }) => key);
    expect(await keys('leitura', ['a/'])).toEqual(['a/1', 'a/2']);
    expect(await keys('escrita', ['a/', 'b/'])).toEqual(['a/1', 'b/1', 'a/2']);
    expect(await keys('leitura', ['x'])).toEqual([]);
    expect(await keys('leitura', [''])).toHaveLength(4);
    expect(await keys('administracao', [])).toHaveLength(4);
    expect(await outcome(() => keys('servidor', []))).toBe('NAO_AUTORIZADO');
  });

  it('an export shows what may be read', async () => {
    const engine = new WholeEngine();
    for (const key of ['a/1', 'b/1']) verbs(engine).insert(key, 'v');
    const caller = guarded(engine, 'leitura', ['b/']);
    expect((await collect(verbs(caller).everything())).map(({ key }) => key)).toEqual(['b/1']);
    expect(guarded(new MemoryEngine(), 'leitura', ['']).capabilities.everything).toBe(false);
  });

  it.each(stores)('end when the credential is revoked, of a store that %s', async (_what, make) => {
    const { engine, memory } = make();
    for (let i = 0; i < 10; i++) verbs(memory).insert(`a/${String(i)}`, 'v');
    const identity = somebody('leitura', ['a/']);
    const caller = guardEngine(engine, () => undefined, new OpenWatches(realTime))(identity);
    const seen: unknown[] = [];
    const walk = async (): Promise<void> => {
      for await (const row of verbs(caller).snapshot(undefined)) {
        seen.push(row);
        if (seen.length === 3) (identity as { valid: boolean }).valid = false;
      }
    };
    expect(await outcome(walk)).toBe('NAO_AUTENTICADO');
    expect(seen).toHaveLength(3);
    expect(await outcome(() => verbs(caller).query('a/1', undefined))).toBe('NAO_AUTENTICADO');
  });

  it('let others run where much is passed over', async () => {
    const engine = new MemoryEngine();
    for (let i = 0; i < 1_000; i++) verbs(engine).insert(`b/${String(i)}`, 'v');
    const pauses: unknown[] = [];
    for await (const row of verbs(guarded(engine, 'leitura', ['a/'])).snapshot(undefined)) pauses.push(row);
    expect(pauses).toEqual([undefined, undefined, undefined]);
  });
});

describe('a kind that has no rule', () => {
  it('is refused to everybody, and the engine is not asked', () => {
    const asked: unknown[] = [];
    const note = (call: unknown): never => asked.push(call) as never;
    const { capabilities } = new MemoryEngine();
    const everybody = guarded({ capabilities, read: note, write: note, scan: note }, 'administracao', ['']);
    const kind = { kind: 'nova', key: 'a' } as never;
    for (const call of [
      () => everybody.read(kind),
      () => everybody.write(kind),
      () => everybody.scan(kind),
    ]) {
      expect(call).toThrow('nobody has said who may ask for nova');
    }
    expect(asked).toEqual([]);
  });
});

describe('any calls by anybody', () => {
  // Few letters, so that prefixes and keys meet; pairs that look alike.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', NFC, NFD, '\u{1F600}'), maxLength: 4 });

  it('nothing outside the prefixes is ever changed or shown', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROLES),
        fc.array(text, { maxLength: 3 }),
        fc.array(fc.tuple(fc.constantFrom(...Object.keys(CALLS)), text), { maxLength: 12 }),
        async (role, prefixes, calls) => {
          const engine = new WholeEngine();
          for (const [, key] of calls) if (key.length % 2 === 0) verbs(engine).insert(key, 'antes');
          const state = async (): Promise<Map<string, string>> =>
            new Map(
              (await collect(verbs(engine).snapshot(undefined))).map((row) => [row.key, JSON.stringify(row)]),
            );
          const before = await state();
          const caller = guarded(engine, role, prefixes);
          for (const [name, key] of calls) await outcome(() => CALLS[name]![1](caller, key));
          const after = await state();
          // Written without the code under test: what begins with one of them, and what does not.
          const covered = (key: string): boolean =>
            role === 'administracao' ||
            (role !== 'servidor' && prefixes.some((p) => key.slice(0, p.length) === p));
          for (const key of new Set([...before.keys(), ...after.keys()])) {
            if (covered(key) && role !== 'leitura') continue;
            expect(after.get(key)).toBe(before.get(key));
          }
          if (role === 'servidor') return;
          const shown = (await collect(verbs(caller).snapshot(undefined))).map(({ key }) => key);
          expect(shown).toEqual([...after.keys()].filter(covered));
        },
      ),
      { numRuns: 500 },
    );
  });
});
