import { ROLES } from '../../ports/access.js';
import type { CredentialRole } from '../../ports/access.js';
import { KvsError } from '../../core/errors.js';
import { accessLimits } from './limits.js';
import { HASH_BYTES, isCost, SALT_BYTES } from './secret.js';
import type { HashCost } from './secret.js';
import { parseSubject } from './subject.js';

/** One entry of the file. No token can be derived from it. */
export interface Credential {
  readonly name: string;
  readonly role: CredentialRole;
  /** Prefixes of its keys; empty for roles without keys, or with all keys. */
  readonly prefixes: readonly string[];
  /** `undefined`: only certificates authenticate it. */
  readonly secret: { readonly salt: Buffer; readonly hash: Buffer } | undefined;
  /** Subjects of client certificates, as `certificateSubject` writes them. */
  readonly certificates: readonly string[];
  /** ms since 1970. */
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
}

export interface CredentialsFile {
  readonly cost: HashCost;
  readonly credentials: readonly Credential[];
}

/** Version of the file format. Any other is refused. */
const FORMAT = 1;

export const NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The text of a file. It is readable, so that people can delete lines by hand. */
export function formatCredentials({ cost, credentials }: CredentialsFile): string {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const entries = credentials.map((credential) => ({
    nome: credential.name,
    papel: credential.role,
    prefixos: credential.prefixes,
    ...(credential.secret && {
      sal: credential.secret.salt.toString('base64'),
      hash: credential.secret.hash.toString('base64'),
    }),
    ...(credential.certificates.length > 0 && { certificados: credential.certificates }),
    criada: iso(credential.createdMs),
    ...(credential.expiresMs !== undefined && { expira: iso(credential.expiresMs) }),
  }));
  return `${JSON.stringify({ formato: FORMAT, scrypt: cost, credenciais: entries }, undefined, 2)}\n`;
}

/**
 * Parses and fully validates the text of a file.
 * @param place for messages: the file's path
 * @throws KvsError CONFIGURACAO, one line that says what is wrong and where, without salts or hashes
 */
export function parseCredentials(text: string, place: string): CredentialsFile {
  const wrong = (why: string): never => {
    throw new KvsError('CONFIGURACAO', `${place}: ${why}`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message would quote the text.
    wrong('não é um arquivo de credenciais: não é JSON válido');
  }
  const fields = fieldsOf(parsed) ?? wrong('esperado um objeto JSON');
  if (fields.get('formato') !== FORMAT) wrong(`esperado "formato": ${FORMAT}`);
  const cost = costOf(fields.get('scrypt')) ?? wrong('"scrypt" não serve: { "n": 32768, "r": 8, "p": 1 }');
  const listed = fields.get('credenciais');
  if (!Array.isArray(listed) || listed.length > accessLimits.credentials) {
    return wrong(`esperada "credenciais", uma lista de até ${accessLimits.credentials}`);
  }
  const credentials = listed.map((entry: unknown, index) => {
    const entryFields = fieldsOf(entry) ?? wrong(`a credencial ${index + 1} não é um objeto`);
    return credentialOf(entryFields, (what) => wrong(`credencial ${index + 1}: ${what}`));
  });
  const names = repeated(credentials.map(({ name }) => name));
  if (names !== undefined) wrong(`a credencial ${names} está duas vezes`);
  const subject = repeated(credentials.flatMap(({ certificates }) => certificates));
  if (subject !== undefined) wrong(`o certificado ${JSON.stringify(subject)} está em duas credenciais`);
  return { cost, credentials };
}

/** Keys are compared with a prefix code unit by code unit, so it must be text that a key can begin with. */
export function isPrefix(prefix: string): boolean {
  return !LONE_SURROGATE.test(prefix) && Buffer.byteLength(prefix) <= accessLimits.prefixBytes;
}

type Fields = ReadonlyMap<string, unknown>;
type Wrong = (why: string) => never;

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...['nome', 'papel', 'prefixos', 'sal', 'hash', 'certificados', 'criada', 'expira'],
]);

function credentialOf(fields: Fields, wrong: Wrong): Credential {
  // Ignoring a misspelt "expira" or "prefixos" would grant more than intended.
  for (const field of fields.keys())
    if (!KNOWN_FIELDS.has(field)) wrong(`campo desconhecido ${JSON.stringify(field.slice(0, 40))}`);
  const name = fields.get('nome');
  if (typeof name !== 'string' || !NAME_PATTERN.test(name)) {
    return wrong('"nome": de 1 a 64 letras sem acento, dígitos, "-" ou "_"');
  }
  const role =
    ROLES.find((known) => known === fields.get('papel')) ?? wrong(`"papel": um destes: ${ROLES.join(', ')}`);
  const prefixes = textsOf(fields.get('prefixos') ?? [], accessLimits.prefixes);
  if (prefixes === undefined || !prefixes.every(isPrefix)) {
    return wrong(`"prefixos": até ${accessLimits.prefixes} textos de até ${accessLimits.prefixBytes} bytes`);
  }
  const certificates = textsOf(fields.get('certificados') ?? [], accessLimits.certificates)?.map(
    parseSubject,
  );
  if (certificates?.every((subject) => subject !== undefined) !== true) {
    return wrong(`"certificados": até ${accessLimits.certificates} textos como "CN=maria,O=UFU"`);
  }
  const [salt, hash] = [bytesOf(fields.get('sal'), SALT_BYTES), bytesOf(fields.get('hash'), HASH_BYTES)];
  const isSecret = salt !== undefined && hash !== undefined;
  if (!isSecret && (fields.has('sal') || fields.has('hash'))) {
    wrong(`"sal" e "hash": ${SALT_BYTES} e ${HASH_BYTES} bytes em base64`);
  }
  if (!isSecret && certificates.length === 0)
    wrong('nem "hash" nem "certificados": ninguém entraria com ela');
  return Object.freeze({
    ...{ name, role, prefixes, certificates },
    secret: isSecret ? { salt, hash } : undefined,
    createdMs: dateOf(fields.get('criada')) ?? wrong('"criada": uma data, como 2026-11-25T12:00:00Z'),
    expiresMs:
      fields.get('expira') === undefined
        ? undefined
        : (dateOf(fields.get('expira')) ?? wrong('"expira": uma data, como 2027-11-25T12:00:00Z')),
  });
}

function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map<string, unknown>(Object.entries(value));
}

function costOf(value: unknown): HashCost | undefined {
  const fields = fieldsOf(value);
  const cost = { n: Number(fields?.get('n')), r: Number(fields?.get('r')), p: Number(fields?.get('p')) };
  return isCost(cost) ? Object.freeze(cost) : undefined;
}

function textsOf(value: unknown, most: number): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const texts: readonly unknown[] = value;
  return texts.every((text): text is string => typeof text === 'string')
    ? Object.freeze([...texts])
    : undefined;
}

function bytesOf(value: unknown, length: number): Buffer | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === length ? bytes : undefined;
}

function dateOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{5,12}Z$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

function repeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => seen.size === seen.add(text).size);
}
