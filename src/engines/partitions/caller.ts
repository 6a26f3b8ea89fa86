import type { FunctionName } from './functions.js';

export interface PartitionCallOptions {
  /** Of the monotonic clock. */
  readonly deadline: number;
  /** It may be asked again though an earlier time may have been done: reads, and writes that say their request. */
  readonly isRepeatable?: boolean;
  /** A write that may go together with others: it tells its change before it writes anything. */
  readonly gathers?: boolean;
}

/** Whoever carries out a function on a partition. */
export interface PartitionCaller {
  /**
   * @throws KvsError SEM_MAIORIA: not done, and never will be; RESULTADO_DESCONHECIDO; LIMITE_MEMORIA, DISCO_FALHOU,
   *   SERVIDOR_SAINDO
   */
  call(
    name: FunctionName,
    partition: number,
    args: readonly (string | Buffer)[],
    options: PartitionCallOptions,
  ): Promise<unknown>;

  /**
   * Asks for something of a partition's sorted set with a command of Redis itself, which costs less than a function.
   * @param words the command and what is behind the name of the set
   * @throws KvsError SEM_MAIORIA, SERVIDOR_SAINDO
   */
  look(
    partition: number,
    words: readonly [command: string, ...args: (string | Buffer)[]],
    deadline: number,
  ): Promise<unknown>;
}
