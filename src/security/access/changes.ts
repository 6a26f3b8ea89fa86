import { KvsError } from '../../core/errors.js';
import { accessLimits } from './limits.js';
import { tokenText } from '../../ports/access.js';
import type { CredentialRole } from '../../ports/access.js';
import { isPrefix, NAME_PATTERN } from './format.js';
import type { Credential, CredentialsFile } from './format.js';
import { newSalt, newSecret, slowHash } from './secret.js';
import { parseSubject } from './subject.js';

/** A credential to be created. */
export interface Wanted {
  readonly name: string;
  readonly role: CredentialRole;
  /** Empty if the role has no keys of its own, or has all keys. */
  readonly prefixes: readonly string[];
  /** Subjects as people write them. With any, the credential is shown by certificate and has no token. */
  readonly certificates: readonly string[];
  /** ms since 1970. */
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
}

/** Validates a request before anything is created. @throws KvsError CONFIGURACAO, one line */
export function assertWanted({ name, role, prefixes, certificates }: Wanted): void {
  const wrong = (why: string): never => {
    throw new KvsError('CONFIGURACAO', why);
  };
  if (!NAME_PATTERN.test(name)) {
    wrong(`o nome ${JSON.stringify(name)} não serve: de 1 a 64 letras sem acento, dígitos, "-" ou "_"`);
  }
  const hasKeys = role === 'leitura' || role === 'escrita';
  if (hasKeys && prefixes.length === 0) {
    wrong(`o papel ${role} precisa de --prefixo: as chaves que começam assim (--prefixo= para todas)`);
  }
  if (!hasKeys && prefixes.length > 0) wrong(`o papel ${role} não tem chaves próprias: não use --prefixo`);
  if (prefixes.length > accessLimits.prefixes || !prefixes.every(isPrefix)) {
    wrong(`--prefixo: até ${accessLimits.prefixes}, de até ${accessLimits.prefixBytes} bytes cada um`);
  }
  const odd = certificates.find((subject) => parseSubject(subject) === undefined);
  if (odd !== undefined)
    wrong(`--certificado: ${JSON.stringify(odd)} não serve; esperado como "CN=maria,O=UFU"`);
  if (certificates.length > accessLimits.certificates)
    wrong(`--certificado: até ${accessLimits.certificates}`);
}

/**
 * Adds a credential.
 * @returns the new content, and the token to show once; `undefined` if certificates replace it
 * @throws KvsError CONFIGURACAO if the name or a certificate is taken, or there are too many
 */
export async function withCredential(
  file: CredentialsFile,
  wanted: Wanted,
): Promise<{ readonly file: CredentialsFile; readonly token: string | undefined }> {
  assertWanted(wanted);
  const { name, role, prefixes, createdMs, expiresMs } = wanted;
  if (file.credentials.some((other) => other.name === name)) {
    throw new KvsError(
      'CONFIGURACAO',
      `já há uma credencial ${name}: revogue-a antes, ou escolha outro nome`,
    );
  }
  if (file.credentials.length >= accessLimits.credentials) {
    throw new KvsError(
      'CONFIGURACAO',
      `já há ${accessLimits.credentials} credenciais, o máximo de um arquivo`,
    );
  }
  const certificates = [...new Set(wanted.certificates.flatMap((subject) => parseSubject(subject) ?? []))];
  const taken = file.credentials.find((other) =>
    other.certificates.some((one) => certificates.includes(one)),
  );
  if (taken !== undefined) {
    throw new KvsError('CONFIGURACAO', `o certificado já é da credencial ${taken.name}`);
  }
  const secret = newSecret();
  const salt = newSalt();
  const needsToken = certificates.length === 0;
  const credential: Credential = {
    ...{ name, role, certificates, createdMs, expiresMs },
    prefixes: [...new Set(prefixes)],
    secret: needsToken ? { salt, hash: await slowHash(secret, salt, file.cost) } : undefined,
  };
  return {
    file: { ...file, credentials: [...file.credentials, credential] },
    token: needsToken ? tokenText(name, secret) : undefined,
  };
}

/** Removes a credential. @throws KvsError CONFIGURACAO if there is none of that name */
export function withoutCredential(file: CredentialsFile, name: string): CredentialsFile {
  const credentials = file.credentials.filter((other) => other.name !== name);
  if (credentials.length === file.credentials.length) {
    throw new KvsError(
      'CONFIGURACAO',
      `não há credencial ${JSON.stringify(name)}; veja: kvs credencial lista`,
    );
  }
  return { ...file, credentials };
}
