import { Matcher } from '../expectation.js';
import type { Expected } from '../expectation.js';
import type { CameMessage } from '../grpc/server.js';
import { GrpcTrial } from '../grpc/trial.js';
import type { TrialOptions } from '../grpc/trial.js';

/** What an absent, blank or negative version means, and where that is treated. */
export const NONE_NAMED =
  'Uma versão ausente, 0 ou negativa quer dizer "nenhuma em especial", em todas as RPCs.';
export const NONE_HINT =
  'trate "sem versão" num lugar só: o campo é optional, então teste hasVersao() (HasField em Python) e também versao <= 0';

/** The answer if nothing is found, to the letter. */
export const BLANK: Expected = { chave: '', valor: '', versao: 0 };

/** An answer that says as much in another way: which one is right is a case of its own, and no other fails for it. */
export const NONE_FOUND: Expected = {
  valor: '',
  versao: new Matcher('0', (versao) => typeof versao === 'number' && versao <= 0),
};

export function tuple(chave: string, valor: string, versao: number): Expected {
  return { chave, valor, versao };
}

/** The steps of one case at `kvs.KVS`. */
export class KvsTrial extends GrpcTrial {
  constructor(
    options: TrialOptions,
    /** Fewest characters of keys and values; 0: no minimum. */
    readonly minimumChars: number,
    /** Random letters and digits, those of the prefix. */
    readonly random: string,
  ) {
    super(options);
  }

  /** A value that is long enough. */
  value(name: string): string {
    return name.padEnd(this.minimumChars, '.');
  }

  /** `Insere`. @returns the value inserted */
  async insert(chave: string, name: string, versao: number, hint?: string, at = 0): Promise<string> {
    const valor = this.value(name);
    await this.call('Insere', { chave, valor }, { versao }, { at, ...(hint !== undefined && { hint }) });
    return valor;
  }

  /** Inserts versions 1 to `count`, with the values `um`, `dois`, … */
  async insertVersions(chave: string, count: number): Promise<readonly string[]> {
    const names = ['um', 'dois', 'três', 'quatro', 'cinco'].slice(0, count).map((name) => `valor ${name}`);
    const values: string[] = [];
    for (const [index, name] of names.entries()) values.push(await this.insert(chave, name, index + 1));
    return values;
  }

  /** `Consulta`. @param versao `undefined`: absent */
  async query(chave: string, versao: number | undefined, expected: Expected, hint?: string): Promise<void> {
    await this.call('Consulta', asked(chave, versao), expected, hint === undefined ? {} : { hint });
  }

  /** `Remove`. @param versao `undefined`: absent */
  async remove(
    chave: string,
    versao: number | undefined,
    expected: number,
    hint?: string,
    at = 0,
  ): Promise<void> {
    const terms = { at, ...(hint !== undefined && { hint }) };
    await this.call('Remove', asked(chave, versao), { versao: expected }, terms);
  }

  /** What `Snapshot` shows of this case, in the order of keys: the contract says none. */
  async snapshot(versao: number): Promise<readonly CameMessage[]> {
    const rows = await this.rows('Snapshot', { versao }, (row) => this.isOurs(row));
    return [...rows].sort((one, other) => (String(one['chave']) < String(other['chave']) ? -1 : 1));
  }

  isOurs({ chave }: CameMessage): boolean {
    return typeof chave === 'string' && chave.startsWith(this.prefix);
  }
}

/** `ChaveVersao`, with the version only if there is one. */
export function asked(chave: string, versao: number | undefined): object {
  return versao === undefined ? { chave } : { chave, versao };
}
