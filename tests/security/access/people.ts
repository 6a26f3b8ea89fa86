import type { Credential } from '../../../src/security/access/format.js';
import type { CredentialRole } from '../../../src/ports/access.js';
import { tokenText } from '../../../src/ports/access.js';
import { credential, fileOf, secretOf, TableStand } from './support.js';

/** The same letter in one code point and in two. */
export const NFC = '\u00e9';
export const NFD = 'e\u0301';

interface Person {
  readonly role: CredentialRole;
  readonly prefixes: readonly string[];
}

/** Everybody of the tests over every engine: who has what. */
export const PEOPLE = {
  raiz: { role: 'administracao', prefixes: [] },
  maria: { role: 'escrita', prefixes: ['a/', `${NFC}/`] },
  jose: { role: 'leitura', prefixes: ['a/'] },
  ana: { role: 'escrita', prefixes: ['b/'] },
  srv: { role: 'servidor', prefixes: [] },
  paula: { role: 'escrita', prefixes: ['portal/'] },
  pedro: { role: 'leitura', prefixes: ['portal/'] },
  // Less than the portal, and more.
  alice: { role: 'escrita', prefixes: ['portal/aluno/', 'portal/inscricao/'] },
  tania: { role: 'leitura', prefixes: [''] },
  // Revoked in the course of tests.
  rita: { role: 'escrita', prefixes: ['a/', 'portal/'] },
} as const satisfies Record<string, Person>;
export type Who = keyof typeof PEOPLE;
export const EVERYBODY = Object.keys(PEOPLE) as Who[];

/** When the credential of `velha` runs out. */
const EXPIRES_MS = 1;

export interface TableOfEverybody {
  readonly access: TableStand;
  /** The credentials that the table has. */
  readonly everybody: readonly Credential[];
}

/** A table with everybody's credentials, with `velha`, whose one has run out, and without `rui`, who was in until now. */
export async function tableOfEverybody(): Promise<TableOfEverybody> {
  const everybody = [
    ...(await Promise.all(EVERYBODY.map((who) => credential(who, PEOPLE[who].role, PEOPLE[who].prefixes)))),
    await credential('velha', 'administracao', [], { expiresMs: EXPIRES_MS }),
  ];
  const access = new TableStand(...everybody, await credential('rui', 'administracao'));
  for (const name of ['rui', 'velha']) await access.login(name);
  access.table.replace(fileOf(...everybody));
  access.time.advance(EXPIRES_MS);
  return { access, everybody };
}

export const bearer = (name: string, secret = secretOf(name)): string => `Bearer ${tokenText(name, secret)}`;

/** What is no credential, or none any more. */
export const NOBODIES: Readonly<Record<string, string | undefined>> = {
  'no token': undefined,
  'a wrong secret': bearer('raiz', secretOf('maria')),
  'an unknown name': bearer('ninguem'),
  'an expired credential': bearer('velha'),
  'a revoked credential': bearer('rui'),
  'what is no token': 'Bearer kvs_raiz',
  'an empty token': 'Bearer ',
  'nothing in its place': '',
  'another scheme': `Basic ${tokenText('raiz', secretOf('raiz'))}`,
};

/**
 * Whether somebody may do this to a key. Written without the code under test: what begins with a prefix, by code units.
 */
export function may(who: Who, permission: 'read' | 'write', key: string): boolean {
  const { role, prefixes }: Person = PEOPLE[who];
  if (role === 'administracao') return true;
  if (role === 'servidor' || (role === 'leitura' && permission === 'write')) return false;
  return prefixes.some((prefix) => key.slice(0, prefix.length) === prefix);
}
