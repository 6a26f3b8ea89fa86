import { KvsError } from '../../core/errors.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import type { OperationRequest } from '../operations/request.js';
import type { Output } from '../output.js';
import type { Target } from '../target.js';

/** Previews of the removals of one service. */
export interface RemovalLooks {
  /** What an unspecific removal would remove; `undefined`: it names what it removes, and no server is asked. */
  readonly lossOf: (target: Target, request: OperationRequest) => Promise<Loss | undefined>;
  /**
   * `--simula`: shows what a removal would remove, one line for each key, without removing it.
   * @returns the exit code that the removal would have
   */
  readonly simulate: (
    target: Target,
    request: OperationRequest,
    json: boolean,
    output: Output,
  ) => Promise<ExitCode>;
}

/** What a removal would remove now, as far as known; or why that cannot be found out. */
export type Loss = { readonly failure: Failure } | { readonly failure?: undefined; readonly what: What };

interface What {
  /** More than one version or more than one key, without a named version. */
  readonly isWide: boolean;
  /** For people, after "isto remove": `3 chaves, de "a" a "c"`. */
  readonly text: string;
}

/**
 * Asks before a removal of much: the person at a terminal, or else for `--sim`. Concurrent writes between the preview
 * and the removal are removed too.
 * @returns the exit code if nothing may be removed; `undefined`: go ahead
 */
export async function askBefore(loss: Loss, output: Output): Promise<ExitCode | undefined> {
  if (loss.failure !== undefined) {
    output.error(loss.failure.message);
    return loss.failure.exit;
  }
  const { isWide, text } = loss.what;
  if (!isWide) return undefined;
  if (output.ask === undefined) {
    output.error(
      `isto remove ${text}: nada foi removido; repita com --sim para remover, ou com --simula para ver`,
    );
    return EXIT.usage;
  }
  if (isYes(await output.ask(`isto remove ${text}. Remover? [s/N] `))) return undefined;
  output.error('nada foi removido');
  return EXIT.failure;
}

/** The error of `--simula` with an operation that removes nothing. */
export function notARemoval(operation: string): KvsError {
  return new KvsError('CONFIGURACAO', `--simula mostra o que uma remoção levaria: ${operation} não remove`);
}

/** Whether an answer at the terminal agrees. */
export function isYes(answer: string): boolean {
  return /^\s*(s|sim|y|yes)\s*$/i.test(answer);
}
