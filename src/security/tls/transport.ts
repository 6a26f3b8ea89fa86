import type { TlsOptions } from 'node:tls';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { checkIdentity } from './identity.js';
import { MINIMUM_VERSION, readMaterial } from './material.js';
import type { TlsFiles, TlsMaterial } from './material.js';

/** What a client shows and checks, as options of Node.js. */
interface ClientTls {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly minVersion: typeof MINIMUM_VERSION;
  /** Explicit, since NODE_TLS_REJECT_UNAUTHORIZED would set the default. */
  readonly rejectUnauthorized: true;
  readonly checkServerIdentity: typeof checkIdentity;
}

/** For a client that shows no certificate, and checks servers against the public authorities. */
export const STRANGERS_TLS: ClientTls = {
  minVersion: MINIMUM_VERSION,
  rejectUnauthorized: true,
  checkServerIdentity: checkIdentity,
};

/** The certificates of one process, for all its TLS. They can be reloaded from their files. */
export class Transport {
  private readonly listeners: (() => void)[] = [];

  private constructor(
    private readonly files: TlsFiles,
    private readonly requiresClient: boolean,
    /** Clock and timers of the user of this transport. */
    readonly time: Time,
    private readonly logger: Logger,
    private material: TlsMaterial,
  ) {}

  /**
   * @param requiresClient whether clients without a certificate of the authority are refused
   * @throws KvsError CONFIGURACAO if the files are unusable
   */
  static async open(
    files: TlsFiles,
    requiresClient: boolean,
    time: Time,
    logger: Logger,
  ): Promise<Transport> {
    const material = await readMaterial(files, time.wallMs());
    const transport = new Transport(files, requiresClient, time, logger, material);
    transport.tell();
    return transport;
  }

  /** Whether there is a certificate to show; without one this side can only be a client. */
  get canServe(): boolean {
    return this.material.own !== undefined;
  }

  /** When this side's certificate expires, ms since 1970; `undefined` without one. */
  get expiresMs(): number | undefined {
    const { facts } = this.material;
    return facts && Date.parse(facts.until);
  }

  /** Whether others are checked against a named authority and not the public ones. */
  get hasAuthority(): boolean {
    return this.material.ca !== undefined;
  }

  /**
   * Reads the files again. Open connections stay; new ones see the new certificates.
   * @throws KvsError CONFIGURACAO if they are unusable; the old ones stay in use
   */
  async reload(): Promise<void> {
    this.material = await readMaterial(this.files, this.time.wallMs());
    this.tell();
    for (const listener of this.listeners) listener();
  }

  /** Calls `listener` after each successful reload. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** For a server, also for its `setSecureContext`. With an authority, clients are asked for its certificates. */
  serverOptions(): TlsOptions {
    const { own, ca } = this.material;
    return {
      ...own,
      ca,
      minVersion: MINIMUM_VERSION,
      requestCert: ca !== undefined,
      rejectUnauthorized: this.requiresClient,
    };
  }

  /** For a connection to a server, whose name and certificate are checked. */
  clientOptions(): ClientTls {
    const { own, ca } = this.material;
    return { ...own, ...(ca !== undefined && { ca }), ...STRANGERS_TLS };
  }

  private tell(): void {
    const { facts, warnings } = this.material;
    for (const warning of warnings) this.logger.warn({}, warning);
    if (facts !== undefined)
      this.logger.info({ serie: facts.serial, ate: facts.until }, 'certificado TLS em uso');
  }
}
