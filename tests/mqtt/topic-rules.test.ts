import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayPublish, mayReceive, maySubscribe, topicGrants } from '../../src/mqtt/topic-rules.js';
import type { TopicIdentity } from '../../src/mqtt/topic-rules.js';
import { permits } from '../../src/ports/access.js';
import { root } from '../support/e2e-build.js';
import { PEOPLE } from './topic-table.js';

const FLEET = 'padrao';

/** Every filter asked for, and whether it is granted to: servidor, admin, escrita, leitura, nada. */
const SUBSCRIPTIONS: readonly (readonly [filter: string, granted: string])[] = [
  ['kvs/padrao/#', 'sa---'],
  ['kvs/padrao', 'sa---'],
  ['kvs/padrao/mutacoes/+', 'sa---'],
  ['kvs/padrao/+/+', 'sa---'],
  ['kvs/padrao/sincronia/oA/+', 'sa---'],
  ['portal/#', 'sael-'],
  ['portal', 'sael-'],
  ['portal/admin/aluno/create', 'sael-'],
  ['portal/+/+/+', 'sael-'],
  ['kvs/outra/#', '-----'],
  ['kvs/+/mutacoes/+', '-----'],
  ['kvs/#', '-----'],
  ['+/padrao/#', '-----'],
  ['kvs/padrao2/#', '-----'],
  ['#', '-----'],
  ['+/#', '-----'],
  ['+', '-----'],
  ['$SYS/#', '-----'],
  ['$share/g/portal/#', '-----'],
  ['/portal/#', '-----'],
  ['', '-----'],
  // Values: a prefix `loja/` is not the key `loja`, and nothing that merely looks like it.
  ['kvs/padrao/valor/loja/+/#', 'sael-'],
  ['kvs/padrao/valor/loja/+', 'sael-'],
  ['kvs/padrao/valor/loja/', 'sael-'],
  ['kvs/padrao/valor/loja/1', 'sael-'],
  ['kvs/padrao/valor/loja/1/#', 'sael-'],
  ['kvs/padrao/valor/loja/+/preco', 'sael-'],
  ['kvs/padrao/recusa/loja/+/#', 'sael-'],
  ['kvs/padrao/valor/loja/#', 'sa---'],
  ['kvs/padrao/valor/loja', 'sa---'],
  ['kvs/padrao/valor/loja2/+/#', 'sa---'],
  ['kvs/padrao/valor/+', 'sa---'],
  ['kvs/padrao/valor/+/#', 'sa---'],
  ['kvs/padrao/valor/+/1', 'sa---'],
  ['kvs/padrao/valor/#', 'sa---'],
  ['kvs/padrao/valor', 'sa---'],
  ['kvs/padrao/+/loja/1', 'sa---'],
  ['kvs/padrao/+/loja/+/#', 'sa---'],
  ['kvs/padrao/valor/loja%2F1', 'sa---'],
  ['kvs/padrao/valor/loja%252F1', 'sa---'],
  ['kvs/padrao/valor/Loja/+/#', 'sa---'],
  ['kvs/padrao/valor//loja/+/#', 'sa---'],
  ['kvs/+/valor/loja/+/#', '-----'],
  ['kvs/outra/valor/loja/+/#', '-----'],
  ['$share/g/kvs/padrao/valor/loja/+/#', '-----'],
  ['$share/g/kvs/padrao/valor/#', '-----'],
  ['kvs/padrao/espelho', 'saeln'],
  ['kvs/padrao/espelho/#', 'sa---'],
  ['kvs/padrao/grava/loja/+/#', 'sa---'],
  ['kvs/padrao/remove/loja/1', 'sa---'],
  ['kvs/padrao/pede/#', 'sa---'],
  ['kvs/padrao/pede/leitura/#', 'sa---'],
  // Answers: each its own.
  ['kvs/padrao/resposta/leitura/#', 's--l-'],
  ['kvs/padrao/resposta/leitura/+', 's--l-'],
  ['kvs/padrao/resposta/nada/1', 's---n'],
  ['kvs/padrao/resposta/admin/#', 'sa---'],
  ['kvs/padrao/resposta/#', 's----'],
  ['kvs/padrao/resposta/+/1', 's----'],
  ['kvs/padrao/resposta/leit+/#', 's----'],
];

