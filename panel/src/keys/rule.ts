import type { LineJson } from '../../../src/doors/http/schemas.js';
import { compareVersions } from './order.js';

/**
 * Why a query is answered with the version that it is answered with. The rule (docs/guia/frota.md): of the versions that have not
 * expired, the last one in the order (version, timestamp, origin). Pure.
 */
export type Choice =
  /** There is nothing to answer with. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'only' }
  /** No other is a head: its writer had seen all that came before. */
  | { readonly kind: 'supersedes' }
  /** Several heads: the greatest version decides. */
  | { readonly kind: 'version'; readonly heads: number; readonly rival: LineJson }
  /** Versions are alike: the latest timestamp decides. */
  | { readonly kind: 'timestamp'; readonly heads: number; readonly rival: LineJson }
  /** These too: the greatest origin decides. */
  | { readonly kind: 'origin'; readonly heads: number; readonly rival: LineJson }
  /** What would answer has expired, or was hidden by one that had. */
  | { readonly kind: 'expired' };

/** @param lines every version that is there @param answer the one that the server answers with */
export function answerChoice(lines: readonly LineJson[], answer: LineJson | undefined): Choice {
  if (answer === undefined) return lines.length === 0 ? { kind: 'nothing' } : { kind: 'expired' };
  if (lines.length === 1) return { kind: 'only' };
  const heads = lines.filter(({ atual }) => atual);
  const own = heads.find((head) => compareVersions(head, answer) === 0);
  if (own === undefined) return { kind: 'expired' };
  const rivals = heads.filter((head) => head !== own).toSorted(compareVersions);
  const rival = rivals.at(-1);
  if (rival === undefined) return { kind: 'supersedes' };
  const found = { heads: heads.length, rival };
  if (compareVersions(rival, own) > 0) return { kind: 'expired' };
  if (rival.versao !== own.versao) return { kind: 'version', ...found };
  return rival.ts !== own.ts ? { kind: 'timestamp', ...found } : { kind: 'origin', ...found };
}
