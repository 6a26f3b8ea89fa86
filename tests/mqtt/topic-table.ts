import type { TopicIdentity } from '../../src/mqtt/topic-rules.js';

/** The users of `mosquitto-acl.conf`, and what they are to the embedded broker. */
export const PEOPLE = {
  servidor: { name: 'servidor', role: 'servidor', prefixes: [] },
  admin: { name: 'admin', role: 'administracao', prefixes: [] },
  escrita: { name: 'escrita', role: 'escrita', prefixes: ['loja/', 'portal/'] },
  leitura: { name: 'leitura', role: 'leitura', prefixes: ['loja/', 'portal/'] },
  nada: { name: 'nada', role: 'leitura', prefixes: [] },
} as const satisfies Record<string, TopicIdentity>;
export type Person = keyof typeof PEOPLE;

export const PASSWORD = 'senha-de-teste-';

/**
 * What somebody tries, and whether it takes effect: a publish reaches a server that listens, a subscription brings what is
 * published on `probe`.
 */
export type Attempt =
  | {
      readonly who: Person;
      readonly does: 'publishes' | 'retains' | 'leaves a will' | 'leaves a retained will';
      readonly topic: string;
      readonly works: boolean;
    }
  | {
      readonly who: Person;
      readonly does: 'subscribes';
      readonly filter: string;
      readonly probe: string;
      readonly works: boolean;
    };

const BATCHES = 'kvs/padrao/mutacoes/oA';
const REQUEST = 'portal/admin/aluno/create';
const OF_FLEET = 'kvs/padrao/';

/** Tries to publish below the fleet, and whether it works. */
function publishes(who: Person, works: boolean, ...topics: readonly string[]): readonly Attempt[] {
  return topics.map((topic) => ({ who, does: 'publishes', topic: OF_FLEET + topic, works }));
}

/** Tries to see something of the fleet by a filter, and whether it works. */
function subscribes(
  who: Person,
  works: boolean,
  ...tried: readonly (readonly [filter: string, probe: string])[]
): readonly Attempt[] {
  return tried.map(([filter, probe]) => ({
    ...{ who, does: 'subscribes', filter: OF_FLEET + filter, probe: OF_FLEET + probe, works },
  }));
}

