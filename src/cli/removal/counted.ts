import { call } from '../call.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import { visible } from '../format.js';
import type { Output } from '../output.js';
import type { KeyVersion, Request, Target } from '../request.js';
import type { Loss } from './consent.js';
import { SHOWN_VERSIONS } from './limits.js';

/** `remove` and `remove-v`. */
export type Removal = Extract<Request, { operation: 'remove' | 'remove-v' }>;

export function isRemoval(request: Request): request is Removal {
  return request.operation === 'remove' || request.operation === 'remove-v';
}

/** What a removal would take beyond the versions that it names. `undefined`: nothing; no server is asked. */
export async function lossOf(target: Target, request: Removal): Promise<Loss | undefined> {
  const keys = itemsOf(request).filter((item) => !isNamed(item));
  if (keys.length === 0) return undefined;
  const looked = await versionsOf(
    target,
    keys.map(({ chave }) => chave),
  );
  if (looked.failure !== undefined) return looked;
  const there = [...looked.versions].filter(([, { found }]) => found.length > 0);
  const [[key, versions] = ['', NOTHING]] = there;
  const isWide = there.length > 1 || versions.found.length > 1;
  const whose = there.length > 1 ? `${there.length} chaves` : JSON.stringify(key);
  const which = there.length > 1 ? '' : ` (${versionsText(versions)})`;
  return { what: { isWide, text: `todas as versões de ${whose}${which}` } };
}

/**
 * `--simula`: shows what a removal would take, one line for each thing asked, and removes nothing.
 * @returns the exit code that the removal would have
 */
export async function simulate(
  target: Target,
  request: Removal,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const items = itemsOf(request);
  const whole = items.filter((item) => !isNamed(item)).map(({ chave }) => chave);
  const looked = await versionsOf(target, whole);
  const named = await newestOf(target, items.filter(isNamed));
  const failure = looked.failure ?? named.failure;
  if (looked.failure !== undefined || named.failure !== undefined) {
    output.error(failure?.message ?? '');
    return failure?.exit ?? EXIT.failure;
  }
  const exact = named.versions.values();
  let exit: ExitCode = EXIT.ok;
  for (const item of items) {
    const { chave, versao = 0 } = item;
    const { found, more } = isNamed(item)
      ? { found: exact.next().value === versao ? [versao] : [], more: false }
      : (looked.versions.get(chave) ?? NOTHING);
    if (found.length === 0) exit = EXIT.notFound;
    await output.line(
      json
        ? JSON.stringify({ operacao: request.operation, simula: true, chave, versoes: found, mais: more })
        : `${visible(chave)}: ${found.length === 0 ? 'nada a remover' : `removeria ${versionsText({ found, more })}`}`,
    );
  }
  return exit;
}

/** Versions of one key, the newest first. */
interface Versions {
  readonly found: readonly number[];
  /** Whether there are older ones than those. */
  readonly more: boolean;
}

const NOTHING: Versions = { found: [], more: false };

function versionsText({ found, more }: Versions): string {
  if (found.length === 1) return `a versão ${found.join('')}`;
  return `as versões ${found.join(', ')}${more ? ' e mais antigas' : ''}`;
}

type Looked<T> = { readonly failure: Failure } | { readonly failure?: undefined; readonly versions: T };

/**
 * Which versions of these keys there are: one call for the newest of all, and further ones, each for the versions right
 * below those found, until there are no more or there are {@link SHOWN_VERSIONS} of each.
 */
async function versionsOf(
  target: Target,
  keys: readonly string[],
): Promise<Looked<ReadonlyMap<string, Versions>>> {
  const all = new Map(keys.map((key) => [key, new Set<number>()]));
  let asked: readonly KeyVersion[] = [...all.keys()].map((chave) => ({ chave, versao: 0 }));
  while (asked.length > 0) {
    const answered = await newestOf(target, asked);
    if (answered.failure !== undefined) return answered;
    const grown = new Set<string>();
    asked.forEach(({ chave }, index) => {
      const version = answered.versions[index] ?? 0;
      const found = all.get(chave);
      if (version <= 0 || found === undefined || found.has(version)) return;
      found.add(version);
      grown.add(chave);
    });
    asked = [...grown].flatMap((chave) => {
      const found = all.get(chave) ?? new Set();
      const oldest = Math.min(...found);
      const count = Math.min(SHOWN_VERSIONS, oldest - 1);
      if (found.size > SHOWN_VERSIONS) return [];
      return Array.from({ length: count }, (_, below) => ({ chave, versao: oldest - 1 - below }));
    });
  }
  const versions = new Map<string, Versions>();
  for (const [key, found] of all) {
    const sorted = [...found].sort((a, b) => b - a);
    versions.set(key, { found: sorted.slice(0, SHOWN_VERSIONS), more: sorted.length > SHOWN_VERSIONS });
  }
  return { versions };
}

/** The greatest version up to each one asked, in order; 0: there is none. */
async function newestOf(target: Target, items: readonly KeyVersion[]): Promise<Looked<readonly number[]>> {
  const [item] = items;
  if (item === undefined) return { versions: [] };
  const versions: number[] = [];
  const request: Request =
    items.length === 1 ? { operation: 'consulta', item } : { operation: 'consulta-v', items };
  const { failure } = await call(target, request, ({ versao }) => {
    versions.push(versao);
    return undefined;
  });
  return failure === undefined ? { versions } : { failure };
}

function itemsOf(request: Removal): readonly KeyVersion[] {
  return 'items' in request ? request.items : [request.item];
}

function isNamed({ versao = 0 }: KeyVersion): boolean {
  return versao > 0;
}
