// The X.509 library needs it, and before it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { Authority } from '../../src/security/tls/authority.js';
import type { Holder, Issued } from '../../src/security/tls/authority.js';

/** The two files of a certificate, as options of a server or a client name them. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
  /** Of the certificate, as Node.js shows it. */
  readonly serial: string;
}

/** `--tls-certificado … --tls-chave …` */
export function pairArgs({ certificate, key }: Pair): readonly string[] {
  return ['--tls-certificado', certificate, '--tls-chave', key];
}

const HERE = ['localhost', '127.0.0.1', '::1'];
const DAYS = 30;

/** A folder with an authority that is trusted, one that is not, and the certificates that a test asks for. */
export class TestCertificates {
  private pairs = 0;

  private constructor(
    readonly folder: string,
    private readonly trusted: Authority,
    private readonly stranger: Authority,
    /** The authority that is trusted. */
    readonly ca: string,
    /** The other one. */
    readonly strangerCa: string,
    /** One that signed itself, for this machine. */
    readonly selfSigned: Pair,
  ) {}

  static async make(): Promise<TestCertificates> {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-tls-'));
    const now = Date.now();
    const [trusted, stranger] = await Promise.all([
      Authority.create('teste', DAYS, now),
      Authority.create('outra', DAYS, now),
    ]);
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, trusted.issued.certificate);
    const strangerCa = join(folder, 'outra-ca.pem');
    await writeFile(strangerCa, stranger.issued.certificate);
    const alone = await writePair(folder, 'propria', await selfSigned());
    return new TestCertificates(folder, trusted.authority, stranger.authority, ca, strangerCa, alone);
  }

  /** @param days negative: it has expired */
  server(file: string, addresses: readonly string[] = HERE, days = DAYS): Promise<Pair> {
    return this.pair(file, this.trusted, { kind: 'server', name: 'servidor', addresses }, days);
  }

  /** @param days negative: it has expired */
  client(name: string, days = DAYS): Promise<Pair> {
    return this.pair(`cliente-${name}`, this.trusted, { kind: 'client', name }, days);
  }

  /** For this machine, but of an authority that nobody trusts. */
  strangerServer(): Promise<Pair> {
    return this.pair('estranho', this.stranger, { kind: 'server', name: 'servidor', addresses: HERE }, DAYS);
  }

  strangerClient(name: string): Promise<Pair> {
    return this.pair(`cliente-estranho-${name}`, this.stranger, { kind: 'client', name }, DAYS);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private async pair(file: string, authority: Authority, holder: Holder, days: number): Promise<Pair> {
    // Tests that run at once may ask for the same.
    const unique = `${String(++this.pairs)}-${file}`;
    return writePair(this.folder, unique, await authority.issue(holder, days, Date.now()));
  }
}

/** A certificate for this machine that nobody but itself vouches for. */
async function selfSigned(): Promise<Issued> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const names = HERE.map((value) => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value }) as const);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '0102', name: [{ CN: ['localhost'] }], keys, signingAlgorithm: algorithm },
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: certificate.toString('pem'),
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    serial: certificate.serialNumber.toUpperCase(),
    until: certificate.notAfter,
  };
}

async function writePair(folder: string, file: string, { certificate, key, serial }: Issued): Promise<Pair> {
  const pair = { certificate: join(folder, `${file}.pem`), key: join(folder, `${file}-chave.pem`), serial };
  await writeFile(pair.key, key, { mode: 0o600 });
  await writeFile(pair.certificate, certificate);
  return pair;
}
