import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readSmallFile } from '../../files/small-file.js';
import type { SmallFile } from '../../files/small-file.js';
import { KvsError } from '../../core/errors.js';
import { tlsLimits } from './limits.js';

/** Files in PEM, with their names in messages: those of the options. */
export interface TlsFiles {
  /** Certificate chain of this side: its own first, then those that lead to the authority. */
  readonly certificate?: string | undefined;
  /** Private key of the certificate. Both or neither. */
  readonly key?: string | undefined;
  /** Authorities that the other side's certificate is checked against; the system's by default. */
  readonly ca?: string | undefined;
}

/** The checked content of the files: it fits together and is valid today. */
export interface TlsMaterial {
  readonly own: { readonly cert: string; readonly key: string } | undefined;
  readonly ca: string | undefined;
  /** About this side's certificate, for the log. */
  readonly facts: { readonly serial: string; readonly until: string } | undefined;
  /** Oddities that do not prevent use. Portuguese. */
  readonly warnings: readonly string[];
}

/** Servers and clients alike refuse older versions. */
export const MINIMUM_VERSION = 'TLSv1.3';

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads and checks certificates and key.
 * @param nowMs wall clock: a certificate that is not valid now is refused
 * @throws KvsError CONFIGURACAO with one line that says which file and why, and quotes nothing of a key
 */
export async function readMaterial(files: TlsFiles, nowMs: number): Promise<TlsMaterial> {
  const { certificate, key, ca } = files;
  if ((certificate === undefined) !== (key === undefined)) {
    throw bad('--tls-certificado e --tls-chave só valem juntos: diga os dois arquivos');
  }
  const warnings: string[] = [];
  const own =
    certificate === undefined || key === undefined
      ? undefined
      : await readOwn(certificate, key, nowMs, warnings);
  const authorities = ca === undefined ? undefined : await readAuthorities(ca, nowMs);
  try {
    createSecureContext({ ...own?.pem, ca: authorities, minVersion: MINIMUM_VERSION });
  } catch (error) {
    throw bad(`${certificate ?? ca}: o TLS não aceita este certificado (${reasonOf(error)})`, error);
  }
  return Object.freeze({ own: own?.pem, ca: authorities, facts: own?.facts, warnings });
}

async function readOwn(
  certificate: string,
  key: string,
  nowMs: number,
  warnings: string[],
): Promise<{
  readonly pem: { readonly cert: string; readonly key: string };
  readonly facts: TlsMaterial['facts'];
}> {
  const { text: cert } = await readText('--tls-certificado', certificate);
  const [first] = certificatesIn('--tls-certificado', certificate, cert);
  if (first === undefined) throw bad(`--tls-certificado: ${certificate} não tem um certificado em PEM`);
  assertHolds('--tls-certificado', certificate, first, nowMs);
  const { text: keyText, isExposed } = await readText('--tls-chave', key);
  if (!first.checkPrivateKey(parseKey(key, keyText))) {
    throw bad(`--tls-chave: a chave em ${key} não é a do certificado em ${certificate}`);
  }
  if (isExposed) {
    warnings.push(`--tls-chave: outros usuários desta máquina podem ler ${key}; faça: chmod 600 ${key}`);
  }
  const facts = { serial: first.serialNumber, until: new Date(first.validTo).toISOString() };
  return { pem: { cert, key: keyText }, facts };
}

async function readAuthorities(ca: string, nowMs: number): Promise<string> {
  const { text } = await readText('--tls-ca', ca);
  const found = certificatesIn('--tls-ca', ca, text);
  const [first] = found;
  if (first === undefined) throw bad(`--tls-ca: ${ca} não tem um certificado em PEM`);
  // A list may hold an expired authority beside its replacements.
  if (!found.some((authority) => holds(authority, nowMs))) assertHolds('--tls-ca', ca, first, nowMs);
  return text;
}

async function readText(option: string, path: string): Promise<SmallFile> {
  try {
    // Lists of authorities may have comments in any encoding.
    return await readSmallFile(path, tlsLimits.fileBytes, { encoding: 'latin1' });
  } catch (error) {
    const { message, cause } = KvsError.from(error);
    throw bad(`${option}: ${message}`, cause);
  }
}

function certificatesIn(option: string, path: string, text: string): readonly X509Certificate[] {
  return (text.match(BLOCK) ?? []).map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw bad(`${option}: ${path} tem um certificado estragado (${reasonOf(error)})`, error);
    }
  });
}

function parseKey(path: string, text: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const why = /ENCRYPTED/.test(text)
      ? 'está protegida por uma senha, e ninguém estará lá para digitá-la'
      : 'não é uma chave privada em PEM';
    throw bad(`--tls-chave: a chave em ${path} ${why}`, error);
  }
}

function holds(certificate: X509Certificate, nowMs: number): boolean {
  return Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo);
}

function assertHolds(option: string, path: string, certificate: X509Certificate, nowMs: number): void {
  if (holds(certificate, nowMs)) return;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const when =
    nowMs > to
      ? `venceu em ${new Date(to).toISOString()}: ponha um novo no lugar`
      : `só vale a partir de ${new Date(from).toISOString()}: confira o relógio desta máquina`;
  throw bad(`${option}: o certificado em ${path} ${when}`);
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').slice(0, 200);
}

function bad(message: string, cause?: unknown): KvsError {
  return new KvsError('CONFIGURACAO', message, cause === undefined ? undefined : { cause });
}
