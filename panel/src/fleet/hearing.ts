import type { PanelPeerJson } from '../../../src/doors/http/panel-json.js';

/** Tells servers apart, whatever their order: by start, and by address. */
export function peerName({ origem, endereco }: PanelPeerJson): string {
  return `${origem} ${endereco}`;
}

/**
 * Whether one server says that it hears another; `undefined`: it does not say. A replica of a consensus says only which
 * replica leads it: of the others it says nothing unless it hears none. Pure.
 */
export function hears(one: PanelPeerJson, other: PanelPeerJson): boolean | undefined {
  if (one.ouve === null) return undefined;
  const isListed =
    (other.origem !== '' && one.ouve.includes(other.origem)) || one.ouve.includes(other.endereco);
  const isCutOff = other.replica && one.ouve.length === 0;
  return isListed || !one.replica || isCutOff ? isListed : undefined;
}

/** Pairs of places of servers of which the first does not hear the second. */
export function deafPairs(servers: readonly PanelPeerJson[]): (readonly [from: number, to: number])[] {
  return servers.flatMap((one, from) =>
    servers.flatMap((other, to) => (from !== to && hears(one, other) === false ? [[from, to] as const] : [])),
  );
}

/** How the content of a server compares with that of the one that tells. */
export type Comparison = 'same' | 'behind' | 'diverged' | 'unknown';

/** Compares by hashes: those of content are of use where the vectors are the same. */
export function compareContent(self: PanelPeerJson, other: PanelPeerJson): Comparison {
  if (self.resumo === '' || other.resumo === '') return 'unknown';
  if (self.resumo === other.resumo) return 'same';
  return self.resumo_vetor === other.resumo_vetor && self.resumo_vetor !== '' ? 'diverged' : 'behind';
}
