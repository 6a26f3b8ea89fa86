import { limits } from '../core/limits.js';
import type { Engine } from './engine.js';

/** Who may do what. The same table is asked by every door: gRPC, `Mensagem`, and the topics of the embedded broker. */

/**
 * - `leitura`: reads what its prefixes cover
 * - `escrita`: reads and writes it
 * - `administracao`: everything, whatever the key
 * - `servidor`: speaks to the broker and to other servers as one of them; neither reads nor writes by the doors
 */
export const ROLES = ['leitura', 'escrita', 'administracao', 'servidor'] as const;
export type CredentialRole = (typeof ROLES)[number];

export type Permission = 'read' | 'write' | 'administer';

/** Somebody who has shown a secret or a certificate. */
export interface Identity {
  /** Name of the credential, for the log. */
  readonly name: string;
  readonly role: CredentialRole;
  /** Keys that begin with one of them, compared code unit by code unit; the empty prefix covers every key. */
  readonly prefixes: readonly string[];
  /** False once it was revoked or replaced: asked at every request, also of a call that is open. */
  readonly valid: boolean;
}

/** Why somebody was refused. Stable: labels of a metric and fields of the log. */
export type AccessRefusal = 'NAO_AUTENTICADO' | 'LIMITE_TENTATIVAS' | 'NAO_AUTORIZADO';

/** Asks the table of credentials. */
export interface Gatekeeper {
  /**
   * @param name of the credential
   * @param secret is compared and forgotten
   * @param from address of whoever asks: wrong answers are counted for each
   * @throws KvsError (as a rejection too) NAO_AUTENTICADO whatever is wrong, LIMITE_TENTATIVAS
   */
  authenticate(name: string, secret: string, from: string): Identity | Promise<Identity>;
}

/** As {@link Gatekeeper}, also for those who have shown a certificate to TLS. */
export interface CertificateGatekeeper extends Gatekeeper {
  /**
   * @param subject of a certificate that TLS has verified, as {@link certificateSubject} writes it
   * @throws KvsError NAO_AUTENTICADO if no credential names it
   */
  recognise(subject: string, from: string): Identity;

  /**
   * Counts and notes a refusal that a door decides itself. What this interface throws, and what a {@link PermittedEngine}
   * throws, is counted already.
   * @param name of the credential; empty: none was shown
   * @param from `undefined`: not known there
   */
  refused(reason: AccessRefusal, name: string, from: string | undefined): void;
}

/** A store as somebody may use it: every method may also throw NAO_AUTENTICADO and NAO_AUTORIZADO. */
export interface PermittedEngine extends Engine {
  /** @throws KvsError NAO_AUTENTICADO, NAO_AUTORIZADO unless they may do this to every key that begins with `prefix` */
  assertMay(permission: Permission, prefix: string): void;
  /** @throws KvsError NAO_AUTENTICADO once the credential is no longer good */
  assertValid(): void;
}

/** What a door needs to know whom it talks to. */
export interface AccessControl {
  readonly gatekeeper: CertificateGatekeeper;
  /** The store as each identity may use it. */
  guard(engine: Engine): (identity: Identity) => PermittedEngine;
}

/** What every token begins with, so that tools that look for secrets in files find it. */
const TOKEN_START = 'kvs_';

/** Name and secret as the one text that clients send. */
export function tokenText(name: string, secret: string): string {
  return `${TOKEN_START}${name}.${secret}`;
}

/** The parts of a token. A text that is none is a secret of nobody, to be refused like any other. */
export function splitToken(token: string): { readonly name: string; readonly secret: string } {
  const dot = token.indexOf('.');
  if (!token.startsWith(TOKEN_START) || dot < 0) return { name: '', secret: token };
  return { name: token.slice(TOKEN_START.length, dot), secret: token.slice(dot + 1) };
}

const TOKEN = /^kvs_[A-Za-z0-9_-]{1,64}\.[\x21-\x7e]+$/;

/** Whether a text has the form of a token that can be sent. */
export function isToken(text: string): boolean {
  return text.length <= limits.accessTokenChars && TOKEN.test(text);
}

/** The attributes of a certificate's subject, as Node gives them: `{ CN: 'maria', O: 'UFU' }`. */
type SubjectAttributes = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The subject of a certificate as one text, whatever the order of its attributes: `CN=maria,O=UFU`, sorted by name, with
 * a backslash before commas, plus signs, equals signs and backslashes. Empty if there are none.
 */
export function certificateSubject(attributes: SubjectAttributes): string {
  return Object.entries(attributes)
    .flatMap(([name, value = []]) =>
      (typeof value === 'string' ? [value] : value).map((one) => [name, one] as const),
    )
    .map(([name, value]) => `${name.toUpperCase()}=${value.replace(/[\\,+=]/g, '\\$&')}`)
    .sort()
    .join(',');
}

/** Whether an identity may do something to every key that begins with `prefix`. A whole key is its own prefix. */
export function permits({ role, prefixes }: Identity, permission: Permission, prefix: string): boolean {
  if (role === 'administracao') return true;
  if (role === 'servidor' || permission === 'administer') return false;
  if (permission === 'write' && role !== 'escrita') return false;
  return prefixes.some((granted) => prefix.startsWith(granted));
}
