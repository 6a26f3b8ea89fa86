import { expect } from 'vitest';
import { runHere } from '../in-process.js';

/** A case in the JSON of a check. */
interface CheckedCase {
  readonly caso: string;
  readonly resultado: string;
  readonly regra: string;
  readonly esperado?: string;
  readonly veio?: string;
  readonly causa?: string;
  readonly motivo?: string;
  readonly passos: readonly { readonly enviado: string; readonly veio: string }[];
}

/** What `kvs confere --json` said. */
export interface Checked {
  readonly code: number;
  readonly stderr: string;
  readonly cases: readonly CheckedCase[];
  readonly failed: readonly string[];
  readonly warned: readonly string[];
  readonly skipped: readonly string[];
  /** The last line. */
  readonly summary: Record<string, unknown>;
  of(id: string): CheckedCase;
}

/** Checks servers of this machine as a script does. */
export async function check(
  contract: string,
  ports: readonly number[],
  ...words: readonly string[]
): Promise<Checked> {
  const begin = ['confere', '--porta', ports.join(','), '--contrato', contract, '--sim', '--json'];
  const { code, stdout, stderr } = await runHere([...begin, ...words]);
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const cases = lines.slice(0, -1) as unknown as CheckedCase[];
  const ids = (outcome: string): string[] =>
    cases.filter(({ resultado }) => resultado === outcome).map(({ caso }) => caso);
  return {
    ...{ code, stderr, cases, summary: lines.at(-1) ?? {} },
    ...{ failed: ids('falhou'), warned: ids('aviso'), skipped: ids('pulado') },
    of: (id) => cases.find(({ caso }) => caso === id)!,
  };
}

/** Nothing is otherwise than the contract says. */
export function expectAllRight({ failed, warned, code, stderr }: Checked): void {
  expect({ failed, warned, code, stderr }).toEqual({ failed: [], warned: [], code: 0, stderr: '' });
}

/** Waits that are long enough for servers in this process. */
export const quick: readonly string[] = ['--prazo', '1500', '--prazo-replica', '600'];

/** Only these cases: a whole check of every flaw would take long. */
export function only(ids: readonly string[]): string[] {
  return ids.flatMap((id) => ['--caso', id]);
}
