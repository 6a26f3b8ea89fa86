import type { PanelDepartedJson, PanelPeerJson } from '../../../src/doors/http/panel-json.js';
import { peerName } from './hearing.js';

/** A server that was there and is no more. */
export interface Departed {
  readonly server: PanelPeerJson;
  readonly atMs: number;
}

const DEPARTED_MAX = 20;
const DEPARTED_MS_MAX = 600_000;

/** What left since the page looks: the latest first, for ten minutes. Pure. */
export function withDeparted(
  known: readonly Departed[],
  before: readonly PanelPeerJson[],
  now: readonly PanelPeerJson[],
  nowMs: number,
): readonly Departed[] {
  const here = new Set(now.map(peerName));
  // A server that opens again at its address is another start of the same one.
  const addresses = new Set(now.map(({ endereco }) => endereco));
  const gone = before
    .filter((server) => !here.has(peerName(server)))
    .map((server) => ({ server, atMs: nowMs }));
  return [...gone, ...known]
    .filter(({ server, atMs }) => !addresses.has(server.endereco) && nowMs - atMs < DEPARTED_MS_MAX)
    .slice(0, DEPARTED_MAX);
}

/** What the server tells of those that left before the page looked, and what the page saw besides: the latest first. Pure. */
export function allDeparted(
  told: readonly PanelDepartedJson[],
  seen: readonly Departed[],
): readonly Departed[] {
  const known = new Set(told.map(({ endereco }) => endereco));
  return [
    ...told.map(({ quando_ms: atMs, ...server }) => ({ server: { ...UNKNOWN, ...server }, atMs })),
    ...seen.filter(({ server }) => !known.has(server.endereco)),
  ]
    .toSorted((one, other) => other.atMs - one.atMs)
    .slice(0, DEPARTED_MAX);
}

/** Of a server that is not there, nothing is known but who it was. */
const UNKNOWN = {
  ...{ eu: false, replica: false, estado: '', atraso: 0, visto_ms: 0 },
  ...{ resumo: '', resumo_vetor: '', vetor: [], ouve: null },
};