const PUBLISHES: readonly (readonly [topic: string, granted: string])[] = [
  ['kvs/padrao/mutacoes/oA', 's----'],
  ['kvs/padrao/presenca/oA', 's----'],
  ['kvs/padrao/sincronia/oA/oB', 's----'],
  ['kvs/padrao', '-----'],
  ['portal/admin/aluno/create', 'sae--'],
  ['portal/admin/disciplina/delete', 'sae--'],
  ['portal/admin/matricula/excedente', 's----'],
  ['portal/admin/aluno', 's----'],
  ['portal/admin/aluno/create/mais', 's----'],
  ['portal/outra/coisa', 's----'],
  ['portal', 's----'],
  ['kvs/outra/mutacoes/oA', '-----'],
  ['portal/admin/+/create', '-----'],
  ['portal/#', '-----'],
  ['$SYS/broker/version', '-----'],
  ['qualquer', '-----'],
  // Values, answers and refusals are said by servers alone.
  ['kvs/padrao/valor/loja/1', 's----'],
  ['kvs/padrao/recusa/loja/1', 's----'],
  ['kvs/padrao/espelho', 's----'],
  ['kvs/padrao/resposta/leitura/1', 's----'],
  ['kvs/padrao/resposta/escrita/1', 's----'],
  // Writes: what the prefix covers, and nothing that merely looks like it.
  ['kvs/padrao/grava/loja/1', '-ae--'],
  ['kvs/padrao/grava/loja/', '-ae--'],
  ['kvs/padrao/remove/loja/a/b/c', '-ae--'],
  ['kvs/padrao/grava/loja', '-a---'],
  ['kvs/padrao/grava/loja2', '-a---'],
  ['kvs/padrao/grava/outra/1', '-a---'],
  ['kvs/padrao/grava//loja/1', '-a---'],
  ['kvs/padrao/grava/loja%2F1', '-a---'],
  ['kvs/padrao/grava/loja%252F1', '-a---'],
  ['kvs/padrao/grava/%6Coja/1', '-a---'],
  ['kvs/padrao/grava/$kvs/retencao', '-a---'],
  ['kvs/padrao/grava/', '-a---'],
  ['kvs/padrao/grava', '-a---'],
  ['kvs/padrao/grava/loja/+', '-----'],
  ['kvs/outra/grava/loja/1', '-----'],
  // Questions: as itself.
  ['kvs/padrao/pede/escrita/1', '--e--'],
  ['kvs/padrao/pede/admin/1', '-a---'],
  ['kvs/padrao/pede/nada/1', '----n'],
  ['kvs/padrao/pede/servidor/1', 's----'],
  ['kvs/padrao/pede/leitura/1/2', '-----'],
  ['kvs/padrao/pede/leitura', '-----'],
  ['kvs/padrao/pede', '-----'],
];

/** Whether the message of a topic is delivered to whoever has a filter that matches it: to whom. */
const DELIVERIES: readonly (readonly [topic: string, granted: string])[] = [
  ['kvs/padrao/mutacoes/oA', 'sa---'],
  ['kvs/padrao/valor/loja/1', 'sael-'],
  ['kvs/padrao/valor/loja', 'sa---'],
  ['kvs/padrao/resposta/leitura/1', 's--l-'],
  ['kvs/padrao/resposta/admin/1', 'sa---'],
  ['kvs/padrao/pede/leitura/1', 'sa---'],
];

const ORDER = ['servidor', 'admin', 'escrita', 'leitura', 'nada'] as const;

