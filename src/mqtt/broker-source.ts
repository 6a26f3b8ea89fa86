import type { Transport } from '../security/tls/transport.js';
import type { LinkCut } from '../ports/link-cut.js';
import type { BrokerAddress } from './broker-url.js';

/** Where a bus finds its broker. */
export interface BrokerSource {
  /** Brokers in order of preference, as they are known now; at least one. */
  readonly addresses: readonly BrokerAddress[];
  /** Certificates for brokers that speak TLS; without any, the public authorities are trusted. */
  readonly tls?: Transport | undefined;
  /**
   * Called when a whole round over `addresses` has failed: a source that can start a broker does it now. Never
   * rejects.
   * @param codes for each address the code of its failure, such as ECONNREFUSED
   * @returns whether another round is worth trying at once
   */
  recover(codes: readonly string[]): Promise<boolean>;
  /** Absent: its links are never cut on purpose. */
  readonly cut?: LinkCut | undefined;
  /** Stops what the source has started. */
  stop(): Promise<void>;
}

/** Brokers that others run. */
export function externalBrokers(
  addresses: readonly BrokerAddress[],
  tls?: Transport,
  cut?: LinkCut,
): BrokerSource {
  return {
    addresses,
    tls,
    cut,
    recover: () => Promise.resolve(false),
    stop: () => Promise.resolve(),
  };
}
