/** Who may do what. The same table is asked by every door: gRPC, `Mensagem`, and the topics of the embedded broker. */

/**
 * - `leitura`: reads what its prefixes cover
 * - `escrita`: reads and writes it
 * - `administracao`: everything, whatever the key
 * - `servidor`: speaks to the broker and to other servers as one of them; neither reads nor writes by the doors
 */
export const ROLES = ['leitura', 'escrita', 'administracao', 'servidor'] as const;
export type Role = (typeof ROLES)[number];

export type Permission = 'read' | 'write' | 'administer';

/** Somebody who has shown a secret or a certificate. */
export interface Identity {
  /** Name of the credential, for the log. */
  readonly name: string;
  readonly role: Role;
  /** Keys that begin with one of them, compared code unit by code unit; the empty prefix covers every key. */
  readonly prefixes: readonly string[];
  /** False once it was revoked or replaced: asked at every request, also of a call that is open. */
  readonly valid: boolean;
}

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

/** Whether an identity may do something to every key that begins with `prefix`. A whole key is its own prefix. */
export function permits({ role, prefixes }: Identity, permission: Permission, prefix: string): boolean {
  if (role === 'administracao') return true;
  if (role === 'servidor' || permission === 'administer') return false;
  if (permission === 'write' && role !== 'escrita') return false;
  return prefixes.some((granted) => prefix.startsWith(granted));
}