describe('who may do what on the topics', () => {
  const granted = (may: (who: TopicIdentity) => boolean): string =>
    ORDER.map((name) => (may(PEOPLE[name]) ? (name[0] ?? '') : '-')).join('');

  it.each(SUBSCRIPTIONS)('subscribe to %j: %s', (filter, wanted) => {
    expect(granted((who) => maySubscribe(who, FLEET, filter))).toBe(wanted);
  });

  it.each(PUBLISHES)('publish to %j: %s', (topic, wanted) => {
    expect(granted((who) => mayPublish(who, FLEET, topic))).toBe(wanted);
  });

  it.each(DELIVERIES)('receive %j: %s', (topic, wanted) => {
    expect(granted((who) => mayReceive(who, FLEET, topic))).toBe(wanted);
  });

  it.each([
    [['portal/'], true],
    [['port'], true],
    [[''], true],
    [['outra/', 'portal/'], true],
    [['portal/aluno/'], false],
    [['Portal/'], false],
    [[], false],
  ])('the portal is for whoever has a prefix that covers it: %j', (prefixes, covered) => {
    const who = { name: 'x', prefixes };
    expect(maySubscribe({ ...who, role: 'leitura' }, FLEET, 'portal/#')).toBe(covered);
    expect(mayPublish({ ...who, role: 'escrita' }, FLEET, 'portal/admin/aluno/create')).toBe(covered);
    expect(mayPublish({ ...who, role: 'leitura' }, FLEET, 'portal/admin/aluno/create')).toBe(false);
  });

  it.each([
    // A prefix that ends within a level: filters cannot say it, single topics can.
    ['loj', 'loja/1', true],
    ['loj', 'loja/#', true],
    ['loj', 'lo/#', false],
    ['loja', 'loja/#', true],
    ['loja', 'loja2/+', true],
    ['a+b/', 'a%2Bb/+/#', true],
    ['a+b/', 'a+b/x', false],
    ['100%', '100%25/#', true],
    ['100%', '100%/x', false],
    ['', '#', true],
    ['', '+/x', true],
  ])('prefix %j, valor/%s: %s', (prefix, rest, wanted) => {
    const who = { name: 'x', role: 'leitura', prefixes: [prefix] } as const;
    expect(maySubscribe(who, FLEET, `kvs/padrao/valor/${rest}`)).toBe(wanted);
  });

  it('the servers’ own keys are not written by the role of writers, whatever its prefix', () => {
    for (const prefix of ['', '$', '$kvs/', '$kvs/retencao']) {
      const who = { name: 'x', role: 'escrita', prefixes: [prefix] } as const;
      expect(mayPublish(who, FLEET, 'kvs/padrao/grava/$kvs/retencao')).toBe(false);
      expect(maySubscribe(who, FLEET, 'kvs/padrao/valor/$kvs/retencao')).toBe(true);
    }
  });

  it('whatever a granted filter matches is covered by a prefix, and every granted filter may be subscribed to', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '/', '%', '+', '#', '$'), { maxLength: 6 });
    const prefix = text.map((parts) => parts.join(''));
    const filter = fc
      .array(fc.constantFrom('a', 'b', '', 'a%2B', '%23', '+', '%25'), { minLength: 1, maxLength: 4 })
      .chain((levels) => fc.constantFrom(levels.join('/'), [...levels, '#'].join('/')));
    const key = text.map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 3 }), filter, key, (prefixes, asked, stored) => {
        const who = { name: 'x', role: 'leitura', prefixes } as const;
        const topic = stored.replace(/[%+#]/g, (one) => encodeURIComponent(one));
        const may = permits({ ...who, valid: true }, 'read', stored);
        if (maySubscribe(who, FLEET, `kvs/padrao/valor/${asked}`) && matches(asked, topic)) {
          expect(may).toBe(true);
        }
        expect(mayReceive(who, FLEET, `kvs/padrao/valor/${topic}`)).toBe(may);
        for (const granted of topicGrants(who, FLEET).receive) {
          expect(maySubscribe(who, FLEET, granted)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Whether a filter matches a topic, level by level. */
function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return levels.length >= index;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

describe('mosquitto-acl.conf', () => {
  it('grants each user exactly what the rule grants its role', () => {
    const { users, everybody } = parseAcl(
      readFileSync(join(root, 'deploy/mosquitto/mosquitto-acl.conf'), 'utf8'),
    );
    expect([...users.keys()].sort()).toEqual([...ORDER].sort());
    for (const name of ORDER) {
      const { publish, receive } = topicGrants(PEOPLE[name], FLEET);
      const of = (does: keyof Granted): string[] =>
        [...users.get(name)![does], ...everybody[does].map((filter) => filter.replaceAll('%u', name))]
          // What a wider filter grants already.
          .filter((filter, _, all) => !all.some((one) => one !== filter && matches(one, filter)))
          .sort();
      expect({ name, publish: of('publish'), receive: of('receive') }).toEqual({
        ...{ name, publish: [...publish].sort(), receive: [...receive].sort() },
      });
    }
  });
});

interface Granted {
  readonly publish: string[];
  readonly receive: string[];
}

interface Acl {
  readonly users: ReadonlyMap<string, Granted>;
  readonly everybody: Granted;
}

/**
 * Mosquitto's own form: `user NAME`, then `topic read|write|readwrite FILTER`; `pattern` is for everybody, with `%u` for the
 * user. A line that it does not know fails.
 */
function parseAcl(text: string): Acl {
  const users = new Map<string, Granted>();
  const everybody: Granted = { publish: [], receive: [] };
  let user: Granted | undefined;
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^user (\S+)$/.exec(line) ?? [];
    if (name !== undefined) {
      user = { publish: [], receive: [] };
      users.set(name, user);
      continue;
    }
    const [, kind, access, filter] = /^(topic|pattern) (read|write|readwrite) (\S+)$/.exec(line) ?? [];
    const into = kind === 'pattern' ? everybody : user;
    if (into === undefined || access === undefined || filter === undefined)
      throw new Error(`not understood: ${line}`);
    if (access !== 'read') into.publish.push(filter);
    if (access !== 'write') into.receive.push(filter);
  }
  return { users, everybody };
}
