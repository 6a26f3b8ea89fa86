import type { Line } from '../../ports/lines.js';
import type { StatusSource } from '../../ports/status.js';
import { serverOf, shownExpiry } from './shown-line.js';

/** Knows the readable names of servers by their origins. */
export type KnownNames = Pick<StatusSource, 'serverName'>;

/** A line in the words of every door that speaks JSON. */
interface LineFields {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
  /** ms since 1970. */
  readonly ts: number;
  readonly origem: string;
  readonly servidor: string;
  /** ms since 1970; 0: never. */
  readonly expira: number;
  readonly atual: boolean;
  readonly irma: boolean;
  readonly estavel: boolean;
}

/** A line as JSON has it. */
export function lineJson(line: Line, names: KnownNames): LineFields {
  return {
    chave: line.key,
    valor: line.value,
    versao: line.version,
    ts: line.timestamp,
    origem: line.origin,
    servidor: serverOf(names, line),
    expira: shownExpiry(line),
    atual: line.isHead,
    irma: line.isSibling,
    estavel: line.isStable,
  };
}
