import { limits } from '../../core/limits.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import { COUNTED } from '../operations/counted.js';
import type { AskedKey } from '../operations/operation.js';
import type { OperationRequest } from '../operations/request.js';
import type { Output } from '../output.js';
import { visible } from '../rendering/visible.js';
import type { Target } from '../target.js';
import type { Loss, RemovalLooks } from './consent.js';
import { SHOWN_VERSIONS } from './limits.js';
import { look } from './look.js';

/** Removals with counted versions. */
export const COUNTED_REMOVALS: RemovalLooks = { lossOf, simulate };

/** What a removal would remove beyond the versions that it names. `undefined`: nothing; no server is asked. */
async function lossOf(target: Target, { asked }: OperationRequest): Promise<Loss | undefined> {
  const keys = asked.flatMap((item) => (isNamed(item) ? [] : [item.key]));
  if (keys.length === 0) return undefined;
  const looked = await versionsOf(target, keys);
  if (looked.failure !== undefined) return looked;
  const there = [...looked.versions].filter(([, { found }]) => found.length > 0);
  const [[key, versions] = ['', NOTHING]] = there;
  const isWide = there.length > 1 || versions.found.length > 1;
  const whose = there.length > 1 ? `${there.length} chaves` : JSON.stringify(key);
  const which = there.length > 1 ? '' : ` (${versionsText(versions)})`;
  return { what: { isWide, text: `todas as versões de ${whose}${which}` } };
}

async function simulate(
  target: Target,
  { operation, asked }: OperationRequest,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const whole = asked.flatMap((item) => (isNamed(item) ? [] : [item.key]));
  const looked = await versionsOf(target, whole);
  const named = await newestOf(target, asked.filter(isNamed));
  const failure = looked.failure ?? named.failure;
  if (looked.failure !== undefined || named.failure !== undefined) {
    output.error(failure?.message ?? '');
    return failure?.exit ?? EXIT.failure;
  }
  const exact = named.versions.values();
  let exit: ExitCode = EXIT.ok;
  for (const item of asked) {
    const { key: chave, version } = item;
    const { found, more } = isNamed(item)
      ? { found: exact.next().value === Number(version) ? [Number(version)] : [], more: false }
      : (looked.versions.get(chave) ?? NOTHING);
    if (found.length === 0) exit = EXIT.notFound;
    await output.line(
      json
        ? JSON.stringify({ operacao: operation.name, simula: true, chave, versoes: found, mais: more })
        : `${visible(chave)}: ${found.length === 0 ? 'nada a remover' : `removeria ${versionsText({ found, more })}`}`,
    );
  }
  return exit;
}

/** Versions of one key, newest first. */
interface Versions {
  readonly found: readonly number[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

const NOTHING: Versions = { found: [], more: false };

function versionsText({ found, more }: Versions): string {
  if (found.length === 1) return `a versão ${found.join('')}`;
  return `as versões ${found.join(', ')}${more ? ' e mais antigas' : ''}`;
}

type Looked<T> = { readonly failure: Failure } | { readonly failure?: undefined; readonly versions: T };

/**
 * Finds the versions of these keys: one call for the newest of all, and further calls for the versions right below
 * those found, until there are no more or {@link SHOWN_VERSIONS} of each are found.
 */
async function versionsOf(
  target: Target,
  keys: readonly string[],
): Promise<Looked<ReadonlyMap<string, Versions>>> {
  const all = new Map(keys.map((key) => [key, new Set<number>()]));
  // Not the latest, which is nothing where that has expired: older versions are left, and would go.
  let asked: readonly AskedKey[] = [...all.keys()].map((key) => upTo(key, limits.version));
  while (asked.length > 0) {
    const answered = await newestOf(target, asked);
    if (answered.failure !== undefined) return answered;
    const grown = new Set<string>();
    asked.forEach(({ key }, index) => {
      const version = answered.versions[index] ?? 0;
      const found = all.get(key);
      if (version <= 0 || found === undefined || found.has(version)) return;
      found.add(version);
      grown.add(key);
    });
    asked = [...grown].flatMap((key) => {
      const found = all.get(key) ?? new Set();
      const oldest = Math.min(...found);
      const count = Math.min(SHOWN_VERSIONS, oldest - 1);
      if (found.size > SHOWN_VERSIONS) return [];
      return Array.from({ length: count }, (_, below) => upTo(key, oldest - 1 - below));
    });
  }
  const versions = new Map<string, Versions>();
  for (const [key, found] of all) {
    const sorted = [...found].sort((a, b) => b - a);
    versions.set(key, { found: sorted.slice(0, SHOWN_VERSIONS), more: sorted.length > SHOWN_VERSIONS });
  }
  return { versions };
}

/** The greatest version up to each requested one, in order; 0: there is none. */
async function newestOf(target: Target, asked: readonly AskedKey[]): Promise<Looked<readonly number[]>> {
  if (asked.length === 0) return { versions: [] };
  const versions: number[] = [];
  const operation = asked.length === 1 ? COUNTED.consulta : COUNTED['consulta-v'];
  const failure = await look(target, { operation, asked }, ({ found }) => {
    versions.push(Number(found?.version ?? 0n));
    return undefined;
  });
  return failure === undefined ? { versions } : { failure };
}

function upTo(key: string, version: number): AskedKey {
  return { key, value: '', version: BigInt(version) };
}

function isNamed({ version = 0n }: AskedKey): boolean {
  return version > 0n;
}