export const ATTEMPTS: readonly Attempt[] = [
  { who: 'servidor', does: 'publishes', topic: BATCHES, works: true },
  { who: 'servidor', does: 'publishes', topic: REQUEST, works: true },
  { who: 'servidor', does: 'leaves a will', topic: BATCHES, works: true },
  { who: 'servidor', does: 'subscribes', filter: 'kvs/padrao/mutacoes/+', probe: BATCHES, works: true },
  { who: 'servidor', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'admin', does: 'subscribes', filter: 'kvs/padrao/#', probe: BATCHES, works: true },
  { who: 'admin', does: 'publishes', topic: REQUEST, works: true },
  { who: 'admin', does: 'publishes', topic: BATCHES, works: false },
  { who: 'escrita', does: 'publishes', topic: REQUEST, works: true },
  { who: 'escrita', does: 'leaves a will', topic: REQUEST, works: true },
  { who: 'escrita', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'escrita', does: 'publishes', topic: BATCHES, works: false },
  { who: 'escrita', does: 'publishes', topic: 'portal/outra/coisa', works: false },
  { who: 'escrita', does: 'publishes', topic: 'portal/admin/matricula/excedente', works: false },
  { who: 'escrita', does: 'leaves a will', topic: BATCHES, works: false },
  { who: 'escrita', does: 'subscribes', filter: '#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: true },
  { who: 'leitura', does: 'subscribes', filter: '#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: '+/+/+/+', probe: BATCHES, works: false },
  { who: 'leitura', does: 'subscribes', filter: 'kvs/padrao/#', probe: BATCHES, works: false },
  { who: 'leitura', does: 'publishes', topic: REQUEST, works: false },
  { who: 'leitura', does: 'leaves a will', topic: REQUEST, works: false },
  { who: 'nada', does: 'subscribes', filter: 'portal/#', probe: REQUEST, works: false },
  { who: 'nada', does: 'subscribes', filter: '#', probe: REQUEST, works: false },
  { who: 'nada', does: 'publishes', topic: REQUEST, works: false },
  // Keys: the prefix `loja/`, not the key `loja`, and nothing that merely looks like either.
  ...subscribes(
    'leitura',
    true,
    ['valor/loja/+/#', 'valor/loja/1'],
    ['valor/loja/+/#', 'valor/loja/'],
    ['valor/loja/+/#', 'valor/loja/a/b'],
    ['valor/loja/1', 'valor/loja/1'],
    ['recusa/loja/+/#', 'recusa/loja/1'],
    ['espelho', 'espelho'],
  ),
  ...subscribes(
    'leitura',
    false,
    ['valor/loja/#', 'valor/loja'],
    ['valor/loja', 'valor/loja'],
    ['valor/+', 'valor/loja'],
    ['valor/#', 'valor/loja2/1'],
    ['valor/+/#', 'valor/outra/1'],
    ['+/loja/#', 'grava/loja/1'],
    ['grava/loja/+/#', 'grava/loja/1'],
    ['valor/#', 'valor/loja%2F1'],
    ['valor/#', 'valor/loja%252F1'],
    ['pede/#', 'pede/escrita/1'],
  ),
  ...publishes('escrita', true, 'grava/loja/1', 'remove/loja/1', 'grava/loja/', 'pede/escrita/1'),
  ...publishes('escrita', false, 'grava/loja', 'grava/loja2', 'grava/outra/1', 'grava//loja/1'),
  ...publishes('escrita', false, 'grava/loja%2F1', 'grava/loja%252F1', 'grava/$kvs/retencao'),
  ...publishes('escrita', false, 'valor/loja/1', 'recusa/loja/1', 'espelho', 'resposta/escrita/1'),
  ...publishes('leitura', true, 'pede/leitura/1'),
  ...publishes('leitura', false, 'grava/loja/1', 'remove/loja/1', 'resposta/escrita/1'),
  ...publishes('leitura', false, 'pede/escrita/1', 'pede/leitura/1/2', 'pede', 'pede//1'),
  ...publishes('admin', true, 'grava/qualquer', 'remove/loja', 'pede/admin/1'),
  ...publishes('admin', false, 'pede/escrita/1', 'valor/loja/1', 'resposta/admin/1', 'espelho'),
  ...publishes('servidor', true, 'valor/loja/1', 'espelho', 'recusa/x', 'resposta/leitura/1'),
  ...publishes('servidor', false, 'grava/loja/1', 'remove/loja/1', 'pede/admin/1', 'pede'),
  // Answers: each its own.
  ...subscribes(
    'leitura',
    true,
    ['resposta/leitura/#', 'resposta/leitura/1'],
    ['resposta/leitura/+', 'resposta/leitura/1'],
  ),
  ...subscribes(
    'leitura',
    false,
    ['resposta/#', 'resposta/escrita/1'],
    ['resposta/+/+', 'resposta/admin/1'],
    ['resposta/escrita/#', 'resposta/escrita/1'],
  ),
  ...subscribes('admin', true, ['#', 'resposta/admin/1'], ['#', 'valor/qualquer']),
  ...subscribes('admin', false, ['#', 'resposta/leitura/1'], ['resposta/#', 'resposta/leitura/1']),
  // What stays: nobody but servers leaves anything where others look first.
  { who: 'escrita', does: 'retains', topic: 'kvs/padrao/valor/loja/1', works: false },
  { who: 'escrita', does: 'retains', topic: 'kvs/padrao/espelho', works: false },
  { who: 'admin', does: 'retains', topic: 'kvs/padrao/valor/loja/1', works: false },
  { who: 'escrita', does: 'leaves a will', topic: 'kvs/padrao/grava/loja/1', works: true },
  { who: 'escrita', does: 'leaves a retained will', topic: 'kvs/padrao/valor/loja/1', works: false },
  { who: 'leitura', does: 'leaves a will', topic: 'kvs/padrao/grava/loja/1', works: false },
  { who: 'leitura', does: 'leaves a retained will', topic: 'kvs/padrao/resposta/escrita/1', works: false },
  { who: 'leitura', does: 'leaves a will', topic: 'kvs/padrao/pede/escrita/1', works: false },
];
