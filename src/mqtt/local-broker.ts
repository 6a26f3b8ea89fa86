import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { saidHost } from '../security/tls/open-ports.js';
import type { Hosts } from '../security/tls/open-ports.js';
import type { Transport } from '../security/tls/transport.js';
import type { LinkCut } from '../ports/link-cut.js';
import type { BrokerSource } from './broker-source.js';
import { tcpBroker } from './broker-url.js';
import type { BrokerAddress } from './broker-url.js';
import { EmbeddedBroker } from './embedded-broker.js';
import type { EmbeddedBrokerOptions } from './embedded-broker.js';

export interface LocalBrokerOptions {
  /** Where the broker listens; it is looked for at the first of these. */
  readonly host: Hosts;
  readonly port: number;
  /** Certificates: with them the broker and its clients speak TLS. */
  readonly tls?: Transport | undefined;
  /** Who its clients may be; by default everybody. */
  readonly users?: EmbeddedBrokerOptions['users'];
  readonly cut?: LinkCut | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** A broker on every address is reached over loopback, which a certificate can name. */
const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * The broker of a machine without configuration: a server that finds nobody listening on the port starts one there.
 *
 * If several try at once, the operating system decides, since only one can bind the first address; the others find
 * the port in use and connect. A process that binds the first address but not the others gives it back: another
 * broker is there, and is looked for there from then on, so that a fleet is not split between two. When the process
 * with the broker dies, its sockets close, every survivor finds nobody listening, and the same happens again. A
 * process that is stopped but not dead keeps the port: nobody can take over, the broker counts as unreachable (its
 * keep-alive is missed), and servers go on alone until it wakes or dies.
 */
export class LocalBroker implements BrokerSource {
  private known: readonly BrokerAddress[];
  readonly tls: Transport | undefined;
  readonly cut: LinkCut | undefined;
  private embedded: EmbeddedBroker | undefined;
  private stopped = false;

  constructor(private readonly options: LocalBrokerOptions) {
    this.tls = options.tls;
    this.cut = options.cut;
    this.known = [this.at(saidHost(options.host))];
  }

  get addresses(): readonly BrokerAddress[] {
    return this.known;
  }

  /** The broker, if this process holds it. */
  get held(): EmbeddedBroker | undefined {
    return this.embedded;
  }

  /** Whether this process holds the broker. */
  get hosting(): boolean {
    return this.embedded !== undefined;
  }

  async recover(codes: readonly string[]): Promise<boolean> {
    if (this.stopped || this.embedded || !codes.includes('ECONNREFUSED')) return false;
    const { logger } = this.options;
    const broker = this.known[0]?.url;
    try {
      const embedded = await EmbeddedBroker.start(this.options);
      if (this.wasStopped()) {
        await embedded.stop();
        return false;
      }
      this.embedded = embedded;
      logger.info({ broker }, 'nenhum broker encontrado: broker embutido iniciado neste processo');
      return true;
    } catch (error) {
      const { code, message, cause } = KvsError.from(error);
      if (code === 'PORTA_EM_USO' && this.lookAt((cause as { readonly address?: string }).address)) {
        logger.info({ broker }, 'outro processo iniciou o broker primeiro: conectando a ele');
        return true;
      }
      logger.warn({ broker, erro: message }, 'não foi possível iniciar o broker embutido');
      return false;
    }
  }

  /**
   * Another process has the port on one of the addresses.
   * @returns whether to look for a broker there: not again where none was found already
   */
  private lookAt(host: string | undefined): boolean {
    const taken = this.at(host ?? saidHost(this.options.host));
    const index = this.known.findIndex(({ url }) => url === taken.url);
    if (index < 0) this.known = [...this.known, taken];
    return index <= 0;
  }

  private at(host: string): BrokerAddress {
    const { port, tls } = this.options;
    return tcpBroker(WILDCARDS[host] ?? host, port, tls === undefined ? 'mqtt' : 'mqtts');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const { embedded } = this;
    this.embedded = undefined;
    await embedded?.stop();
  }

  // A method, because the compiler takes a field checked before an await for unchanged.
  private wasStopped(): boolean {
    return this.stopped;
  }
}
