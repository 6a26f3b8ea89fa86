import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mayPublish, maySubscribe, topicGrants } from '../../src/mqtt/topic-rules.js';
import type { TopicIdentity } from '../../src/mqtt/topic-rules.js';
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
];

const PUBLISHES: readonly (readonly [topic: string, granted: string])[] = [
  ['kvs/padrao/mutacoes/oA', 's----'],
  ['kvs/padrao', 's----'],
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

  it.each([
    [['portal/'], true],
    [['port'], true],
    [[''], true],
    [['outra/', 'portal/'], true],
    [['portal/aluno/'], false],
    [['Portal/'], false],
    [[], false],
  ])('the portal is for whoever has a prefix that covers it: %j', (prefixes, covered) => {
    expect(maySubscribe({ role: 'leitura', prefixes }, FLEET, 'portal/#')).toBe(covered);
    expect(mayPublish({ role: 'escrita', prefixes }, FLEET, 'portal/admin/aluno/create')).toBe(covered);
    expect(mayPublish({ role: 'leitura', prefixes }, FLEET, 'portal/admin/aluno/create')).toBe(false);
  });
});

describe('mosquitto-acl.conf', () => {
  it('grants each user exactly what the rule grants its role', () => {
    const acl = parseAcl(readFileSync(join(root, 'deploy/mosquitto/mosquitto-acl.conf'), 'utf8'));
    expect([...acl.keys()].sort()).toEqual([...ORDER].sort());
    for (const name of ORDER) {
      const { publish, subscribe } = topicGrants(PEOPLE[name], FLEET);
      expect({ name, ...acl.get(name) }).toEqual({ name, publish: [...publish], subscribe: [...subscribe] });
    }
  });
});

interface Granted {
  readonly publish: string[];
  readonly subscribe: string[];
}

/** Mosquitto's own form: `user NAME`, then `topic read|write|readwrite FILTER`. A line that it does not know fails. */
function parseAcl(text: string): Map<string, Granted> {
  const users = new Map<string, Granted>();
  let user: Granted | undefined;
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^user (\S+)$/.exec(line) ?? [];
    if (name !== undefined) {
      user = { publish: [], subscribe: [] };
      users.set(name, user);
      continue;
    }
    const [, access, filter] = /^topic (read|write|readwrite) (\S+)$/.exec(line) ?? [];
    if (user === undefined || access === undefined || filter === undefined)
      throw new Error(`not understood: ${line}`);
    if (access !== 'read') user.publish.push(filter);
    if (access !== 'write') user.subscribe.push(filter);
  }
  return users;
}
