// The X.509 library needs this import before its own.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { KvsError } from '../../core/errors.js';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Allows for clocks of other machines that are behind this one. */
const SKEW_MS = 300_000;

/** A certificate and its key, in PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly serial: string;
  readonly until: Date;
}

/** The subject that a certificate is for. */
export type Holder =
  | { readonly kind: 'server'; readonly name: string; readonly addresses: readonly string[] }
  | { readonly kind: 'client'; readonly name: string };

/**
 * A small authority for trials: ECDSA P-256, certificates signed by it directly, nothing revoked. Its key lies in an
 * ordinary file, whose readers can impersonate anyone.
 */
export class Authority {
  private constructor(
    private readonly root: x509.X509Certificate,
    private readonly signingKey: webcrypto.CryptoKey,
  ) {}

  /** @param days from `nowMs` until it expires; negative: it has expired */
  static async create(
    name: string,
    days: number,
    nowMs: number,
  ): Promise<{ readonly authority: Authority; readonly issued: Issued }> {
    const keys = await newKeys();
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(),
      name: [{ CN: [name] }],
      ...validity(days, nowMs, Infinity),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { authority: new Authority(root, keys.privateKey), issued: await issuedOf(root, keys.privateKey) };
  }

  /**
   * Opens an authority that was written before.
   * @throws KvsError CONFIGURACAO unless they are a certificate and its key as {@link create} makes them
   */
  static async open(certificate: string, key: string): Promise<Authority> {
    try {
      const root = new x509.X509Certificate(certificate);
      const raw = x509.PemConverter.decodeFirst(key);
      const signingKey = await webcrypto.subtle.importKey('pkcs8', raw, ALGORITHM, true, ['sign']);
      return new Authority(root, signingKey);
    } catch (cause) {
      throw new KvsError(
        'CONFIGURACAO',
        'a autoridade que está na pasta não pode ser lida: use outra pasta',
        {
          cause,
        },
      );
    }
  }

  /** When the authority expires. */
  get until(): Date {
    return this.root.notAfter;
  }

  /** Issues a certificate that does not outlive this authority. @param days as of {@link create} */
  async issue(holder: Holder, days: number, nowMs: number): Promise<Issued> {
    const keys = await newKeys();
    const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // A server is also a client: of its broker.
      new x509.ExtendedKeyUsageExtension(holder.kind === 'server' ? [serverAuth, clientAuth] : [clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(this.root.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    if (holder.kind === 'server') {
      const names = holder.addresses.map(
        (value) => ({ type: isIP(value) > 0 ? 'ip' : 'dns', value }) as const,
      );
      extensions.push(new x509.SubjectAlternativeNameExtension(names));
    }
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ CN: [holder.name] }],
      issuer: this.root.subjectName,
      ...validity(days, nowMs, this.root.notAfter.getTime()),
      publicKey: keys.publicKey,
      signingKey: this.signingKey,
      signingAlgorithm: ALGORITHM,
      extensions,
    });
    return issuedOf(certificate, keys.privateKey);
  }
}

function validity(days: number, nowMs: number, untilMs: number): { notBefore: Date; notAfter: Date } {
  const endMs = Math.min(nowMs + days * DAY_MS, untilMs);
  return { notBefore: new Date(Math.min(nowMs, endMs) - SKEW_MS), notAfter: new Date(endMs) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** 127 random bits, so that no number is issued twice; the first bit of a serial number is its sign. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function issuedOf(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<Issued> {
  const raw = await webcrypto.subtle.exportKey('pkcs8', key);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(raw, 'PRIVATE KEY')}\n`,
    serial: certificate.serialNumber.toUpperCase(),
    until: certificate.notAfter,
  };
}
