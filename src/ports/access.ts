import { limits } from '../core/limits.js';
import { OWN_PREFIX } from '../core/retention.js';
import type { Engine } from './engine.js';

/** Who may do what. Every door asks the same table: gRPC, `Mensagem`, and the topics of the embedded broker. */

/**
 * - `leitura`: reads what its prefixes cover
 * - `escrita`: reads and writes what its prefixes cover, but the keys of the servers themselves (`$kvs/`), which it reads
 * - `administracao`: everything, whatever the key
 * - `servidor`: speaks to the broker and to other servers as one of them; may neither read nor write through the doors
 */
export const ROLES = ['leitura', 'escrita', 'administracao', 'servidor'] as const;
export type CredentialRole = (typeof ROLES)[number];

export type Permission = 'read' | 'write' | 'administer';

/** What a permission is asked for: one key, or every key that begins with a prefix. Only refusals tell them apart. */
export type Reach = 'key' | 'prefix';

/** A caller that has shown a valid secret or certificate. */
export interface Identity {
  /** Name of the credential, for the log. */
  readonly name: string;
  readonly role: CredentialRole;
  /** A key is covered if it begins with one of these, compared by code unit; the empty prefix covers every key. */
  readonly prefixes: readonly string[];
  /** False once the credential is revoked or replaced. Checked at every request, also within an open call. */
  readonly valid: boolean;
}

/** Why a caller was refused. Stable: used as metric labels and log fields. */
export type AccessRefusal = 'NAO_AUTENTICADO' | 'LIMITE_TENTATIVAS' | 'NAO_AUTORIZADO';

/** Looks callers up in the table of credentials. */
export interface Gatekeeper {
  /**
   * @param name of the credential
   * @param secret compared, never kept
   * @param from address of the caller; failed attempts are counted per address
   * @throws KvsError (as a rejection too) NAO_AUTENTICADO whatever is wrong, LIMITE_TENTATIVAS
   */
  authenticate(name: string, secret: string, from: string): Identity | Promise<Identity>;
}

/** A {@link Gatekeeper} that also recognises callers by their TLS certificate. */
export interface CertificateGatekeeper extends Gatekeeper {
  /**
   * @param subject of a certificate that TLS has verified, as {@link certificateSubject} writes it
   * @throws KvsError NAO_AUTENTICADO if no credential names it
   */
  recognise(subject: string, from: string): Identity;

  /**
   * Finds a caller whom a broker has authenticated.
   * @param name of the credential
   * @throws KvsError NAO_AUTENTICADO if there is none of that name, or it is no longer valid
   */
  named(name: string, from: string | undefined): Identity;

  /**
   * Counts and logs a refusal that a door decides by itself. Errors thrown by this interface or by a
   * {@link PermittedEngine} are counted already.
   * @param name of the credential; empty if none was shown
   * @param from `undefined`: not known there
   */
  refused(reason: AccessRefusal, name: string, from: string | undefined): void;
}

/** The store limited to what one caller may do: every method may also throw NAO_AUTENTICADO and NAO_AUTORIZADO. */
export interface PermittedEngine extends Engine {
  /**
   * @throws KvsError NAO_AUTENTICADO, NAO_AUTORIZADO unless the caller has this permission for every key that begins
   *   with `prefix`
   */
  assertMay(permission: Permission, prefix: string, reach: Reach): void;
  /** @throws KvsError NAO_AUTENTICADO once the credential is no longer valid */
  assertValid(): void;
}

/** What a door needs to authenticate and authorise its callers. */
export interface AccessControl {
  readonly gatekeeper: CertificateGatekeeper;
  /** Makes the store as each identity may use it. */
  guard(engine: Engine): (identity: Identity) => PermittedEngine;
}

/** Every token begins with this, so that secret scanners recognise it. */
const TOKEN_START = 'kvs_';

/** The token that clients send: name and secret in one text. */
export function tokenText(name: string, secret: string): string {
  return `${TOKEN_START}${name}.${secret}`;
}

/**
 * The parts of a token. A text without the form of a token gives an empty name, which no credential has, so it is
 * refused.
 */
export function splitToken(token: string): { readonly name: string; readonly secret: string } {
  const dot = token.indexOf('.');
  if (!token.startsWith(TOKEN_START) || dot < 0) return { name: '', secret: token };
  return { name: token.slice(TOKEN_START.length, dot), secret: token.slice(dot + 1) };
}

const TOKEN = /^kvs_[A-Za-z0-9_-]{1,64}\.[\x21-\x7e]+$/;

/** Whether a text has the form of a token. */
export function isToken(text: string): boolean {
  return text.length <= limits.accessTokenChars && TOKEN.test(text);
}

/** The attributes of a certificate's subject, as Node gives them: `{ CN: 'maria', O: 'UFU' }`. */
type SubjectAttributes = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The subject of a certificate as one text, whatever the order of its attributes: `CN=maria,O=UFU`, sorted by name,
 * with a backslash before commas, plus signs, equals signs and backslashes. Empty if there are no attributes.
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

/** Whether an identity has a permission for every key that begins with `prefix`. A whole key is its own prefix. */
export function permits({ role, prefixes }: Identity, permission: Permission, prefix: string): boolean {
  if (role === 'administracao') return true;
  if (role === 'servidor' || permission === 'administer') return false;
  // What lies there changes what servers do.
  if (permission === 'write' && (role !== 'escrita' || prefix.startsWith(OWN_PREFIX))) return false;
  return prefixes.some((granted) => prefix.startsWith(granted));
}
